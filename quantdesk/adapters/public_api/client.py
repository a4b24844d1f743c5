"""A client of the public API: a browser without a screen, cookies included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from quantdesk.services.smoke_ports import ApiRefused, ApiUnavailable

TIMEOUT_S = 15.0


class ApiClient:
    """One browser's worth of requests to one origin."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self._session = session
        self._origin = origin

    @classmethod
    @asynccontextmanager
    async def open(cls, origin: str) -> AsyncIterator[Self]:
        """A client with an empty cookie jar; cookies of bare addresses are kept too."""
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
            yield cls(session, origin.rstrip("/"))

    async def get(self, path: str) -> Any:
        """The JSON at a path."""
        return await self._ask("GET", path)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """The answer to a JSON body."""
        return await self._ask("POST", path, body)

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        headers = {"x-quantdesk": "1", "origin": self._origin}
        try:
            async with self._session.request(
                method, self._origin + path, json=body, headers=headers
            ) as answer:
                found = await answer.json(content_type=None)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
            raise ApiUnavailable(f"{method} {path} had no usable answer: {fault!r}") from fault
        if status >= 400:
            error = found.get("error", {}) if isinstance(found, dict) else {}
            raise ApiRefused(
                status=status,
                code=str(error.get("code", status)),
                message=f"{method} {path}: {error.get('message', found)}",
            )
        return found
