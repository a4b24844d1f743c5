"""Accounts as the JSON-RPC shows them: base58, base64, zstd, slices and parsed tokens."""

import base64
from collections.abc import Callable

from solders.account import Account
from solders.pubkey import Pubkey

from quantdesk.world.chain import base58
from quantdesk.world.chain.errors import INVALID_REQUEST, RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import RENT_EPOCH
from quantdesk.world.chain.token_json import parsed_token

BASE58_BYTES_MAX = 128
ZSTD_BLOCK_MAX = 128 << 10

Lookup = Callable[[Pubkey], Account | None]

_CLOSED: Object = {
    "lamports": 0,
    "owner": "11111111111111111111111111111111",
    "data": ["", "base64"],
    "executable": False,
    "rentEpoch": RENT_EPOCH,
    "space": 0,
}


class TooLongForBase58(RpcError):
    """The account must be asked for in base64."""

    def __init__(self) -> None:
        super().__init__(
            INVALID_REQUEST,
            "Encoded binary (base 58) data should be less than 128 bytes, "
            "please use Base64 encoding.",
        )


def noted_account_json(account: Account | None, options: Object, lookup: Lookup) -> Json:
    """As notifications show it: a closed account is empty, and bytes too long for base58 a note."""
    if account is None:
        return _CLOSED
    try:
        return account_json(account, options, lookup)
    except TooLongForBase58:
        shown = account_json(account, {**options, "encoding": "base64"}, lookup)
        return {**shown, "data": "error: data too large for bs58 encoding"}


def account_json(account: Account | None, options: Object, lookup: Lookup) -> Json:
    """One account under `encoding` and `dataSlice`; `lookup` finds the mint of a token account."""
    if account is None:
        return None
    return {
        "lamports": account.lamports,
        "owner": str(account.owner),
        "data": _data_json(account, options, lookup),
        "executable": account.executable,
        "rentEpoch": RENT_EPOCH,
        "space": len(account.data),
    }


def _data_json(account: Account, options: Object, lookup: Lookup) -> Json:
    encoding = options.get("encoding") or "binary"
    if encoding == "jsonParsed":
        parsed = parsed_token(account, lookup)
        if parsed is not None:
            return parsed
        encoding = "base64"
    data = _sliced(account.data, options.get("dataSlice"))
    match encoding:
        case "base64":
            return [base64.b64encode(data).decode(), "base64"]
        case "base64+zstd":
            return [base64.b64encode(_zstd_frame(data)).decode(), "base64+zstd"]
        case "base58" | "binary":
            if len(data) > BASE58_BYTES_MAX:
                raise TooLongForBase58
            text = base58.encode(data)
            return text if encoding == "binary" else [text, "base58"]
        case _:
            raise invalid(f"unknown variant `{encoding}`, expected base58, base64 or jsonParsed")


def _sliced(data: bytes, window: Object | None) -> bytes:
    if window is None:
        return data
    offset, length = window["offset"], window["length"]
    return data[offset : offset + length]


def _zstd_frame(data: bytes) -> bytes:
    """A Zstandard frame of stored blocks (RFC 8878): readable by all, without a compressor."""
    frame = [b"\x28\xb5\x2f\xfd\xa0", len(data).to_bytes(4, "little")]
    for start in range(0, max(1, len(data)), ZSTD_BLOCK_MAX):
        block = data[start : start + ZSTD_BLOCK_MAX]
        is_last = start + ZSTD_BLOCK_MAX >= len(data)
        frame += [(len(block) << 3 | is_last).to_bytes(3, "little"), block]
    return b"".join(frame)
