"""Vaults of other collateral: their accounts beside the price updates that they are pinned to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.instructions import VaultRef
from quantdesk.adapters.chain.price_update import parse_price_update
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.rpc_node import Node
from quantdesk.domain.account import USDC
from quantdesk.domain.oracle import PriceReading, reading_of
from quantdesk.services.exchange_state import CollateralVault

TERMS_AGE_S = 60.0
UNREADABLE = PriceReading(price_e6=0, conf_e6=0, publish_time=0)
"""What the program cannot read either: no action takes it."""


def others(vaults: Iterable[Fields]) -> list[Fields]:
    """Decoded TokenVaults besides the one of the settlement currency."""
    return [each for each in vaults if each["index"] != USDC]


Vaults = tuple[list[VaultRef], dict[int, CollateralVault]]


class VaultReader:
    """Reads the vaults, and the prices of other collateral that lie in their oracles."""

    def __init__(
        self,
        node: Node,
        program: Program,
        memcmp: Callable[..., Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node = node
        self._program = program
        self._memcmp = memcmp
        self._clock = clock
        self._addresses: list[Pubkey] = []
        self._found: Vaults = ([], {})
        self._read_at_s = -TERMS_AGE_S

    async def read(self, count: int) -> Vaults:
        """All of them where the pool counts `count` vaults, USDC's among them."""
        # USDC's vault alone has no price that moves: its terms change by a timelock.
        is_fresh = self._clock() - self._read_at_s < TERMS_AGE_S
        if count > 1 or len(self._addresses) != count or not is_fresh:
            self._found = await self._read(count)
            self._read_at_s = self._clock()
        return self._found

    async def _read(self, count: int) -> Vaults:
        if len(self._addresses) != count:
            kind = self._memcmp(offset=0, run=self._program.discriminator("TokenVault"))
            found = await self._node.program_accounts(self._program.id, matches=[kind])
            self._addresses = [each.address for each in found]
        stored = await self._node.accounts(self._addresses)
        vaults = [self._program.decode("TokenVault", each.data) for each in stored if each]
        oracles = [each["oracle"] for each in others(vaults)]
        prices = await self._node.accounts(oracles) if oracles else []
        at = {key: each.data if each else None for key, each in zip(oracles, prices, strict=True)}
        return refs(vaults), collateral_vaults(vaults, at)


def refs(vaults: Iterable[Fields]) -> list[VaultRef]:
    """Where instructions find them; USDC's only when an oracle watches it."""
    return [
        VaultRef(index=each["index"], mint=each["mint"], oracle=each["oracle"])
        for each in vaults
        if each["index"] != USDC or each["oracle"] != Pubkey.default()
    ]


def collateral_vault(
    fields: Fields, reading: PriceReading, market_index: int | None = None
) -> CollateralVault:
    """A decoded TokenVault at a price; `market_index` when a market has the same feed."""
    return CollateralVault(
        state=states.vault_state(fields),
        mint=str(fields["mint"]),
        oracle=str(fields["oracle"]),
        reading=reading,
        market_index=market_index,
    )


def reading_in(data: bytes | None, feed_id: bytes) -> PriceReading:
    """The price in a price update's bytes; unreadable if of another feed or not verified."""
    try:
        update = parse_price_update(data or b"")
    except CodecError:
        return UNREADABLE
    message = update.message
    if update.signatures is not None or message.feed_id != feed_id:
        return UNREADABLE
    try:
        return reading_of(
            price=message.price,
            conf=message.conf,
            exponent=message.exponent,
            publish_time=message.publish_time,
        )
    except ValueError:
        return UNREADABLE


def collateral_vaults(
    vaults: Sequence[Fields], oracles: Mapping[Pubkey, bytes | None]
) -> dict[int, CollateralVault]:
    """Every vault of other collateral by index, with the price that lies in its oracle."""
    return {
        each["index"]: collateral_vault(
            each, reading_in(oracles.get(each["oracle"]), each["feed_id"])
        )
        for each in others(vaults)
    }
