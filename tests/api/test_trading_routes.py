"""The main job over HTTP: preview, prepare, sign, submit, and every way to be refused."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from quantdesk.services.actions import IntentState
from quantdesk.services.give_up import give_up
from quantdesk.services.ports import (
    ExchangeUnavailable,
    MarksUnavailable,
    TransactionRefused,
    User,
)
from tests.api.browser import Browser, browser, signed_in
from tests.fakes.world import fake_world

THOUSAND = 1_000_000_000
ORDER: dict[str, Any] = {
    "market": "SOL-PERP",
    "side": "long",
    "kind": "market",
    "size_e9": 1_000_000_000,
}


async def prepared(person: Browser, **changes: Any) -> dict[str, Any]:
    answer = await person.post("/api/orders/prepare", {**ORDER, **changes})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def submit(person: Browser, intent_id: str, transaction_b64: str) -> Any:
    body = {"intent_id": intent_id, "transaction_b64": transaction_b64}
    return await person.post("/api/transactions/submit", body)


async def test_a_prepared_order_is_signed_sent_and_remembered() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)

    order = await prepared(person)
    signed = person.sign(order["transaction_b64"])
    answer = await submit(person, order["intent_id"], signed)

    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "sent"
    assert world.transactions.sent == [base64.b64decode(signed)]
    again = await person.get(f"/api/transactions/{order['intent_id']}")
    assert again.json()["signature"] == answer.json()["signature"]


async def test_the_receipt_says_before_and_after() -> None:
    person = await signed_in(fake_world(), usdc_e6=THOUSAND)

    receipt = (await prepared(person))["receipt"]

    assert receipt["position_e9"] == {"before": 0, "after": 1_000_000_000}
    assert receipt["free_collateral_e6"]["after"] < receipt["free_collateral_e6"]["before"]
    assert receipt["fee_e6"] > 0
    assert receipt["expected_price_e6"] > receipt["mark_e6"]


async def test_the_intent_is_written_before_the_bytes_are_handed_out() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)

    order = await prepared(person)

    [intent] = world.intents.stored.values()
    assert str(intent.id) == order["intent_id"]
    assert base64.b64decode(order["transaction_b64"])[65:] == intent.message_bytes
    assert intent.state is IntentState.PREPARED


async def test_a_market_order_is_bound_to_one_percent_from_the_mark_on_the_tick() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)

    await prepared(person)
    await prepared(person, side="short", client_order_id=2)

    bounds = [action.limit_price_e6 for _, action in world.exchange.built]  # type: ignore[union-attr]
    assert bounds == [151_500_000, 148_500_000]


async def test_sending_the_same_bytes_twice_sends_once() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    signed = person.sign(order["transaction_b64"])

    first = await submit(person, order["intent_id"], signed)
    second = await submit(person, order["intent_id"], signed)

    assert first.json() == second.json()
    assert len(world.transactions.sent) == 1


async def test_a_lost_answer_is_unknown_and_not_failed() -> None:
    world = fake_world()
    world.transactions.failure = ExchangeUnavailable("no answer")
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)

    answer = await submit(person, order["intent_id"], person.sign(order["transaction_b64"]))

    assert answer.status_code == 200
    assert answer.json()["state"] == "unknown"
    [intent] = world.intents.stored.values()
    assert intent.signature is not None
    assert intent.signed_transaction is not None


async def test_a_refusal_of_the_chain_is_told_in_its_words() -> None:
    world = fake_world()
    world.transactions.failure = TransactionRefused("the price is too old", code="StalePrice")
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)

    answer = await submit(person, order["intent_id"], person.sign(order["transaction_b64"]))

    assert answer.json()["state"] == "rejected"
    assert answer.json()["error"] == {"code": "StalePrice", "message": "the price is too old"}


async def test_an_expired_blockhash_is_unknown_until_its_last_height_has_passed() -> None:
    world = fake_world()
    world.transactions.failure = TransactionRefused("expired", code="BlockhashNotFound")
    person = await signed_in(world, usdc_e6=THOUSAND)
    first, second = await prepared(person), await prepared(person)

    early = await submit(person, first["intent_id"], person.sign(first["transaction_b64"]))
    world.transactions.height = 1_001
    late = await submit(person, second["intent_id"], person.sign(second["transaction_b64"]))

    assert early.json()["state"] == "unknown"
    assert late.json()["state"] == "expired"


@pytest.mark.parametrize(
    "alter",
    [
        lambda wire: wire[:-1] + bytes([wire[-1] ^ 1]),
        lambda wire: wire + b"\0",
        lambda wire: wire[:-1],
        lambda wire: b"\x02" + wire[1:65] + bytes(64) + wire[65:],
        lambda wire: wire[65:],
        lambda wire: b"\x00" + wire[65:],
    ],
)
async def test_altered_bytes_are_refused_and_never_sent(alter: Any) -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    wire = base64.b64decode(person.sign(order["transaction_b64"]))

    answer = await submit(person, order["intent_id"], base64.b64encode(alter(wire)).decode())

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "WRONG_BYTES"
    assert not world.transactions.sent


async def test_what_was_given_up_can_no_longer_be_sent() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    intent_id = UUID(order["intent_id"])
    user = world.users.stored[person.wallet.address]
    stranger = User(id=uuid4(), wallet_address=user.wallet_address, role=user.role)
    reason = "the page was reloaded"

    assert not await give_up(world.deps, stranger, intent_id=intent_id, reason=reason)
    assert await give_up(world.deps, user, intent_id=intent_id, reason=reason)
    answer = await submit(person, order["intent_id"], person.sign(order["transaction_b64"]))

    assert answer.status_code == 409, answer.text
    assert answer.json()["error"]["code"] == "ALREADY_RESOLVED"
    assert world.transactions.sent == []


async def test_what_was_signed_cannot_be_given_up() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    await submit(person, order["intent_id"], person.sign(order["transaction_b64"]))
    [intent] = world.intents.stored.values()
    user = world.users.stored[person.wallet.address]

    assert not await give_up(world.deps, user, intent_id=intent.id, reason="too late")
    assert world.intents.stored[intent.id].state is IntentState.SENT


async def test_bytes_of_another_prepared_order_are_refused() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    first, second = await prepared(person), await prepared(person)

    answer = await submit(person, first["intent_id"], person.sign(second["transaction_b64"]))

    assert answer.json()["error"]["code"] == "WRONG_BYTES"


@pytest.mark.parametrize("signer", ["mallory", "nobody"])
async def test_a_signature_of_somebody_else_is_refused(signer: str) -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    forged = (
        browser(world, "mallory").sign(order["transaction_b64"])
        if signer == "mallory"
        else order["transaction_b64"]
    )

    answer = await submit(person, order["intent_id"], forged)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "WRONG_SIGNATURE"
    assert not world.transactions.sent


async def test_nobody_can_submit_or_see_the_intent_of_another() -> None:
    world = fake_world()
    alice = await signed_in(world, usdc_e6=THOUSAND)
    mallory = await signed_in(world, "mallory", usdc_e6=THOUSAND)
    order = await prepared(alice)

    stolen = await submit(mallory, order["intent_id"], alice.sign(order["transaction_b64"]))
    seen = await mallory.get(f"/api/transactions/{order['intent_id']}")

    assert stolen.status_code == 404
    assert seen.status_code == 404
    assert not world.transactions.sent


async def test_one_client_order_id_names_one_live_order() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    await prepared(person, client_order_id=7)

    answer = await person.post("/api/orders/prepare", {**ORDER, "client_order_id": 7})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "DUPLICATE_ORDER"


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"size_e9": 0}, 422, "size"),
        ({"size_e9": -1}, 422, "size"),
        ({"size_e9": 1}, 422, "size"),
        ({"size_e9": 10_000_001}, 422, "size"),
        ({"size_e9": 2**63}, 422, "size_e9"),
        ({"size_e9": 1.5}, 422, "size_e9"),
        ({"size_e9": "1000000000"}, 422, "size_e9"),
        ({"size_e9": True}, 422, "size_e9"),
        ({"size_e9": None}, 422, "size_e9"),
        ({"size_e9": 10_000_000_000_000}, 409, "size"),
        ({"side": "up"}, 422, "side"),
        ({"kind": "stop"}, 422, "kind"),
        ({"kind": "limit"}, 422, "price"),
        ({"kind": "limit", "limit_price_e6": 0}, 422, "price"),
        ({"kind": "limit", "limit_price_e6": 150_000_001}, 422, "price"),
        ({"kind": "limit", "limit_price_e6": 2**64}, 422, "limit_price_e6"),
        ({"max_slippage_bps": 0}, 422, "slippage"),
        ({"max_slippage_bps": 1_001}, 422, "slippage"),
        ({"market": "DOGE-PERP"}, 404, "market"),
        ({"market": "x" * 25}, 422, "market"),
        ({"market": "ETH-PERP"}, 409, "market"),
        ({"client_order_id": -1}, 422, "client_order_id"),
        ({"leverage": 0}, 422, "leverage"),
        ({"surprise": 1}, 422, "surprise"),
    ],
)
async def test_wrong_input_is_answered_with_a_sentence_that_says_what_to_do(
    changes: dict[str, Any], status: int, field: str
) -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    world.marks.prices_e6.pop("ETH-PERP", None)

    answer = await person.post("/api/orders/prepare", {**ORDER, **changes})

    error = answer.json()["error"]
    assert (answer.status_code, error.get("field")) == (status, field), answer.text
    assert len(error["message"].split()) >= 5
    assert not world.intents.stored


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"market":1}'])
async def test_a_body_that_is_no_order_is_answered_with_422(body: bytes) -> None:
    person = await signed_in(fake_world(), usdc_e6=THOUSAND)
    headers = {"x-quantdesk": "1", "content-type": "application/json"}

    answer = await person.http.post("/api/orders/prepare", content=body, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "INVALID"


async def test_without_an_account_the_answer_is_to_deposit() -> None:
    person = await signed_in(fake_world())

    answer = await person.post("/api/orders/prepare", ORDER)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "NO_ACCOUNT"
    assert "deposit" in answer.json()["error"]["message"]


async def test_a_stale_price_refuses_a_new_order() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    world.marks.age_ms = 6_000

    answer = await person.post("/api/orders/prepare", ORDER)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "PRICE_STALE"


async def test_without_the_price_store_orders_are_closed() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    world.marks.failure = MarksUnavailable("gone")

    answer = await person.post("/api/orders/prepare", ORDER)

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "PRICES_UNAVAILABLE"


async def test_with_the_limiter_down_nothing_can_be_prepared_or_submitted() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)
    order = await prepared(person)
    world.limits.is_down = True

    refused = await person.post("/api/orders/prepare", ORDER)
    unsent = await submit(person, order["intent_id"], person.sign(order["transaction_b64"]))

    assert refused.status_code == unsent.status_code == 503
    assert not world.transactions.sent


async def test_a_guest_can_preview_but_not_prepare() -> None:
    guest = browser(fake_world())

    preview = await guest.post("/api/orders/preview", ORDER)
    refused = await guest.post("/api/orders/prepare", ORDER)

    assert preview.status_code == 200
    assert preview.json()["refusal"]["code"] == "INSUFFICIENT_COLLATERAL"
    assert preview.json()["max_size_e9"] == 0
    assert refused.status_code == 401


async def test_a_preview_writes_nothing_and_knows_the_largest_size() -> None:
    world = fake_world()
    person = await signed_in(world, usdc_e6=THOUSAND)

    found = (await person.post("/api/orders/preview", ORDER)).json()
    largest = found["max_size_e9"]
    fits = await person.post("/api/orders/preview", {**ORDER, "size_e9": largest})
    too_large = await person.post("/api/orders/preview", {**ORDER, "size_e9": largest + 10_000_000})

    assert not world.intents.stored
    assert not world.exchange.built
    assert fits.json()["refusal"] is None
    assert too_large.json()["refusal"]["code"] == "INSUFFICIENT_COLLATERAL"
