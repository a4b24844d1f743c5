"""Transactions and what they did, as the JSON-RPC shows them."""

import base64
import zlib
from collections.abc import Sequence

import orjson
from solders.account import Account
from solders.message import Message, MessageV0
from solders.transaction import VersionedTransaction
from solders.transaction_status import TransactionReturnData

from quantdesk.world.chain import base58
from quantdesk.world.chain.account_json import Lookup
from quantdesk.world.chain.errors import RpcError, error_json, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import Landed
from quantdesk.world.chain.token_json import (
    TOKEN_PROGRAMS,
    mint,
    token_account,
    ui_amount,
)
from quantdesk.world.chain.vm import Execution, Keys

UNSUPPORTED_VERSION = -32015
_BALANCE_FIELDS = (
    *("err", "status", "fee", "preBalances", "postBalances"),
    *("preTokenBalances", "postTokenBalances"),
)


def pack_meta(execution: Execution, lookup: Lookup) -> bytes:
    """Everything `meta` says about a landed transaction, compressed for the ledger."""
    return zlib.compress(orjson.dumps(_meta(execution, lookup)), 1)


def unpack_meta(landed: Landed) -> Object:
    """The `meta` object of a stored transaction, inner instructions in compiled form."""
    meta: Object = orjson.loads(zlib.decompress(landed.meta))
    return meta


def block_transaction_json(landed: Landed, options: Object) -> Object:
    """`{transaction, meta, version}` in the encoding asked for."""
    transaction = VersionedTransaction.from_bytes(landed.message)
    version = _version(transaction, options)
    meta = unpack_meta(landed)
    encoding = options.get("encoding") or "json"
    shown: Object = {
        "transaction": _encoded(transaction, landed.message, encoding, meta),
        "meta": _parsed_meta(meta, transaction) if encoding == "jsonParsed" else meta,
    }
    return shown | version


def block_accounts_json(landed: Landed, options: Object) -> Object:
    """The same with no more than the accounts and what became of their balances."""
    transaction = VersionedTransaction.from_bytes(landed.message)
    version, meta = _version(transaction, options), unpack_meta(landed)
    return {
        "transaction": {
            "accountKeys": _key_rows(transaction.message, meta),
            "signatures": [str(each) for each in transaction.signatures],
        },
        "meta": {name: meta[name] for name in _BALANCE_FIELDS},
    } | version


def _version(transaction: VersionedTransaction, options: Object) -> Object:
    is_legacy = isinstance(transaction.message, Message)
    if options.get("maxSupportedTransactionVersion") is not None:
        return {"version": "legacy" if is_legacy else 0}
    if is_legacy:
        return {}
    raise RpcError(
        UNSUPPORTED_VERSION,
        "Transaction version (0) is not supported by the requesting client. Please try the "
        "request again with the following configuration parameter: "
        '"maxSupportedTransactionVersion": 0',
    )


def inner_json(execution_inner: Sequence[Sequence[object]]) -> list[Object]:
    """Inner instructions by outer index, compiled form, empty outer ones left out."""
    found = []
    for index, group in enumerate(execution_inner):
        rows = [_compiled_inner(each) for each in group]
        if rows:
            found.append({"index": index, "instructions": rows})
    return found


def return_data_json(returned: TransactionReturnData) -> Json:
    """The data a program returned, None when it returned nothing."""
    data: bytes = returned.data
    if not data:
        return None
    return {
        "programId": str(returned.program_id),
        "data": [base64.b64encode(data).decode(), "base64"],
    }


def loaded_json(keys: Keys) -> Object:
    """The addresses that lookup tables added."""
    loaded = keys.addresses[keys.static :]
    return {
        "writable": [str(each) for each in loaded[: keys.loaded_writable]],
        "readonly": [str(each) for each in loaded[keys.loaded_writable :]],
    }


def lamports_of(accounts: Sequence[Account | None]) -> list[int]:
    """Lamports of each account, zero where there is none."""
    return [0 if account is None else account.lamports for account in accounts]


def token_balances(keys: Keys, accounts: Sequence[Account | None], lookup: Lookup) -> list[Object]:
    """Rows for those of a transaction's accounts that hold tokens."""
    shown: list[Object] = []
    if not TOKEN_PROGRAMS.intersection(keys.addresses):
        return shown  # a node looks for tokens only where a token program is named
    for index, account in enumerate(accounts):
        held = token_account(account)
        its_mint = None if held is None else mint(lookup(held.mint))
        if held is None or its_mint is None or account is None:
            continue
        shown.append(
            {
                "accountIndex": index,
                "mint": str(held.mint),
                "owner": str(held.owner),
                "programId": str(account.owner),
                "uiTokenAmount": ui_amount(held.units, its_mint.decimals),
            }
        )
    return shown


