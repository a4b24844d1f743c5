"""Which parameters each method and subscription takes, checked before it begins."""

from dataclasses import dataclass

from quantdesk.world.chain.errors import INVALID_PARAMS, RpcError, invalid
from quantdesk.world.chain.json_types import Json
from quantdesk.world.chain.shapes import (
    Check,
    each,
    flag,
    one_of,
    struct,
    text,
    unit,
    unsigned,
    untagged,
    variant,
    wrong,
)

_U64, _USIZE = unsigned("u64"), unsigned("usize")
_VERSION = unsigned("u8", 255)
_ENCODING = one_of("binary", "base58", "base64", "jsonParsed", "base64+zstd")
_WIRE_ENCODING = one_of("binary", "base64", "base58", "json", "jsonParsed")
_CONTEXT = struct("RpcContextConfig", minContextSlot=_U64)
_COMMITMENT = struct("CommitmentConfig", minContextSlot=_U64)
_SLICE = struct("UiDataSliceConfig", ("offset", "length"), offset=_USIZE, length=_USIZE)
_ACCOUNT = struct("RpcAccountInfoConfig", encoding=_ENCODING, dataSlice=_SLICE, minContextSlot=_U64)
_MEMCMP = struct(
    "Memcmp",
    ("offset", "bytes"),
    offset=_USIZE,
    bytes=untagged("DataType", text, each(unsigned("u8", 255))),
    encoding=one_of("base58", "base64", "bytes"),
)
_PROGRAM = struct(
    "RpcProgramAccountsConfig",
    filters=each(variant(dataSize=_U64, memcmp=_MEMCMP, tokenAccountState=unit)),
    withContext=flag,
    sortResults=flag,
    encoding=_ENCODING,
    dataSlice=_SLICE,
    minContextSlot=_U64,
)
_TOKENS = variant(mint=text, programId=text)
_TRANSACTION = struct(
    "RpcTransactionConfig", encoding=_WIRE_ENCODING, maxSupportedTransactionVersion=_VERSION
)
_BLOCK = struct(
    "RpcBlockConfig",
    encoding=_WIRE_ENCODING,
    transactionDetails=one_of("full", "signatures", "none", "accounts"),
    rewards=flag,
    maxSupportedTransactionVersion=_VERSION,
)
_SEND = struct(
    "RpcSendTransactionConfig",
    skipPreflight=flag,
    encoding=_WIRE_ENCODING,
    maxRetries=_USIZE,
    minContextSlot=_U64,
)
_SIMULATE = struct(
    "RpcSimulateTransactionConfig",
    sigVerify=flag,
    replaceRecentBlockhash=flag,
    innerInstructions=flag,
    encoding=_WIRE_ENCODING,
    accounts=struct(
        "RpcSimulateTransactionAccountsConfig",
        ("addresses",),
        encoding=_ENCODING,
        addresses=each(text),
    ),
    minContextSlot=_U64,
)
_HISTORY = struct(
    "RpcSignaturesForAddressConfig", before=text, until=text, limit=_USIZE, minContextSlot=_U64
)
_SUPPLY = struct("RpcSupplyConfig", excludeNonCirculatingAccountsList=flag, minContextSlot=_U64)


@dataclass(frozen=True, slots=True)
class Takes:
    """How many values a call needs, and what each must be; one it can do without may be `null`."""

    least: int
    checks: tuple[Check, ...] = ()
    is_exact: bool = False

    def require(self, values: list[Json]) -> None:
        """Pass values that fit; raises RpcError."""
        count, most = len(values), len(self.checks)
        if not self.least <= count <= most:
            raise self._refusal(count, most)
        for at, value in enumerate(values):
            if value is not None or at < self.least:
                self.checks[at](value)

    def _refusal(self, count: int, most: int) -> RpcError:
        if self.is_exact:
            return wrong(f"invalid length {count}, expected a tuple of size {most}")
        if count < self.least:
            return invalid(f"`params` should have at least {self.least} argument(s)")
        if not most:
            return invalid("Invalid parameters: No parameters were expected")
        words = f"Invalid parameters: Expected from {self.least} to {most} parameters."
        return RpcError(INVALID_PARAMS, words, f'"Got: {count}"')


