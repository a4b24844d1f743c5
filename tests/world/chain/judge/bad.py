"""Acts that must be refused: by a program, by the network before any program, or by the node."""

from __future__ import annotations

import struct
from dataclasses import replace

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.system_program import AllocateParams, allocate

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    ASSOCIATED_TOKEN_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from quantdesk.adapters.chain.instructions import Trader
from quantdesk.adapters.chain.template import OrderPatch, fields_of
from tests.world.chain.judge import steps
from tests.world.chain.judge.actor import (
    USDC,
    Actor,
    Case,
    Mischief,
    key_of,
    readable,
    signer,
    writable,
)
from tests.world.chain.judge.good import Deal, new_nonce

NEVER = 2_000_000_000
"""An expiry that is the same on both chains and too late for a market order."""
NOBODY = key_of("nobody").pubkey()


def _transfers(actor: Actor) -> list[Case]:
    lamports = actor.draw.choice([10**15, 10])
    to = key_of(f"stranger {actor.number} {actor.unique()}").pubkey()
    step = steps.pay(actor.address, to, lamports)
    return [actor.bad("transfer too much" if lamports > 10 else "transfer below rent", step)]


def _taken(actor: Actor) -> list[Case]:
    step = steps.create(actor, actor.heir(0).pubkey(), space=0, owner=SYSTEM_PROGRAM)
    fund = steps.pay(actor.address, actor.heir(0).pubkey(), 1_000_000 + actor.unique())
    return [actor.bad("create what is there", fund, step, also=[actor.heir(0)])]


def _too_large(actor: Actor) -> list[Case]:
    key = actor.spare()
    step = allocate(AllocateParams(pubkey=key.pubkey(), space=11 << 20))
    return [actor.bad("allocate too much", step, also=[key])]


def _token_amount(actor: Actor) -> list[Case]:
    step = steps.token_transfer(actor, actor.address, 10**15, checked=actor.draw.random() < 0.5)
    return [actor.bad("token transfer too much", step)]


def _token_nowhere(actor: Actor) -> list[Case]:
    stranger = key_of(f"no tokens {actor.number}").pubkey()
    step = steps.token_transfer(actor, stranger, 1 + actor.unique(), checked=False)
    return [actor.bad("token transfer to nowhere", step)]


def _token_foreign(actor: Actor) -> list[Case]:
    thief = actor.heir(2)
    metas = [writable(actor.tokens), writable(actor.tokens), signer(thief.pubkey())]
    step = Instruction(TOKEN_PROGRAM, struct.pack("<BQ", 3, 5), metas)
    return [actor.bad("token transfer of another", step, also=[thief])]


def _token_close(actor: Actor) -> list[Case]:
    return [actor.bad("close full token account", steps.token_close(actor.tokens, actor.address))]


def _forged_mint(actor: Actor) -> list[Case]:
    step = tokens.mint_to(actor.mint, actor.tokens, actor.address, USDC + actor.unique())
    return [actor.bad("forged mint", step)]


def _account_again(actor: Actor) -> list[Case]:
    step = steps.token_account(actor, actor.address, is_idempotent=False)
    return [actor.bad("token account again", step)]


def _account_elsewhere(actor: Actor) -> list[Case]:
    metas = [
        *(writable(actor.address), writable(NOBODY)),
        *map(readable, (actor.address, actor.mint, SYSTEM_PROGRAM, TOKEN_PROGRAM)),
    ]
    step = Instruction(ASSOCIATED_TOKEN_PROGRAM, b"\x01", metas)
    return [actor.bad("token account elsewhere", step)]


def _memo(actor: Actor) -> list[Case]:
    return [actor.bad("memo that is no text", steps.memo(actor, b"ok \xff\xfe"))]


def _open_again(actor: Actor) -> list[Case]:
    return [actor.bad("open again", actor.build.create_user_account(actor.address, 0, "again"))]


def _deposits(actor: Actor) -> list[Case]:
    step = actor.build.deposit(actor.trader, actor.mint, actor.draw.choice([0, 10**12]))
    return [actor.bad("deposit nothing or too much", step)]


