"""Reading accounts."""

import functools

from solders.account import Account
from solders.pubkey import Pubkey

from quantdesk.world.chain import base58
from quantdesk.world.chain.account_json import Lookup, account_json
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import INVALID_REQUEST, RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import AccountQuery
from quantdesk.world.chain.params import Params, address, commitment, context, raw_bytes

ACCOUNTS_MAX = 100
FILTERS_MAX = 4
SPACE_MAX = 10 << 20
MEMCMP_BYTES_MAX = 128
_MEMCMP_LETTERS_MAX = {"base58": 175, "base64": 172}


def get_account_info(bank: Bank, params: Params) -> Object:
    """One account or null."""
    options = params.options(1)
    level = commitment(options)
    where = context(bank, options, level)
    account = bank.account(params.address(0), level)
    return {"context": where, "value": account_json(account, options, lookup_at(bank, level))}


def get_multiple_accounts(bank: Bank, params: Params) -> Object:
    """Up to a hundred accounts in the order asked."""
    options, asked = params.options(1), params.get(0)
    if len(asked) > ACCOUNTS_MAX:
        raise invalid(f"Too many inputs provided; max {ACCOUNTS_MAX}")
    level = commitment(options)
    where = context(bank, options, level)
    lookup = lookup_at(bank, level)
    shown = {**options, "encoding": options.get("encoding") or "base64"}
    found = [account_json(lookup(address(each)), shown, lookup) for each in asked]
    return {"context": where, "value": found}


def get_balance(bank: Bank, params: Params) -> Object:
    """Lamports of an account, zero when it does not exist."""
    options = params.options(1)
    account = bank.account(params.address(0), commitment(options))
    return {
        "context": context(bank, options),
        "value": 0 if account is None else account.lamports,
    }


def get_program_accounts(bank: Bank, params: Params) -> Json:
    """Accounts owned by a program that pass every filter."""
    options = params.options(1)
    query = program_query(params.address(0), options.get("filters"))
    level = commitment(options)
    where = context(bank, options, level)
    rows = keyed_accounts(bank.program_accounts(query, level), options, lookup_at(bank, level))
    return {"context": where, "value": rows} if options.get("withContext") else rows


def get_minimum_balance(bank: Bank, params: Params) -> int:
    """Lamports that make an account of that size rent exempt."""
    space = params.integer(0)
    if space > SPACE_MAX:
        raise RpcError(INVALID_REQUEST, "Invalid request")
    return bank.machine.rent_minimum(space)


def lookup_at(bank: Bank, level: str) -> Lookup:
    """How to read any account at a commitment."""
    return functools.partial(bank.account, commitment=level)


def keyed_accounts(found: dict[Pubkey, Account], options: Object, lookup: Lookup) -> list[Object]:
    """`{pubkey, account}` rows."""
    return [
        {"pubkey": str(where), "account": account_json(account, options, lookup)}
        for where, account in found.items()
    ]


def program_query(program: Pubkey, filters: Json) -> AccountQuery:
    """`dataSize`, `memcmp` and `tokenAccountState` filters as one query."""
    if filters is not None and len(filters) > FILTERS_MAX:
        raise invalid(f"Too many filters provided; max {FILTERS_MAX}")
    sizes, matches, holds_tokens = set[int](), [], False
    for each in filters or ():
        if "dataSize" in each:
            sizes.add(each["dataSize"])
        elif "memcmp" in each:
            matches.append((each["memcmp"]["offset"], _memcmp_bytes(each["memcmp"])))
        else:
            holds_tokens = True
    return AccountQuery(
        owner=program,
        data_sizes=frozenset(sizes),
        matches=tuple(matches),
        holds_tokens=holds_tokens,
    )


def _memcmp_bytes(memcmp: Object) -> bytes:
    run, encoding = memcmp["bytes"], memcmp.get("encoding") or "base58"
    if isinstance(run, str) and len(run) > _MEMCMP_LETTERS_MAX.get(encoding, 0):
        raise invalid("Invalid param: DataTooLarge")
    found = bytes(run) if isinstance(run, list) else _memcmp_text(run, encoding)
    if len(found) > MEMCMP_BYTES_MAX:
        raise invalid("Invalid param: DataTooLarge")
    return found


def _memcmp_text(run: str, encoding: str) -> bytes:
    if encoding == "base64":
        return raw_bytes(run, "base64")
    try:
        return base58.decode(run)
    except ValueError as problem:
        raise invalid(f"Invalid param: Base58DecodeError({problem})") from problem


METHODS = {
    "getAccountInfo": get_account_info,
    "getMultipleAccounts": get_multiple_accounts,
    "getBalance": get_balance,
    "getProgramAccounts": get_program_accounts,
    "getMinimumBalanceForRentExemption": get_minimum_balance,
}
