"""Receipt: what an order would change, and the sentence that says why it would not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from quantdesk.domain.books import Books
from quantdesk.domain.funding import funding_per_hour_e6
from quantdesk.domain.liquidation_price import first_liquidating_price_e6
from quantdesk.domain.margin import Standing
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE, Round, mul_div
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.trial import Trial, exposure_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[T]):
    """A figure before and after."""

    before: T
    after: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the order would change if it filled now; USD and prices e6, sizes e9, fractions e6.

    `slippage_e6` is the expected price against the mark, positive when worse for the trader;
    `funding_per_hour_e6` is positive when the position pays; a liquidation price is None when no
    price reaches it; an entry price is 0 when flat; leverage is notional ÷ equity over all
    positions, 0 when nothing is open or the equity is not positive.
    """

    market_index: int
    size_e9: int
    cost_e6: int
    fee_e6: int
    expected_price_e6: int
    mark_e6: int
    slippage_e6: int
    realized_e6: int
    data_age_s: int
    position_e9: Change[int]
    entry_price_e6: Change[int]
    liquidation_price_e6: Change[int | None]
    initial_e6: Change[int]
    free_collateral_e6: Change[int]
    leverage_e6: Change[int]
    funding_per_hour_e6: Change[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why the order would fail: the program's reason, the ticket's field, what to do about it.

    `field` is one of size, price, market, account.
    """

    refusal: Refusal
    field: str
    message: str


Verdict = Receipt | Rejected


def receipt_of(trial: Trial, *, mark_e6: int, age_s: int) -> Receipt:
    """The receipt of a fill on paper, beside a mark of `age_s` seconds."""
    realized = trial.after.position.realized_pnl_e6 - trial.before.position.realized_pnl_e6
    return Receipt(
        market_index=trial.before.position.market_index,
        size_e9=trial.trade_e9,
        cost_e6=trial.cost_e6,
        fee_e6=trial.split.fee_e6,
        expected_price_e6=mul_div(trial.cost_e6, SIZE_ONE, trial.trade_e9, Round.UP),
        mark_e6=mark_e6,
        slippage_e6=_slippage_e6(trial, mark_e6),
        realized_e6=realized,
        data_age_s=age_s,
        position_e9=_change(trial, lambda books: books.position.size_e9),
        entry_price_e6=_change(trial, _entry_price_e6),
        liquidation_price_e6=_change(trial, lambda books: _liquidation_price_e6(trial, books)),
        initial_e6=Change(
            before=trial.standing_before.initial_e6, after=trial.standing_after.initial_e6
        ),
        free_collateral_e6=Change(
            before=trial.standing_before.free_collateral_e6,
            after=trial.standing_after.free_collateral_e6,
        ),
        leverage_e6=Change(
            before=_leverage_e6(trial, trial.before, trial.standing_before),
            after=_leverage_e6(trial, trial.after, trial.standing_after),
        ),
        funding_per_hour_e6=_change(trial, lambda books: _funding_e6(trial, books)),
    )


def entry_price_e6(size_e9: int, entry_e6: int) -> int:
    """Entry cost per base unit for people to read, rounded up; 0 when flat."""
    return mul_div(entry_e6, SIZE_ONE, size_e9, Round.UP) if size_e9 else 0


def _change(trial: Trial, figure: Callable[[Books], T]) -> Change[T]:
    return Change(before=figure(trial.before), after=figure(trial.after))


def _entry_price_e6(books: Books) -> int:
    return entry_price_e6(books.position.size_e9, books.position.entry_e6)


def _slippage_e6(trial: Trial, mark_e6: int) -> int:
    marked = trial.trade_e9 * mark_e6
    beyond = trial.cost_e6 * SIZE_ONE - marked
    return mul_div(beyond, FRACTION_ONE, abs(marked), Round.UP)


def _liquidation_price_e6(trial: Trial, books: Books) -> int | None:
    if books.position.is_flat:
        return None
    exposure = exposure_of(books, trial.judged.reading)
    usdc_e6 = books.account.usdc_e6
    return first_liquidating_price_e6(exposure, list(trial.judged.others), usdc_e6=usdc_e6)


def _leverage_e6(trial: Trial, books: Books, standing: Standing) -> int:
    if standing.maintenance_equity_e6 <= 0:
        return 0
    notional = exposure_of(books, trial.judged.reading).notional_e6
    total = notional + sum(other.notional_e6 for other in trial.judged.others)
    return mul_div(total, FRACTION_ONE, standing.maintenance_equity_e6, Round.UP)


def _funding_e6(trial: Trial, books: Books) -> int:
    return funding_per_hour_e6(
        books.market.params,
        books.market.skew_e9,
        size_e9=books.position.size_e9,
        price_e6=trial.judged.reading.price_e6,
    )