def _withdrawals(actor: Actor) -> list[Case]:
    step = actor.build.withdraw(actor.trader, actor.mint, actor.draw.choice([0, 10**12]))
    return [actor.bad("withdraw nothing or too much", step)]


def _orders(actor: Actor) -> list[Case]:
    number = 1_000 + actor.unique()
    good = OrderPatch(client_order_id=number, kind=1, size_e9=10**9, limit_price_e6=150 * USDC)
    patch = actor.draw.choice(
        [
            replace(good, kind=9),
            replace(good, size_e9=0),
            replace(good, size_e9=1),
            replace(good, size_e9=10**9 + 1),
            replace(good, limit_price_e6=150_000_001),
            replace(good, limit_price_e6=0),
            replace(good, expires_at=1),
            replace(good, kind=0, expires_at=NEVER),
            replace(good, trigger_price_e6=5),
        ]
    )
    return [actor.bad("bad order", actor.build.place_order(actor.trader, 0, fields_of(patch)))]


def _order_twice(actor: Actor) -> list[Case]:
    patch = OrderPatch(
        client_order_id=500 + actor.unique(), kind=1, size_e9=10**9, limit_price_e6=140 * USDC
    )
    step = actor.build.place_order(actor.trader, 0, fields_of(patch))
    return [actor.bad("order twice", step, step)]


def _cancel(actor: Actor) -> list[Case]:
    order = actor.program.addresses.order(actor.account, 7_000 + actor.unique())
    return [actor.bad("cancel what is not", actor.build.cancel_order(actor.trader, order))]


def _execute(actor: Actor) -> list[Case]:
    order = actor.program.addresses.order(actor.account, 8_000 + actor.unique())
    step = actor.build.execute_order(actor.trader, order, 0, keeper=actor.address)
    return [actor.bad("execute what is not", step)]


def _foreign(actor: Actor) -> list[Case]:
    return [actor.bad("foreign account", _steal(actor))]


def _half_bad(actor: Actor) -> list[Case]:
    """The first instruction works; the second fails and must take it back."""
    deposit = actor.build.deposit(actor.trader, actor.mint, USDC)
    return [actor.bad("half bad", deposit, _steal(actor))]


def _nonsense(actor: Actor) -> list[Case]:
    data = actor.draw.randbytes(actor.draw.randrange(20))
    step = Instruction(actor.program.id, data, [writable(actor.account)])
    return [actor.bad("nonsense", step)]


def _cut_short(actor: Actor) -> list[Case]:
    whole = actor.build.deposit(actor.trader, actor.mint, USDC)
    kept = actor.draw.randrange(len(whole.accounts))
    step = Instruction(whole.program_id, whole.data, whole.accounts[:kept])
    return [actor.bad("accounts missing", step)]


def _swapped(actor: Actor) -> list[Case]:
    whole = actor.build.deposit(actor.trader, actor.mint, USDC)
    at = actor.draw.randrange(1, len(whole.accounts))
    metas = list(whole.accounts)
    metas[at] = writable(actor.heir(3).pubkey())
    step = Instruction(whole.program_id, whole.data, metas)
    return [actor.bad("account swapped", step)]


def _starved(actor: Actor) -> list[Case]:
    step = actor.build.deposit(actor.trader, actor.mint, USDC)
    return [replace(actor.bad("starved", step), unit_limit=actor.draw.choice([1, 400, 2_000]))]


def _budgets(actor: Actor) -> list[Case]:
    wrong = actor.draw.choice(
        [
            [struct.pack("<BI", 2, 10), struct.pack("<BI", 2, 20)],
            [struct.pack("<BI", 1, 1_000)],
            [b"\x09"],
            [struct.pack("<BI", 4, 0)],
            [struct.pack("<BI", 4, 1)],
        ]
    )
    move = steps.pay(actor.address, actor.heir(0).pubkey(), 1_000_000 + actor.unique())
    made = actor.bad("bad budget", *map(steps.budget, wrong), move)
    return [replace(made, unit_price=0)]


def _programs(actor: Actor) -> list[Case]:
    which = actor.draw.choice([NOBODY, actor.heir(0).pubkey(), actor.mint, actor.account])
    return [actor.bad("no program there", Instruction(which, b"go", [writable(actor.address)]))]


