"""Order templates: one compiled message, of which an order changes only a few bytes.

For whoever sends many orders of one account in one market: building anew costs several times the
signature, patching next to nothing. The bytes equal a fresh build (a property test says so); the
account's risk set is part of the template, so it is made again when that changes.
"""

import struct
from dataclasses import dataclass

from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.adapters.chain.message import blockhash_offset
from quantdesk.adapters.chain.transaction import build_message

_PARAMS = struct.Struct("<QBqQQH?q")
"""OrderParams: client id, kind, size, limit, trigger, trailing, reduce-only, expiry."""
_DISCRIMINATOR = 8
_ONE_SIGNATURE = b"\x01"
_SOME_ID = 0x6F72_6465_7220_6964


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPatch:
    """What differs from order to order; units as in the program's OrderParams."""

    client_order_id: int
    kind: int
    size_e9: int
    limit_price_e6: int
    trigger_price_e6: int = 0
    trailing_bps: int = 0
    reduce_only: bool = False
    expires_at: int = 0


class OrderTemplate:
    """Orders of one account in one market with one compute budget."""

    def __init__(
        self,
        build: Instructions,
        trader: Trader,
        market_index: int,
        *,
        unit_limit: int,
        unit_price: int = 0,
    ) -> None:
        self._addresses = build.program.addresses
        self._account = trader.address
        sample = OrderPatch(client_order_id=_SOME_ID, kind=0, size_e9=1, limit_price_e6=1)
        place = build.place_order(trader, market_index, fields_of(sample))
        self._message = build_message(
            trader.owner, [place], Hash.default(), unit_limit=unit_limit, unit_price=unit_price
        )
        order = bytes(self._addresses.order(trader.address, _SOME_ID))
        self._blockhash_at = blockhash_offset(self._message)
        self._order_at = _only(self._message, order)
        self._params_at = _only(self._message, bytes(place.data)) + _DISCRIMINATOR
        assert len(bytes(place.data)) == _DISCRIMINATOR + _PARAMS.size, "OrderParams has changed"

    def reserve(self, client_order_id: int) -> Pubkey:
        """The order's address; deriving it ahead of time takes it off the path of the order."""
        return self._addresses.order(self._account, client_order_id)

    def sign(self, patch: OrderPatch, blockhash: Hash, owner: Keypair) -> bytes:
        """Wire bytes of one order, signed by the owner, who is the only signer."""
        message = self.fill(patch, blockhash)
        return _ONE_SIGNATURE + bytes(owner.sign_message(message)) + message

    def fill(self, patch: OrderPatch, blockhash: Hash) -> bytes:
        """Message bytes of one order."""
        found = bytearray(self._message)
        found[self._blockhash_at : self._blockhash_at + 32] = bytes(blockhash)
        order = self.reserve(patch.client_order_id)
        found[self._order_at : self._order_at + 32] = bytes(order)
        _PARAMS.pack_into(
            found,
            self._params_at,
            patch.client_order_id,
            patch.kind,
            patch.size_e9,
            patch.limit_price_e6,
            patch.trigger_price_e6,
            patch.trailing_bps,
            patch.reduce_only,
            patch.expires_at,
        )
        return bytes(found)


def fields_of(patch: OrderPatch) -> dict[str, int | bool]:
    """The patch as the program's OrderParams by name."""
    return {name: getattr(patch, name) for name in OrderPatch.__slots__}


def _only(message: bytes, run: bytes) -> int:
    assert message.count(run) == 1, "a template needs its parts exactly once"
    return message.index(run)
