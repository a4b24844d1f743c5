"""Hermes messages: recorded ones decode, broken and hostile ones are refused, nothing crashes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantdesk.adapters.oracle.decode import (
    MESSAGE_BYTES_MAX,
    BadPrice,
    MalformedMessage,
    decode_update,
)
from quantdesk.adapters.oracle.feeds import BY_SYMBOL

SAMPLES = Path(__file__).parent / "samples"
SOL = BY_SYMBOL["SOL-PERP"].feed_id
NOW_MS = 1_714_748_400_000


def _message(**changes: object) -> bytes:
    price = {"price": "15000000000", "conf": "5000000", "expo": -8, "publish_time": 1_714_748_399}
    item = {"id": SOL, "price": price | changes.pop("price_fields", {}), "metadata": {}}  # type: ignore[operator]
    return json.dumps({"binary": {}, "parsed": [item | changes]}).encode()


def _refusal(**changes: object) -> BadPrice:
    decoded = decode_update(_message(**changes), received_ms=NOW_MS)
    assert decoded.ticks == []
    (reason,) = decoded.refused
    return reason


def test_the_recorded_answer_gives_btc_and_refuses_the_feed_we_do_not_list() -> None:
    body = (SAMPLES / "latest.json").read_bytes()

    decoded = decode_update(body, received_ms=1_714_746_102_000)

    (tick,) = decoded.ticks
    assert (tick.market, tick.price_e6, tick.conf_e6) == ("BTC-PERP", 61_409_935_010, 32_878_686)
    assert tick.publish_ms == 1_714_746_101_000
    assert decoded.refused == [BadPrice.UNKNOWN_FEED]


def test_both_recorded_stream_events_decode_in_order() -> None:
    lines = (SAMPLES / "stream.sse").read_bytes().splitlines()
    events = [line[5:] for line in lines if line.startswith(b"data:")]

    ticks = [decode_update(event, received_ms=NOW_MS).ticks[0] for event in events]

    assert [tick.price_e6 for tick in ticks] == [61_632_600_000, 61_630_880_000]
    assert ticks[0].slot < ticks[1].slot


def test_the_old_answer_without_an_envelope_is_not_taken_for_the_new_one() -> None:
    with pytest.raises(MalformedMessage):
        decode_update((SAMPLES / "v1_latest.json").read_bytes(), received_ms=NOW_MS)


def test_the_price_rounds_down_and_the_confidence_up() -> None:
    body = _message(price_fields={"price": "15000000099", "conf": "5000001"})

    (tick,) = decode_update(body, received_ms=NOW_MS).ticks

    assert (tick.price_e6, tick.conf_e6) == (150_000_000, 50_001)


def test_the_finer_time_is_believed_only_within_its_second() -> None:
    fine = _message(metadata={"publish_time_ms": 1_714_748_399_400})
    strange = _message(metadata={"publish_time_ms": 1_714_748_300_400})

    assert decode_update(fine, received_ms=NOW_MS).ticks[0].publish_ms == 1_714_748_399_400
    assert decode_update(strange, received_ms=NOW_MS).ticks[0].publish_ms == 1_714_748_399_000


def test_the_publication_before_is_told_on() -> None:
    body = _message(metadata={"prev_publish_time": 1_714_748_397, "slot": None})

    (tick,) = decode_update(body, received_ms=NOW_MS).ticks

    assert (tick.prev_publish_s, tick.slot) == (1_714_748_397, 0)


def test_a_publication_before_that_came_after_is_malformed() -> None:
    assert _refusal(metadata={"prev_publish_time": 1_714_748_400}) is BadPrice.MALFORMED


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": "0"}, BadPrice.NOT_POSITIVE),
        ({"price": "-15000000000"}, BadPrice.NOT_POSITIVE),
        ({"price": "99"}, BadPrice.NOT_POSITIVE),
        ({"price": "9" * 20}, BadPrice.HUGE),
        ({"price": "9" * 21}, BadPrice.MALFORMED),
        ({"price": 15000000000}, BadPrice.MALFORMED),
        ({"price": "1.5e10"}, BadPrice.MALFORMED),
        ({"price": "١٥٠"}, BadPrice.MALFORMED),
        ({"price": "15000000000\n"}, BadPrice.MALFORMED),
        ({"price": None}, BadPrice.MALFORMED),
        ({"conf": "-1000"}, BadPrice.WIDER_THAN_PRICE),
        ({"conf": "15000000100"}, BadPrice.WIDER_THAN_PRICE),
        ({"conf": ""}, BadPrice.MALFORMED),
        ({"expo": 1}, BadPrice.MALFORMED),
        ({"expo": -13}, BadPrice.MALFORMED),
        ({"expo": True}, BadPrice.MALFORMED),
        ({"expo": "-8"}, BadPrice.MALFORMED),
        ({"publish_time": 1_714_748_403}, BadPrice.FUTURE),
        ({"publish_time": 10**11}, BadPrice.MALFORMED),
        ({"publish_time": 0}, BadPrice.MALFORMED),
        ({"publish_time": 1_714_748_399.5}, BadPrice.MALFORMED),
    ],
)
def test_a_price_out_of_order_is_refused_with_its_reason(
    fields: dict[str, object], reason: BadPrice
) -> None:
    assert _refusal(price_fields=fields) is reason


def test_a_price_two_seconds_ahead_of_our_clock_still_passes() -> None:
    body = _message(price_fields={"publish_time": 1_714_748_402})

    assert len(decode_update(body, received_ms=NOW_MS).ticks) == 1


@pytest.mark.parametrize("feed_id", ["", "ef0d", SOL.upper(), SOL + "0", None, 7, ["x"]])
def test_a_feed_id_that_is_no_id_is_malformed(feed_id: object) -> None:
    assert _refusal(id=feed_id) is BadPrice.MALFORMED


def test_one_broken_feed_does_not_blind_the_others() -> None:
    good = json.loads(_message())["parsed"][0]
    body = json.dumps({"parsed": [{"id": 1}, good, None, "x", good | {"price": []}]}).encode()

    decoded = decode_update(body, received_ms=NOW_MS)

    assert len(decoded.ticks) == 1
    assert decoded.refused == [BadPrice.MALFORMED] * 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"parsed":{}}',
        b"\xff\xfe",
        b'{"parsed":[NaN]}',
        b"[" * 100_000,
        b" " * (MESSAGE_BYTES_MAX + 1),
    ],
)
def test_what_is_not_a_message_raises_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_update(body, received_ms=NOW_MS)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=20,
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from([SOL, SOL[:-1]]) | _JSON,
        "price": st.fixed_dictionaries(
            {},
            optional={
                "price": st.integers(-(2**65), 2**65).map(str) | _JSON,
                "conf": st.integers(-(2**65), 2**65).map(str) | _JSON,
                "expo": st.integers(-20, 20) | _JSON,
                "publish_time": st.integers(0, 2**40) | _JSON,
            },
        )
        | _JSON,
        "metadata": st.fixed_dictionaries(
            {}, optional={"slot": _JSON, "prev_publish_time": st.integers(0, 2**40) | _JSON}
        )
        | _JSON,
    },
)


@settings(max_examples=250, deadline=None)
@given(st.lists(_FIELDS | _JSON, max_size=4))
def test_no_message_crashes_the_decoder_and_no_insane_price_passes(items: list[object]) -> None:
    body = json.dumps({"parsed": items}).encode("utf-8", "replace")

    try:
        decoded = decode_update(body, received_ms=NOW_MS)
    except MalformedMessage:
        return

    assert len(decoded.ticks) + len(decoded.refused) == len(items)
    for tick in decoded.ticks:
        assert 0 < tick.price_e6 <= 10**15
        assert 0 <= tick.conf_e6 <= tick.price_e6
        assert tick.publish_ms <= NOW_MS + 2_000


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_real_message_with_flipped_bytes_is_decoded_or_refused(data: st.DataObject) -> None:
    body = bytearray((SAMPLES / "latest.json").read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    try:
        decoded = decode_update(bytes(body), received_ms=NOW_MS)
    except MalformedMessage:
        return
    assert all(tick.market == "BTC-PERP" for tick in decoded.ticks)
