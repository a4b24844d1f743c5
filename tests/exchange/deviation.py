"""Deviation: how far whole units may lie from the exact exchange, and on whose side.

An account's gap is its exact wealth less the program's. Each instruction may widen the gap of the
account it is about by the units declared here, and may narrow no gap. What is not the caller's own
rounding is declared beside it: the funding index itself is cut to 10^-12 US dollars, which moves a
position by at most size ÷ 10^15 units either way; a penalty bounded by the equity left, and a debt
that fund and pool cover, follow what the account already was off.
"""

from fractions import Fraction

from quantdesk.domain.events import (
    BankruptcyResolved,
    Deleveraged,
    Event,
    FundingPaid,
    Liquidated,
    OraclePriceUpdated,
    OrderCancelled,
    OrderExecuted,
    OrderPlaced,
    PnlSettled,
    WatermarkMoved,
)
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.position_events import (
    BracketArmed,
    BracketPlaced,
    MandateClosed,
    MandateSet,
)
from quantdesk.domain.vault_events import CollateralConverted
from tests.exchange.exact import INDEX_UNITS, NOTHING
from tests.exchange.shadow import Shadow
from tests.exchange.step import Step

UNITS: dict[type, int] = {
    OrderExecuted: 4,  # funding, cost, fee, and the fee of the cost's own unit
    FundingPaid: 1,  # funding
    PnlSettled: 1,  # funding; what is banked only changes its place
    Deleveraged: 2,  # funding, cost
    CollateralConverted: 0,  # its buyer pays the unit, below
    Liquidated: 7,  # funding, cost, penalty, impact, and a unit of requirement for each market
}
"""Units that an instruction may cost its account by rounding; every other one costs none."""

MOVING = frozenset((*UNITS, BankruptcyResolved))

FURTHEST = 10_000
"""Units, a cent, that a whole life of an account may lie off: what follows a clamp stays small."""

RECEIVED = 2
"""Units that a keeper's reward or a liquidator's half may be off, either way."""


QUIET = (
    OraclePriceUpdated
    | OrderPlaced
    | OrderCancelled
    | WatermarkMoved
    | BracketPlaced
    | BracketArmed
    | MandateSet
    | MandateClosed
)
"""Events that move no money."""


class Deviated(AssertionError):
    """The program left the exact exchange by more than it may, or on the wrong side."""


class Deviation:
    """The shadow of one exchange, and every account's gap to it."""

    def __init__(self, ledger: Ledger) -> None:
        """Starts where the exchange is."""
        self.shadow = Shadow(ledger)
        self.gaps = dict.fromkeys(ledger.accounts, NOTHING)
        self.widest = NOTHING

    def follow(self, step: Step) -> None:
        """Lets the shadow do the step, then judges every account."""
        if not step.accrued and all(isinstance(each, QUIET) for each in step.events):
            return
        slack = self._slack(step)
        self.shadow.follow(step)
        if self.shadow.held != step.after.vault.total_deposits:
            raise Deviated(f"the exact exchange lost a unit: {step.action}")
        total, dust = NOTHING, NOTHING
        for address in _affected(step):
            total += self._judge(step, address, slack)
        for before, after in step.accrued:
            dust += Fraction(abs(before.skew_e9), INDEX_UNITS)
            assert after.funding_at > before.funding_at
        if slack is None and total < -dust - _left_to_the_keeper(_about(step)):
            raise Deviated(f"the pool lost {float(-total)} by rounding: {step.action}")

    def _judge(self, step: Step, address: str, slack: Fraction | None) -> Fraction:
        event = _about(step)
        gap = self.shadow.wealth(address) - wealth(step.after, address)
        before = self.gaps.get(address, NOTHING)
        low, high = self._bounds(step, address, event, slack)
        self.gaps[address] = gap
        self.widest = max(self.widest, gap)
        if abs(gap) > FURTHEST:
            raise Deviated(
                f"{step.action}: {address} is {float(gap)} units from the exact exchange"
            )
        if not low <= gap - before <= high:
            raise Deviated(
                f"{step.action}: {address} moved {float(gap - before)} units from the exact "
                f"exchange, allowed {float(low)} to {float(high)}"
            )
        return gap - before

    def _bounds(
        self, step: Step, address: str, event: Event, slack: Fraction | None
    ) -> tuple[Fraction, Fraction]:
        dust = sum(
            (
                Fraction(abs(step.before.position(address, before.params.index).size_e9))
                / INDEX_UNITS
                for before, _ in step.accrued
            ),
            NOTHING,
        )
        low, high = -dust, dust
        followed = NOTHING if slack is None else slack
        if getattr(event, "user_account", None) == address:
            gained = int(isinstance(event, CollateralConverted))
            return low - gained - followed, high + UNITS.get(type(event), 0) + followed
        if isinstance(event, CollateralConverted) and address == event.buyer_account:
            return low, high + 1
        if address == step.keeper and isinstance(event, OrderExecuted | Liquidated):
            return low - RECEIVED - followed / 2, high + RECEIVED + followed / 2
        return low, high

    def _slack(self, step: Step) -> Fraction | None:
        """What a clamp may hand on: None when the instruction has none."""
        event = _about(step)
        if not isinstance(event, Liquidated | BankruptcyResolved):
            return None
        before, shadow = step.before, self.shadow
        gap = abs(self.gaps[event.user_account])
        account = before.accounts[event.user_account]
        off = abs(shadow.purses[event.user_account].usdc - account.usdc_e6)
        if isinstance(event, Liquidated) and event.size_after_e9:
            return gap + off + UNITS[Liquidated]
        off += abs(shadow.fund - before.insurance.balance_e6)
        off += 2 * abs(shadow.cash - before.pool.cash_e6)
        off += abs(shadow.loss_cap - before.pool.loss_cap_today_e6)
        off += abs(shadow.loss_today - before.pool.loss_today_e6)
        return gap + off + UNITS[Liquidated]


def _left_to_the_keeper(event: Event) -> int:
    """A unit of the fund's part, which rounds down, when a small fee leaves the pool nothing."""
    if not isinstance(event, OrderExecuted):
        return 0
    return int(event.fee_e6 == event.insurance_fee_e6 + event.keeper_reward_e6)


def _about(step: Step) -> Event:
    """The event that moved money; an order's end may close or wake others after it."""
    return next((each for each in step.events if type(each) in MOVING), step.events[-1])


def _affected(step: Step) -> set[str]:
    """Accounts whose wealth may have moved, in the program or in the shadow."""
    accrued = {before.params.index for before, _ in step.accrued}
    found = {key for kind, key in step.changed if kind == "account"}
    found |= {key[0] for kind, key in step.changed if kind == "position"}
    for address, account in step.before.accounts.items():
        if accrued.intersection(account.markets):
            found.add(address)
    return found | ({step.keeper} & step.after.accounts.keys())


def wealth(ledger: Ledger, address: str) -> Fraction:
    """What the program says an account owns but for the price of its sizes."""
    account = ledger.accounts[address]
    found, owed = account.usdc_e6 + account.claims_e6 + account.claims_due_e6, 0
    for index in account.markets:
        held = ledger.positions[address, index]
        found -= held.entry_e6
        owed += held.size_e9 * (ledger.markets[index].funding_index - held.funding_index)
    return found - Fraction(owed, INDEX_UNITS)
