"""Trade session: the main job's moves over the public API, for smoke runs and benchmarks.

It behaves as a careful client: it signs only what it prepared, submits once and then asks what
became of it.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quantdesk.services.smoke_ports import PublicApi, Wallet

WAIT_S = 45.0
POLL_S = 0.1
LANDED = frozenset({"confirmed", "finalized"})
LOST = frozenset({"rejected", "expired"})


class SmokeFailure(Exception):
    """The product did not do what it promises; the message says what was expected and found."""


class TradeSession:
    """A signed-in wallet that moves funds and trades through the public API."""

    def __init__(self, api: PublicApi, wallet: Wallet) -> None:
        self.api = api
        self.wallet = wallet

    async def sign_in(self) -> str:
        """Prove the key; returns the user's id."""
        address = self.wallet.address
        challenge = await self.api.post("/api/auth/nonce", {"address": address})
        message = challenge["message"].encode()
        answer = {
            "address": address,
            "message_b64": _b64(message),
            "signature_b64": _b64(self.wallet.sign_message(message)),
        }
        return str((await self.api.post("/api/auth/sign-in", answer))["user"]["id"])

    async def sign_out(self) -> None:
        """End the session."""
        await self.api.post("/api/auth/sign-out", {})

    async def account(self) -> Mapping[str, Any]:
        """The account page's figures."""
        found: Mapping[str, Any] = await self.api.get("/api/account")
        return found

    async def take_test_funds(self) -> int:
        """Test USDC and SOL; returns the USDC that arrived in the wallet."""
        grant = await self.api.post("/api/faucet", {})
        expected = int(grant["usdc_e6"])
        await self.until(
            "the test funds are in the wallet",
            lambda: self._has("wallet_usdc_e6", expected),
        )
        return expected

    async def deposit(self, amount_e6: int) -> None:
        """Move USDC from the wallet into the account."""
        before = (await self.account())["usdc_e6"]
        await self.carry_out("/api/deposits/prepare", {"amount_e6": amount_e6})
        await self.until("the deposit is shown", lambda: self._has("usdc_e6", before + amount_e6))

    async def withdraw(self, amount_e6: int) -> None:
        """Move USDC from the account back to the wallet."""
        before = (await self.account())["usdc_e6"]
        await self.carry_out("/api/withdrawals/prepare", {"amount_e6": amount_e6})
        await self.until(
            "the withdrawal is shown", lambda: self._has("usdc_e6", before - amount_e6)
        )

    async def order(self, ticket: Mapping[str, object]) -> Mapping[str, Any]:
        """Place an order and wait until it is filled; returns its row."""
        prepared = await self.carry_out("/api/orders/prepare", ticket)
        return await self.filled(prepared["order_address"])

    async def close(self, market: str) -> Mapping[str, Any]:
        """Close a whole position and wait until it is flat; returns the closing order's row."""
        path = f"/api/positions/{market}/close/prepare"
        prepared = await self.carry_out(path, {})
        return await self.filled(prepared["order_address"])

    async def carry_out(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        """Prepare, sign, submit, and wait until the chain has confirmed it."""
        prepared: Mapping[str, Any] = await self.api.post(path, body)
        await self.submit(prepared)
        await self.landed(prepared["intent_id"])
        return prepared

    async def submit(self, prepared: Mapping[str, Any]) -> None:
        """Sign what was prepared and hand it in."""
        signed = self.wallet.sign_transaction(base64.b64decode(prepared["transaction_b64"]))
        answer = await self.api.post(
            "/api/transactions/submit",
            {"intent_id": prepared["intent_id"], "transaction_b64": _b64(signed)},
        )
        _require_alive(answer)

    async def landed(self, intent_id: str) -> None:
        """Wait until the chain has confirmed an intent."""

        async def is_landed() -> bool:
            answer = await self.api.get(f"/api/transactions/{intent_id}")
            _require_alive(answer)
            return answer["state"] in LANDED

        await self.until("the transaction is confirmed", is_landed)

    async def filled(self, order_address: str) -> Mapping[str, Any]:
        """Wait until an order is filled; a cancelled one is a failure."""
        found: Mapping[str, Any] = {}

        async def is_filled() -> bool:
            nonlocal found
            found = await self.order_row(order_address)
            if found.get("status") == "cancelled":
                raise SmokeFailure(f"the order was cancelled: {found.get('reason')}")
            return found.get("status") == "filled"

        await self.until("the order is filled", is_filled)
        return found

    async def order_row(self, order_address: str) -> Mapping[str, Any]:
        """The recorded order, empty until the indexer has seen it."""
        rows = await self.api.get("/api/orders?limit=20")
        return next((row for row in rows if row["address"] == order_address), {})

    async def until(
        self, expected: str, holds: Callable[[], Awaitable[bool]], *, wait_s: float = WAIT_S
    ) -> None:
        """Ask again until it holds; a SmokeFailure when it does not in time."""
        end_s = time.monotonic() + wait_s
        while not await holds():
            if time.monotonic() > end_s:
                raise SmokeFailure(f"expected within {wait_s:.0f} s that {expected}; it never did")
            await asyncio.sleep(POLL_S)

    async def _has(self, figure: str, expected: int) -> bool:
        return int((await self.account())[figure]) == expected


def _require_alive(answer: Mapping[str, Any]) -> None:
    if answer["state"] in LOST:
        error = answer.get("error") or {}
        raise SmokeFailure(f"the transaction is {answer['state']}: {error.get('message', error)}")


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
