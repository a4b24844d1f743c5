"""Scanner: which accounts are below maintenance, kept true at every price without a full pass.

Each account's slack (equity over requirement) is shared out among its legs as a band of prices. As
long as every price and funding index stays inside, the verdict cannot change, so a price change
looks only at the accounts whose band it leaves. The bands are conservative; verdicts are exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from quantdesk.domain.funding import INDEX_TO_USD
from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE

FUNDING_PARTS = 8
"""One part in so many of the slack is kept for funding, the rest for prices."""

ROUNDING_E6 = 3
"""Units by which one leg's integer figures may differ from its exact ones."""

COMPACT_TIMES = 4
"""A heap with so many times more entries than live ones is cleaned."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One open position: market, signed size e9 (not 0), entry e6, funding snapshot."""

    market: int
    size_e9: int
    entry_e6: int
    funding_index: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """What the scanner knows of an account: US dollars and weighted collateral e6, its legs."""

    cash_e6: int
    legs: tuple[Leg, ...]


class Edge:
    """Bounds of one figure of one market: accounts leave when it passes below or above theirs."""

    def __init__(self) -> None:
        """Without bounds."""
        self.below: list[tuple[int, int, int]] = []
        self.above: list[tuple[int, int, int]] = []

    def left_by(self, figure: int, versions: Mapping[int, int]) -> set[int]:
        """Accounts whose bounds `figure` has passed; their bounds are dropped."""
        left: set[int] = set()
        below, above = self.below, self.above
        while below and -below[0][0] > figure:
            _, account, version = heappop(below)
            if versions.get(account) == version:
                left.add(account)
        while above and above[0][0] < figure:
            _, account, version = heappop(above)
            if versions.get(account) == version:
                left.add(account)
        return left

    def compact(self, versions: Mapping[int, int]) -> None:
        """Drops bounds that were replaced."""
        for heap in (self.below, self.above):
            heap[:] = [each for each in heap if versions.get(each[1]) == each[2]]
            heapify(heap)


