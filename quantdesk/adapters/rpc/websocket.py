"""Subscriptions that survive reconnects: after a gap the reader is told, so it can catch up."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import structlog
from solders.pubkey import Pubkey

from quantdesk.services.actions import Commitment

SILENCE_S_MAX = 15.0
"""A live connection always carries slots; longer silence means it is dead."""

_RETRY_S = (0.1, 0.3, 1.0, 3.0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The subscription (re)started: anything before this moment must be fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message of the subscription, with the slot it belongs to."""

    slot: int
    value: Any


Message = Connected | Notification


class RpcSocket:
    """A node's WebSocket; each subscription runs on its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url

    def logs(self, address: Pubkey, commitment: Commitment) -> AsyncIterator[Message]:
        """`{signature, err, logs}` of every transaction that mentions an address."""
        options = {"commitment": commitment.value}
        return self._messages("logsSubscribe", [{"mentions": [str(address)]}, options])

    def account(self, address: Pubkey, commitment: Commitment) -> AsyncIterator[Message]:
        """An account, base64, each time it changes."""
        options = {"commitment": commitment.value, "encoding": "base64"}
        return self._messages("accountSubscribe", [str(address), options])

    def program(self, program: Pubkey, commitment: Commitment) -> AsyncIterator[Message]:
        """`{pubkey, account}`, base64, of every account of a program that changes."""
        options = {"commitment": commitment.value, "encoding": "base64"}
        return self._messages("programSubscribe", [str(program), options])

    async def _messages(self, method: str, params: list[Any]) -> AsyncIterator[Message]:
        failures = 0
        while True:
            try:
                async with (
                    aiohttp.ClientSession() as session,
                    session.ws_connect(self._url, heartbeat=10) as socket,
                ):
                    await _subscribe(socket, method, params)
                    failures = 0
                    yield Connected()
                    while True:
                        yield await _next(socket)
            except (aiohttp.ClientError, OSError, TimeoutError) as problem:
                log.warning("chain_socket_lost", method=method, reason=repr(problem))
            pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
            failures += 1
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311


async def _subscribe(
    socket: aiohttp.ClientWebSocketResponse, method: str, params: list[Any]
) -> None:
    """Start the subscription, and one to slots as the sign of life; returns once accepted."""
    for call_id, (name, arguments) in enumerate(((method, params), ("slotSubscribe", []))):
        body = {"jsonrpc": "2.0", "id": call_id, "method": name, "params": arguments}
        await socket.send_str(orjson.dumps(body).decode())
    while (await _read(socket)).get("id") != 0:
        pass


async def _next(socket: aiohttp.ClientWebSocketResponse) -> Notification:
    while True:
        message = await _read(socket)
        if message.get("method") not in (None, "slotNotification"):
            result = message["params"]["result"]
            return Notification(slot=result["context"]["slot"], value=result["value"])


async def _read(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    frame = await socket.receive(timeout=SILENCE_S_MAX)
    if frame.type is not aiohttp.WSMsgType.TEXT:
        raise aiohttp.ClientConnectionError(f"the node ended the connection: {frame.type.name}")
    message: dict[str, Any] = orjson.loads(frame.data)
    if message.get("error") is not None:
        raise aiohttp.ClientError(f"subscription refused: {message['error']}")
    return message
