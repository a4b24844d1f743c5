"""SPL tokens: balances, supplies and whose accounts hold what."""

from solders.account import Account
from solders.pubkey import Pubkey

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import invalid
from quantdesk.world.chain.json_types import Object
from quantdesk.world.chain.ledger import AccountQuery
from quantdesk.world.chain.methods.accounts import keyed_accounts, lookup_at
from quantdesk.world.chain.params import Params, address, commitment, context
from quantdesk.world.chain.token_json import (
    PROGRAM_NAMES,
    Mint,
    mint,
    token_account,
    ui_amount,
)

_OWNER_OFFSET = 32
_DELEGATE_OFFSET = 76
_LARGEST = 20


def get_token_account_balance(bank: Bank, params: Params) -> Object:
    """What one token account holds."""
    options = params.options(1)
    level = commitment(options)
    where = context(bank, options, level)
    account = bank.account(params.address(0), level)
    if account is None:
        raise invalid("Invalid param: could not find account")
    held = token_account(account)
    if held is None:
        raise invalid("Invalid param: not a Token account")
    decimals = _mint_at(bank, held.mint, level).decimals
    return {"context": where, "value": ui_amount(held.units, decimals)}


def get_token_supply(bank: Bank, params: Params) -> Object:
    """How much of a token exists."""
    options = params.options(1)
    account = bank.account(params.address(0), commitment(options))
    if account is None:
        raise invalid("Invalid param: could not find account")
    if account.owner not in PROGRAM_NAMES:
        raise invalid("Invalid param: not a Token mint")
    found = mint(account)
    if found is None:
        raise invalid("Invalid param: mint could not be unpacked")
    return {"context": context(bank, options), "value": ui_amount(found.supply, found.decimals)}


def get_token_accounts_by_owner(bank: Bank, params: Params) -> Object:
    """An owner's token accounts of a mint or of a token program."""
    return _token_accounts(bank, params, offset=_OWNER_OFFSET)


def get_token_accounts_by_delegate(bank: Bank, params: Params) -> Object:
    """Token accounts that a delegate may spend from."""
    return _token_accounts(bank, params, offset=_DELEGATE_OFFSET)


def get_token_largest_accounts(bank: Bank, params: Params) -> Object:
    """The twenty largest holders of a mint."""
    options, asked = params.options(1), params.address(0)
    level = commitment(options)
    decimals = _mint_at(bank, asked, level).decimals
    found = _holders(bank, ((0, bytes(asked)),), level)
    rows = [
        (held.units, str(where)) for where, each in found.items() if (held := token_account(each))
    ]
    rows.sort(reverse=True)
    value = [{"address": where, **ui_amount(units, decimals)} for units, where in rows[:_LARGEST]]
    return {"context": context(bank, options), "value": value}


def _token_accounts(bank: Bank, params: Params, *, offset: int) -> Object:
    options, filter_by = params.options(2), params.options(1)
    level = commitment(options)
    where = context(bank, options, level)
    matches = [(offset, bytes(params.address(0)))]
    programs = tuple(PROGRAM_NAMES)
    if "mint" in filter_by:
        of_mint = address(filter_by["mint"])
        _mint_at(bank, of_mint, level)
        matches.append((0, bytes(of_mint)))
    else:
        programs = (address(filter_by["programId"]),)
        if programs[0] not in PROGRAM_NAMES:
            raise invalid("Invalid param: unrecognized Token program id")
    found = _holders(bank, tuple(matches), level, programs)
    return {"context": where, "value": keyed_accounts(found, options, lookup_at(bank, level))}


def _holders(
    bank: Bank,
    matches: tuple[tuple[int, bytes], ...],
    level: str,
    programs: tuple[Pubkey, ...] = tuple(PROGRAM_NAMES),
) -> dict[Pubkey, Account]:
    found: dict[Pubkey, Account] = {}
    for program in programs:
        query = AccountQuery(owner=program, matches=matches)
        rows = bank.program_accounts(query, level).items()
        found.update((where, each) for where, each in rows if token_account(each) is not None)
    return found


def _mint_at(bank: Bank, where: Pubkey, level: str) -> Mint:
    account = bank.account(where, level)
    if account is None:
        raise invalid("Invalid param: could not find mint")
    found = mint(account)
    if found is None:
        raise invalid("Invalid param: Token mint could not be unpacked")
    return found


METHODS = {
    "getTokenAccountBalance": get_token_account_balance,
    "getTokenSupply": get_token_supply,
    "getTokenAccountsByOwner": get_token_accounts_by_owner,
    "getTokenAccountsByDelegate": get_token_accounts_by_delegate,
    "getTokenLargestAccounts": get_token_largest_accounts,
}
