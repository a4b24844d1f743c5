"""Laws: the invariants I1 to I15, each a named check of one step; the first that fails is told."""

from collections.abc import Callable

from quantdesk.domain.delegate import Permission
from quantdesk.domain.events import (
    BankruptcyResolved,
    DelegateChanged,
    Deposited,
    InsuranceSeeded,
    Liquidated,
    OrderCancelled,
    OrderExecuted,
    OrderPlaced,
    PoolDeposited,
    PoolSeeded,
    PoolWithdrawn,
    Transferred,
    UserAccountUpdated,
    Withdrawn,
)
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.position_events import MandateClosed, MandateSet
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain import invariants
from tests.exchange.chronicle import Chronicle
from tests.exchange.figures import check_figures
from tests.exchange.health import (
    no_healthy_account_is_liquidated,
    withdrawals_leave_the_requirement,
)
from tests.exchange.sequence import sequences_have_no_gap
from tests.exchange.step import Step

THROUGH_THE_DOOR = (
    Deposited,
    Withdrawn,
    PoolDeposited,
    PoolWithdrawn,
    PoolSeeded,
    InsuranceSeeded,
)
"""Events with which tokens enter or leave a vault."""


class LawBroken(AssertionError):
    """A law does not hold; `law` is its name."""

    def __init__(self, law: str, why: object, step: Step) -> None:
        super().__init__(f"{law}: {why}\nafter: {step.action}")
        self.law = law


class Laws:
    """Judges every step of one exchange."""

    def __init__(self, ledger: Ledger, *, only: str | None = None) -> None:
        """Starts from what the exchange holds; judges by all laws or `only` one."""
        self.chronicle = Chronicle(ledger)
        self.checks = {law: LAWS[law] for law in LAWS if only in (None, law)}
        self.judged = 0

    def judge(self, step: Step) -> None:
        """Fails with the name of the first law that does not hold of `step`."""
        self.judged += 1
        if step.refusal is not None and step.changed:
            raise LawBroken("refusal", f"a refused instruction changed {step.changed}", step)
        self.chronicle.follow(step)
        for law, check in self.checks.items():
            try:
                check(step, self.chronicle)
            except LawBroken:
                raise
            except AssertionError as why:
                raise LawBroken(law, why, step) from why


def money_is_conserved(step: Step, _chronicle: Chronicle) -> None:
    """I1: what lies in the vaults belongs to somebody, to the unit, and nobody gets more."""
    if any(kind in ("account", "pool", "insurance", "vault") for kind, _ in step.changed):
        invariants.money_is_conserved(step.after)
        invariants.tokens_are_conserved(step.after)
        if _claims(step.before) != _claims(step.after):
            invariants.claims_agree(step.after)
    if step.tokens is not None:
        assert step.tokens == step.after.held_e6, "the token account holds something else"


def _claims(ledger: Ledger) -> list[tuple[int, int, int]]:
    pool, users = ledger.pool, ledger.accounts.values()
    of_users = [(each.claims_e6, each.claims_due_e6, each.claims_index_e12) for each in users]
    return [(pool.claims_e6, pool.claims_pot_e6, pool.claims_index_e12), *of_users]


def sums_agree(step: Step, _: Chronicle) -> None:
    """I2: a market's sums are those of its positions; the pool holds the difference."""
    for index in step.markets:
        invariants.aggregates_agree(step.after, index)
        invariants.pool_value_needs_no_loop(step.after, index)
    if step.changed:
        invariants.pool_sums_agree(step.after)
        invariants.lists_agree(step.after)


def losses_go_in_order(step: Step, _: Chronicle) -> None:
    """I4: fund, then pool within its day, then a debt; no fund is overdrawn, no token borrowed."""
    invariants.funds_are_not_negative(step.after)
    assert step.after.pool.claims_pot_e6 >= 0
    for event in step.events:
        if isinstance(event, Withdrawn | Transferred):
            left = step.after.accounts[event.user_account].usdc_e6
            had = step.before.accounts[event.user_account].usdc_e6
            assert left >= 0 or left == had, "money left an account that had none"
        if isinstance(event, Liquidated | BankruptcyResolved):
            _waterfall(step, event)


def _waterfall(step: Step, event: Liquidated | BankruptcyResolved) -> None:
    before, after = step.before, step.after
    account = after.accounts[event.user_account]
    if event.insurance_paid_e6 or event.pool_loss_e6:
        assert account.usdc_e6 <= 0, "more was paid than the debt"
        assert not account.markets, "a debt is paid when nothing is open"
    if event.pool_loss_e6:
        assert after.insurance.balance_e6 == 0, "the fund pays first"
        assert event.pool_loss_e6 <= before.pool.loss_left_e6(step.at.now), "above the day's cap"
    is_bare = account.usdc_e6 < 0 and account.holds_only(None)
    if is_bare:
        assert after.insurance.balance_e6 == 0, "a debt stays while the fund has money"
        # What may be lost in a day is known before an instruction, so what it brings in waits.
        left = before.pool.loss_left_e6(step.at.now) - event.pool_loss_e6
        assert min(left, after.pool.cash_e6) == 0, "a debt stays while the pool may pay"


