"""What a message pays to land: signatures, and a price per compute unit when it names one."""

from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

LAMPORTS_PER_SIGNATURE = 5_000
_DEFAULT_UNITS = 200_000
_UNITS_MAX = 1_400_000
_SET_UNITS, _SET_PRICE = 2, 3
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")


def fee_of(message: Message | MessageV0) -> int:
    """Lamports, the priority fee rounded up."""
    units, price, others = None, 0, 0
    for each in message.instructions:
        data = bytes(each.data)
        if message.account_keys[each.program_id_index] != _COMPUTE_BUDGET:
            others += 1
        elif data[:1] == bytes([_SET_UNITS]):
            units = int.from_bytes(data[1:5], "little")
        elif data[:1] == bytes([_SET_PRICE]):
            price = int.from_bytes(data[1:9], "little")
    limit = min(_UNITS_MAX, others * _DEFAULT_UNITS if units is None else units)
    base = LAMPORTS_PER_SIGNATURE * message.header.num_required_signatures
    return base - (-limit * price // 1_000_000)
