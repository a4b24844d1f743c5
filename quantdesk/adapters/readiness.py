"""Readiness: each part is asked in its own time, and none can hold up the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from quantdesk.services.ports import PortError

CHECK_S_MAX = 2.0


class PartsReadiness:
    """The port `Readiness` over one question per part."""

    def __init__(self, parts: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
        self._parts = parts

    async def check(self) -> Mapping[str, str]:
        """Part -> "ok" or what is wrong."""
        names = list(self._parts)
        found = await asyncio.gather(*(self._answer(name) for name in names))
        return dict(zip(names, found, strict=True))

    async def _answer(self, name: str) -> str:
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                await self._parts[name]()
        except TimeoutError:
            return f"no answer within {CHECK_S_MAX:g} s"
        except PortError as fault:
            return str(fault)
        return "ok"
