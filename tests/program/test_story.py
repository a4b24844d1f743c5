"""The story in numbers on the built program, to the last unit."""

import pytest
from solders.pubkey import Pubkey

from tests.program.scene import BASE, START_S, USD, Scene

Row = tuple[int, ...]


def units(text: str) -> int:
    whole, _, part = text.replace(",", "").partition(".")
    return int(whole) * USD + int(part.ljust(6, "0") or 0)


def row(text: str) -> Row:
    size, *money = text.split()
    whole, _, part = size.partition(".")
    return (int(whole) * BASE + int(part.ljust(9, "0") or 0), *(units(each) for each in money))


EXPECTED = {
    "deposit": row("0 0 1,000.000000 1,000,000.000000 50,000.000000"),
    "buy": row("100 15,008.022500 992.495988 1,000,006.753611 50,000.750401"),
    "hour": row("100 15,008.022500 992.480988 1,000,006.768611 50,000.750401"),
    "sell": row("60 9,004.813500 1,222.920580 999,776.017181 50,001.062239"),
    "first": row("10.500370765 1,575.898006 262.616634 1,000,670.981616 50,033.731995"),
    "second": row("3.184854850 477.983732 91.724536 1,000,832.509853 50,038.413926"),
    "third": row("0 0 0.000000 1,000,944.235278 50,018.413037"),
}


def seen(scene: Scene, owner: Pubkey) -> Row:
    position = scene.fields("Position", scene.where.position(scene.where.user_account(owner), 0))
    held = (position["size_e9"], position["entry_e6"]) if position else (0, 0)
    return (*held, scene.cash_e6(owner), scene.pool()["cash_e6"], scene.fund_e6())


def without_funding(scene: Scene) -> None:
    """The story counts one hour of funding; what follows happens without a charge for time."""
    at = scene.where.market(0)
    market = scene.svm.get_account(at)
    assert market is not None
    data = bytearray(market.data)
    rate = (1_000).to_bytes(4, "little")
    place = data.index(rate + (5_000).to_bytes(4, "little"))
    data[place : place + 4] = bytes(4)
    scene.overwrite(at, bytes(data))
    assert scene.must("Market", at)["funding_max_e6"] == 0


@pytest.fixture(scope="module")
def story() -> dict[str, Row]:
    scene = Scene()
    trader = scene.person("the trader", usd=1_000)
    rows = {"deposit": seen(scene, trader)}

    scene.price(150)
    scene.require(scene.place(trader, 100 * BASE))
    scene.pass_time(1)
    scene.price(150)
    scene.require(scene.execute(trader))
    rows["buy"] = seen(scene, trader)

    scene.pass_time(3_600)
    scene.price(150)
    scene.require(scene.settle_funding(trader))
    rows["hour"] = seen(scene, trader)

    without_funding(scene)
    scene.settle_on(156)
    scene.trade(trader, -40 * BASE, 156)
    rows["sell"] = seen(scene, trader)

    for name, price in (("first", 132), ("second", 128), ("third", 115)):
        scene.settle_on(price)
        scene.require(scene.liquidate(trader))
        rows[name] = seen(scene, trader)
    assert scene.now > START_S
    return rows


@pytest.mark.parametrize("step", EXPECTED)
def test_the_story_in_numbers_is_told_by_the_program(story: dict[str, Row], step: str) -> None:
    assert story[step] == EXPECTED[step]
