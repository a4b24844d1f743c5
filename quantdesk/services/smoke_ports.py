"""Ports of the smoke run: the public API, and a wallet that signs without asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quantdesk.services.ports import PortError


class ApiUnavailable(PortError):
    """The public API did not answer, or not in JSON."""


class ApiRefused(PortError):
    """The public API said no."""

    def __init__(self, *, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class PublicApi(Protocol):
    """The product as any client sees it. Raises ApiRefused and ApiUnavailable."""

    async def get(self, path: str) -> Any:
        """The JSON at a path."""
        ...

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The answer to a JSON body."""
        ...


class Wallet(Protocol):
    """A key that signs whatever it is given: for smoke runs and tests only."""

    @property
    def address(self) -> str:
        """Base58."""
        ...

    def sign_message(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature."""
        ...

    def sign_transaction(self, unsigned: bytes) -> bytes:
        """The transaction with this wallet's signature put in."""
        ...
