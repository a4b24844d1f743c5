"""Rules of trading: orders of every kind, prices of every grade, funding, liquidation."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.liquidation_price import liquidation_price_e6
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind
from tests.domain.fullstep import BOT
from tests.domain.onchain import address
from tests.exchange.stage import MARKETS, SIZE_EDGES, TRADERS, Stage, mostly

TENTHS = st.integers(-190, 190).filter(bool)
WAITING = st.sampled_from([kind for kind in Kind if kind is not Kind.MARKET])
NEAR = st.sampled_from((900, 980, 995, 1_000, 1_005, 1_020, 1_100))


class TradingRules(Stage):
    """What traders, keepers and the oracle do."""

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS)
    def trade(self, name: str, index: int, tenths: int) -> None:
        self.fill(name, self.intent(index, self.size(name, index, tenths)))

    @rule(name=TRADERS, index=MARKETS, size=mostly(st.integers(1, 10**12), SIZE_EDGES))
    def place_anything(self, name: str, index: int, size: int) -> None:
        self.publish_all()
        self.proof.place(name, self.intent(index, size))

    @rule(name=TRADERS, index=MARKETS, percent=st.sampled_from((1, 30, 50, 99, 100, 100, 250)))
    def reduce(self, name: str, index: int, percent: int) -> None:
        held = self.held(name, index)
        lot = self.proof.ledger.markets[index].params.lot_e9
        size = held if percent == 100 else held * percent // 100 // lot * lot
        self.fill(name, self.intent(index, -size, reduce_only=True))

    @rule(name=TRADERS, index=MARKETS, kind=WAITING, tenths=TENTHS, near=NEAR)
    def place_waiting(self, name: str, index: int, kind: Kind, tenths: int, near: int) -> None:
        intent = self.intent(index, self.size(name, index, tenths), kind=kind)
        tick = self.proof.ledger.markets[index].params.tick_e6
        price = self.prices[index] * near // 1_000 // tick * tick
        if kind is Kind.TRAILING_STOP:
            intent = replace(intent, trailing_bps=abs(near - 1_000) + 1)
        elif kind is not Kind.LIMIT:
            intent = replace(intent, trigger_price_e6=price)
        if kind in (Kind.LIMIT, Kind.STOP_LIMIT):
            intent = replace(intent, limit_price_e6=price)
        if near == 980:
            intent = replace(intent, expires_at=self.proof.now + 5)
        self.publish_all()
        self.proof.place(name, intent)

    @rule(which=st.integers(0, 31), with_reward=st.booleans())
    def execute_some(self, which: int, with_reward: bool) -> None:
        orders = list(self.proof.ledger.orders)
        if orders:
            key, order_id = orders[which % len(orders)]
            self.wait(1)
            self.publish_all()
            name = self.proof.name_of(key)
            self.proof.execute(name, order_id, with_reward=with_reward)

    @rule(which=st.integers(0, 31), by_owner=st.booleans())
    def cancel_some(self, which: int, by_owner: bool) -> None:
        orders = list(self.proof.ledger.orders)
        if orders:
            key, order_id = orders[which % len(orders)]
            self.proof.cancel(self.proof.name_of(key), order_id, by_owner=by_owner)

    @rule(index=MARKETS, parts=st.integers(-90, 90))
    def move(self, index: int, parts: int) -> None:
        self.prices[index] += self.prices[index] * parts // 1_000
        self.believe()

    @rule(index=MARKETS, percent=st.sampled_from((40, 60, 70, 80, 125, 150, 200)))
    def crash(self, index: int, percent: int) -> None:
        if 10**6 < self.prices[index] * percent // 100 < 10**12:
            self.prices[index] = self.prices[index] * percent // 100
        self.believe()
        for name in self.proof.traders:
            if self.held(name, index):
                self.proof.liquidate(name, index, 0)

    @rule(index=MARKETS, parts=st.integers(-300, 300), seconds=st.sampled_from((20, 58, 59, 400)))
    def fall_silent(self, index: int, parts: int, seconds: int) -> None:
        """One market's price stops, the others' move on, and the keeper comes to everybody."""
        for other in self.prices:
            if other != index:
                self.prices[other] += self.prices[other] * parts // 1_000
        self.wait(seconds)
        self.believe(but=index)
        for name in self.proof.traders:
            for other in (*self.account(name).markets, index):
                if self.held(name, other):
                    self.proof.liquidate(name, other, 0)
        self.believe()

    @rule(index=MARKETS, fault=st.integers(0, 5))
    def publish_badly(self, index: int, fault: int) -> None:
        price, now = self.prices[index], self.proof.now
        conf = price // (5_000 if fault else 20)
        price = {1: 0, 2: -price, 3: price * 2}.get(fault, price)
        conf = 0 if price <= 0 else conf
        when = {4: now + 3, 5: now - 30}.get(fault, now)
        reading = PriceReading(price_e6=max(price, 0), conf_e6=conf, publish_time=when)
        self.proof.publish(index, reading)
        self.proof.look(index)

    @rule(index=MARKETS, seconds=st.sampled_from((1, 6, 59, 61, 3_599, 3_600, 90_000)))
    def let_time_pass(self, index: int, seconds: int) -> None:
        self.wait(seconds)
        self.proof.settle(index, None)
        self.believe()

    @rule(name=TRADERS, index=MARKETS)
    def settle(self, name: str, index: int) -> None:
        if (self.proof.key(name), index) in self.proof.ledger.positions:
            self.proof.settle(index, name)

    @rule(name=TRADERS, index=MARKETS, most=st.sampled_from((0, 0, 1, 10**9)))
    def liquidate(self, name: str, index: int, most: int) -> None:
        if (self.proof.key(name), index) in self.proof.ledger.positions:
            self.proof.liquidate(name, index, most)

    @rule(name=TRADERS, index=MARKETS, past=st.sampled_from((0, 1, 500, 20_000)))
    def squeeze(self, name: str, index: int, past: int) -> None:
        """A price goes just past a position's liquidation price, and the keeper comes."""
        held = self.held(name, index)
        if not held or self.account(name).other_vaults:
            return
        price = liquidation_price_e6(self.proof.portfolio(name), index, now=self.proof.now)
        if price is None or not 10**4 < price < 10**12:
            return
        self.prices[index] = price - past if held > 0 else price + past
        self.believe()
        self.proof.liquidate(name, index, 0)

    @rule(name=TRADERS, index=MARKETS, by_bot=st.booleans())
    def bank(self, name: str, index: int, by_bot: bool) -> None:
        if (self.proof.key(name), index) in self.proof.ledger.positions:
            self.publish_all()
            by = address(BOT) if by_bot else self.proof.owners[name]
            self.proof.settle_pnl(name, index, by)

    @rule(name=TRADERS, index=MARKETS, most=st.sampled_from((0, 0, 1, 10**9)))
    def deleverage(self, name: str, index: int, most: int) -> None:
        held = self.held(name, index)
        if not held:
            return
        rivals = [
            each
            for each in self.proof.traders
            if each != name and self.held(each, index) * held > 0
        ]
        self.publish_all()
        self.proof.deleverage(name, index, rivals, by=self.proof.keeper(), most_e9=most)

    @rule(name=TRADERS)
    def resolve(self, name: str) -> None:
        self.proof.resolve(name)
