"""Pieces: the long-running processes of a world, by name, as data.

A coroutine piece is a module with `async def run(settings)`; the world knows its module only by
name, as an init system knows a command, so no room below has to know the world.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One process that the supervisor keeps alive."""

    name: str
    module: str
    """Holds `async def run(settings)`; and `prepare()`, when there is more to do early."""


SERVERS = (
    Piece(name="chain", module="quantdesk.world.chain.server"),
    Piece(name="market", module="quantdesk.world.market.server"),
)
WORKERS = (
    Piece(name="price_feed", module="quantdesk.workers.price_feed"),
    Piece(name="candle_writer", module="quantdesk.workers.candle_writer"),
    Piece(name="publisher", module="quantdesk.workers.publisher"),
    Piece(name="indexer", module="quantdesk.workers.indexer"),
    Piece(name="keeper", module="quantdesk.workers.keeper"),
    Piece(name="order_sender", module="quantdesk.workers.order_sender"),
)
WEB = Piece(name="web", module="quantdesk.world.web")
MODULES = {piece.name: piece.module for piece in (*SERVERS, *WORKERS, WEB)}
