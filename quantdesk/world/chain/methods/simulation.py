"""Simulating a transaction: what it would do, in the form a node gives it."""

from collections.abc import Sequence

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.account_json import account_json
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import error_json, invalid
from quantdesk.world.chain.incoming import incoming
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.methods.accounts import lookup_at
from quantdesk.world.chain.params import Params, address, commitment, context
from quantdesk.world.chain.transaction_json import (
    inner_json,
    lamports_of,
    loaded_json,
    return_data_json,
    token_balances,
)
from quantdesk.world.chain.vm import Keys, Simulation

_OF_THE_OLD_HASH = ("AlreadyProcessed", "BlockhashNotFound")


def simulate_transaction(bank: Bank, params: Params) -> Object:
    """Run a transaction, signed or not, and show what it would do."""
    options = params.options(1)
    bank.advance()
    transaction, _ = incoming(bank, params.get(0), options.get("encoding") or "base58")
    where, is_rehashed = context(bank, options), bool(options.get("replaceRecentBlockhash"))
    if options.get("sigVerify") and is_rehashed:
        raise invalid("sigVerify may not be used with replaceRecentBlockhash")
    keys = bank.machine.keys_of(transaction.message)
    wanted = _wanted(options.get("accounts"), most=len(keys.addresses))
    refusal = bank.refusal(transaction, commitment(options))
    if options.get("sigVerify") and not all(transaction.verify_with_results()):
        value = refused("SignatureFailure") | {"loadedAddresses": loaded_json(keys)}
    elif refusal is not None and not (is_rehashed and refusal in _OF_THE_OLD_HASH):
        value = refused(refusal) | _untouched(bank, keys)
    else:
        value = _rehearsed(bank, transaction, options)
    if is_rehashed:
        value["replacementBlockhash"] = {
            "blockhash": str(bank.clock.blockhash(where["slot"])),
            "lastValidBlockHeight": bank.last_valid_height(where["slot"]),
        }
    if wanted is not None and value["accounts"] is None:
        value["accounts"] = [None] * len(wanted)
    return {"context": where, "value": value}


def refused(reason: Json) -> Object:
    """What is said of a transaction that was not run."""
    return {
        "err": reason,
        "logs": [],
        "accounts": None,
        "unitsConsumed": 0,
        "returnData": None,
        "innerInstructions": None,
        "loadedAccountsDataSize": 0,
        "replacementBlockhash": None,
        "fee": None,
        "loadedAddresses": None,
        "preBalances": None,
        "postBalances": None,
        "preTokenBalances": None,
        "postTokenBalances": None,
    }


def simulated(bank: Bank, result: Simulation) -> Object:
    """What a transaction that was run said."""
    meta = result.meta
    is_loaded = result.fee is not None
    return {
        "err": error_json(result.error),
        "logs": meta.logs(),
        "unitsConsumed": meta.compute_units_consumed(),
        "returnData": return_data_json(meta.return_data()),
        "loadedAccountsDataSize": bank.machine.loaded_bytes(result.before) if is_loaded else 0,
    }


def _rehearsed(bank: Bank, transaction: VersionedTransaction, options: Object) -> Object:
    result = bank.machine.simulate(transaction)
    value = refused(None) | simulated(bank, result)
    value |= {"fee": result.fee} | _balances(bank, result)
    if options.get("innerInstructions") and result.has_run and result.fee is not None:
        value["innerInstructions"] = inner_json(result.meta.inner_instructions())
    if options.get("accounts") is not None and result.error is None:
        value["accounts"] = _accounts(bank, result, options["accounts"])
    return value


def _untouched(bank: Bank, keys: Keys) -> Object:
    accounts = [bank.account(each) for each in keys.addresses]
    return _shown(bank, keys, accounts, accounts)


def _balances(bank: Bank, result: Simulation) -> Object:
    keys, before = result.keys, result.before
    after = [result.after.get(each, old) for each, old in zip(keys.addresses, before, strict=True)]
    shown = _shown(bank, keys, before, after)
    if result.error is not None and result.fee is not None:
        shown["postBalances"][0] -= result.fee  # a failing transaction pays, and does nothing else
    return shown


def _shown(
    bank: Bank,
    keys: Keys,
    before: Sequence[Account | None],
    after: Sequence[Account | None],
) -> Object:
    lookup = lookup_at(bank, "processed")
    return {
        "loadedAddresses": loaded_json(keys),
        "preBalances": lamports_of(before),
        "postBalances": lamports_of(after),
        "preTokenBalances": token_balances(keys, before, lookup),
        "postTokenBalances": token_balances(keys, after, lookup),
    }


def _wanted(asked: Json, *, most: int) -> list[str] | None:
    """The addresses of the accounts to show afterwards; None when none were asked for."""
    if asked is None:
        return None
    if asked.get("encoding") in ("base58", "binary"):
        raise invalid("base58 encoding not supported")
    wanted: list[str] = asked["addresses"]
    if len(wanted) > most:
        raise invalid(f"Too many accounts provided; max {most}")
    return wanted


def _accounts(bank: Bank, result: Simulation, asked: Object) -> list[Json]:
    shown = {"encoding": asked.get("encoding") or "base64"}
    now = lookup_at(bank, "processed")

    def after(where: Pubkey) -> Account | None:
        return result.after.get(where) or now(where)

    return [account_json(after(address(each)), shown, after) for each in asked["addresses"]]
