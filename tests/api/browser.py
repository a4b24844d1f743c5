"""A browser of one person: keeps cookies, sends what our own pages send."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import httpx

from quantdesk.api.app import create_app
from quantdesk.api.wire import Bundle
from quantdesk.services.dependencies import Dependencies
from tests.fakes.wallet import Wallet
from tests.fakes.world import ORIGIN, World

OWN_PAGE = {"origin": ORIGIN, "x-quantdesk": "1", "sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """Somebody's browser and wallet."""

    http: httpx.AsyncClient
    wallet: Wallet

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {**OWN_PAGE, **headers}
        return await self.http.post(path, json={} if body is None else body, headers=sent)

    async def sign_in(self) -> httpx.Response:
        challenge = await self.post("/api/auth/nonce", {"address": self.wallet.address})
        assert challenge.status_code == 200, challenge.text
        message = challenge.json()["message"].encode()
        body = {
            "address": self.wallet.address,
            "message_b64": base64.b64encode(message).decode(),
            "signature_b64": base64.b64encode(self.wallet.sign(message)).decode(),
        }
        return await self.post("/api/auth/sign-in", body)

    def sign(self, transaction_b64: str) -> str:
        return base64.b64encode(self.wallet.sign_transaction(transaction_b64)).decode()


def browser(world: World, name: str = "alice") -> Browser:
    """A browser in front of the application over this world."""

    async def build() -> Dependencies:
        return world.deps

    app = create_app(Bundle(build), world.place)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    http = httpx.AsyncClient(transport=transport, base_url=world.place.origin)
    return Browser(http, Wallet.named(name))


async def signed_in(world: World, name: str = "alice", *, usdc_e6: int | None = None) -> Browser:
    """The browser of somebody signed in, with an account of `usdc_e6` when given."""
    person = browser(world, name)
    if usdc_e6 is not None:
        world.exchange.fund(person.wallet.address, usdc_e6=usdc_e6)
    answer = await person.sign_in()
    assert answer.status_code == 200, answer.text
    return person
