"""The judge's transactions: drawn from a seed, so two chains are asked exactly the same.

Each actor has keys and accounts of its own and acts in order; actors share nothing whose value
depends on who came first. What an actor does is good or bad as the draw says.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    AllocateParams,
    CreateAccountParams,
    TransferParams,
    allocate,
    create_account,
    transfer,
)

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
)
from quantdesk.adapters.chain.instructions import Instructions, Trader
from quantdesk.adapters.chain.program import Program
from quantdesk.adapters.chain.template import OrderPatch, fields_of

USDC = 10**6
MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
NEVER = 2_000_000_000
"""An expiry that is the same on both chains and too late for a market order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One transaction to send; `unit_limit` None leaves the network's default."""

    name: str
    instructions: Sequence[Instruction]
    signers: Sequence[Keypair]
    unit_limit: int | None = None
    unit_price: int = 0


@dataclass(slots=True)
class Actor:
    """One trader with everything it owns."""

    number: int
    build: Instructions
    mint: Pubkey
    orders: int = 0
    spares: int = 0
    draw: random.Random = field(default_factory=random.Random)

    @property
    def program(self) -> Program:
        return self.build.program

    @property
    def key(self) -> Keypair:
        return key_of(f"actor {self.number}")

    @property
    def tokens(self) -> Pubkey:
        return associated_token_account(self.key.pubkey(), self.mint)

    @property
    def account(self) -> Pubkey:
        return self.program.addresses.user_account(self.key.pubkey())

    @property
    def trader(self) -> Trader:
        return Trader(address=self.account, owner=self.key.pubkey())

    def case(self, name: str, *instructions: Instruction) -> Case:
        limit = self.draw.choice([None, None, 200_000, 2_000])
        price = self.draw.choice([0, 0, 10_000])
        return Case(
            name=name,
            instructions=instructions,
            signers=[self.key],
            unit_limit=limit,
            unit_price=price,
        )


def key_of(name: str) -> Keypair:
    """A key that is the same in every run."""
    return Keypair.from_seed(hashlib.sha256(f"quantdesk judge {name}".encode()).digest())


def draw_cases(actor: Actor, count: int) -> list[Case]:
    """The actor's transactions: first an account and money, then anything."""
    actor.draw.seed(f"judge {actor.number}")
    opening = [
        Case(name="open", instructions=[_open(actor)], signers=[actor.key]),
        Case(name="deposit", instructions=[_deposit(actor, 500 * USDC)], signers=[actor.key]),
    ]
    drawn = [_draw(actor) for _ in range(count - len(opening))]
    return opening + drawn


def _draw(actor: Actor) -> Case:
    name = actor.draw.choice(list(_KINDS))
    return actor.case(name, *_KINDS[name](actor))


def _open(actor: Actor, sub: int = 0) -> Instruction:
    return actor.build.create_user_account(actor.key.pubkey(), sub, f"actor {actor.number}")


def _deposit(actor: Actor, amount: int) -> Instruction:
    return actor.build.deposit(actor.trader, actor.mint, amount)


def _deposits(actor: Actor) -> list[Instruction]:
    return [_deposit(actor, actor.draw.choice([1, 7 * USDC, 0, 10**12]))]


def _withdrawals(actor: Actor) -> list[Instruction]:
    amount = actor.draw.choice([1, 3 * USDC, 0, 10**12])
    return [actor.build.withdraw(actor.trader, actor.mint, amount)]


def _place(actor: Actor) -> list[Instruction]:
    draw = actor.draw
    actor.orders += draw.choice([0, 1, 1, 1])
    order = OrderPatch(
        client_order_id=actor.orders,
        kind=draw.choice([1, 1, 1, 0, 9]),
        size_e9=draw.choice([10**9, -(10**9), 1, 0, 10**15]),
        limit_price_e6=draw.choice([150 * USDC, 149 * USDC, 1, 0]),
        reduce_only=draw.choice([False, False, False, True]),
        expires_at=draw.choice([0, 0, 1, NEVER]),
    )
    return [actor.build.place_order(actor.trader, 0, fields_of(order))]


def _cancel(actor: Actor) -> list[Instruction]:
    number = max(0, actor.orders - actor.draw.choice([0, 0, 1, 5]))
    order = actor.program.addresses.order(actor.account, number)
    return [actor.build.cancel_order(actor.trader, order)]


