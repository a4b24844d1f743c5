"""Blocks: a slot and the transactions that landed in it."""

from solders.signature import Signature

from quantdesk.world.chain.bank import Bank
from quantdesk.world.chain.config import FIRST_SLOT
from quantdesk.world.chain.errors import RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import Landed
from quantdesk.world.chain.params import Params, committed
from quantdesk.world.chain.transaction_json import block_accounts_json, block_transaction_json

BLOCK_NOT_AVAILABLE = -32004
BLOCKS_MAX = 500_000


def get_block(bank: Bank, params: Params) -> Object:
    """A block in full, as signatures only, or without transactions."""
    options, slot = params.encoded_options(1), params.integer(0)
    _require(bank, slot, committed(options))
    landed = bank.ledger.block(slot)
    block: Object = {
        "blockhash": str(bank.clock.blockhash(slot)),
        "previousBlockhash": str(bank.clock.blockhash(slot - 1)),
        "parentSlot": slot - 1,
        "blockHeight": slot,
        "blockTime": bank.clock.start_of(slot) // 1000,
    }
    block.update(_transactions(landed, options))
    if options.get("rewards", True):
        block["rewards"] = []
    return block


def get_blocks(bank: Bank, params: Params) -> list[int]:
    """Every slot in a range; none is skipped here."""
    first, last = params.integer(0), params.get(1)
    options = params.options(2 if isinstance(last, int) or last is None else 1)
    newest = bank.slot_of(committed(options))
    end = min(newest, last) if isinstance(last, int) else newest
    if end - first > BLOCKS_MAX:
        raise invalid(f"Slot range too large; max {BLOCKS_MAX}")
    return list(range(max(FIRST_SLOT, first), end + 1))


def get_blocks_with_limit(bank: Bank, params: Params) -> list[int]:
    """A number of slots from a start."""
    first, count = max(FIRST_SLOT, params.integer(0)), params.integer(1)
    if count > BLOCKS_MAX:
        raise invalid(f"Limit too large; max {BLOCKS_MAX}")
    newest = bank.slot_of(committed(params.options(2)))
    return list(range(first, min(newest, first + count - 1) + 1))


def get_block_time(bank: Bank, params: Params) -> Json:
    """Unix seconds at which a slot began."""
    slot = params.integer(0)
    _require(bank, slot, "processed")
    return bank.clock.start_of(slot) // 1000


def get_first_available_block(_bank: Bank, _params: Params) -> int:
    """The chain's first slot."""
    return FIRST_SLOT


def _require(bank: Bank, slot: int, level: str) -> None:
    if not FIRST_SLOT <= slot <= bank.slot_of(level):
        raise RpcError(BLOCK_NOT_AVAILABLE, f"Block not available for slot {slot}")


def _transactions(landed: list[Landed], options: Object) -> Object:
    match options.get("transactionDetails") or "full":
        case "none":
            return {}
        case "signatures":
            return {"signatures": [str(Signature.from_bytes(each.signature)) for each in landed]}
        case "accounts":
            return {"transactions": [block_accounts_json(each, options) for each in landed]}
        case _:
            return {"transactions": [block_transaction_json(each, options) for each in landed]}


METHODS = {
    "getBlock": get_block,
    "getBlocks": get_blocks,
    "getBlocksWithLimit": get_blocks_with_limit,
    "getBlockTime": get_block_time,
    "getFirstAvailableBlock": get_first_available_block,
    "minimumLedgerSlot": get_first_available_block,
}