class Scanner:
    """Accounts by number; `liquidatable` is exact after every call."""

    def __init__(self, markets: Mapping[int, MarketParams], prices_e6: Mapping[int, int]) -> None:
        """Starts without accounts at the given prices and funding indices of zero."""
        self.prices_e6 = dict(prices_e6)
        self.indices = dict.fromkeys(markets, 0)
        self.holdings: dict[int, Holding] = {}
        self.liquidatable: set[int] = set()
        self._tiers = {
            index: tuple((tier.notional_cap_e6, tier.mmr_e6) for tier in params.tiers)
            for index, params in markets.items()
        }
        self._price_edges = {index: Edge() for index in markets}
        self._index_edges = {index: Edge() for index in markets}
        self._versions: dict[int, int] = {}
        self._pushed = 0

    def put(self, account: int, holding: Holding) -> None:
        """Learns or replaces an account, after anything of its own changed."""
        self.holdings[account] = holding
        self._judge(account)

    def drop(self, account: int) -> None:
        """Forgets an account."""
        self.holdings.pop(account, None)
        self._versions.pop(account, None)
        self.liquidatable.discard(account)

    def move_price(self, market: int, price_e6: int) -> set[int]:
        """Takes a new price; tells the accounts that had to be judged again."""
        self.prices_e6[market] = price_e6
        left = self._price_edges[market].left_by(price_e6, self._versions)
        for account in left:
            self._judge(account)
        return left

    def move_index(self, market: int, funding_index: int) -> set[int]:
        """Takes a new funding index; tells the accounts that had to be judged again."""
        self.indices[market] = funding_index
        left = self._index_edges[market].left_by(funding_index, self._versions)
        for account in left:
            self._judge(account)
        return left

    def slack_e6(self, holding: Holding) -> int:
        """Maintenance equity less the maintenance requirement; below 0 is liquidatable."""
        slack = holding.cash_e6
        for leg in holding.legs:
            price = self.prices_e6[leg.market]
            owed = -(-leg.size_e9 * (self.indices[leg.market] - leg.funding_index) // INDEX_TO_USD)
            # Negating twice turns the floor of // into the ceiling that funding owes.
            notional = -(-abs(leg.size_e9) * price // SIZE_ONE)
            mmr_e6 = self._tier(leg.market, notional)[1]
            slack += leg.size_e9 * price // SIZE_ONE - leg.entry_e6 - owed
            slack += -notional * mmr_e6 // FRACTION_ONE
        return slack

    def full_scan(self) -> set[int]:
        """The same verdicts by looking at every account."""
        return {number for number, each in self.holdings.items() if self.slack_e6(each) < 0}

    def _judge(self, account: int) -> None:
        holding = self.holdings[account]
        slack = self.slack_e6(holding)
        if slack < 0:
            self.liquidatable.add(account)
        else:
            self.liquidatable.discard(account)
        version = self._versions.get(account, 0) + 1
        self._versions[account] = version
        legs = len(holding.legs)
        if legs == 0:
            return
        spare = abs(slack) - (1 if slack < 0 else 0)
        for_funding = spare // FUNDING_PARTS // legs
        for_price = (spare - for_funding * legs) // legs
        for leg in holding.legs:
            self._bound(leg, (account, version), for_price, is_healthy=slack >= 0)
            self._bound_index(leg, (account, version), for_funding)
        self._pushed += 2 * legs
        if self._pushed > COMPACT_TIMES * (len(self.holdings) + 1_000):
            self._compact()

    def _bound(
        self, leg: Leg, account: tuple[int, int], share_e6: int, *, is_healthy: bool
    ) -> None:
        price, size = self.prices_e6[leg.market], abs(leg.size_e9)
        tier = self._tier(leg.market, -(-size * price // SIZE_ONE))
        low: int | None = price
        high: int | None = price
        if share_e6 > ROUNDING_E6:
            reach = (share_e6 - ROUNDING_E6) * SIZE_ONE // size
            bounds = _staying_healthy if is_healthy else _staying_broken
            low, high = bounds(leg, price, reach, tier)
        edge = self._price_edges[leg.market]
        if low is not None:
            heappush(edge.below, (-low, *account))
        if high is not None:
            heappush(edge.above, (high, *account))

    def _bound_index(self, leg: Leg, account: tuple[int, int], share_e6: int) -> None:
        index = self.indices[leg.market]
        reach = max(0, share_e6 - ROUNDING_E6) * INDEX_TO_USD // abs(leg.size_e9)
        edge = self._index_edges[leg.market]
        heappush(edge.below, (reach - index, *account))
        heappush(edge.above, (index + reach, *account))

    def _tier(self, market: int, notional_e6: int) -> tuple[int, int, int]:
        floor_cap = 0
        for cap, mmr_e6 in self._tiers[market]:
            if notional_e6 <= cap:
                return floor_cap, mmr_e6, cap
            floor_cap = cap
        return floor_cap, mmr_e6, 2 * notional_e6

    def _compact(self) -> None:
        for edge in (*self._price_edges.values(), *self._index_edges.values()):
            edge.compact(self._versions)
        self._pushed = 0


def _staying_healthy(
    leg: Leg, price: int, reach: int, tier: tuple[int, int, int]
) -> tuple[int | None, int | None]:
    # A long loses as the price falls, and its requirement jumps where the next tier begins; a
    # short's requirement grows with its loss.
    _, mmr_e6, cap = tier
    tier_ends = cap * SIZE_ONE // abs(leg.size_e9)
    if leg.size_e9 > 0:
        return price - reach, tier_ends
    return None, min(tier_ends, price + reach * FRACTION_ONE // (FRACTION_ONE + mmr_e6))


def _staying_broken(
    leg: Leg, price: int, reach: int, tier: tuple[int, int, int]
) -> tuple[int | None, int | None]:
    # A gain may heal, and so may a fall into the tier below, which asks for less.
    floor_cap, mmr_e6, _ = tier
    tier_begins = floor_cap * SIZE_ONE // abs(leg.size_e9) + 1
    if leg.size_e9 > 0:
        return tier_begins, price + reach
    return max(tier_begins, price - reach * FRACTION_ONE // (FRACTION_ONE + mmr_e6)), None