def _precompile(actor: Actor) -> list[Case]:
    text = f"message {actor.unique()}".encode()
    return [actor.bad("forged ed25519", steps.ed25519(actor.key, text, is_forged=True))]


def _unfunded(actor: Actor) -> list[Case]:
    key = actor.spare()
    step = steps.memo(actor, f"free {actor.unique()}".encode())
    return [_paid_by(actor.bad("payer without an account", step), key, actor.key)]


def _poor(actor: Actor) -> list[Case]:
    """Rent and not a fee more: it may not fall below its rent, nor pay what it has not."""
    key = actor.spare()
    fund = steps.pay(actor.address, key.pubkey(), actor.rents[0] + 2_000)
    empty = Instruction(steps.MEMO, b"poor", [])
    short = replace(actor.bad("payer below its rent", empty), unit_price=0)
    priced = actor.bad("payer below its fee", empty)
    return [
        actor.good("fund the poor", fund),
        _paid_by(short, key),
        _paid_by(replace(priced, unit_price=10**10), key),
    ]


def _laden(actor: Actor) -> list[Case]:
    """An account with data, or of a program, may pay no fee."""
    key = actor.spare()
    owner = actor.draw.choice([SYSTEM_PROGRAM, steps.MEMO])
    made = steps.create(actor, key.pubkey(), space=10, owner=owner)
    fund = steps.pay(actor.address, key.pubkey(), 10_000_000)
    refused = _paid_by(actor.bad("payer with data", Instruction(steps.MEMO, b"x", [])), key)
    return [actor.good("load the payer", made, fund, also=[key]), refused]


def _nonces(actor: Actor) -> list[Case]:
    """The nonce moves on even when the rest fails; its authority is asked; nothing is overdrawn."""
    key, thief = actor.spare(), actor.heir(3)
    nonce, mine = key.pubkey(), actor.address
    fails = actor.bad("durable failure", steps.advance(nonce, mine), _steal(actor))
    stolen = actor.bad("nonce of another", steps.advance(nonce, thief.pubkey()), also=[thief])
    over = actor.bad("overdrawn nonce", steps.withdraw_nonce(nonce, mine, 10**12))
    move = steps.pay(mine, actor.heir(0).pubkey(), 1_000_000 + actor.unique())
    stale = actor.bad("unknown nonce hash", steps.advance(nonce, mine), move)
    return [
        new_nonce(actor, key),
        replace(fails, nonce=nonce),
        stolen,
        over,
        replace(stale, mischief=Mischief.UNKNOWN_BLOCKHASH),
    ]


def _mischief(actor: Actor) -> list[Case]:
    actor.tricks += 1
    kind = list(Mischief)[(actor.number + 4 * actor.tricks) % len(Mischief)]
    step = actor.build.deposit(actor.trader, actor.mint, 4_000 + actor.unique())
    made = actor.bad(f"mischief: {kind.value}", step)
    by_table = kind in (Mischief.UNKNOWN_TABLE, Mischief.BEYOND_TABLE)
    return [
        replace(
            made,
            mischief=kind,
            uses_table=by_table,
            is_legacy=made.is_legacy and not by_table,
        )
    ]


def _steal(actor: Actor) -> Instruction:
    other = actor.program.addresses.user_account(key_of(f"actor {actor.number + 1}").pubkey())
    return actor.build.withdraw(Trader(address=other, owner=actor.address), actor.mint, USDC)


def _paid_by(case: Case, payer: Keypair, *also: Keypair) -> Case:
    return replace(case, signers=[payer, *also])


BAD: tuple[Deal, ...] = (
    *(_mischief, _transfers, _orders, _programs, _token_amount, _unfunded, _budgets, _foreign),
    *(_mischief, _poor, _half_bad, _token_nowhere, _nonces, _deposits, _account_again, _laden),
    *(_mischief, _taken, _swapped, _withdrawals, _starved, _token_foreign, _nonsense, _memo),
    *(_mischief, _open_again, _cut_short, _orders, _token_close, _precompile, _cancel),
    *(_mischief, _forged_mint, _order_twice, _account_elsewhere, _too_large, _execute, _budgets),
)
