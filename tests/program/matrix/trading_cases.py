"""Good cases of orders, prices, funding, liquidation and profit."""

from typing import Any

from solders.instruction import AccountMeta, Instruction

from tests.program.matrix.registry import case
from tests.program.matrix.stage import SOL_ORDER, Stage
from tests.program.scene import BASE, order_params


@case("place_order")
def place_order(stage: Stage) -> Instruction:
    params = order_params(950, BASE)
    return stage.build.place_order(stage.trader(stage.alice), 0, params)


@case("place_order (first in its market)")
def place_first_order(stage: Stage) -> Instruction:
    """A new user: the position is created too."""
    carol = stage.person("carol", usd=5_000)
    return stage.build.place_order(stage.trader(carol), 0, order_params(950, BASE))


@case("cancel_order")
def cancel_order(stage: Stage) -> Instruction:
    order = stage.where.order(stage.user(stage.alice), SOL_ORDER)
    return stage.build.cancel_order(stage.trader(stage.alice), order)


@case("execute_order")
def execute_order(stage: Stage) -> Instruction:
    """An order that grows, so that the whole account is weighed."""
    for owner in (stage.mallory, stage.alice):
        stage.require(stage.place(owner, BASE))
    stage.later()
    return stage.build.execute_order(
        stage.trader(stage.alice),
        stage.order(stage.alice),
        0,
        keeper=stage.keeper,
        keeper_account=stage.keeper_account,
    )


@case("update_oracle_price")
def update_oracle_price(stage: Stage) -> Instruction:
    return stage.build.update_oracle_price(0)


@case("settle_funding")
def settle_funding(stage: Stage) -> Instruction:
    stage.later(5)
    return stage.build.settle_funding(0, stage.trader(stage.alice))


@case("liquidate")
def liquidate(stage: Stage) -> Instruction:
    stage.moved(114)
    return stage.build.liquidate(
        stage.trader(stage.alice),
        0,
        liquidator=stage.keeper,
        liquidator_account=stage.keeper_account,
        max_size_e9=0,
    )


@case("settle_pnl")
def settle_pnl(stage: Stage) -> Instruction:
    stage.moved(160)
    accounts = {"authority": stage.alice, **stage.in_market(stage.alice)}
    return stage.program.instruction("settle_pnl", accounts)


@case("deleverage")
def deleverage(stage: Stage) -> Instruction:
    """The pool is under its floor; Mallory is the candidate who must not come first."""
    stage.fill(stage.alice, 0, BASE)
    stage.moved(160)
    stage.set_cash(2_000 * 10**6)
    stage.forger.rivals[stage.user(stage.mallory)] = stage.user(stage.alice)
    rival = stage.in_market(stage.mallory)
    metas = [AccountMeta(rival[each], False, False) for each in ("user_account", "position")]
    role = stage.must("Security", stage.where.security)["keeper"]
    accounts: dict[str, Any] = {"keeper": role, **stage.in_market(stage.alice)}
    given = {"max_size_e9": 0}
    return stage.program.instruction("deleverage", accounts, given, remaining=metas)
