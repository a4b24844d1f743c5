"""Durable nonces: a System account whose stored hash stands in for a recent blockhash.

The transaction's first instruction must advance it. It is advanced even when the rest of the
transaction fails, so the same signature never gets a second chance.
"""

import hashlib

from solders.account import Account
from solders.hash import Hash
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

_ADVANCE = (4).to_bytes(4, "little")
_INITIALIZED = (1).to_bytes(4, "little") * 2
"""Version "current" and state "initialized"."""
_NONCE = slice(40, 72)
_SPACE = 80


def nonce_account(message: Message | MessageV0) -> Pubkey | None:
    """The nonce account that the transaction's first instruction advances; None for most."""
    if not message.instructions:
        return None
    first, keys = message.instructions[0], message.account_keys
    indices = bytes(first.accounts)
    if keys[first.program_id_index] != SYSTEM_PROGRAM or bytes(first.data)[:4] != _ADVANCE:
        return None
    return keys[indices[0]] if indices and indices[0] < len(keys) else None


def holds(account: Account | None, blockhash: Hash) -> bool:
    """Whether the account is a nonce account that stores this hash now."""
    return (
        account is not None
        and account.owner == SYSTEM_PROGRAM
        and len(account.data) == _SPACE
        and account.data[:8] == _INITIALIZED
        and account.data[_NONCE] == bytes(blockhash)
    )


def advanced(account: Account, blockhash: Hash) -> Account:
    """The nonce account with its next hash, which follows from the machine's blockhash."""
    following = hashlib.sha256(b"DURABLE_NONCE" + bytes(blockhash)).digest()
    data = account.data[: _NONCE.start] + following + account.data[_NONCE.stop :]
    return Account(account.lamports, data, account.owner, account.executable, account.rent_epoch)
