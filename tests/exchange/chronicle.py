"""Chronicle: what must hold of a whole history, and so is counted along it."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from quantdesk.domain.events import (
    Deleveraged,
    FundingPaid,
    Liquidated,
    OrderExecuted,
    PnlSettled,
)
from quantdesk.domain.ledger import Ledger
from tests.exchange import exact
from tests.exchange.deviation import Deviation
from tests.exchange.exact import INDEX_UNITS, NOTHING
from tests.exchange.step import Step

SETTLING = OrderExecuted | FundingPaid | Liquidated | Deleveraged | PnlSettled


@dataclass(slots=True)
class Streak:
    """Fills of one market at one price with nothing in between."""

    terms: tuple[int, int]
    start_skew: int
    skew: int
    trades: list[int] = field(default_factory=list)
    paid: int = 0


class Chronicle:
    """Funding by market, streaks of fills, and the exact shadow."""

    def __init__(self, ledger: Ledger) -> None:
        """Starts from what the exchange holds."""
        self.deviation = Deviation(ledger)
        self.due = {index: funding_of_users(ledger, index) for index in ledger.markets}
        self.settlements: defaultdict[int, int] = defaultdict(int)
        self.streaks: dict[int, Streak] = {}

    def funding_is_paid_once(self, step: Step) -> None:
        """I3: what users paid is what moved through the index and dust, which the pool keeps."""
        for before, after in step.accrued:
            moved = after.funding_index - before.funding_index
            index = before.params.index
            self.due[index] += Fraction(before.skew_e9 * moved, INDEX_UNITS)
        for event in step.events:
            if isinstance(event, SETTLING):
                held = step.before.position(event.user_account, event.market_index)
                self.settlements[event.market_index] += not held.is_flat
        for index in {before.params.index for before, _ in step.accrued} | _markets(step):
            dust = funding_of_users(step.after, index) - self.due[index]
            most = self.settlements[index]
            assert 0 <= dust <= most, f"funding dust {float(dust)} after {most} settlements"

    def round_trips_gain_nothing(self, step: Step) -> None:
        """I9: fills at one price that bring the skew back cost at least their spread."""
        streak = self._streak(step)
        if streak is None or streak.skew != streak.start_skew:
            return
        lost = self._edge(step, streak)
        assert streak.paid >= lost, f"a round trip gained {lost - streak.paid}"

    def pieces_cost_the_whole(self, step: Step) -> None:
        """I10: fills of one direction at one price cost what one fill would, and dust."""
        streak = self._streak(step)
        if streak is None or len({trade > 0 for trade in streak.trades}) != 1:
            return
        market = step.before.markets[_fill(step).market_index]
        price_e6, conf_e6 = streak.terms
        whole = exact.cost_e6(
            market.params,
            sum(streak.trades),
            skew_e9=streak.start_skew,
            price_e6=price_e6,
            conf_e6=conf_e6,
        )
        dust = streak.paid - whole
        assert 0 <= dust < len(streak.trades), f"{len(streak.trades)} pieces differ by {dust}"

    def follow(self, step: Step) -> None:
        """Keeps the streaks; called before the laws that read them."""
        for event in step.events:
            if isinstance(event, Liquidated | Deleveraged):
                self.streaks.pop(event.market_index, None)
            if isinstance(event, OrderExecuted):
                self._lengthen(step, event)
            if not isinstance(event, SETTLING):
                for index in _changed_terms(step):
                    self.streaks.pop(index, None)

    def _lengthen(self, step: Step, event: OrderExecuted) -> None:
        index = event.market_index
        terms = (step.before.readings[index].price_e6, step.counted_conf_e6(event))
        skew = step.before.markets[index].skew_e9
        streak = self.streaks.get(index)
        if streak is None or streak.terms != terms or streak.skew != skew:
            streak = self.streaks[index] = Streak(terms, skew, skew)
        streak.trades.append(event.size_e9)
        streak.skew += event.size_e9
        streak.paid += event.cost_e6

    def _streak(self, step: Step) -> Streak | None:
        fills = [each for each in step.events if isinstance(each, OrderExecuted)]
        return self.streaks.get(fills[0].market_index) if fills else None

    def _edge(self, step: Step, streak: Streak) -> Fraction:
        params = step.before.markets[_fill(step).market_index].params
        price_e6, conf_e6 = streak.terms
        edges = (
            exact.edge_e6(params, trade, price_e6=price_e6, conf_e6=conf_e6)
            for trade in streak.trades
        )
        return sum(edges, NOTHING)


def funding_of_users(ledger: Ledger, index: int) -> Fraction:
    """What the users of a market paid so far, and what they owe by its index."""
    market, paid, owed = ledger.markets[index], 0, 0
    for (_, each), held in ledger.positions.items():
        if each == index:
            paid += held.funding_paid_e6
            owed += held.size_e9 * (market.funding_index - held.funding_index)
    return paid + Fraction(owed, INDEX_UNITS)


def _fill(step: Step) -> OrderExecuted:
    return next(each for each in step.events if isinstance(each, OrderExecuted))


def _markets(step: Step) -> set[int]:
    return {each.market_index for each in step.events if isinstance(each, SETTLING)}


def _changed_terms(step: Step) -> list[int]:
    return [
        index
        for index, market in step.after.markets.items()
        if market.params != step.before.markets[index].params
    ]
