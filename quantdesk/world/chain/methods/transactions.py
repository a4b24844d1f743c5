"""Sending, simulating and finding transactions."""

import orjson
from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.account_json import account_json
from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import (
    PREFLIGHT_FAILURE,
    RpcError,
    error_json,
    invalid,
)
from quantdesk.world.chain.fees import fee_of
from quantdesk.world.chain.incoming import budget_error, incoming, require_resolvable
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.methods.accounts import lookup_at
from quantdesk.world.chain.params import (
    Params,
    address,
    committed,
    context,
    raw_bytes,
    signature,
)
from quantdesk.world.chain.transaction_json import (
    block_transaction_json,
    inner_json,
    return_data_json,
)
from quantdesk.world.chain.vm import Simulation
from quantdesk.world.chain.words import error_sentence

MESSAGE_BYTES_MAX = 1232
STATUSES_MAX = 256
HISTORY_MAX = 1000
_NO_LIMIT = 2**62


def send_transaction(bank: Bank, params: Params) -> str:
    """Accept a signed transaction; with preflight, refuse what would fail."""
    options = params.options(1)
    bank.advance()
    transaction, raw = incoming(bank, params.get(0), options.get("encoding") or "base58")
    is_signed = all(transaction.verify_with_results())
    if not options.get("skipPreflight"):
        _preflight(bank, transaction, is_signed=is_signed)
    elif not is_signed:
        return str(transaction.signatures[0])
    if not bank.config.faults.takes("lose_transactions"):
        bank.land(transaction, raw)
    return str(transaction.signatures[0])


def simulate_transaction(bank: Bank, params: Params) -> Object:
    """Run a transaction, signed or not, and show what it would do."""
    options = params.options(1)
    bank.advance()
    transaction, _ = incoming(bank, params.get(0), options.get("encoding") or "base58")
    where = context(bank, options)
    if options.get("sigVerify"):
        if options.get("replaceRecentBlockhash"):
            raise invalid("sigVerify may not be used with replaceRecentBlockhash")
        if not all(transaction.verify_with_results()):
            return {"context": where, "value": _refused("SignatureFailure")}
    value: Object = {"replacementBlockhash": None}
    if options.get("replaceRecentBlockhash"):
        value["replacementBlockhash"] = {
            "blockhash": str(bank.clock.blockhash(where["slot"])),
            "lastValidBlockHeight": bank.last_valid_height(where["slot"]),
        }
    elif (refusal := bank.refusal(transaction)) is not None:
        return {"context": where, "value": _refused(refusal)}
    result = bank.machine.simulate(transaction)
    value.update(_simulated(result, with_inner=bool(options.get("innerInstructions"))))
    value["accounts"] = _simulated_accounts(bank, result, options)
    return {"context": where, "value": value}


def get_signature_statuses(bank: Bank, params: Params) -> Object:
    """Where each signature stands, null for one that never landed."""
    asked = params.get(0)
    if not isinstance(asked, list) or len(asked) > STATUSES_MAX:
        raise invalid(f"Too many inputs provided; max {STATUSES_MAX}")
    value = [_status(bank, bank.ledger.status(bytes(signature(each)))) for each in asked]
    return {"context": context(bank, {"commitment": "processed"}), "value": value}


def get_transaction(bank: Bank, params: Params) -> Json:
    """A landed transaction with its effects, null when unknown at that commitment."""
    found = params.get(1)
    options = {"encoding": found} if isinstance(found, str) else params.options(1)
    landed = bank.ledger.transaction(params.signature(0))
    if landed is None or landed.slot > bank.slot_of(committed(options)):
        return None
    return {
        "slot": landed.slot,
        "blockTime": landed.block_time,
        **block_transaction_json(landed, options),
    }


def get_signatures_for_address(bank: Bank, params: Params) -> list[Object]:
    """Transactions that mention an address, newest first, between `until` and `before`."""
    options = params.options(1)
    limit = options.get("limit") or HISTORY_MAX
    if not 1 <= limit <= HISTORY_MAX:
        raise invalid(f"Invalid limit; max {HISTORY_MAX}")
    context(bank, options)
    newest = bank.slot_of(committed(options))
    oldest = _place(bank, options.get("until"), absent=0)
    youngest = _place(bank, options.get("before"), absent=_NO_LIMIT)
    rows = bank.ledger.mentions(
        params.address(0),
        ids=(oldest, youngest),
        slot_max=newest,
        limit=limit,
    )
    final = bank.slot_of("finalized")
    return [
        {
            "signature": str(Signature.from_bytes(raw)),
            "slot": slot,
            "err": None if err is None else orjson.loads(err),
            "memo": memo,
            "blockTime": at,
            "confirmationStatus": "finalized" if slot <= final else "confirmed",
        }
        for raw, slot, err, memo, at in rows
    ]


