"""Twin: how many operations a second the program's Python double does, beside the program."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from quantdesk.domain.account import AccountState
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Ledger, Moment, Refused
from quantdesk.domain.market import SOL, MarketState
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.pool import PoolState
from quantdesk.domain.vault import Outflow, VaultState
from quantdesk.world.bench.figure import Figure

START_S = 1_760_000_000
PRICE_E6 = 150 * USD_ONE
TRADES = 2_000
TRADER = "trader"


def measure_twin(program_s: float | None) -> Iterator[Figure]:
    """Orders placed and filled; `program_s` is what the program takes for one of each, bare."""
    twin = _Twin()
    started_s = time.perf_counter()
    for _ in range(TRADES):
        twin.trade()
    each_s = (time.perf_counter() - started_s) / TRADES / _Twin.OPERATIONS
    yield Figure(
        name="chain.twin_operations",
        value=round(1 / each_s),
        unit="op/s",
        vs=f"the program in a bare virtual machine: {2 / program_s:.0f} op/s"
        if program_s
        else None,
        ratio=round(program_s / 2 / each_s, 3) if program_s else None,
        method=f"{TRADES} rounds of an order placed, a price published and looked at, the order"
        " filled, long and short in turn, integers only, one core; only placing and filling are"
        " counted, as with the program, the price is timed with them",
    )


class _Twin:
    """An exchange with one trader, and time that passes."""

    OPERATIONS = 2
    """The order placed and the order filled; the price between them is timed, not counted."""

    def __init__(self) -> None:
        market = MarketState(params=SOL, funding_at=START_S)
        vault = VaultState(
            deposit_cap=10**17, outflow=Outflow(floor=10**17, share_e6=0, updated_at=START_S)
        )
        ledger = Ledger(vault=vault, pool=PoolState(), markets={SOL.index: market})
        self._exchange, self._now = Exchange(ledger), START_S
        self._numbers = itertools.count(1)
        self._exchange.seed_pool(1_000_000 * USD_ONE)
        self._exchange.seed_insurance(50_000 * USD_ONE)
        account = AccountState(address=TRADER, owner="owner")
        self._exchange.create_user_account(account, at=self._at)
        self._exchange.deposit(TRADER, 1_000_000 * USD_ONE)
        for _ in range(2):
            self._publish()

    def trade(self) -> None:
        """Place an order, let a price pass, fill it; raises when the exchange refuses."""
        number = next(self._numbers)
        side = 1 if number % 2 else -1
        intent = OrderIntent(
            market_index=SOL.index,
            client_order_id=number,
            kind=Kind.MARKET,
            size_e9=side * SIZE_ONE,
            limit_price_e6=PRICE_E6 + side * 5 * USD_ONE,
        )
        placed = self._exchange.place_order(TRADER, intent, at=self._at)
        self._publish()
        filled = self._exchange.execute_order(TRADER, number, keeper=None, at=self._at)
        for each in (placed, filled):
            if isinstance(each, Refused):
                raise ArithmeticError(f"the twin refused order {number}: {each.refusal}")

    def _publish(self) -> None:
        self._now += 1
        reading = PriceReading(price_e6=PRICE_E6, conf_e6=USD_ONE // 20, publish_time=self._now)
        self._exchange.publish(SOL.index, reading)
        self._exchange.update_oracle_price(SOL.index, at=self._at)

    @property
    def _at(self) -> Moment:
        return Moment(now=self._now, slot=2 * (self._now - START_S) + 1_000)
