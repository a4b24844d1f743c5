"""Compute: what each instruction costs at its dearest, held by a checked-in table."""

import json
from pathlib import Path

from tests.program.bracketing import GAIN, PARENT, BracketScene
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, Scene, order_params

TABLE = Path(__file__).parent / "compute_units.json"
BUDGET = 200_000
PART_OF_BUDGET = 0.6
TOLERANCE = 1.15


def dearest_path() -> dict[str, int]:
    """One life with two markets, so that every risk set is walked."""
    scene = Scene(FLAT_SOL, FLAT_BTC)
    owner = scene.person("the trader", usd=5_000)
    for market, usd in ((0, 150), (1, 60_000)):
        scene.price(usd, market=market)
    scene.trade(owner, 150 * BASE, 150)
    scene.price(60_000, market=1)
    scene.require(scene.place(owner, BASE // 20, market=1))
    scene.pass_time(2)
    for market, usd in ((0, 150), (1, 60_000)):
        scene.price(usd, market=market)
    scene.require(scene.execute(owner, market=1, keeper_account=scene.keeper_account))
    scene.require(scene.place(owner, -BASE, kind=1, limit_price_e6=USD))
    cancel = scene.build.cancel_order(scene.trader(owner), scene.order(owner))
    scene.require(scene.do("cancel", cancel, owner))
    scene.require(scene.withdraw(owner, USD))
    scene.pass_time(40)
    scene.settle_on(120)
    scene.price(60_000, market=1)
    scene.require(scene.settle_funding(owner))
    scene.require(scene.liquidate(owner))
    return scene.units


def bracket_path() -> dict[str, int]:
    """A bot's bracket over two markets, under a mandate."""
    scene = BracketScene(FLAT_SOL, FLAT_BTC)
    scene.trade(scene.owner, BASE // 50, 60_000, market=1)
    scene.price(60_000, market=1)
    scene.price(150)
    scene.require(scene.set_mandate())
    trader, by = scene.trader(scene.owner), scene.bot
    opening = scene.build.open_position(trader, 0, order_params(PARENT, 10 * BASE), by=by)
    scene.require(scene.do("open_position", opening, by))
    scene.require(scene.do("place_bracket", scene.bracketing(gain=150.5, by=by), by))
    scene.pass_time(1)
    scene.price(60_000, market=1)
    scene.price(150)
    scene.require(scene.execute_now(PARENT, name="execute_parent"))
    scene.require(scene.executed(150.5, GAIN, name="execute_leg"))
    scene.price(60_000, market=1)
    scene.require(scene.place(scene.owner, BASE))
    scene.require(scene.executed(150))
    closing = order_params(PARENT, 0, reduce_only=True, limit_price_e6=10_000)
    closed = scene.build.close_position(scene.trader(scene.owner), 0, closing, by=by)
    scene.require(scene.do("close_position", closed, by))
    scene.require(scene.close_mandate())
    wanted = "open_position place_bracket execute_parent execute_leg close_position"
    mandates = ("set_mandate", "close_mandate")
    return {name: scene.units[name] for name in (*wanted.split(), *mandates)}


def test_no_instruction_takes_more_than_its_share_of_the_budget_or_grows_unnoticed() -> None:
    table = json.loads(TABLE.read_text())
    measured = dearest_path() | bracket_path()

    assert measured.keys() == table.keys()
    for name, units in measured.items():
        assert units <= BUDGET * PART_OF_BUDGET, f"{name} takes {units}"
        assert units <= table[name] * TOLERANCE, f"{name}: {units}, the table says {table[name]}"