def get_fee_for_message(bank: Bank, params: Params) -> Object:
    """What a message costs to land, null when its blockhash has expired."""
    where = context(bank, params.options(1))
    raw = raw_bytes(params.get(0), "base64")
    try:
        message = from_bytes_versioned(raw)
    except ValueError as problem:
        raise invalid(f"failed to deserialize message: {problem}") from problem
    if len(raw) > MESSAGE_BYTES_MAX:
        raise invalid(f"decoded message too large: {len(raw)} bytes (max: {MESSAGE_BYTES_MAX})")
    require_resolvable(bank, message)
    if not bank.knows_blockhash(message):
        return {"context": where, "value": None}
    # A budget that cannot be read asks for no priority.
    return {"context": where, "value": fee_of(message, is_priced=budget_error(message) is None)}


def request_airdrop(bank: Bank, params: Params) -> str:
    """Test lamports from the faucet."""
    return str(bank.airdrop(params.address(0), params.integer(1)))


def _preflight(bank: Bank, transaction: VersionedTransaction, *, is_signed: bool) -> None:
    refusal = bank.refusal(transaction) if is_signed else "SignatureFailure"
    if refusal is not None:
        value = _refused(refusal)
    else:
        value = _simulated(bank.machine.simulate(transaction), with_inner=False)
    if value["err"] is not None:
        sentence = error_sentence(value["err"])
        raise RpcError(PREFLIGHT_FAILURE, f"Transaction simulation failed: {sentence}", value)


def _refused(reason: str) -> Object:
    return {
        "err": reason,
        "logs": [],
        "accounts": None,
        "unitsConsumed": 0,
        "returnData": None,
        "innerInstructions": None,
        "loadedAccountsDataSize": 0,
    }


def _simulated(result: Simulation, *, with_inner: bool) -> Object:
    meta = result.meta
    returned = meta.return_data()
    return {
        "err": error_json(result.error),
        "logs": meta.logs(),
        "accounts": None,
        "unitsConsumed": meta.compute_units_consumed(),
        "returnData": return_data_json(returned),
        "innerInstructions": inner_json(meta.inner_instructions()) if with_inner else None,
        "loadedAccountsDataSize": sum(len(each.data) for each in result.after.values()),
    }


def _simulated_accounts(bank: Bank, result: Simulation, options: Object) -> Json:
    asked = options.get("accounts")
    if not asked or result.error is not None:
        return None if not asked else [None] * len(asked["addresses"])
    shown = {"encoding": asked.get("encoding") or "base64"}
    lookup = lookup_at(bank, "processed")
    wanted = [address(each) for each in asked["addresses"]]
    return [account_json(result.after.get(each) or lookup(each), shown, lookup) for each in wanted]


def _status(bank: Bank, landed: tuple[int, str | None] | None) -> Json:
    if landed is None:
        return None
    slot, text = landed
    err = None if text is None else orjson.loads(text)
    reached = [level for level in ("finalized", "confirmed") if slot <= bank.slot_of(level)] or [
        "processed"
    ]
    return {
        "slot": slot,
        "confirmations": None if reached[0] == "finalized" else bank.slot - slot,
        "err": err,
        "status": {"Ok": None} if err is None else {"Err": err},
        "confirmationStatus": reached[0],
    }


def _place(bank: Bank, text: Json, *, absent: int) -> int:
    """A signature's place in history; an unknown one ends the search, as on a node."""
    if text is None:
        return absent
    return bank.ledger.transaction_id(signature(text)) or 0


METHODS = {
    "sendTransaction": send_transaction,
    "simulateTransaction": simulate_transaction,
    "getSignatureStatuses": get_signature_statuses,
    "getTransaction": get_transaction,
    "getSignaturesForAddress": get_signatures_for_address,
    "getFeeForMessage": get_fee_for_message,
    "requestAirdrop": request_airdrop,
}