def figures_are_exact(step: Step, chronicle: Chronicle) -> None:
    """I5: every figure is the exact one rounded once; a history costs its account a few units."""
    check_figures(step)
    chronicle.deviation.follow(step)


def an_order_is_used_once(step: Step, _: Chronicle) -> None:
    """I6: an id in use is not taken again, and what filled or was closed is gone."""
    for event in step.events:
        if isinstance(event, OrderPlaced | OrderExecuted | OrderCancelled):
            key = (event.user_account, event.client_order_id)
            is_placed = isinstance(event, OrderPlaced)
            assert (key in step.before.orders) is not is_placed, "an order was used twice"
            assert (key in step.after.orders) is is_placed, "an order outlived its end"


def moves_between_accounts_conserve(step: Step, _: Chronicle) -> None:
    """I12: a transfer gives one account what it takes from the other, and touches nothing else."""
    for event in step.events:
        if not isinstance(event, Transferred):
            continue
        pair = (event.user_account, event.to_account)
        was, now = step.before.accounts, step.after.accounts
        assert was[pair[0]].owner == was[pair[1]].owner, "money went to another owner"
        moved = sum(now[each].usdc_e6 - was[each].usdc_e6 for each in pair)
        assert moved == 0, f"a transfer made {moved} units"
        assert all(now[each] is was[each] for each in now if each not in pair)
        untouched = ("insurance", "vault", "positions", "markets", "pool")
        for name in untouched:
            assert getattr(step.before, name) == getattr(step.after, name), f"{name} changed"


def delegates_move_no_money(step: Step, _: Chronicle) -> None:
    """I13: only an owner moves money, changes an account or names delegates."""
    if step.by is None:
        return
    owners = {address: each.owner for address, each in step.before.accounts.items()}
    for event in step.events:
        owner = owners.get(getattr(event, "user_account", ""))
        if isinstance(event, Deposited | Withdrawn | Transferred | UserAccountUpdated):
            assert step.by == owner, "money moved without its owner"
        if isinstance(event, MandateSet | MandateClosed):
            assert step.by == owner, "a key changed its own caps"
        if isinstance(event, CollateralConverted):
            assert step.by == owners[event.buyer_account], "bought without the buyer's owner"
        if isinstance(event, DelegateChanged):
            leaves = event.permissions == 0 and event.delegate == step.by
            assert step.by == owner or leaves, "a delegate named a delegate"
        if isinstance(event, OrderPlaced):
            wanted = Permission.PLACE
            may = step.before.permits(event.user_account, step.by, wanted, now=step.at.now)
            assert may, "an order without permission"
    if not any(isinstance(event, THROUGH_THE_DOOR) for event in step.events):
        was, now = step.before, step.after
        assert was.vault.total_deposits == now.vault.total_deposits, "tokens moved unasked"
        assert _tokens(was) == _tokens(now), "tokens moved unasked"


def _tokens(ledger: Ledger) -> dict[int, int]:
    return {index: vault.total_deposits for index, vault in ledger.collaterals.items()}


def flat_means_empty(step: Step, _: Chronicle) -> None:
    """I15: a flat position has no entry, no index and no leverage, and reserves no slot."""
    if not step.markets:
        return
    invariants.flat_means_empty(step.after)
    for (address, index), held in step.after.positions.items():
        assert held.is_flat is not (index in step.after.accounts[address].markets)


LAWS: dict[str, Callable[[Step, Chronicle], None]] = {
    "I1": money_is_conserved,
    "I2": sums_agree,
    "I3": lambda step, chronicle: chronicle.funding_is_paid_once(step),
    "I4": losses_go_in_order,
    "I5": figures_are_exact,
    "I6": an_order_is_used_once,
    "I7": lambda step, _: no_healthy_account_is_liquidated(step),
    "I8": lambda step, _: withdrawals_leave_the_requirement(step),
    "I9": lambda step, chronicle: chronicle.round_trips_gain_nothing(step),
    "I10": lambda step, chronicle: chronicle.pieces_cost_the_whole(step),
    "I12": moves_between_accounts_conserve,
    "I13": delegates_move_no_money,
    "I14": lambda step, _: sequences_have_no_gap(step),
    "I15": flat_means_empty,
}
"""Checks of single steps by the name of their law; I6's replay and I11 are in `trials`."""
