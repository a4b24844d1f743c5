"""What a node says about itself and about time."""

from solders.hash import Hash

from quantdesk.world.chain.bank import FAUCET_LAMPORTS, Bank
from quantdesk.world.chain.config import FIRST_SLOT, SLOTS_IN_EPOCH
from quantdesk.world.chain.errors import NODE_UNHEALTHY, RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.params import (
    API_VERSION,
    Params,
    address,
    context,
    raw_bytes,
)

FEE_ACCOUNTS_MAX = 128
SAMPLES_MAX = 720
IDENTITY = "QDLoca1Va1idator1111111111111111111111111111"


def get_health(bank: Bank, _params: Params) -> str:
    """Healthy once genesis is complete."""
    if not bank.is_ready:
        raise RpcError(NODE_UNHEALTHY, "Node is unhealthy", {"numSlotsBehind": None})
    return "ok"


def get_version(_bank: Bank, _params: Params) -> Object:
    """The runtime's version."""
    return {"solana-core": API_VERSION, "feature-set": 0}


def get_genesis_hash(bank: Bank, _params: Params) -> str:
    """Which chain this is."""
    return str(bank.genesis_hash)


def get_identity(_bank: Bank, _params: Params) -> Object:
    """The one leader of every slot."""
    return {"identity": IDENTITY}


def get_slot(bank: Bank, params: Params) -> Json:
    """Newest slot at a commitment."""
    return context(bank, params.options(0))["slot"]


def get_block_height(bank: Bank, params: Params) -> Json:
    """No slot is skipped here, so the height is the slot."""
    return context(bank, params.options(0))["slot"]


def get_slot_leader(bank: Bank, params: Params) -> str:
    """The one leader of every slot."""
    context(bank, params.options(0))
    return IDENTITY


def get_transaction_count(bank: Bank, params: Params) -> int:
    """Transactions ever landed."""
    context(bank, params.options(0))
    return bank.ledger.count()


def get_epoch_info(bank: Bank, params: Params) -> Object:
    """Where in the epoch the chain is."""
    slot = context(bank, params.options(0))["slot"]
    return {
        "absoluteSlot": slot,
        "blockHeight": slot,
        "epoch": slot // SLOTS_IN_EPOCH,
        "slotIndex": slot % SLOTS_IN_EPOCH,
        "slotsInEpoch": SLOTS_IN_EPOCH,
        "transactionCount": bank.ledger.count(),
    }


def get_epoch_schedule(_bank: Bank, _params: Params) -> Object:
    """Epochs of equal length from the first slot."""
    return {
        "firstNormalEpoch": 0,
        "firstNormalSlot": 0,
        "leaderScheduleSlotOffset": SLOTS_IN_EPOCH,
        "slotsPerEpoch": SLOTS_IN_EPOCH,
        "warmup": False,
    }


def get_latest_blockhash(bank: Bank, params: Params) -> Object:
    """A blockhash and the last block height at which it may be used."""
    where = context(bank, params.options(0))
    slot = where["slot"]
    return {
        "context": where,
        "value": {
            "blockhash": str(bank.clock.blockhash(slot)),
            "lastValidBlockHeight": bank.last_valid_height(slot),
        },
    }


def is_blockhash_valid(bank: Bank, params: Params) -> Object:
    """Whether a transaction with this blockhash could still land."""
    where = context(bank, params.options(1))
    raw = raw_bytes(params.get(0), "base58")
    if len(raw) != Hash.LENGTH:
        raise invalid("Invalid param: WrongSize")
    blockhash = Hash.from_bytes(raw)
    slot = bank.clock.slot_of(blockhash)
    is_valid = slot is not None and slot <= where["slot"] <= bank.last_valid_height(slot)
    return {"context": where, "value": is_valid}


def get_recent_prioritization_fees(bank: Bank, params: Params) -> list[Object]:
    """Nobody competes for this chain's blocks."""
    asked = params.get(0) or []
    if len(asked) > FEE_ACCOUNTS_MAX:
        raise invalid(f"Too many inputs provided; max {FEE_ACCOUNTS_MAX}")
    for each in asked:
        address(each)
    return [{"slot": slot, "prioritizationFee": 0} for slot in range(bank.slot - 149, bank.slot)]


def get_recent_performance_samples(bank: Bank, params: Params) -> list[Object]:
    """One sample: the whole life of the chain, scaled to a minute."""
    asked = params.get(0)
    if asked == 0:
        return []
    if asked is not None and asked > SAMPLES_MAX:
        raise invalid(f"Invalid limit; max {SAMPLES_MAX}")
    count, slots = bank.ledger.count(), max(1, bank.slot - FIRST_SLOT)
    per_minute = 60_000 // bank.config.slot_ms
    return [
        {
            "slot": bank.slot,
            "numSlots": per_minute,
            "numTransactions": count * per_minute // slots,
            "numNonVoteTransactions": count * per_minute // slots,
            "samplePeriodSecs": 60,
        }
    ]


def get_cluster_nodes(bank: Bank, _params: Params) -> list[Object]:
    """This node."""
    where = f"{bank.config.host}:{bank.config.rpc_port}"
    return [
        {
            "pubkey": IDENTITY,
            "gossip": None,
            "tpu": None,
            "rpc": where,
            "pubsub": None,
            "version": API_VERSION,
            "featureSet": 0,
            "shredVersion": 0,
        }
    ]


def get_supply(bank: Bank, params: Params) -> Object:
    """All test lamports; none of them is locked."""
    value = {
        "total": FAUCET_LAMPORTS,
        "circulating": FAUCET_LAMPORTS,
        "nonCirculating": 0,
        "nonCirculatingAccounts": [],
    }
    return {"context": context(bank, params.options(0)), "value": value}


METHODS = {
    "getHealth": get_health,
    "getVersion": get_version,
    "getGenesisHash": get_genesis_hash,
    "getIdentity": get_identity,
    "getSlot": get_slot,
    "getBlockHeight": get_block_height,
    "getEpochInfo": get_epoch_info,
    "getEpochSchedule": get_epoch_schedule,
    "getLatestBlockhash": get_latest_blockhash,
    "isBlockhashValid": is_blockhash_valid,
    "getRecentPrioritizationFees": get_recent_prioritization_fees,
    "getRecentPerformanceSamples": get_recent_performance_samples,
    "getClusterNodes": get_cluster_nodes,
    "getSupply": get_supply,
    "getSlotLeader": get_slot_leader,
    "getVoteAccounts": lambda _bank, _params: {"current": [], "delinquent": []},
    "getTransactionCount": get_transaction_count,
}
