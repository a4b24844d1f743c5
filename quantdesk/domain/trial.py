"""Trial: a fill carried out on paper, with the books before and after it.

The exchange keeps a trial that passes its checks; the ticket only reads it.
"""

from dataclasses import dataclass, replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.books import Books
from quantdesk.domain.collateral import NO_COLLATERAL, Collateral
from quantdesk.domain.cost import counted_conf_e6, trade_cost_e6
from quantdesk.domain.fees import FeeSplit, FeeTerms, fee_split
from quantdesk.domain.mandate import Growth
from quantdesk.domain.margin import Exposure, Standing, standing
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.pool import market_reserve_e6
from quantdesk.domain.position import is_reducing


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The price at which a fill is judged, and what else the account holds.

    A late price is one that its executor could choose.
    """

    reading: PriceReading
    others: tuple[Exposure, ...]
    collateral: Collateral = NO_COLLATERAL
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A fill of `trade_e9` at `cost_e6`, with the books before and after it."""

    judged: Judged
    before: Books
    after: Books
    trade_e9: int
    cost_e6: int
    split: FeeSplit

    @property
    def reduces(self) -> bool:
        """Whether the fill brings the position nearer to flat without passing it."""
        return is_reducing(self.before.position.size_e9, self.trade_e9)

    @property
    def standing_before(self) -> Standing:
        """The account's standing once funding is settled."""
        return standing_of(self.before, self.judged)

    @property
    def standing_after(self) -> Standing:
        """The account's standing once the fill and its fee are booked."""
        return standing_of(self.after, self.judged)

    @property
    def breaks_open_interest(self) -> bool:
        """Whether a side that grew, or the account's own position, is over its cap."""
        before, after = self.before.market, self.after.market
        cap = after.params.oi_cap_e9
        long_breaks = after.long_e9 > max(cap, before.long_e9)
        short_breaks = after.short_e9 > max(cap, before.short_e9)
        too_large = abs(self.after.position.size_e9) > after.params.account_cap_e9
        return long_breaks or short_breaks or too_large

    @property
    def breaks_reserve(self) -> bool:
        """Whether the market's reserve grew and the pool no longer covers the sum."""
        price_e6 = self.judged.reading.price_e6
        reserve_before = market_reserve_e6(self.before.market, price_e6)
        grew = market_reserve_e6(self.after.market, price_e6) > reserve_before
        return grew and not self.after.pool.covers_reserve


def trial(
    settled: Books,
    trade_e9: int,
    *,
    judged: Judged,
    fee: FeeTerms,
) -> Trial:
    """A fill at the judged price on books whose funding is settled."""
    params, reading = settled.market.params, judged.reading
    grows = not is_reducing(settled.position.size_e9, trade_e9)
    cost_e6 = trade_cost_e6(
        params,
        trade_e9,
        skew_e9=settled.market.skew_e9,
        price_e6=reading.price_e6,
        conf_e6=counted_conf_e6(params, reading, is_late=judged.is_late, grows=grows),
    )
    return trial_at_cost(settled, trade_e9, cost_e6, judged=judged, fee=fee)


def trial_at_cost(
    settled: Books,
    trade_e9: int,
    cost_e6: int,
    *,
    judged: Judged,
    fee: FeeTerms,
) -> Trial:
    """A fill at a cost given from outside."""
    split = fee_split(cost_e6, fee.rate_e6, keeper_reward_e6=fee.keeper_reward_e6)
    booked = settled.traded(trade_e9, cost_e6).paying_fee(split)
    return Trial(
        judged=judged,
        before=settled,
        after=booked.revalued(judged.reading.price_e6),
        trade_e9=trade_e9,
        cost_e6=cost_e6,
        split=split,
    )


def growth_of(tried: Trial, account: AccountState) -> Growth:
    """What a mandate asks of a fill that grows `account`, as it was before the fill."""
    before, after = tried.standing_before, tried.standing_after
    return Growth(
        size_after_e9=tried.after.position.size_e9,
        price_e6=tried.judged.reading.price_e6,
        standing_after=after,
        result_before_e6=result_e6(account, tried.before, before),
        result_after_e6=result_e6(account, tried.after, after),
    )


def result_e6(account: AccountState, books: Books, standing: Standing) -> int:
    """What trading brought `account` once `books` are written, open profit included; USD e6."""
    return account.result_e6 + books.brought_e6(account.usdc_e6) + standing.open_pnl_e6


def clipped_size_e9(size_e9: int, trade_e9: int) -> int:
    """A reduce-only trade cut to what the position holds; 0 when it would grow it."""
    if size_e9 * trade_e9 >= 0:
        return 0
    return trade_e9 if abs(trade_e9) <= abs(size_e9) else -size_e9


def exposure_of(books: Books, reading: PriceReading) -> Exposure:
    """The settled position of `books` valued at `reading`."""
    position = books.position
    return Exposure(
        params=books.market.params,
        size_e9=position.size_e9,
        entry_e6=position.entry_e6,
        leverage=position.max_leverage,
        price_e6=reading.price_e6,
        conf_e6=reading.conf_e6,
        funding_owed_e6=books.funding_owed_e6,
    )


def with_health(books: Books, health_e6: int, *, slot: int) -> Books:
    """The position marked with the account's health and the present slot."""
    position = replace(books.position, health_e6=health_e6, updated_slot=slot)
    return replace(books, position=position)


def standing_of(books: Books, judged: Judged) -> Standing:
    """The account of `books` with its position there and its exposures elsewhere."""
    held = () if books.position.is_flat else (exposure_of(books, judged.reading),)
    return standing(books.account.usdc_e6, (*judged.others, *held), judged.collateral)
