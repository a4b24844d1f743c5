"""Prepare a deposit: USDC from the wallet into the exchange; the first one opens the account."""

from __future__ import annotations

import asyncio

from quantdesk.domain.money import I64_MAX
from quantdesk.services import words
from quantdesk.services.actions import Deposit
from quantdesk.services.dependencies import Dependencies
from quantdesk.services.outcome import Reason, Refused
from quantdesk.services.ports import User
from quantdesk.services.prepare import Asked, Prepared, limited, prepare

LAMPORTS_FOR_FEES = 10_000
LAMPORTS_TO_OPEN = 20_000_000
"""Rent of a user account and of its first positions and orders, with room."""


async def prepare_deposit(deps: Dependencies, user: User, *, amount_e6: int) -> Prepared | Refused:
    """The transaction that deposits `amount_e6` millionths of a USDC."""
    refused = await limited(deps, user) or amount_fault(amount_e6)
    if refused is not None:
        return refused
    wallet, snapshot = await asyncio.gather(
        deps.exchange.wallet(user.wallet_address), deps.exchange.account(user.wallet_address)
    )
    if wallet.usdc_e6 < amount_e6:
        return Refused(
            code=Reason.INSUFFICIENT_FUNDS,
            message=(
                f"the wallet holds {words.usdc(wallet.usdc_e6)}, less than "
                f"{words.usdc(amount_e6)}; enter less or fund the wallet"
            ),
            field="amount",
        )
    needed = LAMPORTS_FOR_FEES if snapshot else LAMPORTS_TO_OPEN
    if wallet.lamports < needed:
        return _no_sol(needed)
    asked = Asked(
        action=Deposit(amount_e6=amount_e6, creates_account=snapshot is None),
        summary=f"Deposit {words.usdc(amount_e6)}",
        request={"amount_e6": amount_e6},
    )
    return await prepare(deps, user, asked)


def amount_fault(amount_e6: int) -> Refused | None:
    """Whether a sum makes no sense whatever the balance."""
    if 0 < amount_e6 <= I64_MAX:
        return None
    return Refused(
        code=Reason.INVALID, message="the amount must be positive; enter an amount", field="amount"
    )


def _no_sol(lamports: int) -> Refused:
    return Refused(
        code=Reason.INSUFFICIENT_FUNDS,
        message=f"the wallet needs {lamports / 10**9:g} SOL for fees and rent; add some SOL first",
        field="amount",
    )
