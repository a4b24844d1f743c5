"""Good cases of positions by name, brackets, mandates, and orders that drag others along."""

from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.ties import Ties
from quantdesk.domain.money import U64_MAX
from tests.domain.onchain import address
from tests.program.matrix.registry import case
from tests.program.matrix.stage import Stage
from tests.program.scene import BASE, USD, order_params

PARENT, GAIN, LOSS = 970, 971, 972
BOT = address("the bot")
PLACE = 1


@case("open_position")
def open_position(stage: Stage) -> Instruction:
    return stage.build.open_position(stage.trader(stage.alice), 0, order_params(960, BASE))


@case("close_position")
def close_position(stage: Stage) -> Instruction:
    """By a bot, whose mandate asks for a price; the rest of the account is not weighed."""
    with_bots(stage)
    params = order_params(960, -BASE, reduce_only=True)
    made = stage.build.close_position(stage.trader(stage.alice), 0, params, by=BOT)
    return without_rest(stage, made)


@case("place_order (by a bot)")
def place_by_a_bot(stage: Stage) -> Instruction:
    with_bots(stage)
    return stage.build.place_order(stage.trader(stage.alice), 0, order_params(960, BASE), by=BOT)


@case("place_bracket")
def place_bracket(stage: Stage) -> Instruction:
    """Under a parent of a bot, whose mandate is asked."""
    with_bots(stage)
    for owner in (stage.mallory, stage.alice):
        parent(stage, owner)
    return bracket(stage, stage.alice)


@case("place_bracket (for the position)")
def protect_position(stage: Stage) -> Instruction:
    with_bots(stage)
    return stage.build.place_bracket(stage.trader(stage.alice), 0, legs(), by=BOT)


@case("set_mandate (first)")
def set_first_mandate(stage: Stage) -> Instruction:
    return mandate(stage, stage.alice)


@case("set_mandate")
def set_mandate(stage: Stage) -> Instruction:
    with_bots(stage)
    return mandate(stage, stage.alice)


@case("close_mandate")
def close_mandate(stage: Stage) -> Instruction:
    with_bots(stage)
    return stage.build.close_mandate(stage.trader(stage.alice), BOT)


@case("execute_order (tied)")
def execute_tied(stage: Stage) -> Instruction:
    """A bot's parent: both legs wake, the mandate counts the fill."""
    bracketed(stage)
    stage.later()
    at = stage.where.order(stage.user(stage.alice), PARENT)
    return stage.build.execute_tied(
        stage.trader(stage.alice),
        at,
        Ties.of(stage.must("Order", at)),
        keeper=stage.keeper,
        keeper_account=stage.keeper_account,
    )


@case("cancel_order (asleep)")
def cancel_sleeping_orphan(stage: Stage) -> Instruction:
    """A stranger takes a leg whose parent was cancelled."""
    bracketed(stage)
    for owner in (stage.mallory, stage.alice):
        at = stage.where.order(stage.user(owner), PARENT)
        gone = stage.build.cancel_order(stage.trader(owner), at)
        stage.require(stage.do("cancel", gone, owner))
    return orphan(stage)


@case("cancel_order (awake)")
def cancel_waking_orphan(stage: Stage) -> Instruction:
    """A stranger takes a leg whose position was closed."""
    for owner in (stage.mallory, stage.alice):
        made = stage.build.place_bracket(stage.trader(owner), 0, legs())
        stage.require(stage.do("bracket", made, owner))
    held = stage.holding(stage.alice)["size_e9"]
    stage.fill(stage.alice, 0, -held, reduce_only=True)
    return orphan(stage)


def without_rest(stage: Stage, made: Instruction) -> Instruction:
    """The instruction with the accounts that its interface lists and no others."""
    listed = len(stage.program._instructions["close_position"].accounts)
    return Instruction(made.program_id, bytes(made.data), list(made.accounts[:listed]))


def with_bots(stage: Stage) -> None:
    """A bot may place for Alice and for Mallory, each under a mandate."""
    stage.svm.airdrop(BOT, 10**12)
    for owner in (stage.alice, stage.mallory):
        accounts = {"authority": owner, "user_account": stage.user(owner)}
        listed = {"key": BOT, "permissions": PLACE, "expires_at": 0}
        made = stage.program.instruction("add_delegate", accounts, {"delegate": listed})
        stage.require(stage.do("add_delegate", made, owner))
        stage.require(stage.do("set_mandate", mandate(stage, owner), owner))
    mine, theirs = (
        stage.where.mandate(stage.user(owner), BOT) for owner in (stage.alice, stage.mallory)
    )
    stage.forger.rivals[mine] = theirs


def mandate(stage: Stage, owner: Pubkey) -> Instruction:
    """A mandate that caps nothing but leverage."""
    caps: dict[str, Any] = dict.fromkeys(
        ("order_cap_e6", "notional_cap_e6", "daily_loss_e6", "markets"), U64_MAX
    )
    params = caps | {"max_leverage": 100, "expires_at": 0}
    return stage.build.set_mandate(stage.trader(owner), BOT, params)


def parent(stage: Stage, owner: Pubkey) -> None:
    """The bot's order under which the legs go."""
    params = order_params(PARENT, BASE)
    made = stage.build.place_order(stage.trader(owner), 0, params, by=BOT)
    stage.require(stage.do("place", made, BOT))
    _pair(stage, PARENT)


def bracket(stage: Stage, owner: Pubkey) -> Instruction:
    """Both legs under the bot's parent."""
    at = stage.where.order(stage.user(owner), PARENT)
    return stage.build.place_bracket(stage.trader(owner), 0, legs(), parent=at, by=BOT)


def bracketed(stage: Stage) -> None:
    """A parent with both legs asleep, Alice's and Mallory's."""
    with_bots(stage)
    for owner in (stage.mallory, stage.alice):
        parent(stage, owner)
        stage.require(stage.do("bracket", bracket(stage, owner), BOT))
    for number in (GAIN, LOSS):
        _pair(stage, number)


def orphan(stage: Stage) -> Instruction:
    """The stranger's instruction about the take profit."""
    at = stage.where.order(stage.user(stage.alice), GAIN)
    _pair(stage, GAIN)
    ties = Ties.of(stage.must("Order", at))
    trader = stage.trader(stage.alice)
    return stage.build.cancel_order(trader, at, by=stage.keeper, ties=ties)


def legs() -> dict[str, Any]:
    """A take profit at 200 and a stop at 100, without bounds; both sell."""
    wanted = {"take_profit": (GAIN, 200), "stop": (LOSS, 100)}
    params: dict[str, Any] = {
        name: {
            "client_order_id": number,
            "trigger_price_e6": usd * USD,
            "limit_price_e6": 10_000,
        }
        for name, (number, usd) in wanted.items()
    }
    return params | {"expires_at": 0}


def _pair(stage: Stage, number: int) -> None:
    mine, theirs = (
        stage.where.order(stage.user(owner), number) for owner in (stage.alice, stage.mallory)
    )
    stage.forger.rivals[mine] = theirs
