"""Every event handler is reachable from any socket; every private one refuses without a session."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import pytest

from quantdesk.settings import PROJECT
from tests.end_to_end.socket_client import connected
from tests.end_to_end.world import World
from tests.fakes.wallet import Wallet

# What a guest may do: look, write a ticket, open and close what is on screen. Everything else,
# and everything that will ever be added, must ask for a session.
PUBLIC = {
    "market_state": {
        "load", "open_selector", "close_selector", "search", "take_first", "choose",
        "choose_resolution",
    },
    "session_state": {"load", "connect_wallet", "end_session"},
    "account_state": {"load"},
    "tables_state": {"show_table", "show_this_market_only"},
    "portfolio_state": {"load"},
    "ticket_state": {
        "choose_side", "choose_kind", "type_price", "use_mark", "type_size",
        "choose_reduce_only", "walk", "clear",
    },
    "sizing_state": {"toggle_leverage", "choose_leverage", "choose_percent"},
    "funds_state": {"close_dialog", "type_sum"},
    "close_state": {"keep"},
    "notices_state": {"dismiss"},
}  # fmt: skip
ROUTER = "reflex___state____state"
SETVAR_ANSWER_S = 0.5
ARGUMENTS = {"str": "SOL-PERP", "int": 60, "float": 50.0, "bool": True}
LIST_HANDLERS = """
import inspect, json
from quantdesk.quantdesk import app
found = {}
for name, handler in app._registration_context.event_handlers.items():
    parameters = list(inspect.signature(handler.handler.fn).parameters.values())[1:]
    found[name] = {p.name: getattr(p.annotation, "__name__", "str") for p in parameters}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def handlers(calm_world: World) -> dict[str, dict[str, str]]:
    """Every handler of the app with its parameters, asked of the app itself."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_HANDLERS],
        cwd=PROJECT,
        env=calm_world.environment | {"REFLEX_BACKEND_ONLY": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: found[name] for name in found if "quantdesk___ui" in name}


def is_public(name: str) -> bool:
    state, _, verb = name.rpartition("____")[2].partition(".")
    return verb in PUBLIC.get(state, set())


def is_refusal(updates: list[dict[str, Any]]) -> bool:
    """Whether all that came back is that nobody is signed in."""
    changed = deltas_of(updates)
    changed.pop(ROUTER, None)
    (name, session), *others = changed.items() or [("", {})]
    return not others and name.endswith("session_state") and set(session.values()) <= {"", False}


def deltas_of(updates: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: part for update in updates for name, part in (update.get("delta") or {}).items()}


@pytest.mark.timeout(240)
async def test_every_private_handler_refuses_a_socket_without_a_session(
    calm_world: World, handlers: dict[str, dict[str, str]]
) -> None:
    private = [name for name in handlers if not is_public(name) and not name.endswith(".setvar")]
    assert len(private) >= 12

    let_in = {}
    for name in private:
        payload = {key: ARGUMENTS.get(kind, "x") for key, kind in handlers[name].items()}
        # A tab of its own for each, so that its refusal is a change that can be seen.
        async with connected(calm_world.origin, token=str(uuid4())) as socket:
            updates = await socket.call(name, dict(payload))
        if not is_refusal(updates):
            let_in[name] = updates

    assert let_in == {}


@pytest.mark.timeout(240)
async def test_no_variable_of_any_state_can_be_set_from_outside(
    calm_world: World, handlers: dict[str, dict[str, str]]
) -> None:
    setters = [name for name in handlers if name.endswith(".setvar")]
    assert len(setters) >= 8

    async with connected(calm_world.origin, token=str(uuid4())) as socket:
        for name in setters:
            for variable in ("address", "_view"):
                updates = await socket.call(
                    name, {"var_name": variable, "value": "x"}, answer_s=SETVAR_ANSWER_S
                )
                changed = set(deltas_of(updates)) - {ROUTER}
                assert not changed, f"{name} set {variable}: {updates}"


async def test_a_page_of_another_origin_cannot_open_the_socket(calm_world: World) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connected(
            calm_world.origin, token=str(uuid4()), headers={"Origin": "http://evil.example"}
        ):
            pytest.fail("the socket opened")

    assert refused.value.status == 403


async def test_a_socket_that_stays_open_is_refused_once_its_session_has_ended(
    calm_world: World, handlers: dict[str, dict[str, str]]
) -> None:
    refresh = next(name for name in handlers if name.endswith("account_state.refresh"))
    cookie = await signed_in_cookie(calm_world)
    headers = {"Origin": calm_world.origin, "Cookie": f"qd_session={cookie}"}

    async with connected(calm_world.origin, token=str(uuid4()), headers=headers) as socket:
        while_signed_in = await socket.call(refresh, {})
        await sign_out(calm_world, cookie)
        after_sign_out = await socket.call(refresh, {})

    assert any("account_state" in name for name in deltas_of(while_signed_in))
    assert cookie not in json.dumps(while_signed_in)
    assert is_refusal(after_sign_out)


async def signed_in_cookie(world: World) -> str:
    """The session cookie of a wallet that signed in over the public API."""
    wallet = Wallet.named(f"socket-{uuid4()}")
    async with httpx.AsyncClient(base_url=world.origin, headers={"x-quantdesk": "1"}) as client:
        nonce = await client.post("/api/auth/nonce", json={"address": wallet.address})
        message = nonce.json()["message"].encode()
        signed = {
            "address": wallet.address,
            "message_b64": base64.b64encode(message).decode(),
            "signature_b64": base64.b64encode(wallet.sign(message)).decode(),
        }
        answer = await client.post("/api/auth/sign-in", json=signed)
        assert answer.status_code == 200, answer.text
        return client.cookies["qd_session"]


async def sign_out(world: World, cookie: str) -> None:
    async with httpx.AsyncClient(
        base_url=world.origin, headers={"x-quantdesk": "1"}, cookies={"qd_session": cookie}
    ) as client:
        answer = await client.post("/api/auth/sign-out", json={})
        assert answer.status_code < 300, answer.text
