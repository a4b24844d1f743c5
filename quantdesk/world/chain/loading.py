"""What a cluster checks while it loads a transaction's accounts, and the virtual machine does not.

A transaction that fails here runs nothing, yet lands, pays its fee and uses up its nonce.
"""

from collections.abc import Callable, Sequence

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction_status import TransactionErrorFieldless as Plain
from solders.transaction_status import TransactionErrorType

UPGRADEABLE_LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
_SYSTEM = Pubkey.from_string("11111111111111111111111111111111")
_COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
_LOADED_DATA_LIMIT = 4
_ACCOUNT_BYTES = 64
_NONCE_SPACE = 80
_PROGRAM_DATA_AT = 4

Lookup = Callable[[Pubkey], Account | None]


def loading_error(
    message: Message | MessageV0, accounts: Sequence[Account | None], lookup: Lookup
) -> TransactionErrorType | None:
    """Why the accounts cannot be loaded; None when they can.

    `accounts` are those of the message in index order.
    """
    limit = _data_limit(message)
    if limit and limit < sum(loaded_bytes(each, lookup) for each in accounts):
        return Plain.MaxLoadedAccountsDataSizeExceeded
    for each in message.instructions:
        program = accounts[each.program_id_index]
        if program is None:
            return Plain.ProgramAccountNotFound
        if not program.executable:
            return Plain.InvalidProgramForExecution
    return None


def may_pay(payer: Account | None, fee: int, rent_minimum: int) -> bool:
    """Whether a failed loading can be charged to this account."""
    if payer is None or payer.owner != _SYSTEM or len(payer.data) not in (0, _NONCE_SPACE):
        return False
    left = payer.lamports - fee
    return left == 0 or left >= rent_minimum


def loaded_bytes(account: Account | None, lookup: Lookup) -> int:
    """What an account adds to the loaded data; a program brings its binary with it."""
    if account is None:
        return 0
    found = _ACCOUNT_BYTES + len(account.data)
    if account.executable and account.owner == UPGRADEABLE_LOADER:
        where = Pubkey.from_bytes(account.data[_PROGRAM_DATA_AT : _PROGRAM_DATA_AT + 32])
        binary = lookup(where)
        found += _ACCOUNT_BYTES + len(binary.data) if binary is not None else 0
    return found


def _data_limit(message: Message | MessageV0) -> int | None:
    for each in message.instructions:
        data = bytes(each.data)
        is_budget = message.account_keys[each.program_id_index] == _COMPUTE_BUDGET
        if is_budget and data[:1] == bytes([_LOADED_DATA_LIMIT]):
            return int.from_bytes(data[1:5], "little")  # zero is refused elsewhere
    return None
