"""One trader's story, to the last digit: deposit, buy, funding, reduce, liquidations, insurance."""

from dataclasses import dataclass, replace

import pytest

from quantdesk.domain.money import Size, Usd
from quantdesk.domain.risk import account_standing
from tests.domain.desk import FLAT_SOL, TRADER, Desk, units

STORY = """
    deposit | 0 | 0 | 1000.000000 | 1000.000000 | 0 | 0 | 1000000.000000 | 50000.000000
    buy | 100 | 15008.022500 | 992.495988 | 984.473488 | 750 | 375 | 1000006.753611 | 50000.750401
    hour | 100 | 15008.022500 | 992.480988 | 984.458488 | 750 | 375 | 1000006.768611 | 50000.750401
    sell | 60 | 9004.813500 | 1222.920580 | 1578.107080 | 468 | 234 | 999776.017181 | 50001.062239
    fall | 60 | 9004.813500 | 1222.920580 | 138.107080 | 396 | 198 | 999776.017181 | 50001.062239
    first | 10.500370765 | 1575.898006 | 262.616634 | 72.767568 | 69.302448 | 34.651224 \
| 1000670.981616 | 50033.731995
    second | 3.184854850 | 477.983732 | 91.724536 | 21.402224 | 20.383072 | 10.191536 \
| 1000832.509853 | 50038.413926
    third | 0 | 0 | 0.000000 | 0.000000 | 0 | 0 | 1000944.235278 | 50018.413037
"""


@dataclass(frozen=True)
class Row:
    """One line of the story: size, entry, cash, equity, requirements, pool and insurance."""

    size_e9: int
    money_e6: tuple[int, ...]


def told(line: str) -> tuple[str, Row]:
    name, size, *money = (cell.strip() for cell in line.split("|"))
    return name, Row(Size.parse(size).units, tuple(Usd.parse(cell).units for cell in money))


EXPECTED = dict(told(line) for line in STORY.replace("\\\n", "").strip().splitlines())


def seen(desk: Desk) -> Row:
    ledger = desk.ledger
    position = ledger.position(TRADER, 0)
    standing = account_standing(desk.portfolio(), now=desk.now)
    figures = (
        position.entry_e6,
        ledger.accounts[TRADER].usdc_e6,
        standing.maintenance_equity_e6,
        standing.initial_e6,
        standing.maintenance_e6,
        ledger.pool.cash_e6,
        ledger.insurance.balance_e6,
    )
    return Row(position.size_e9, figures)


@pytest.fixture(scope="module")
def story() -> dict[str, Row]:
    desk = Desk(FLAT_SOL)
    rows = {}

    desk.price("150")
    desk.open(usd=1_000)
    rows["deposit"] = seen(desk)

    desk.trade(units(100), "150")
    rows["buy"] = seen(desk)

    desk.wait(3_600)
    desk.price("150")
    desk.exchange.settle_funding(0, TRADER, at=desk.at)
    rows["hour"] = seen(desk)

    stop_funding(desk)
    desk.settle_on("156")
    desk.trade(-units(40), "156")
    rows["sell"] = seen(desk)

    for name, price in (("first", "132"), ("second", "128"), ("third", "115")):
        desk.settle_on(price)
        if name == "first":
            rows["fall"] = seen(desk)
        desk.liquidate()
        rows[name] = seen(desk)
    return rows


def stop_funding(desk: Desk) -> None:
    """The story counts one hour of funding; what follows happens without a charge for time."""
    market = desk.ledger.markets[0]
    free = replace(market.params, funding_max_e6=0)
    desk.ledger.markets[0] = replace(market, params=free)


@pytest.mark.parametrize("step", EXPECTED)
def test_the_story_in_numbers_is_told_to_the_last_digit(story: dict[str, Row], step: str) -> None:
    assert story[step] == EXPECTED[step]
