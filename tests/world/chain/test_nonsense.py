"""Whatever is sent to the node, it answers with an error object and goes on."""

import base64
import re
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.dispatch import answer
from quantdesk.world.chain.methods import METHODS
from quantdesk.world.chain.subscriptions import Client, Hub
from tests.world.chain.chains import transfer_of

ADDRESS = str(Keypair().pubkey())
NAMES = ["encoding", "commitment", "filters", "dataSlice", "mint", "programId", "limit", "before"]
NAMES += ["until", "minContextSlot", "accounts", "memcmp", "offset", "length", "bytes", "dataSize"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([2**63 - 1, 2**63, 2**64 - 1])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from([ADDRESS, "1" * 64, "base64", "jsonParsed", "processed", "AAAA", "all"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
SUBJECTS: dict[str, Any] = {
    "getAccountInfo": ADDRESS,
    "getMultipleAccounts": [ADDRESS],
    "getProgramAccounts": "11111111111111111111111111111111",
    "getSignaturesForAddress": ADDRESS,
    "getTokenAccountsByOwner": ADDRESS,
    "getBlock": 1_000,
    "getTransaction": "1" * 64,
}
NAMED = st.sampled_from(sorted(SUBJECTS.items(), key=repr))
PYTHON_WORDS = re.compile(r"Error:|unhashable|not subscriptable|out of range|another shape")


@pytest.fixture(scope="module")
def bank() -> Any:
    with tempfile.TemporaryDirectory() as home:
        found = Bank(ChainConfig(home=Path(home), rpc_port=1))
        yield found
        found.close()


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(method=st.sampled_from(sorted(METHODS)), params=st.lists(VALUES, max_size=3))
def test_every_method_answers_any_parameters(bank: Bank, method: str, params: list[Any]) -> None:
    body = orjson.dumps({"jsonrpc": "2.0", "id": 9, "method": method, "params": params})

    reply = orjson.loads(answer(bank, body))

    assert reply["id"] == 9
    assert ("result" in reply) != ("error" in reply)
    assert not PYTHON_WORDS.search(reply.get("error", {}).get("message", ""))


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=NAMED, options=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
def test_every_option_is_read_or_refused_in_words(
    bank: Bank, first: tuple[str, Any], options: dict[str, Any]
) -> None:
    method, subject = first
    body = orjson.dumps({"id": 9, "method": method, "params": [subject, options]})

    reply = orjson.loads(answer(bank, body))

    assert ("result" in reply) != ("error" in reply)
    assert not PYTHON_WORDS.search(reply.get("error", {}).get("message", ""))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=60) | VALUES.map(orjson.dumps))
def test_any_body_gets_an_answer(bank: Bank, body: bytes) -> None:
    reply = answer(bank, body)

    assert not reply or isinstance(orjson.loads(reply), dict | list)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["account", "program", "logs", "signature", "slot", "root", "vote", ""]),
    verb=st.sampled_from(["Subscribe", "Unsubscribe"]),
    params=st.lists(VALUES, max_size=3),
)
def test_any_subscription_is_answered(bank: Bank, kind: str, verb: str, params: list[Any]) -> None:
    hub, client = Hub(bank), Client()
    request = {"jsonrpc": "2.0", "id": 9, "method": kind + verb, "params": params}

    hub.handle(client, orjson.dumps(request).decode())
    bank.airdrop(Keypair().pubkey(), 10**9)
    hub.forget(client)

    first = client.outbox.get_nowait()
    assert first is not None
    assert orjson.loads(first)["id"] == 9
    bank.on_landed.clear()
    bank.on_slot.clear()


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_transaction_is_refused_or_fails_but_never_breaks_the_node(
    bank: Bank, data: st.DataObject
) -> None:
    payer = Keypair()
    bank.airdrop(payer.pubkey(), 10**10)
    honest = transfer_of(payer, payer.pubkey(), 1, bank.clock.blockhash(bank.slot))
    wire = bytearray(bytes(honest))
    for _ in range(data.draw(st.integers(1, 4))):
        # Damage the message, which the signature check would catch: execution sees it unsigned.
        wire[data.draw(st.integers(64, len(wire) - 1))] = data.draw(st.integers(0, 255))
    text = base64.b64encode(bytes(wire)).decode()

    for method, options in (
        ("simulateTransaction", {"encoding": "base64"}),
        ("simulateTransaction", {"encoding": "base64", "replaceRecentBlockhash": True}),
        ("sendTransaction", {"encoding": "base64", "skipPreflight": True}),
        ("sendTransaction", {"encoding": "base64"}),
    ):
        call = {"jsonrpc": "2.0", "id": 9, "method": method, "params": [text, options]}
        reply = orjson.loads(answer(bank, orjson.dumps(call)))
        assert ("result" in reply) != ("error" in reply)
