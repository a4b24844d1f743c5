"""What a message pays to land: signatures, and a price per compute unit when it names one."""

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

LAMPORTS_PER_SIGNATURE = 5_000
_DEFAULT_UNITS = 200_000
_BUILTIN_UNITS = 3_000
_UNITS_MAX = 1_400_000
_SET_UNITS, _SET_PRICE = 2, 3
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_BUILTINS = {
    _COMPUTE_BUDGET,
    *map(
        Pubkey.from_string,
        (
            "11111111111111111111111111111111",
            "Vote111111111111111111111111111111111111111",
            "BPFLoaderUpgradeab1e11111111111111111111111",
            "BPFLoader2111111111111111111111111111111111",
            "BPFLoader1111111111111111111111111111111111",
            "LoaderV411111111111111111111111111111111111",
        ),
    ),
}
"""Programs inside the validator: without a limit of its own an instruction of theirs gets less."""
_PRECOMPILES = set(
    map(
        Pubkey.from_string,
        (
            "Ed25519SigVerify111111111111111111111111111",
            "KeccakSecp256k11111111111111111111111111111",
            "Secp256r1SigVerify1111111111111111111111111",
        ),
    )
)
"""A signature they check costs like one of the transaction; their first byte counts them."""


def fee_of(message: Message | MessageV0, *, is_priced: bool = True) -> int:
    """Lamports, the priority fee rounded up; without it unless `is_priced`."""
    units, price, default, checked = None, 0, 0, 0
    for each in message.instructions:
        data, program = bytes(each.data), message.account_keys[each.program_id_index]
        is_builtin = program in _BUILTINS or program in _PRECOMPILES
        default += _BUILTIN_UNITS if is_builtin else _DEFAULT_UNITS
        if program in _PRECOMPILES:
            checked += data[0] if data else 0
        if program == _COMPUTE_BUDGET and data[:1] == bytes([_SET_UNITS]):
            units = int.from_bytes(data[1:5], "little")
        elif program == _COMPUTE_BUDGET and data[:1] == bytes([_SET_PRICE]):
            price = int.from_bytes(data[1:9], "little")
    limit = min(_UNITS_MAX, default if units is None else units)
    base = LAMPORTS_PER_SIGNATURE * (message.header.num_required_signatures + checked)
    return base - (-limit * price // 1_000_000 if is_priced else 0)
