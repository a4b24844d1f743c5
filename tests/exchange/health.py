"""Health: an account's equity and requirement from exact fractions, each rounded once as declared.

Equity rounds down and requirements up, position by position; nothing here asks the twin's margin.
"""

from dataclasses import dataclass
from fractions import Fraction

from quantdesk.domain.collateral import NO_COLLATERAL
from quantdesk.domain.events import Liquidated, Transferred, Withdrawn
from quantdesk.domain.oracle import Action
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.draws import ceiling, floor
from tests.exchange import exact
from tests.exchange.exact import Held
from tests.exchange.shadow import Shadow
from tests.exchange.step import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whole units, USD e6: to open (equity, requirement) and to keep."""

    initial_equity: int
    initial: int
    equity: int
    maintenance: int
    positions: tuple[Held, ...]

    @property
    def is_liquidatable(self) -> bool:
        """Below the maintenance requirement."""
        return self.equity < self.maintenance


def health(
    step: Step, address: str, *, after: bool = False, action: Action = Action.LIQUIDATE
) -> Health:
    """An account before a step (its funding brought to now), or after it, judged for `action`."""
    ledger = step.after if after else step.before
    shadow = Shadow(ledger)
    for before, now in step.accrued:
        shadow.index[before.params.index] = Fraction(now.funding_index)
    held = tuple(shadow.held_at(step, address, is_cut=True))
    account = ledger.accounts[address]
    tokens = NO_COLLATERAL
    if account.other_vaults:
        tokens = ledger.collateral(account, now=step.at.now, action=action)
    owed = sum(ceiling(each.owed_e6) for each in held)
    losses = sum(floor(each.adverse_pnl_e6) for each in held)
    return Health(
        initial_equity=account.usdc_e6 + tokens.initial_e6 + losses - owed,
        initial=sum(ceiling(each.initial_e6) for each in held),
        equity=account.usdc_e6
        + tokens.maintenance_e6
        + sum(floor(each.pnl_e6) for each in held)
        - owed,
        maintenance=sum(ceiling(each.maintenance_e6) for each in held),
        positions=held,
    )


def no_healthy_account_is_liquidated(step: Step) -> None:
    """I7: who is liquidated was below maintenance, who is refused was not; it helps the account."""
    if step.refusal is Refusal.HEALTHY and step.action.startswith("liquidate"):
        assert step.subject is not None
        assert not health(step, step.subject).is_liquidatable, "an unhealthy account is called well"
    for event in step.events:
        if isinstance(event, Liquidated):
            _liquidation_helps(step, event)
        if isinstance(event, CollateralConverted) and event.forced:
            _sale_is_forced(step, event)


def _liquidation_helps(step: Step, event: Liquidated) -> None:
    before = health(step, event.user_account)
    after = health(step, event.user_account, after=True)
    count = len(before.positions) + 1
    assert before.is_liquidatable, f"healthy: {before.equity} of {before.maintenance}"
    deficit = before.maintenance - before.equity
    # A profit closed against an empty pool stays the account's own, as a claim.
    equity = after.equity + event.claims_e6 + count
    assert after.maintenance - equity <= deficit, "the deficit grew"
    if before.equity >= 0 and after.maintenance:
        left, right = equity * before.maintenance, before.equity * after.maintenance
        assert left >= right, "the account's ratio got worse"
    found = next(each for each in before.positions if _is_of(each, event))
    asked = ceiling(abs(event.cost_e6) * found.penalty_share)
    assert 0 <= event.penalty_e6 <= asked, "a penalty above its share"
    assert event.liquidator_reward_e6 <= event.penalty_e6 // 2, "a reward above its half"
    skew_e9 = step.before.markets[event.market_index].skew_e9
    owed = ceiling(found.impact_e6(event.size_e9, skew_e9=skew_e9))
    assert 0 <= event.impact_e6 <= owed, "more impact than the close makes"
    taken = (event.penalty_e6 + event.impact_e6) * before.maintenance
    freed = before.maintenance - after.maintenance
    assert taken <= max(0, before.equity) * freed, "more is taken than the close sets free"
    _closes_enough(step, event, found, before)


def _sale_is_forced(step: Step, event: CollateralConverted) -> None:
    found, debt = (
        health(step, event.user_account),
        -step.before.accounts[event.user_account].usdc_e6,
    )
    assert debt > 0, "somebody without a debt was sold out"
    collateral = found.equity + debt - sum(floor(each.pnl_e6) for each in found.positions)
    collateral += sum(ceiling(each.owed_e6) for each in found.positions)
    assert found.is_liquidatable or debt > collateral, "a backed debt was collected"


def _closes_enough(step: Step, event: Liquidated, found: Held, before: Health) -> None:
    """A part at least as large as is needed, every step of which rounds up, or as was asked for.

    But for a unit of the impact: its share is one of the notional in whole units.
    """
    closed = abs(event.size_e9)
    assert 0 < closed <= abs(found.size_e9)
    assert event.size_e9 * found.size_e9 < 0
    skew_e9 = step.before.markets[event.market_index].skew_e9
    impact = ceiling(found.impact_e6(-found.size_e9, skew_e9=skew_e9))
    need = exact.closed_e9(
        found,
        [each for each in before.positions if each is not found],
        equity_e6=Fraction(before.equity),
        impact_e6=Fraction(max(0, impact - 1)),
    )
    if event.size_after_e9 == 0:
        return
    assert need < abs(found.size_e9), "a part is closed where the whole must be"
    assert closed >= min(need, step.most_e9 or need), "too little is closed"


def withdrawals_leave_the_requirement(step: Step) -> None:
    """I8: what leaves an account is settled money that no position needs; profit is not that."""
    for event in step.events:
        if not isinstance(event, Withdrawn | Transferred):
            continue
        index = event.vault_index if isinstance(event, Withdrawn) else 0
        had = step.before.accounts[event.user_account].balances[index]
        assert 0 < event.amount <= had, "more left than was settled"
        if step.after.accounts[event.user_account].holds_only(None):
            continue
        left = health(step, event.user_account, after=True, action=Action.WITHDRAW)
        assert left.initial_equity >= left.initial, "a withdrawal uncovered the requirement"
    flow = step.after.vault.total_deposits - step.before.vault.total_deposits
    gained = step.after.pool.total_user_usdc_e6 - step.before.pool.total_user_usdc_e6
    funds = step.before.pool.cash_e6 + step.before.pool.claims_pot_e6
    funds += step.before.insurance.balance_e6
    assert gained <= funds + max(flow, 0), "profit was paid without money"


def _is_of(held: Held, event: Liquidated) -> bool:
    return held.params.index == event.market_index