def _takes(least: int, *checks: Check) -> Takes:
    return Takes(least, checks)


_NOTHING = Takes(0)
_ONE_ID = Takes(1, (_U64,), is_exact=True)
_AT_A_SLOT = _takes(0, _CONTEXT)
_OF_AN_ACCOUNT = _takes(1, text, _ACCOUNT)
_OF_A_TOKEN = _takes(1, text, _COMMITMENT)
_OF_AN_OWNER = _takes(2, text, _TOKENS, _ACCOUNT)

TAKES: dict[str, Takes] = {
    "getAccountInfo": _OF_AN_ACCOUNT,
    "getMultipleAccounts": _takes(1, each(text), _ACCOUNT),
    "getBalance": _takes(1, text, _CONTEXT),
    "getProgramAccounts": _takes(1, text, _PROGRAM),
    "getMinimumBalanceForRentExemption": _takes(1, _USIZE, _COMMITMENT),
    "getTokenAccountBalance": _OF_A_TOKEN,
    "getTokenSupply": _OF_A_TOKEN,
    "getTokenLargestAccounts": _OF_A_TOKEN,
    "getTokenAccountsByOwner": _OF_AN_OWNER,
    "getTokenAccountsByDelegate": _OF_AN_OWNER,
    "sendTransaction": _takes(1, text, _SEND),
    "simulateTransaction": _takes(1, text, _SIMULATE),
    "getSignatureStatuses": _takes(
        1, each(text), struct("RpcSignatureStatusConfig", searchTransactionHistory=flag)
    ),
    "getTransaction": _takes(
        1, text, untagged("RpcEncodingConfigWrapper", _WIRE_ENCODING, _TRANSACTION)
    ),
    "getSignaturesForAddress": _takes(1, text, _HISTORY),
    "getFeeForMessage": _takes(1, text, _CONTEXT),
    "isBlockhashValid": _takes(1, text, _CONTEXT),
    "requestAirdrop": _takes(2, text, _U64, struct("RpcRequestAirdropConfig")),
    "getBlock": _takes(1, _U64, untagged("RpcEncodingConfigWrapper", _WIRE_ENCODING, _BLOCK)),
    "getBlocks": _takes(1, _U64, untagged("RpcBlocksConfigWrapper", _U64, _CONTEXT), _CONTEXT),
    "getBlocksWithLimit": _takes(2, _U64, _USIZE, _CONTEXT),
    "getBlockTime": _ONE_ID,
    "getRecentPrioritizationFees": _takes(0, each(text)),
    "getRecentPerformanceSamples": _takes(0, _USIZE),
    "getSupply": _takes(0, _SUPPLY),
    "getVoteAccounts": _takes(0, struct("RpcGetVoteAccountsConfig")),
    **dict.fromkeys(
        (
            "getSlot",
            "getBlockHeight",
            "getEpochInfo",
            "getLatestBlockhash",
            "getSlotLeader",
            "getTransactionCount",
        ),
        _AT_A_SLOT,
    ),
    **dict.fromkeys(
        (
            "getHealth",
            "getVersion",
            "getGenesisHash",
            "getIdentity",
            "getEpochSchedule",
            "getClusterNodes",
            "getFirstAvailableBlock",
            "minimumLedgerSlot",
        ),
        _NOTHING,
    ),
}

SUBSCRIPTIONS: dict[str, Takes] = {
    "account": _OF_AN_ACCOUNT,
    "program": _takes(1, text, _PROGRAM),
    "logs": _takes(
        1,
        variant(all=unit, allWithVotes=unit, mentions=each(text)),
        struct("RpcTransactionLogsConfig"),
    ),
    "signature": _takes(
        1, text, struct("RpcSignatureSubscribeConfig", enableReceivedNotification=flag)
    ),
    "slot": _NOTHING,
    "root": _NOTHING,
}
UNSUBSCRIBE = _ONE_ID
