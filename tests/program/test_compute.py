"""Compute: what each instruction costs at its dearest, held by a checked-in table."""

import json
from pathlib import Path

from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, Scene

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


def test_no_instruction_takes_more_than_its_share_of_the_budget_or_grows_unnoticed() -> None:
    table = json.loads(TABLE.read_text())
    measured = dearest_path()

    assert measured.keys() == table.keys()
    for name, units in measured.items():
        assert units <= BUDGET * PART_OF_BUDGET, f"{name} takes {units}"
        assert units <= table[name] * TOLERANCE, f"{name}: {units}, the table says {table[name]}"
