"""Acts that must succeed, each with what it changes in the actor."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.system_program import AllocateParams, AssignParams, allocate, assign

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    associated_token_account,
)
from quantdesk.adapters.chain.template import OrderPatch, fields_of
from tests.world.chain.judge import steps
from tests.world.chain.judge.actor import HEIRS, USDC, Actor, Case, readable, writable

PRICE_E6 = 150 * USDC
SIZE_E9 = 10**9
Deal = Callable[[Actor], list[Case]]


def opening(actor: Actor) -> list[Case]:
    """An account and money, before anything else."""
    opened = actor.build.create_user_account(actor.address, 0, f"actor {actor.number}")
    deposit = actor.build.deposit(actor.trader, actor.mint, 500 * USDC)
    return [actor.good("open", opened), actor.good("deposit", deposit)]


def placed(actor: Actor, name: str, *, price_e6: int = 140 * USDC, size_e9: int = SIZE_E9) -> Case:
    """A limit order that waits."""
    actor.orders += 1
    actor.open_orders.append(actor.orders)
    order = OrderPatch(
        client_order_id=actor.orders, kind=1, size_e9=size_e9, limit_price_e6=price_e6
    )
    return actor.good(name, actor.build.place_order(actor.trader, 0, fields_of(order)))


def executed(actor: Actor, name: str, *, is_good: bool = True) -> Case:
    """The newest order filled by its own owner."""
    order = actor.program.addresses.order(actor.account, actor.orders)
    fill = actor.build.execute_order(actor.trader, order, 0, keeper=actor.address)
    made = actor.good(name, fill) if is_good else actor.bad(name, fill)
    return replace(made, needs_later_price=True)


def new_nonce(actor: Actor, key: Keypair) -> Case:
    """A durable nonce of the actor."""
    return actor.good("new nonce", *steps.new_nonce(actor, key), also=[key])


def _transfer(actor: Actor) -> list[Case]:
    to = actor.heir(actor.draw.randrange(HEIRS)).pubkey()
    return [actor.good("transfer", steps.pay(actor.address, to, 1_000_000 + actor.unique()))]


def _two_transfers(actor: Actor) -> list[Case]:
    moves = [
        steps.pay(actor.address, actor.heir(each).pubkey(), 2_000_000 + actor.unique())
        for each in range(2)
    ]
    return [actor.good("two transfers", *moves)]


def _sponsored(actor: Actor) -> list[Case]:
    """Another wallet pays; the actor pays the fee."""
    key = actor.spare()
    fund = steps.pay(actor.address, key.pubkey(), 5_000_000 + actor.unique())
    spend = steps.pay(key.pubkey(), actor.heir(0).pubkey(), 1_000_000 + actor.unique())
    return [actor.good("two signers", fund, spend, also=[key])]


def _create(actor: Actor) -> list[Case]:
    key, space = actor.spare(), actor.draw.choice([0, 10, 165])
    made = steps.create(actor, key.pubkey(), space=space, owner=steps.MEMO)
    return [actor.good("create account", made, also=[key])]


def _allocate(actor: Actor) -> list[Case]:
    key = actor.spare()
    fund = steps.pay(actor.address, key.pubkey(), actor.rents[10])
    room = allocate(AllocateParams(pubkey=key.pubkey(), space=10))
    give = assign(AssignParams(pubkey=key.pubkey(), owner=steps.MEMO))
    return [actor.good("allocate and assign", fund, room, give, also=[key])]


def _token_account(actor: Actor) -> list[Case]:
    heir = actor.draw.randrange(HEIRS)
    actor.heirs_with_tokens.add(heir)
    owner = actor.heir(heir).pubkey()
    return [actor.good("token account", steps.token_account(actor, owner, is_idempotent=True))]


def _token_transfer(actor: Actor) -> list[Case]:
    heir, checked = actor.draw.randrange(HEIRS), actor.draw.choice([False, True])
    to = actor.heir(heir).pubkey()
    move = steps.token_transfer(actor, to, 1_000 + actor.unique(), checked=checked)
    if heir in actor.heirs_with_tokens:
        return [actor.good("token transfer", move)]
    actor.heirs_with_tokens.add(heir)
    made = steps.token_account(actor, to, is_idempotent=False)
    return [actor.good("token account and transfer", made, move)]


def _approval(actor: Actor) -> list[Case]:
    give = steps.token_approve(actor, actor.heir(0).pubkey(), 10 + actor.unique())
    return [
        actor.good("approve", give),
        actor.good("revoke", steps.token_revoke(actor), steps.memo(actor, b"taken back")),
    ]


def _burn(actor: Actor) -> list[Case]:
    return [actor.good("burn", steps.token_burn(actor, actor.unique()))]


def _wrap(actor: Actor) -> list[Case]:
    where, made = steps.wrapped_sol(actor)
    return [
        actor.good("wrap SOL", *made),
        actor.good("unwrap SOL", steps.token_close(where, actor.address)),
    ]


def _mint(actor: Actor) -> list[Case]:
    key = actor.spare()
    mint = key.pubkey()
    made = tokens.create_mint(
        actor.address, mint, actor.address, decimals=3, rent_lamports=actor.rents[82]
    )
    mine = associated_token_account(actor.address, mint)
    actor.spared.append(mine)
    account = tokens.create_token_account(actor.address, actor.address, mint)
    issue = tokens.mint_to(mint, mine, actor.address, 7_000)
    return [actor.good("new mint", *made, account, issue, also=[key])]


def _memo(actor: Actor) -> list[Case]:
    text = f"café {actor.unique()}".encode()
    return [actor.good("memo", steps.memo(actor, text))]


def _sub_account(actor: Actor) -> list[Case]:
    actor.subs += 1
    made = actor.build.create_user_account(actor.address, actor.subs, "sub")
    return [actor.good("open sub-account", made)]


def _deposit(actor: Actor) -> list[Case]:
    amount = 1_000 + actor.unique()
    return [actor.good("deposit", actor.build.deposit(actor.trader, actor.mint, amount))]


def _withdraw(actor: Actor) -> list[Case]:
    amount = 1_000 + actor.unique()
    return [actor.good("withdraw", actor.build.withdraw(actor.trader, actor.mint, amount))]


def _order(actor: Actor) -> list[Case]:
    found = [placed(actor, "place")]
    if actor.draw.random() < 0.5:
        order = actor.program.addresses.order(actor.account, actor.open_orders.pop())
        found.append(actor.good("cancel", actor.build.cancel_order(actor.trader, order)))
    return found


def _rename(actor: Actor) -> list[Case]:
    name = f"name {actor.unique()}".encode().ljust(32, b"\0")
    accounts = {"authority": actor.address, "user_account": actor.account}
    arguments = {"name": name, "max_leverage": 10}
    step = actor.program.instruction("update_user_account", accounts, arguments)
    return [actor.good("rename", step)]


def _delegate(actor: Actor) -> list[Case]:
    accounts = {"authority": actor.address, "user_account": actor.account}
    key = actor.spare().pubkey()
    delegate = {"key": key, "permissions": 1, "expires_at": 4_000_000_000}
    add = actor.program.instruction("add_delegate", accounts, {"delegate": delegate})
    remove = actor.program.instruction("remove_delegate", accounts, {"key": key})
    return [actor.good("add delegate", add), actor.good("remove delegate", remove)]


def _between(actor: Actor) -> list[Case]:
    actor.subs += 1
    made = actor.build.create_user_account(actor.address, actor.subs, "savings")
    accounts = {
        "authority": actor.address,
        "user_account": actor.account,
        "to_account": actor.sub_account(actor.subs),
    }
    move = actor.program.instruction("transfer_between", accounts, {"amount": 5 + actor.unique()})
    return [actor.good("open and transfer between", made, move)]


def _durable(actor: Actor) -> list[Case]:
    key = actor.spare()
    nonce, to = key.pubkey(), actor.heir(1).pubkey()
    move = steps.pay(actor.address, to, 1_000_000 + actor.unique())
    spend = actor.good("durable transfer", steps.advance(nonce, actor.address), move)
    end = steps.withdraw_nonce(nonce, actor.address, actor.rents[80])
    return [new_nonce(actor, key), replace(spend, nonce=nonce), actor.good("close nonce", end)]


def _by_table(actor: Actor) -> list[Case]:
    deposit = actor.build.deposit(actor.trader, actor.mint, 2_000 + actor.unique())
    made = actor.good("deposit by lookup table", deposit)
    return [replace(made, uses_table=True, is_legacy=False)]


def _budget(actor: Actor) -> list[Case]:
    heap = steps.budget(struct.pack("<BI", 1, 256 * 1024))
    loaded = steps.budget(struct.pack("<BI", 4, 20 << 20))
    deposit = actor.build.deposit(actor.trader, actor.mint, 3_000 + actor.unique())
    return [actor.good("heap and data budget", heap, loaded, deposit)]


def _precompile(actor: Actor) -> list[Case]:
    text = f"message {actor.unique()}".encode()
    return [actor.good("ed25519", steps.ed25519(actor.key, text, is_forged=False))]


def _reopened(actor: Actor) -> list[Case]:
    """An account made and emptied in one transaction leaves nothing."""
    key = actor.spare()
    made = steps.create(actor, key.pubkey(), space=0, owner=SYSTEM_PROGRAM)
    back = steps.pay(key.pubkey(), actor.address, actor.rents[0])
    return [actor.good("made and emptied", made, back, also=[key])]


def _token_by_hand(actor: Actor) -> list[Case]:
    """A token account that is not the associated one, made by its own key."""
    key = actor.spare()
    made = steps.create(actor, key.pubkey(), space=steps.TOKEN_SPACE, owner=TOKEN_PROGRAM)
    data = b"\x12" + bytes(actor.address)
    metas = [writable(key.pubkey()), readable(actor.mint)]
    setup = Instruction(TOKEN_PROGRAM, data, metas)
    return [actor.good("token account by hand", made, setup, also=[key])]


def filling(actor: Actor) -> list[Case]:
    """An order filled, a healthy account spared, a limit not reached, the position closed."""
    build, trader = actor.build, actor.trader
    opened = [placed(actor, "place to fill", price_e6=160 * USDC), executed(actor, "execute")]
    liquidator = actor.program.addresses.user_account(actor.address)
    spared = build.liquidate(trader, 0, liquidator=actor.address, liquidator_account=liquidator)
    waiting = [placed(actor, "place to wait"), executed(actor, "limit not reached", is_good=False)]
    order = actor.program.addresses.order(actor.account, actor.open_orders.pop())
    return [
        *opened,
        actor.bad("liquidate the healthy", spared),
        *waiting,
        actor.good("cancel", build.cancel_order(trader, order)),
        placed(actor, "place to close", price_e6=141 * USDC, size_e9=-SIZE_E9),
        executed(actor, "execute"),
    ]


GOOD: tuple[Deal, ...] = (
    *(_transfer, _deposit, _token_transfer, _order, _durable, _by_table, _create, _sponsored),
    *(_two_transfers, _withdraw, _allocate, _token_account, _approval, _burn, _wrap, _mint),
    *(_memo, _sub_account, _rename, _delegate, _between, _budget, _precompile, _reopened),
    _token_by_hand,
)
