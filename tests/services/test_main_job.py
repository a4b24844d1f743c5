"""The main job on real parts: sign in, test funds, deposit, trade, close, withdraw."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import httpx

from quantdesk import wiring
from quantdesk.api.app import create_app
from quantdesk.api.wire import Bundle
from tests.api.browser import Browser
from tests.fakes.wallet import Wallet
from tests.services.real_world import RealWorld, real_world

ORDER = {"market": "SOL-PERP", "side": "long", "kind": "market", "size_e9": 10_000_000_000}


async def asked(person: Browser, path: str, body: Any = None) -> Any:
    answer = await person.post(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def signed(world: RealWorld, person: Browser, prepared: Any) -> Any:
    """Sign what was prepared, submit it, and wait for the chain."""
    body = {
        "intent_id": prepared["intent_id"],
        "transaction_b64": person.sign(prepared["transaction_b64"]),
    }
    outcome = await asked(person, "/api/transactions/submit", body)
    assert outcome["state"] == "sent", outcome
    await world.confirmed(outcome["signature"])
    return outcome


async def account(person: Browser) -> Any:
    answer = await person.get("/api/account")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_fresh_key_trades_and_takes_its_money_home(tmp_path: Path) -> None:
    async with real_world(tmp_path) as world:
        bundle = Bundle(lambda: wiring.build_dependencies(world.settings))
        app = create_app(bundle, wiring.place(world.settings))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url=world.settings.public_origin, timeout=30
        ) as http:
            person = Browser(http, Wallet.named(str(tmp_path)))
            try:
                await main_job(world, person)
            finally:
                await bundle.close()


async def main_job(world: RealWorld, person: Browser) -> None:
    assert (await person.get("/readyz")).json()["ok"]
    assert (await person.sign_in()).status_code == 200
    assert not (await account(person))["has_account"]

    await asked(person, "/api/faucet")
    assert (await account(person))["wallet_usdc_e6"] == 10_000_000_000

    prepared = await asked(person, "/api/deposits/prepare", {"amount_e6": 1_000_000_000})
    await signed(world, person, prepared)
    assert (await account(person))["usdc_e6"] == 1_000_000_000

    await world.publish()
    await world.refresh()
    order = await asked(person, "/api/orders/prepare", ORDER)
    await signed(world, person, order)
    [waiting] = (await account(person))["orders"]
    assert waiting["address"] == order["order_address"]

    await asyncio.sleep(1.1)
    await world.publish()
    await world.execute(person.wallet.address, order["order_address"], 0)
    held = await account(person)
    [position] = held["positions"]
    assert position["size_e9"] == 10_000_000_000
    receipt = order["receipt"]
    assert held["usdc_e6"] == 1_000_000_000 - receipt["fee_e6"]
    assert position["entry_e6"] == receipt["cost_e6"]
    # Funding runs from the fill on: by the second of this reading some may be owed.
    owed_e6 = position["funding_owed_e6"]
    moved_e6 = position["liquidation_price_e6"] - receipt["liquidation_price_e6"]["after"]
    assert abs(moved_e6) <= owed_e6 < 1_000
    assert held["free_collateral_e6"] == receipt["free_collateral_e6"]["after"] - owed_e6

    await close_and_withdraw(world, person)


async def close_and_withdraw(world: RealWorld, person: Browser) -> None:
    await asyncio.sleep(1.1)
    await world.publish({"SOL-PERP": 151_000_000})
    await world.refresh()
    close = await asked(person, "/api/positions/SOL-PERP/close/prepare")
    await signed(world, person, close)
    await asyncio.sleep(1.1)
    await world.publish({"SOL-PERP": 151_000_000})
    await world.execute(person.wallet.address, close["order_address"], 0)
    flat = await account(person)
    assert flat["positions"] == []
    assert flat["equity_e6"] == flat["usdc_e6"] > 1_000_000_000

    prepared = await asked(person, "/api/withdrawals/prepare", {"amount_e6": flat["usdc_e6"]})
    await signed(world, person, prepared)
    home = await account(person)
    assert home["usdc_e6"] == 0
    assert home["wallet_usdc_e6"] == 9_000_000_000 + flat["usdc_e6"]
    wire = base64.b64decode(prepared["transaction_b64"])
    assert wire[:1] == b"\x01"
