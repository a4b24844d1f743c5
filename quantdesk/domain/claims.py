"""Claims: profit that the pool owes, paid pro rata by an index when cash returns.

The index counts full payments in whole units of `CLAIM_ONE` and the paid share of the present
claims in the rest. What stays owed rounds up and what is paid down, so the pot is never overdrawn.
"""

from dataclasses import replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.money import Round, mul_div

CLAIM_ONE = 10**12
"""One whole claim, and the unit of the index."""

UNPAID_MIN_E12 = 10**6
"""While anything is owed the unpaid share stays at least this: a smaller one could not tell how
much of a claim is left."""


def marked(account: AccountState, index_e12: int) -> AccountState:
    """The account at the pool's index: what was paid since its own mark has become due."""
    kept_e6 = 0
    if index_e12 // CLAIM_ONE == account.claims_index_e12 // CLAIM_ONE:
        left, before = _unpaid(index_e12), _unpaid(account.claims_index_e12)
        kept_e6 = mul_div(account.claims_e6, left, before, Round.UP)
    return replace(
        account,
        claims_e6=kept_e6,
        claims_due_e6=account.claims_due_e6 + account.claims_e6 - kept_e6,
        claims_index_e12=index_e12,
    )


def index_after(index_e12: int, *, claims_e6: int, paid_e6: int) -> int:
    """The index after `paid_e6` of `claims_e6` went into the pot; rounded down."""
    next_epoch = (index_e12 // CLAIM_ONE + 1) * CLAIM_ONE
    left_e6 = claims_e6 - paid_e6
    if left_e6 == 0:
        return next_epoch
    return next_epoch - mul_div(_unpaid(index_e12), left_e6, claims_e6, Round.UP)


def payable_e6(index_e12: int, *, cash_e6: int, claims_e6: int) -> int:
    """What the pool can put into the pot now: all that is owed, or as much as the index can tell.

    A part leaves the unpaid share at `UNPAID_MIN_E12` or above, and has no unit that moves no
    claim: it is the least payment that brings the index where it then stands.
    """
    most_e6 = min(max(cash_e6, 0), claims_e6)
    if most_e6 == claims_e6:
        return most_e6
    share = _unpaid(index_e12)
    least_e6 = mul_div(claims_e6, UNPAID_MIN_E12, share, Round.UP)
    left_e6 = min(max(claims_e6 - most_e6, least_e6), claims_e6)
    share_after = mul_div(share, left_e6, claims_e6, Round.UP)
    return claims_e6 - mul_div(claims_e6, share_after, share, Round.DOWN)


def _unpaid(index_e12: int) -> int:
    return CLAIM_ONE - index_e12 % CLAIM_ONE
