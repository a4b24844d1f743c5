"""Figures: every figure of an event is the exact fraction, rounded once, in its declared direction.

Where `deviation` lets a whole exchange run free, this recomputes each figure from the whole units
that the instruction found, so the program must agree with the fraction to the last bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from quantdesk.domain.events import (
    ClaimsPaid,
    Deleveraged,
    Event,
    FundingPaid,
    Liquidated,
    OrderExecuted,
    PnlSettled,
    PoolDeposited,
    PoolWithdrawn,
)
from quantdesk.domain.fees import INSURANCE_SHARE_E6, fee_rate_e6
from quantdesk.domain.money import Round
from quantdesk.domain.oracle import Action
from quantdesk.domain.order import Kind
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.draws import ceiling, floor
from tests.exchange import exact
from tests.exchange.deviation import Deviated
from tests.exchange.exact import NOTHING, share
from tests.exchange.shadow import Shadow
from tests.exchange.step import Step

CLAIM_ONE = 10**12
UNPAID_MIN = 10**6


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole number that the program told, the exact one, and where it rounds."""

    name: str
    told: int
    exact: Fraction
    rounding: Round

    @property
    def expected(self) -> int:
        """The exact figure rounded once."""
        return floor(self.exact) if self.rounding is Round.DOWN else ceiling(self.exact)


def check_figures(step: Step) -> int:
    """Fails on the first figure that is not the exact one rounded once; returns how many it saw."""
    count = 0
    for each in figures(step):
        count += 1
        if each.told != each.expected:
            raise Deviated(
                f"{step.action}: {each.name} is {each.told}, exactly {float(each.exact)}, "
                f"rounded {each.rounding.value} {each.expected}"
            )
    return count


def figures(step: Step) -> Iterator[Figure]:
    """The figures of one step."""
    for before, after in step.accrued:
        grown = exact.index_step_e12(
            before.params,
            before.skew_e9,
            price_e6=step.funding_price_e6(before),
            elapsed_s=after.funding_at - before.funding_at,
        )
        told = after.funding_index - before.funding_index
        yield Figure("funding index", told, grown, Round.DOWN)
    for event in step.events:
        yield from _of_event(step, event)


def _of_event(step: Step, event: Event) -> Iterator[Figure]:
    if isinstance(event, OrderExecuted | FundingPaid | Liquidated | Deleveraged | PnlSettled):
        yield _funding(step, event)
    match event:
        case OrderExecuted():
            yield from _fill(step, event)
            yield from _entry(step, event)
        case Liquidated() | Deleveraged():
            cost = exact.value_e6(event.size_e9, event.oracle_price_e6)
            yield Figure("closing cost", event.cost_e6, cost, Round.UP)
            yield from _entry(step, event)
            if isinstance(event, Liquidated):
                yield from _penalty(step, event)
        case CollateralConverted():
            yield from _sale(step, event)
        case PoolDeposited():
            shares = Fraction(event.amount * step.before.pool.shares, event.equity_e6)
            yield Figure("shares", event.shares, shares, Round.DOWN)
        case PoolWithdrawn():
            amount = Fraction(event.shares * event.equity_e6, step.before.pool.shares)
            yield Figure("amount", event.amount, amount, Round.DOWN)
        case ClaimsPaid() if event.pool_claims_after_e6:
            yield _unpaid_share(step, event)
        case PnlSettled():
            yield _banked(step, event)
        case _:
            pass


def _unpaid_share(step: Step, event: ClaimsPaid) -> Figure:
    """What a payment leaves of every claim: as little as the cash and the least share allow."""
    pool = step.before.pool
    claims, before = pool.claims_e6, CLAIM_ONE - pool.claims_index_e12 % CLAIM_ONE
    told = CLAIM_ONE - event.index_after_e12 % CLAIM_ONE
    assert told >= min(before, UNPAID_MIN), "the index lost its precision"
    assert event.pool_cash_after_e6 < event.pool_claims_after_e6, "all that is owed could be paid"

    def left(paid: int) -> Fraction:
        return before * Fraction(claims - paid, claims)

    paid = event.distributed_e6
    assert paid == 0 or ceiling(left(paid - 1)) > told, "a unit was set aside for nobody"
    spare = max(
        NOTHING, min(Fraction(pool.cash_e6), claims - Fraction(UNPAID_MIN * claims, before))
    )
    return Figure("unpaid share", told, left(floor(spare)), Round.UP)


def _banked(step: Step, event: PnlSettled) -> Figure:
    """The profit at the bad edge, as far as there is cash that no claim waits for."""
    size = step.before.position(event.user_account, event.market_index).size_e9
    reading = step.before.readings[event.market_index]
    edge = -reading.conf_e6 if size > 0 else reading.conf_e6
    worst = exact.value_e6(size, max(0, reading.price_e6 + edge))
    profit = worst - (event.entry_after_e6 - event.amount_e6)
    spare = event.pool_cash_after_e6 + event.amount_e6 - step.after.pool.claims_e6
    return Figure("banked", event.amount_e6, min(profit, Fraction(spare)), Round.DOWN)


