"""Sending and finding transactions."""

import orjson
from solders.message import from_bytes_versioned
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.errors import (
    PREFLIGHT_FAILURE,
    RpcError,
    invalid,
)
from quantdesk.world.chain.fees import fee_of
from quantdesk.world.chain.incoming import budget_error, incoming, require_resolvable
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.methods.simulation import refused, simulate_transaction, simulated
from quantdesk.world.chain.params import (
    Params,
    commitment,
    committed,
    context,
    raw_bytes,
    signature,
)
from quantdesk.world.chain.transaction_json import block_transaction_json
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
    is_signed, is_checked = all(transaction.verify_with_results()), not options.get("skipPreflight")
    asked = commitment(options, key="preflightCommitment")
    level = asked if is_checked else "processed"
    context(bank, options, level)
    if is_checked:
        _preflight(bank, transaction, level, is_signed=is_signed)
    elif not is_signed:
        return str(transaction.signatures[0])
    if not bank.config.faults.takes("lose_transactions"):
        bank.land(transaction, raw)
    return str(transaction.signatures[0])


def get_signature_statuses(bank: Bank, params: Params) -> Object:
    """Where each signature stands, null for one that never landed."""
    asked = params.get(0)
    if len(asked) > STATUSES_MAX:
        raise invalid(f"Too many inputs provided; max {STATUSES_MAX}")
    value = [_status(bank, bank.ledger.status(bytes(signature(each)))) for each in asked]
    return {"context": context(bank, {}, "processed"), "value": value}


def get_transaction(bank: Bank, params: Params) -> Json:
    """A landed transaction with its effects, null when unknown at that commitment."""
    options = params.encoded_options(1)
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
    asked = options.get("limit")
    limit = HISTORY_MAX if asked is None else asked
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
    """What a message costs to land, null when its blockhash is not known at the commitment."""
    options = params.options(1)
    where, raw = context(bank, options), raw_bytes(params.get(0), "base64")
    try:
        message = from_bytes_versioned(raw)
    except ValueError as problem:
        raise invalid(f"failed to deserialize message: {problem}") from problem
    if len(raw) > MESSAGE_BYTES_MAX:
        raise invalid(f"decoded message too large: {len(raw)} bytes (max: {MESSAGE_BYTES_MAX})")
    require_resolvable(bank, message)
    if not bank.knows_blockhash(message, commitment(options)):
        return {"context": where, "value": None}
    # A budget that cannot be read asks for no priority.
    return {"context": where, "value": fee_of(message, is_priced=budget_error(message) is None)}


def request_airdrop(bank: Bank, params: Params) -> str:
    """Test lamports from the faucet."""
    return str(bank.airdrop(params.address(0), params.integer(1)))


def _preflight(
    bank: Bank, transaction: VersionedTransaction, level: str, *, is_signed: bool
) -> None:
    refusal = bank.refusal(transaction, level) if is_signed else "SignatureFailure"
    if refusal is not None:
        value = refused(refusal)
    else:
        result = bank.machine.simulate(transaction)
        if result.error is None:
            return
        value = refused(None) | simulated(bank, result)
    sentence = error_sentence(value["err"])
    raise RpcError(PREFLIGHT_FAILURE, f"Transaction simulation failed: {sentence}", value)


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
