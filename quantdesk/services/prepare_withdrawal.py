"""Prepare a withdrawal: USDC from the exchange back to the wallet that owns the account."""

from __future__ import annotations

from quantdesk.services import words
from quantdesk.services.actions import Withdraw
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.gather_portfolio import Gathered, gather_portfolio
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Asked, Prepared, limited, prepare
from quantdesk.services.prepare_deposit import amount_fault
from quantdesk.services.prepare_order import no_account


async def prepare_withdrawal(
    deps: Dependencies, user: User, *, amount_e6: int
) -> Prepared | Refused:
    """The transaction that withdraws `amount_e6` millionths of a USDC."""
    refused = await limited(deps, user) or amount_fault(amount_e6)
    if refused is not None:
        return refused
    gathered = await gather_portfolio(deps, user.wallet_address)
    if gathered.snapshot is None:
        return no_account()
    free_e6 = withdrawable_e6(gathered)
    if amount_e6 > free_e6:
        return Refused(
            code=Reason.INSUFFICIENT_COLLATERAL,
            message=(
                f"{words.usdc(free_e6)} can be withdrawn beside the open positions, found "
                f"{words.usdc(amount_e6)}; enter less or close a position"
            ),
            field="amount",
        )
    asked = Asked(
        action=Withdraw(amount_e6=amount_e6),
        summary=f"Withdraw {words.usdc(amount_e6)}",
        request={"amount_e6": amount_e6},
    )
    return await prepare(deps, user, asked)


def withdrawable_e6(gathered: Gathered) -> int:
    """The most that may leave: no more than is there, and the initial requirement must hold."""
    portfolio = gathered.portfolio
    held = max(0, portfolio.account.usdc_e6)
    if not portfolio.account.markets:
        return held
    free_e6 = portfolio.standing(now=gathered.now_s).free_collateral_e6
    return max(0, min(held, free_e6))
