"""Mallory, signed in as herself, asks every route about Alice and learns and changes nothing."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from quantdesk.domain.order import Kind, Order
from quantdesk.services.actions import Intent
from quantdesk.services.exchange_state import OpenOrder, WalletState
from quantdesk.services.ports import Flows
from tests.api.browser import Browser, signed_in
from tests.fakes.world import World, account_address, fake_world

CANARY = "c4n4ry"
CANARY_E6 = 7_777_777_777_777
ORDER = {"market": "SOL-PERP", "side": "long", "kind": "market", "size_e9": 10**9}


@dataclass
class Scene:
    """Alice's belongings, and Mallory's browser."""

    world: World
    alice: Browser
    mallory: Browser
    intent: Intent
    order_address: str
    signed_b64: str

    @property
    def secrets(self) -> list[str]:
        """What must never reach Mallory."""
        return [
            CANARY,
            str(CANARY_E6),
            self.alice.wallet.address,
            account_address(self.alice.wallet.address),
        ]


async def scene() -> Scene:
    world = fake_world()
    alice = await signed_in(world, "alice", usdc_e6=CANARY_E6)
    mallory = await signed_in(world, "mallory", usdc_e6=10**9)
    prepared = (await alice.post("/api/orders/prepare", ORDER)).json()
    [intent] = world.intents.stored.values()
    user = world.users.stored[alice.wallet.address]
    for kind in ("orders", "trades", "transfers", "positions", "intents"):
        world.mirror.rows[(user.id, kind)] = [{"status": "open", "note": CANARY}]
    world.mirror.sums[user.id] = Flows(usdc_e6=CANARY_E6)
    world.exchange.wallets[alice.wallet.address] = WalletState(lamports=1, usdc_e6=CANARY_E6)
    address = str(Pubkey.new_unique())
    order = Order(
        account=account_address(alice.wallet.address),
        market_index=0,
        client_order_id=1,
        kind=Kind.LIMIT,
        size_e9=10**9,
        limit_price_e6=1,
    )
    world.exchange.wait(alice.wallet.address, OpenOrder(address=address, order=order))
    return Scene(
        world=world,
        alice=alice,
        mallory=mallory,
        intent=intent,
        order_address=address,
        signed_b64=alice.sign(prepared["transaction_b64"]),
    )


def questions(found: Scene) -> Iterator[tuple[str, str, Any]]:
    """Every route with Alice's names in every place that takes one."""
    names = [
        str(found.intent.id),
        found.order_address,
        found.alice.wallet.address,
        account_address(found.alice.wallet.address),
        str(found.intent.user_id),
    ]
    for path in ("account", "portfolio", "positions", "orders", "trades", "transfers"):
        yield "GET", f"/api/{path}", None
        for name in names:
            yield "GET", f"/api/{path}?owner={name}&user_id={name}&account={name}", None
    for name in names:
        yield "GET", f"/api/transactions/{name}", None
        yield "POST", f"/api/orders/{name}/cancel/prepare", {}
        yield "POST", f"/api/positions/{name}/close/prepare", {}
        body = {"intent_id": name, "transaction_b64": found.signed_b64}
        yield "POST", "/api/transactions/submit", body
        for path in ("deposits/prepare", "withdrawals/prepare"):
            yield "POST", f"/api/{path}", {"amount_e6": 1, "owner": name}
        yield "POST", "/api/orders/prepare", {**ORDER, "account": name}


async def ask(person: Browser, method: str, path: str, body: Any) -> str:
    answer = await (person.get(path) if method == "GET" else person.post(path, body))
    assert answer.status_code < 500, (method, path, answer.text)
    return answer.text


async def test_mallory_learns_and_changes_nothing_of_alices() -> None:
    found = await scene()
    before = copy.deepcopy(found.world.intents.stored[found.intent.id])

    asked = 0
    for method, path, body in questions(found):
        text = await ask(found.mallory, method, path, body)
        found.world.clock.advance(1_000)
        asked += 1
        assert not [secret for secret in found.secrets if secret in text], (path, text)

    assert asked > 60
    assert found.world.intents.stored[found.intent.id] == before
    assert not found.world.transactions.sent
    built_for = {owner for owner, _ in found.world.exchange.built[1:]}
    assert built_for <= {found.mallory.wallet.address}


async def test_alice_herself_sees_what_is_hers() -> None:
    found = await scene()

    for path in ("orders", "trades", "transfers", "positions"):
        assert CANARY in await ask(found.alice, "GET", f"/api/{path}", None)
    assert str(CANARY_E6) in await ask(found.alice, "GET", "/api/account", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "address", "message_b64", "signature_b64", "amount_e6", "market", "side", "kind", "size_e9",
        "limit_price_e6", "max_slippage_bps", "reduce_only", "client_order_id", "intent_id",
        "transaction_b64", "leverage",
    ]
)  # fmt: skip
PATHS = st.sampled_from(
    [
        "/api/auth/nonce", "/api/auth/sign-in", "/api/auth/sign-out", "/api/deposits/prepare",
        "/api/withdrawals/prepare", "/api/orders/preview", "/api/orders/prepare",
        "/api/positions/SOL-PERP/close/prepare", "/api/transactions/submit", "/api/faucet",
    ]
)  # fmt: skip


@pytest.mark.parametrize("is_guest", [True, False])
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=PATHS, body=st.dictionaries(FIELDS, JSON, max_size=9) | JSON)
def test_no_body_breaks_a_route(is_guest: bool, path: str, body: Any) -> None:
    async def attempt() -> int:
        world = fake_world()
        person = await signed_in(world, "mallory", usdc_e6=10**9)
        if is_guest:
            person.http.cookies.clear()
        headers = {"x-quantdesk": "1", "content-type": "application/json"}
        content = orjson.dumps(body, default=str) if _is_small(body) else b"9" * 400
        return (await person.http.post(path, content=content, headers=headers)).status_code

    assert asyncio.run(attempt()) < 500


def _is_small(body: Any) -> bool:
    """Whether orjson can write it; larger integers are sent as text of their own."""
    if isinstance(body, int):
        return -(2**63) <= body < 2**64
    if isinstance(body, str):
        return body.isprintable()
    if isinstance(body, dict):
        return all(_is_small(key) and _is_small(value) for key, value in body.items())
    return all(map(_is_small, body)) if isinstance(body, list) else True