def _meta(execution: Execution, lookup: Lookup) -> Object:
    keys, meta = execution.keys, execution.meta
    err = error_json(execution.error)
    returned = meta.return_data()
    shown: Object = {
        "err": err,
        "status": {"Ok": None} if err is None else {"Err": err},
        "fee": execution.fee,
        "preBalances": lamports_of(execution.before),
        "postBalances": lamports_of(execution.after),
        "innerInstructions": inner_json(meta.inner_instructions()) if execution.has_run else None,
        "logMessages": meta.logs() if execution.has_run else None,
        "preTokenBalances": _as_stored(token_balances(keys, execution.before, lookup)),
        "postTokenBalances": _as_stored(token_balances(keys, execution.after, lookup)),
        "rewards": [],
        "loadedAddresses": loaded_json(keys),
        "computeUnitsConsumed": meta.compute_units_consumed(),
        "costUnits": meta.compute_units_consumed(),
    }
    data = return_data_json(returned)
    if data is not None:
        shown["returnData"] = data
    return shown


def _as_stored(balances: list[Object]) -> list[Object]:
    """As a node reads them back: its store cannot tell a `uiAmount` of zero from none."""
    for each in balances:
        amount = each["uiTokenAmount"]
        amount["uiAmount"] = amount["uiAmount"] or None
    return balances


def _compiled_inner(inner: object) -> Object:
    instruction = inner.instruction()  # type: ignore[attr-defined]
    return {
        "programIdIndex": instruction.program_id_index,
        "accounts": list(instruction.accounts),
        "data": base58.encode(bytes(instruction.data)),
        "stackHeight": inner.stack_height(),  # type: ignore[attr-defined]
    }


def _encoded(transaction: VersionedTransaction, raw: bytes, encoding: str, meta: Object) -> Json:
    match encoding:
        case "base64":
            return [base64.b64encode(raw).decode(), "base64"]
        case "base58":
            return [base58.encode(raw), "base58"]
        case "binary":
            return base58.encode(raw)
        case "json" | "jsonParsed":
            message = transaction.message
            return {
                "signatures": [str(each) for each in transaction.signatures],
                "message": _message_json(message)
                if encoding == "json"
                else _parsed_message_json(message, meta),
            }
        case _:
            raise invalid(f"unknown variant `{encoding}`, expected json or base64")


def _message_json(message: Message | MessageV0) -> Object:
    header = message.header
    shown: Object = {
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": [str(each) for each in message.account_keys],
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": each.program_id_index,
                "accounts": list(each.accounts),
                "data": base58.encode(bytes(each.data)),
                "stackHeight": 1,
            }
            for each in message.instructions
        ],
    }
    if isinstance(message, MessageV0):
        shown["addressTableLookups"] = [
            {
                "accountKey": str(each.account_key),
                "writableIndexes": list(each.writable_indexes),
                "readonlyIndexes": list(each.readonly_indexes),
            }
            for each in message.address_table_lookups
        ]
    return shown


def _parsed_message_json(message: Message | MessageV0, meta: Object) -> Object:
    plain = _message_json(message)
    addresses = _addresses(plain["accountKeys"], meta)
    return {
        "accountKeys": _key_rows(message, meta),
        "recentBlockhash": plain["recentBlockhash"],
        "instructions": [_named(each, addresses) for each in plain["instructions"]],
        "addressTableLookups": plain.get("addressTableLookups"),
    }


def _parsed_meta(meta: Object, transaction: VersionedTransaction) -> Object:
    addresses = _addresses([str(each) for each in transaction.message.account_keys], meta)
    inner = [
        {**group, "instructions": [_named(each, addresses) for each in group["instructions"]]}
        for group in meta["innerInstructions"] or ()
    ]
    return {**meta, "innerInstructions": inner if meta["innerInstructions"] is not None else None}


def _addresses(static: list[str], meta: Object) -> list[str]:
    loaded = meta["loadedAddresses"]
    return [*static, *loaded["writable"], *loaded["readonly"]]


def _named(compiled: Object, addresses: list[str]) -> Object:
    """An instruction in the partially decoded form that nodes use for programs they do not know."""
    return {
        "programId": addresses[compiled["programIdIndex"]],
        "accounts": [addresses[index] for index in compiled["accounts"]],
        "data": compiled["data"],
        "stackHeight": compiled["stackHeight"],
    }


def _key_rows(message: Message | MessageV0, meta: Object) -> list[Object]:
    header, keys = message.header, message.account_keys
    signers = header.num_required_signatures
    rows = [
        {
            "pubkey": str(key),
            "signer": index < signers,
            "writable": index < signers - header.num_readonly_signed_accounts
            or signers <= index < len(keys) - header.num_readonly_unsigned_accounts,
            "source": "transaction",
        }
        for index, key in enumerate(keys)
    ]
    for kind, writable in (("writable", True), ("readonly", False)):
        rows += [
            {"pubkey": key, "signer": False, "writable": writable, "source": "lookupTable"}
            for key in meta["loadedAddresses"][kind]
        ]
    return rows
