"""Smoke: the whole main job with a fresh key, against a running world, then every number compared.

It uses only what a customer can use, plus read access to chain and mirror for the comparison, and
ends flat with everything withdrawn.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from quantdesk.services.ports import Exchange
from quantdesk.services.reconcile import (
    AccountFigures,
    Difference,
    MirrorBooks,
    differences,
    figures_of_chain,
    figures_of_view,
)
from quantdesk.services.smoke_ports import ApiRefused, PublicApi, Wallet
from quantdesk.services.trade_session import SmokeFailure, TradeSession

DEPOSIT_E6 = 1_000_000_000
NOTIONAL_E6 = 3_000_000_000
MARK_AGE_MS_MAX = 5_000
SETTLE_S = 10.0
"""How long mirror and API may lag behind the chain before a difference counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A finished step: its name, how long it took, and what it found."""

    name: str
    took_ms: int
    found: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeParts:
    """What a smoke run works with."""

    api: PublicApi
    wallet: Wallet
    exchange: Exchange
    books: MirrorBooks


class Smoke:
    """One run; each step is told to `tell` when it is done."""

    def __init__(self, parts: SmokeParts, tell: Callable[[StepDone], None]) -> None:
        self._parts = parts
        self._tell = tell
        self._session = TradeSession(parts.api, parts.wallet)
        self._market: Mapping[str, Any] = {}
        self._faucet_e6 = 0

    async def run(self) -> None:
        """Every step in order. Raises SmokeFailure or a PortError at the first that fails."""
        await self._step("guest reads", self._read_as_guest)
        await self._step("sign in", self._sign_in)
        await self._step("take test funds", self._take_funds)
        await self._step("deposit", self._deposit)
        await self._step("preview order", self._preview)
        await self._step("open position", self._open)
        await self._step("reconcile open position", self._reconcile)
        await self._step("close position", self._close)
        await self._step("withdraw everything", self._withdraw)
        await self._step("reconcile flat account", self._reconcile)
        await self._step("explain the result", self._explain)
        await self._step("sign out", self._sign_out)

    async def _step(self, name: str, act: Callable[[], Awaitable[Mapping[str, object]]]) -> None:
        started_ns = time.perf_counter_ns()
        found = await act()
        took_ms = (time.perf_counter_ns() - started_ns) // 1_000_000
        self._tell(StepDone(name=name, took_ms=took_ms, found=found))

    async def _read_as_guest(self) -> Mapping[str, object]:
        api = self._parts.api
        ready = await api.get("/readyz")
        config = await api.get("/api/config")
        try:
            await api.get("/api/account")
        except ApiRefused as refusal:
            _require("status of a guest's account", 401, refusal.status)
        else:
            raise SmokeFailure("a guest was shown an account; expected status 401")
        prices = await api.get("/api/oracle/prices")
        markets = await api.get("/api/markets")
        self._market = _liveliest(markets, prices)
        symbol = self._market["symbol"]
        candles = await api.get(f"/api/markets/{symbol}/candles?limit=10")
        _require("at least one candle", True, len(candles) > 0)
        return {
            "parts": ready["parts"],
            "environment": config["environment"],
            "market": symbol,
            "mark_e6": prices[symbol]["price_e6"],
            "age_ms": prices[symbol]["age_ms"],
        }

    async def _sign_in(self) -> Mapping[str, object]:
        user_id = await self._session.sign_in()
        session = await self._parts.api.get("/api/auth/session")
        _require("the session's wallet", self._parts.wallet.address, _wallet_of(session))
        return {"user": user_id, "wallet": self._parts.wallet.address}

    async def _take_funds(self) -> Mapping[str, object]:
        self._faucet_e6 = await self._session.take_test_funds()
        return {"usdc_e6": self._faucet_e6}

    async def _deposit(self) -> Mapping[str, object]:
        await self._session.deposit(DEPOSIT_E6)
        account = await self._session.account()
        _require("collateral after the deposit", DEPOSIT_E6, account["usdc_e6"])
        _require(
            "wallet after the deposit", self._faucet_e6 - DEPOSIT_E6, account["wallet_usdc_e6"]
        )
        return {"usdc_e6": account["usdc_e6"], "account": account["address"]}

    async def _preview(self) -> Mapping[str, object]:
        preview = await self._parts.api.post("/api/orders/preview", self._ticket())
        _require("a preview without refusal", None, preview["refusal"])
        return {"receipt": preview["receipt"]}

    async def _open(self) -> Mapping[str, object]:
        ticket = self._ticket()
        order = await self._session.order(ticket)
        _require("the filled size", ticket["size_e9"], order["filled_size_e9"])
        symbol = self._market["symbol"]
        account = await self._session.account()
        position = next(row for row in account["positions"] if row["market"] == symbol)
        _require("the position's size", ticket["size_e9"], position["size_e9"])
        _require("a live price on the position", False, account["is_stale"])
        return {
            "order": order["address"],
            "entry_price_e6": position["entry_price_e6"],
            "leverage_e6": account["leverage_e6"],
            "liquidation_price_e6": position["liquidation_price_e6"],
        }

    async def _close(self) -> Mapping[str, object]:
        order = await self._session.close(self._market["symbol"])
        account = await self._session.account()
        _require("no open position", [], account["positions"])
        return {"order": order["address"], "usdc_e6": account["usdc_e6"]}

    async def _withdraw(self) -> Mapping[str, object]:
        rest_e6 = int((await self._session.account())["usdc_e6"])
        await self._session.withdraw(rest_e6)
        account = await self._session.account()
        expected_e6 = self._faucet_e6 - DEPOSIT_E6 + rest_e6
        _require("wallet after the withdrawal", expected_e6, account["wallet_usdc_e6"])
        return {"withdrawn_e6": rest_e6, "wallet_usdc_e6": account["wallet_usdc_e6"]}

    async def _reconcile(self) -> Mapping[str, object]:
        found: list[Difference] = []

        async def agrees() -> bool:
            nonlocal found
            found = await self._differences()
            return not found

        try:
            await self._session.until("all sources agree", agrees, wait_s=SETTLE_S)
        except SmokeFailure as fault:
            raise SmokeFailure("; ".join(map(str, found))) from fault
        return {"differences": 0}

    async def _differences(self) -> list[Difference]:
        """Chain before and after, so a change in between is not taken for a difference."""
        before = await self._chain_figures()
        account = await self._session.account()
        mirror = await self._parts.books.figures(account["address"])
        if await self._chain_figures() != before:
            return await self._differences()
        return [
            *differences(before, mirror, source="Postgres"),
            *differences(before, figures_of_view(account), source="API"),
        ]

    async def _chain_figures(self) -> AccountFigures:
        return figures_of_chain(await self._parts.exchange.account(self._parts.wallet.address))

    async def _explain(self) -> Mapping[str, object]:
        portfolio = await self._parts.api.get("/api/portfolio")
        _require("what recorded events leave unexplained", 0, portfolio["difference_e6"])
        wallet = await self._parts.exchange.wallet(self._parts.wallet.address)
        result_e6 = wallet.usdc_e6 - self._faucet_e6
        costs_e6 = portfolio["fees_e6"] + portfolio["funding_paid_e6"]
        _require("profit less costs", portfolio["realized_pnl_e6"] - costs_e6, result_e6)
        return {"result_e6": result_e6, "fees_e6": portfolio["fees_e6"]}

    async def _sign_out(self) -> Mapping[str, object]:
        await self._session.sign_out()
        session = await self._parts.api.get("/api/auth/session")
        _require("nobody signed in", None, session["user"])
        return {}

    def _ticket(self) -> dict[str, object]:
        market = self._market
        lot_e9 = int(market["lot_e9"])
        units = NOTIONAL_E6 * 10**9 // int(market["mark"]["price_e6"])
        return {
            "market": market["symbol"],
            "side": "long",
            "kind": "market",
            "size_e9": max(units // lot_e9 * lot_e9, int(market["min_size_e9"])),
            "max_slippage_bps": 200,
        }


def _liveliest(
    markets: list[Mapping[str, Any]], prices: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    alive = [
        market
        for market in markets
        if market["status"] == "active"
        and market["symbol"] in prices
        and prices[market["symbol"]]["age_ms"] <= MARK_AGE_MS_MAX
    ]
    if not alive:
        raise SmokeFailure(f"expected a market with a price younger than {MARK_AGE_MS_MAX} ms")
    return alive[0]


def _wallet_of(session: Mapping[str, Any]) -> object:
    return (session["user"] or {}).get("wallet_address")


def _require(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise SmokeFailure(f"{what}: expected {expected}, found {found}")
