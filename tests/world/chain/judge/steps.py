"""Instructions that acts are made of: System, SPL tokens, memos, nonces and precompiles."""

from __future__ import annotations

import struct

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    CreateAccountParams,
    TransferParams,
    WithdrawNonceAccountParams,
    advance_nonce_account,
    create_account,
    transfer,
    withdraw_nonce_account,
)

from quantdesk.adapters.chain.addresses import (
    ASSOCIATED_TOKEN_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
)
from tests.world.chain.judge.actor import Actor, readable, signer, writable

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
ED25519 = Pubkey.from_string("Ed25519SigVerify111111111111111111111111111")
COMPUTE_BUDGET = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")
NONCE_SPACE, MINT_SPACE, TOKEN_SPACE = 80, 82, 165


def pay(payer: Pubkey, to: Pubkey, lamports: int) -> Instruction:
    """A System transfer."""
    return transfer(TransferParams(from_pubkey=payer, to_pubkey=to, lamports=lamports))


def create(actor: Actor, to: Pubkey, *, space: int, owner: Pubkey) -> Instruction:
    """A System account with exactly its rent."""
    return create_account(
        CreateAccountParams(
            from_pubkey=actor.address,
            to_pubkey=to,
            lamports=actor.rents[space],
            space=space,
            owner=owner,
        )
    )


def memo(actor: Actor, text: bytes) -> Instruction:
    """A memo signed by the actor."""
    return Instruction(MEMO, text, [signer(actor.address)])


def token_account(actor: Actor, owner: Pubkey, *, is_idempotent: bool) -> Instruction:
    """An associated token account of the actor's USDC, paid by the actor."""
    metas = [
        *(writable(actor.address), writable(associated_token_account(owner, actor.mint))),
        *map(readable, (owner, actor.mint, SYSTEM_PROGRAM, TOKEN_PROGRAM)),
    ]
    return Instruction(ASSOCIATED_TOKEN_PROGRAM, bytes([is_idempotent]), metas)


def token_transfer(actor: Actor, heir: Pubkey, units: int, *, checked: bool) -> Instruction:
    """Tokens from the actor's account to the heir's."""
    to = associated_token_account(heir, actor.mint)
    if checked:
        metas = [writable(actor.tokens), readable(actor.mint), writable(to), signer(actor.address)]
        return Instruction(TOKEN_PROGRAM, struct.pack("<BQB", 12, units, 6), metas)
    metas = [writable(actor.tokens), writable(to), signer(actor.address)]
    return Instruction(TOKEN_PROGRAM, struct.pack("<BQ", 3, units), metas)


def token_burn(actor: Actor, units: int) -> Instruction:
    """Destroy tokens of the actor."""
    metas = [writable(actor.tokens), writable(actor.mint), signer(actor.address)]
    return Instruction(TOKEN_PROGRAM, struct.pack("<BQ", 8, units), metas)


def token_approve(actor: Actor, delegate: Pubkey, units: int) -> Instruction:
    """Let somebody else move the actor's tokens."""
    metas = [writable(actor.tokens), readable(delegate), signer(actor.address)]
    return Instruction(TOKEN_PROGRAM, struct.pack("<BQ", 4, units), metas)


def token_revoke(actor: Actor) -> Instruction:
    """Take that back."""
    return Instruction(TOKEN_PROGRAM, b"\x05", [writable(actor.tokens), signer(actor.address)])


def token_close(account: Pubkey, owner: Pubkey) -> Instruction:
    """Close a token account; its lamports go to the owner."""
    metas = [writable(account), writable(owner), signer(owner)]
    return Instruction(TOKEN_PROGRAM, b"\x09", metas)


def wrapped_sol(actor: Actor) -> tuple[Pubkey, list[Instruction]]:
    """The actor's account of wrapped SOL, and how it comes to be."""
    where = associated_token_account(actor.address, NATIVE_MINT)
    metas = [
        *(writable(actor.address), writable(where)),
        *map(readable, (actor.address, NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_PROGRAM)),
    ]
    made = Instruction(ASSOCIATED_TOKEN_PROGRAM, b"\x01", metas)
    synced = Instruction(TOKEN_PROGRAM, b"\x11", [writable(where)])
    return where, [made, pay(actor.address, where, 2_000_000 + actor.unique()), synced]


def new_nonce(actor: Actor, account: Keypair) -> list[Instruction]:
    """A nonce account whose authority is the actor."""
    metas = [
        writable(account.pubkey()),
        readable(Pubkey.from_string("SysvarRecentB1ockHashes11111111111111111111")),
        readable(Pubkey.from_string("SysvarRent111111111111111111111111111111111")),
    ]
    data = struct.pack("<I", 6) + bytes(actor.address)
    made = create(actor, account.pubkey(), space=NONCE_SPACE, owner=SYSTEM_PROGRAM)
    return [made, Instruction(SYSTEM_PROGRAM, data, metas)]


def advance(nonce: Pubkey, authority: Pubkey) -> Instruction:
    """The next hash of a nonce account."""
    return advance_nonce_account(
        AdvanceNonceAccountParams(nonce_pubkey=nonce, authorized_pubkey=authority)
    )


def withdraw_nonce(nonce: Pubkey, authority: Pubkey, lamports: int) -> Instruction:
    """Lamports out of a nonce account."""
    return withdraw_nonce_account(
        WithdrawNonceAccountParams(
            nonce_pubkey=nonce,
            authorized_pubkey=authority,
            to_pubkey=authority,
            lamports=lamports,
        )
    )


def ed25519(key: Keypair, message: bytes, *, is_forged: bool) -> Instruction:
    """The precompile that checks a signature, with key, signature and message in its data."""
    signature = bytearray(bytes(key.sign_message(message)))
    signature[0] ^= is_forged
    here, key_at, signature_at, message_at = 0xFFFF, 16, 48, 112
    offsets = (signature_at, here, key_at, here, message_at, len(message), here)
    data = b"\x01\x00" + struct.pack("<7H", *offsets)
    return Instruction(ED25519, data + bytes(key.pubkey()) + bytes(signature) + message, [])


def budget(data: bytes) -> Instruction:
    """A raw instruction to the compute budget."""
    return Instruction(COMPUTE_BUDGET, data, [])
