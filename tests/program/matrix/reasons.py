"""What each wrong account may be refused with, and what may land although something was changed.

The exact refusal of every cell is in `expected.json`; here is what that file may say at all.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

# An address that the program compares: derived anew, pinned in another account, or fixed.
ADDRESS = {"ConstraintSeeds", "ConstraintAddress", "InvalidProgramId", "WrongFeed"}
LINK = {"WrongAccount", "WrongRiskSet", "Unauthorized", "ConstraintTokenOwner", "ProposalMismatch"}
KIND = {"AccountDiscriminatorMismatch", "UninitializedAccount", "AccountNotProgramData"}
ABSENT = {"AccountNotInitialized", "WrongAccount", "Unauthorized", "ConstraintTokenOwner"}
NO_FUNDS = {"InsufficientFunds"}
REFUSALS: dict[str, set[str]] = {
    # An optional signer who does not sign agrees to nothing.
    "other user's": ADDRESS | LINK | {"NotBankrupt", "AccountNotSigner"},
    "wrong owner, same bytes": ADDRESS | {"AccountOwnedByWrongProgram", "WrongAccount"},
    "wrong type, same size": ADDRESS | KIND | {"WrongAccount"},
    "uninitialised": ADDRESS | ABSENT | NO_FUNDS | {"AccountNotSigner"},
    "closed": ADDRESS | KIND | {"WrongAccount"},
    "wrong bump": ADDRESS | {"AccountOwnedByWrongProgram", "WrongAccount", "Unauthorized"},
    "duplicate of another slot": ADDRESS
    | KIND
    | LINK
    | {"AccountOwnedByWrongProgram", "ConstraintDuplicateMutableAccount"},
    "not a signer": {"AccountNotSigner"},
    "not writable": {"ConstraintMut", "PrivilegeEscalation"},
    "fake sysvar": ADDRESS | {"AccountOwnedByWrongProgram", "WrongAccount", "ConstraintMut"},
    # USDC, where another collateral's limits are put in, always counts in full.
    "other market's": ADDRESS | LINK | {"ConstraintTokenMint", "InvalidParameter"},
    "Token-2022 twin": {"AccountOwnedByWrongProgram", "InvalidProgramId"},
}

# Case, slot and substitution of what lands by right.
LEGITIMATE_ACCOUNTS: dict[tuple[str, str, str], str] = {
    ("pay_claims", "user_account", "other user's"): "anyone sets cash aside for every claim alike",
    ("cancel_order", "order", "other market's"): "another order of the same user, whose wish it is",
    ("cancel_order (a*)", "authority", "*"): "anyone may take a leg that protects nothing",
    ("execute_order*", "keeper", "*"): "anyone may execute an order",
    ("execute_order*", "keeper_account", "other user's"): "the executor names who is rewarded",
    ("tighten_market", "market", "other market's"): "the guardian closes the market it names",
    ("execute_change (market)", "vault", "other market's"): "a change of a market reads no vault",
    ("execute_change (vault)", "market", "other market's"): "a change of a vault reads no market",
}

# Case and argument of numbers that are good at some edges.
LEGITIMATE_NUMBERS: dict[tuple[str, str], str] = {
    ("*", "amount"): "any sum that wallet, balance and caps allow, from one unit on",
    ("*", "min_shares"): "a bound that is met",
    ("*", "min_amount"): "a bound that is met",
    ("request_pool_withdrawal", "shares"): "what is owned, or 0, which calls the request off",
    ("update_user_account", "max_leverage"): "from 1x to 100x",
    ("add_delegate", "delegate.permissions"): "a known bit",
    ("add_delegate", "delegate.expires_at"): "never, or any second to come",
    ("place_order*", "params.kind"): "a market or a limit order with the same bound",
    ("place_order*", "params.trigger_price_e6"): "a market order has none",
    ("place_order*", "params.trailing_bps"): "a market order has none",
    ("place_order*", "params.expires_at"): "never, or any second to come; cut to 30 s",
    ("*_position", "params.kind"): "a market order",
    ("*_position", "params.trigger_price_e6"): "a market order has none",
    ("*_position", "params.trailing_bps"): "a market order has none",
    ("*_position", "params.expires_at"): "never, or any second to come; cut to 30 s",
    ("close_position", "params.size_e9"): "0 closes the whole position",
    ("place_bracket*", "params.expires_at"): "never, or any second to come",
    ("set_mandate*", "params.*"): "a cap, however tight or wide; a second to come, or never",
    ("liquidate", "max_size_e9"): "a bound; never more than the account must give up",
    ("deleverage", "max_size_e9"): "a bound; never more than the skew",
    ("initialize", "keeper_reward_e6"): "a reward is never more than the fee it comes from",
    ("initialize_market", "params.*"): "sound terms; the market starts paused",
    ("initialize_token_vault", "params.*"): "sound rules; the collateral starts without weight",
    ("convert_collateral*", "*_usdc_e6"): "a bound that is met",
    ("tighten_vault", "*"): "lower than before, or as low",
    ("pause", "pause_bits"): "a known bit",
    ("tighten_market", "status"): "stricter than before",
    ("propose_change", "change.*"): "a proposal is words; its execution judges them",
    ("execute_change", "change.*"): "sound terms that have waited for their timelock",
}


def why_account_lands(case: str, slot: str, substitution: str) -> str | None:
    """Why a wrong account is none, or None when nobody says so."""
    cell = (case, slot, substitution)
    return _first(LEGITIMATE_ACCOUNTS, cell)


def why_number_lands(case: str, argument: str) -> str | None:
    """Why an argument is good at some edge, or None when nobody says so."""
    return _first(LEGITIMATE_NUMBERS, (case, argument))


def unused(reasons: Mapping[Any, str], cells: Sequence[tuple[str, ...]]) -> list[str]:
    """Reasons that no cell needs any more."""
    return [
        reason
        for pattern, reason in reasons.items()
        if not any(_matches(cell, pattern) for cell in cells)
    ]


def _first(reasons: Mapping[Any, str], cell: tuple[str, ...]) -> str | None:
    return next((reason for pattern, reason in reasons.items() if _matches(cell, pattern)), None)


def _matches(cell: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return all(fnmatch(each, shape) for each, shape in zip(cell, pattern, strict=True))
