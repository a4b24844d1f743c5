"""Step: one instruction as it was seen, with the exchange before and after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from quantdesk.domain.events import Event, OrderExecuted
from quantdesk.domain.ledger import Ledger, Moment
from quantdesk.domain.market import MarketState
from quantdesk.domain.oracle import funding_price_e6, is_late
from quantdesk.domain.refusal import Refusal
from tests.exchange import exact

Place = tuple[str, Any]
"""A record: its kind and its key in the twin."""

TABLES = {
    "markets": "market",
    "collaterals": "vault",
    "accounts": "account",
    "delegates": "account",
    "positions": "position",
    "orders": "order",
    "proposals": "proposal",
    "pool_shares": "share",
    "mandates": "mandate",
}
NAMES = tuple(each.name for each in fields(Ledger))
SINGLE = {
    "pool": "pool",
    "insurance": "insurance",
    "security": "security",
    "vault": "vault",
    "native_lamports": "lamports",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened; `said` are the program's own events, where the program ran too.

    `changed` are the records that differ, `tokens` what the token account of the USDC vault holds.

    `by` is who signed, `subject` the account it is about, `keeper` where rewards go; `most_e9`
    bounds a liquidation's close, 0: nothing does.
    """

    action: str
    before: Ledger
    after: Ledger
    events: tuple[Event, ...]
    at: Moment
    refusal: Refusal | None = None
    said: tuple[Mapping[str, Any], ...] = field(default=())
    changed: frozenset[Place] = field(default=frozenset())
    tokens: int | None = None
    by: str | None = None
    subject: str | None = None
    keeper: str = ""
    most_e9: int = 0

    @property
    def markets(self) -> set[int]:
        """Markets of which something changed."""
        found = {key for kind, key in self.changed if kind == "market"}
        return found | {key[1] for kind, key in self.changed if kind == "position"}

    def counted_conf_e6(self, event: OrderExecuted) -> int:
        """The confidence that the cost of a fill counts."""
        order = self.before.orders[event.user_account, event.client_order_id]
        held = self.before.position(event.user_account, event.market_index).size_e9
        reading = self.before.readings[event.market_index]
        return exact.counted_conf_e6(
            self.before.markets[event.market_index].params,
            price_e6=reading.price_e6,
            conf_e6=reading.conf_e6,
            is_late=is_late(reading, placed_at=order.placed_at),
            grows=held * event.size_e9 >= 0 or abs(event.size_e9) > abs(held),
        )

    @property
    def accrued(self) -> list[tuple[MarketState, MarketState]]:
        """Markets whose funding was brought forward: before and after."""
        found = []
        for index in sorted(self.markets):
            before, after = self.before.markets[index], self.after.markets[index]
            if before.funding_at != after.funding_at:
                found.append((before, after))
        return found

    def funding_price_e6(self, market: MarketState) -> int:
        """The price at which the elapsed time of a market was credited."""
        reading = self.before.readings[market.params.index]
        return funding_price_e6(reading, market, now=self.at.now)


def snapshot(ledger: Ledger) -> Ledger:
    """The ledger as it is now; records are frozen, so only its tables are copied."""
    held: dict[str, Any] = {name: getattr(ledger, name) for name in NAMES}
    for name, each in held.items():
        if type(each) is dict:
            held[name] = dict(each)
    return Ledger(**held)


def changes(before: Ledger, after: Ledger) -> frozenset[Place]:
    """The records that are not the same; a record that is written becomes another object."""
    found: set[Place] = set()
    for name, kind in TABLES.items():
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue
        found |= {
            (kind, key) for key in was.keys() | now.keys() if was.get(key) is not now.get(key)
        }
    for name, kind in SINGLE.items():
        if getattr(before, name) is not getattr(after, name):
            found.add((kind, 0 if kind == "vault" else None))
    return frozenset(found)