def _sale(step: Step, event: CollateralConverted) -> Iterator[Figure]:
    decimals = step.before.vault_of(event.vault_index).decimals
    low_e6 = max(0, event.oracle_price_e6 - event.oracle_conf_e6)

    def proceeds(amount: int) -> Fraction:
        return exact.proceeds_e6(amount, decimals, low_e6=low_e6, is_forced=event.forced)

    yield Figure("proceeds", event.usdc_e6, proceeds(event.amount), Round.UP)
    if event.forced:
        debt = -step.before.accounts[event.user_account].usdc_e6
        assert ceiling(proceeds(event.amount - 1)) < debt, "more was sold than the debt needs"


def _funding(
    step: Step, event: OrderExecuted | FundingPaid | Liquidated | Deleveraged | PnlSettled
) -> Figure:
    index = event.market_index
    held = step.before.position(event.user_account, index)
    moved = step.after.markets[index].funding_index - held.funding_index
    owed = exact.owed_e6(held.size_e9, moved if held.size_e9 else 0)
    return Figure("funding", event.funding_e6, owed, Round.UP)


def _fill(step: Step, event: OrderExecuted) -> Iterator[Figure]:
    index = event.market_index
    order = step.before.orders[event.user_account, event.client_order_id]
    market, reading = step.before.markets[index], step.before.readings[index]
    cost = exact.cost_e6(
        market.params,
        event.size_e9,
        skew_e9=market.skew_e9,
        price_e6=reading.price_e6,
        conf_e6=step.counted_conf_e6(event),
    )
    yield Figure("cost", event.cost_e6, cost, Round.UP)
    fee = abs(event.cost_e6) * share(fee_rate_e6(market.params, order.kind))
    yield Figure("fee", event.fee_e6, fee, Round.UP)
    insured = event.fee_e6 * share(INSURANCE_SHARE_E6)
    yield Figure("insurance part", event.insurance_fee_e6, insured, Round.DOWN)
    if event.keeper_reward_e6:
        offered = exact.reward_e6(
            step.before.pool.keeper_reward_e6,
            fades=order.kind is Kind.MARKET,
            waited_s=step.at.now - order.placed_at,
        )
        rest = Fraction(event.fee_e6 - event.insurance_fee_e6)
        yield Figure("reward", event.keeper_reward_e6, min(offered, rest), Round.DOWN)


def _entry(step: Step, event: OrderExecuted | Liquidated | Deleveraged) -> Iterator[Figure]:
    """What a close released of the entry, and a flip's cost shared out."""
    held = step.before.position(event.user_account, event.market_index)
    trade, size = event.size_e9, held.size_e9
    if size * trade >= 0:
        grown = Fraction(held.entry_e6 + event.cost_e6)
        yield Figure("entry", event.entry_after_e6, grown, Round.UP)
        return
    closing, cost = min(abs(trade), abs(size)), event.cost_e6
    if abs(trade) > abs(size):
        cost -= event.entry_after_e6
        paid = event.cost_e6 * Fraction(closing, abs(trade))
        yield Figure("cost of the close", cost, paid, Round.UP)
    released = held.entry_e6 * Fraction(closing, abs(size))
    yield Figure("released", -cost - event.realized_pnl_e6, released, Round.UP)


def _penalty(step: Step, event: Liquidated) -> Iterator[Figure]:
    shadow = Shadow(step.before)
    address, index = event.user_account, event.market_index
    for before, after in step.accrued:
        shadow.index[before.params.index] = Fraction(after.funding_index)
    held = shadow.held_at(step, address, is_cut=True)
    (found,) = shadow.held_at(step, address, market=index, is_cut=True)
    account = step.before.accounts[address]
    tokens = 0
    if account.other_vaults:
        worth = step.before.collateral(account, now=step.at.now, action=Action.LIQUIDATE)
        tokens = worth.maintenance_e6
    equity = account.usdc_e6 + tokens
    equity += sum(floor(each.pnl_e6) - ceiling(each.owed_e6) for each in held)
    before_e6 = sum(ceiling(each.maintenance_e6) for each in held)
    shadow.stakes[address, index].size_e9 += event.size_e9
    left_e6 = sum(
        ceiling(each.maintenance_e6) for each in shadow.held_at(step, address, is_cut=True)
    )
    asked = ceiling(abs(event.cost_e6) * found.penalty_share)
    bound = max(equity, 0) * Fraction(before_e6 - left_e6, before_e6)
    paid = max(NOTHING, min(Fraction(asked), bound))
    yield Figure("penalty", event.penalty_e6, paid, Round.DOWN)
    impact = found.impact_e6(event.size_e9, skew_e9=step.before.markets[index].skew_e9)
    owed = min(Fraction(ceiling(impact)), bound - event.penalty_e6)
    yield Figure("impact", event.impact_e6, owed, Round.DOWN)
    half = Fraction(event.penalty_e6, 2)
    yield Figure("insurance half", event.insurance_fee_e6, half, Round.UP)
