"""Claims: profit that the pool owes, paid pro rata by an index when cash returns.

The index counts full payments in whole units of `CLAIM_ONE` and the paid share of the present
claims in the rest. What stays owed rounds up and what is paid down, so the pot is never overdrawn.
"""

from dataclasses import replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.money import Round, mul_div

CLAIM_ONE = 10**12
"""One whole claim, and the unit of the index."""


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


def _unpaid(index_e12: int) -> int:
    return CLAIM_ONE - index_e12 % CLAIM_ONE
