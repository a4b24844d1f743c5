"""Who acts before the judge, and what one act is.

Each actor has keys and accounts of its own and acts in order; actors share nothing whose value
depends on who came first, so two chains are asked exactly the same.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.adapters.chain.program import Program

USDC = 10**6
HEIRS = 4


class Mischief(Enum):
    """What is done to a transaction that nothing is wrong with otherwise."""

    FORGED_SIGNATURE = "a bit of the signature is flipped"
    MISSING_SIGNATURE = "one signature is left empty"
    UNKNOWN_BLOCKHASH = "the blockhash was never one of this chain"
    TWICE = "the same bytes are sent a second time"
    SAME_ACCOUNT_TWICE = "one account stands in the message twice"
    TOO_LONG = "it is longer than a packet"
    CUT_SHORT = "its last bytes are missing"
    UNKNOWN_TABLE = "its lookup table does not exist"
    BEYOND_TABLE = "it names an entry past the end of its lookup table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One transaction to send; `unit_limit` None leaves the network's default."""

    name: str
    instructions: Sequence[Instruction]
    signers: Sequence[Keypair]
    is_good: bool
    unit_limit: int | None = None
    unit_price: int = 0
    is_legacy: bool = False
    uses_table: bool = False
    nonce: Pubkey | None = None
    """The durable nonce whose stored hash takes the place of a blockhash."""
    mischief: Mischief | None = None
    needs_later_price: bool = False
    """Whether it waits for a price published after everything so far, which fills an order."""


@dataclass(slots=True)
class Actor:
    """One trader with everything it owns, and what its good acts have led to so far."""

    number: int
    build: Instructions
    mint: Pubkey
    table: AddressLookupTableAccount
    rents: dict[int, int]
    """Lamports that keep an account of so many bytes."""
    draw: random.Random = field(default_factory=random.Random)
    orders: int = 0
    spares: int = 0
    tricks: int = 0
    subs: int = 1
    open_orders: list[int] = field(default_factory=list)
    delegates: list[Pubkey] = field(default_factory=list)
    heirs_with_tokens: set[int] = field(default_factory=set)
    spared: list[Pubkey] = field(default_factory=list)
    """Accounts made on the way, to be compared at the end."""

    @property
    def program(self) -> Program:
        return self.build.program

    @property
    def key(self) -> Keypair:
        return key_of(f"actor {self.number}")

    @property
    def address(self) -> Pubkey:
        return self.key.pubkey()

    @property
    def tokens(self) -> Pubkey:
        return associated_token_account(self.address, self.mint)

    @property
    def account(self) -> Pubkey:
        return self.sub_account(0)

    @property
    def trader(self) -> Trader:
        return Trader(address=self.account, owner=self.address)

    def sub_account(self, number: int) -> Pubkey:
        return self.program.addresses.user_account(self.address, number)

    def heir(self, number: int) -> Keypair:
        return key_of(f"heir {self.number} {number}")

    def spare(self) -> Keypair:
        """A key that nobody has used."""
        self.spares += 1
        found = key_of(f"spare {self.number} {self.spares}")
        self.spared.append(found.pubkey())
        return found

    def unique(self) -> int:
        """A small number that this actor has not used, so that no two acts are the same bytes."""
        self.spares += 1
        return self.spares

    def good(self, name: str, *steps: Instruction, also: Sequence[Keypair] = ()) -> Case:
        """An act that must succeed; its budget and version as the draw says."""
        return Case(
            name=name,
            instructions=steps,
            signers=[self.key, *also],
            is_good=True,
            unit_limit=self.draw.choice([None, None, 300_000]),
            unit_price=self.draw.choice([0, 0, 10_000]),
            is_legacy=self.draw.choice([False, False, True]),
        )

    def bad(self, name: str, *steps: Instruction, also: Sequence[Keypair] = ()) -> Case:
        """An act that must be refused, or fail and pay its fee."""
        return Case(
            name=name,
            instructions=steps,
            signers=[self.key, *also],
            is_good=False,
            unit_price=self.draw.choice([0, 0, 10_000]),
            is_legacy=self.draw.choice([False, False, True]),
        )


def key_of(name: str) -> Keypair:
    """A key that is the same in every run."""
    return Keypair.from_seed(hashlib.sha256(f"quantdesk judge {name}".encode()).digest())


def writable(address: Pubkey) -> AccountMeta:
    """An account to write."""
    return AccountMeta(address, is_signer=False, is_writable=True)


def readable(address: Pubkey) -> AccountMeta:
    """An account to read."""
    return AccountMeta(address, is_signer=False, is_writable=False)


def signer(address: Pubkey) -> AccountMeta:
    """An account that signs and is read."""
    return AccountMeta(address, is_signer=True, is_writable=False)