def _foreign(actor: Actor) -> list[Instruction]:
    other = actor.program.addresses.user_account(key_of(f"actor {actor.number + 1}").pubkey())
    return [actor.build.withdraw(Trader(address=other, owner=actor.key.pubkey()), actor.mint, USDC)]


def _transfers(actor: Actor) -> list[Instruction]:
    lamports = actor.draw.choice([1_000_000, 2_000_000, 10, 10**15])
    to = key_of(f"heir {actor.number} {actor.draw.randrange(3)}").pubkey()
    move = TransferParams(from_pubkey=actor.key.pubkey(), to_pubkey=to, lamports=lamports)
    return [transfer(move)] * actor.draw.choice([1, 1, 2])


def _allocates(actor: Actor) -> list[Instruction]:
    return [allocate(AllocateParams(pubkey=actor.key.pubkey(), space=actor.draw.randrange(9)))]


def _creates(actor: Actor) -> list[Instruction]:
    taken = CreateAccountParams(
        from_pubkey=actor.key.pubkey(),
        to_pubkey=actor.key.pubkey(),
        lamports=1_000_000,
        space=10,
        owner=SYSTEM_PROGRAM,
    )
    return [create_account(taken)]


def _token_account(actor: Actor) -> list[Instruction]:
    owner = key_of(f"heir {actor.number} {actor.draw.randrange(3)}").pubkey()
    return [tokens.create_token_account(actor.key.pubkey(), owner, actor.mint)]


def _token_transfer(actor: Actor) -> list[Instruction]:
    heir = key_of(f"heir {actor.number} {actor.draw.randrange(3)}").pubkey()
    amount = actor.draw.choice([1, USDC, 10**15])
    to = associated_token_account(heir, actor.mint)
    metas = [_writable(actor.tokens), _writable(to), _signer(actor.key.pubkey())]
    return [Instruction(TOKEN_PROGRAM, b"\x03" + amount.to_bytes(8, "little"), metas)]


def _token_close(actor: Actor) -> list[Instruction]:
    owner = actor.key.pubkey()
    metas = [_writable(actor.tokens), _writable(owner), _signer(owner)]
    return [Instruction(TOKEN_PROGRAM, b"\x09", metas)]


def _forged_mint(actor: Actor) -> list[Instruction]:
    return [tokens.mint_to(actor.mint, actor.tokens, actor.key.pubkey(), USDC)]


def _memo(actor: Actor) -> list[Instruction]:
    text = actor.draw.choice([b"hello", b"\xff\xfe", "café".encode()])
    return [Instruction(MEMO, text, [_signer(actor.key.pubkey())])]


def _nonsense(actor: Actor) -> list[Instruction]:
    data = actor.draw.randbytes(actor.draw.randrange(20))
    return [Instruction(actor.program.id, data, [_writable(actor.account)])]


def _cut_short(actor: Actor) -> list[Instruction]:
    whole = _deposit(actor, USDC)
    kept = actor.draw.randrange(len(whole.accounts))
    return [Instruction(whole.program_id, whole.data, whole.accounts[:kept])]


def _half_bad(actor: Actor) -> list[Instruction]:
    """The first instruction works; the second fails and must take it back."""
    return [_deposit(actor, USDC), *_foreign(actor)]


def _writable(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=False, is_writable=True)


def _signer(address: Pubkey) -> AccountMeta:
    return AccountMeta(address, is_signer=True, is_writable=False)


_KINDS: dict[str, Callable[[Actor], Sequence[Instruction]]] = {
    "open again": lambda actor: [_open(actor, actor.draw.choice([0, 1, 2]))],
    "deposit": _deposits,
    "withdraw": _withdrawals,
    "place": _place,
    "place twice": lambda actor: [*_place(actor), *_place(actor)],
    "cancel": _cancel,
    "foreign account": _foreign,
    "transfer": _transfers,
    "allocate": _allocates,
    "create": _creates,
    "token account": _token_account,
    "token transfer": _token_transfer,
    "token close": _token_close,
    "forged mint": _forged_mint,
    "memo": _memo,
    "nonsense": _nonsense,
    "cut short": _cut_short,
    "half bad": _half_bad,
}
