"""A random walk of an exchange: traders, prices, funding and liquidations from one seed.

Each walk draws its own habits (which actions are frequent, how wild prices are, how bold traders),
so that rare corners are visited often in some walk.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from quantdesk.domain.events import Event
from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.liquidation_price import liquidation_price_e6
from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.position import Position
from tests.domain.hardship import bare_price_e6, hardships
from tests.domain.invariants import check_invariants
from tests.domain.lockstep import SECOND, Lockstep

START_PRICES = {0: 150 * USD_ONE, 1: 60_000 * USD_ONE, 2: 2_500 * USD_ONE}
EDGES = (0, 1, 2**63 - 1)


class Walk:
    """Draws actions and takes them on a `Lockstep`; counts what happened."""

    def __init__(self, pair: Lockstep, seed: int) -> None:
        """Draws the habits of this walk and posts first prices."""
        self.pair = pair
        self.source = random.Random(seed)  # noqa: S311 - a reproducible walk, not a secret
        self.prices = dict(START_PRICES)
        self.wildness = self.source.choice((2, 10, 40))
        self.boldness = self.source.choice((5, 15, 19, 19, 25))
        self.order_id = 0
        self.applied: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.actions: list[tuple[str, Callable[[], None]]] = [
            ("trade", self.trade),
            ("price", self.move_price),
            ("settle", self.settle),
            ("liquidate", self.liquidate),
            ("deposit", self.deposit),
            ("withdraw", self.withdraw),
            ("place", self.place),
            ("execute", self.execute),
            ("cancel", self.cancel),
            ("crash", self.crash),
            ("pause", self.pause),
            ("squeeze", self.squeeze),
            ("transfer", self.transfer),
            ("update", self.update),
            ("ruin", self.ruin),
            ("windfall", self.windfall),
        ]
        rarity = {
            "trade": 30,
            "execute": 8,
            "crash": 2,
            "pause": 1,
            "withdraw": 1,
            "squeeze": 2,
            "update": 1,
            "ruin": 1,
            "windfall": 1,
        }
        self.habits = [
            rarity.get(name, 4) * self.source.choice((1, 2, 4)) for name, _ in self.actions
        ]
        for index in self.prices:
            self.publish(index)
            self.pair.look(index)
        for name in self.pair.traders:
            self.pair.deposit(name, self.source.randint(100, 5_000) * USD_ONE)

    def take(self, steps: int) -> None:
        """Takes actions until the pair has made so many more steps."""
        goal = self.pair.steps + steps
        while self.pair.steps < goal:
            ((_, action),) = self.source.choices(self.actions, self.habits)
            action()
            check_invariants(self.pair.ledger)

    def tick(self) -> None:
        """A second or so and two slots pass."""
        seconds = self.source.choice((0, 1, 1, 1, 2, 3))
        self.pair.wait(seconds, self.source.choice((0, 1, 2 * seconds + 1)))

    def pause(self) -> None:
        """A long silence: prices age, funding runs, buckets leak."""
        self.pair.wait(self.source.choice((6, 11, 21, 61, 600, 3_599, 3_600, 90_000)), 100)
        self.refresh()

    def refresh(self) -> None:
        """Fresh prices twice, so that markets trade again after a silence, most of the time."""
        for _ in range(2):
            self.pair.wait(1, 2)
            for index in self.prices:
                self.publish(index)
                if self.source.random() < 0.95:
                    self.note("look", self.pair.look(index))

    def move_price(self) -> None:
        """One market's price moves a little, now and then published badly."""
        self.tick()
        index = self.source.choice(list(self.prices))
        parts = self.source.randint(-self.wildness, self.wildness)
        self.prices[index] += self.prices[index] * parts // 1_000
        self.publish(index, faulty=self.source.random() < 0.1)
        self.note("look", self.pair.look(index))

    def crash(self) -> None:
        """One market moves by up to a third, seldom far beyond, and the new price is confirmed."""
        index = self.source.choice(list(self.prices))
        parts = self.source.randint(-330, 330)
        if self.source.random() < 0.15:
            parts = self.source.choice((2_000, 1_000, -600, -800))
        self.prices[index] += self.prices[index] * parts // 1_000
        self.refresh()
        for name in self.pair.traders:
            self.seize(name, index, 0)

    def squeeze(self) -> None:
        """A price goes just past some liquidation price, or to a bare one; the keeper comes."""
        held = self.held_position()
        if held is None:
            return
        name, position = held
        index = position.market_index
        portfolio = self.pair.portfolio(name)
        price = liquidation_price_e6(portfolio, index, now=self.pair.now)
        if price is None:
            return
        past = self.source.randint(0, price // 1_000)
        bare = None if past % 2 else bare_price_e6(portfolio, index, now=self.pair.now)
        just_past = price - past if position.size_e9 > 0 else price + past
        self.prices[index] = max(1, just_past if bare is None else bare)
        self.refresh()
        self.seize(name, index, self.source.choice((0, 0, 0, SIZE_ONE)))

    def windfall(self) -> None:
        """A price runs far in some position's favour, and its owner closes."""
        held = self.held_position()
        if held is None:
            return
        name, position = held
        index = position.market_index
        if self.prices[index] < 10**10:
            times, parts = (5, 2) if position.size_e9 > 0 else (1, 5)
            self.prices[index] = self.prices[index] * times // parts
        self.refresh()
        self.close(name, position)

    def close(self, name: str, position: Position) -> None:
        """A position's owner closes it at any price."""
        index = position.market_index
        intent = self.intent(name, index, kind=Kind.MARKET)
        tick = self.pair.ledger.markets[index].params.tick_e6
        anything = tick if position.size_e9 > 0 else tick * 10**9
        intent = replace(
            intent, size_e9=-position.size_e9, limit_price_e6=anything, reduce_only=True
        )
        if self.send(name, replace(intent, expires_at=0)):
            self.pair.wait(1, 2)
            self.publish_all()
            self.execute_one(name, self.order_id)

    def ruin(self) -> None:
        """A price runs far against some position, its owner closes it, and the debt is resolved."""
        held = self.held_position()
        if held is None:
            self.note("resolve", self.pair.resolve(self.someone()))
            return
        name, position = held
        index = position.market_index
        if 10**6 < self.prices[index] < 10**10:
            times, parts = (3, 2) if position.size_e9 < 0 else (2, 3)
            self.prices[index] = self.prices[index] * times // parts
        self.refresh()
        self.close(name, position)
        self.note("resolve", self.pair.resolve(name))

    def held_position(self) -> tuple[str, Position] | None:
        """Some trader's open position."""
        positions = self.pair.ledger.positions.values()
        held = [position for position in positions if not position.is_flat]
        if not held:
            return None
        position = self.source.choice(held)
        return self.pair.name_of(position.account), position

    def publish_all(self) -> None:
        """Posts every market's price, as keepers do before a trade."""
        for index in self.prices:
            self.publish(index)

    def publish(self, index: int, *, faulty: bool = False) -> None:
        """Posts the market's price, or something a price must not be."""
        price, now = self.prices[index], self.pair.now
        conf = price * self.source.randint(0, 100) // 100_000
        if faulty:
            fault = self.source.randrange(8)
            price = 0 if fault == 0 else price * 2 if fault == 1 else price
            now += {2: 3, 3: -6, 4: -15}.get(fault, 0)
            conf = price * self.source.randint(1, 20) // 1_000 if fault > 4 else conf
        reading = PriceReading(
            price_e6=price,
            conf_e6=conf if price else 0,
            publish_time=now,
            previous_at=self.source.choice((None, now - 1, now - 5)),
        )
        self.pair.publish(index, reading)

    def trade(self) -> None:
        """A trader places an order that should fill and the keeper executes it."""
        self.tick()
        name, index = self.someone(), self.source.choice(list(self.prices))
        self.refill(name)
        self.publish_all()
        if self.send(name, self.intent(name, index, kind=Kind.MARKET)):
            self.pair.wait(self.source.choice((1, 1, 1, 2, 3, 20)), 3)
            self.publish_all()
            self.execute_one(name, self.order_id)

    def refill(self, name: str) -> None:
        """Who has lost nearly everything starts again."""
        if 0 <= self.pair.ledger.accounts[self.pair.key(name)].usdc_e6 < 20 * USD_ONE:
            amount = self.source.randint(100, 2_000) * USD_ONE
            self.note("deposit", self.pair.deposit(name, amount))

    def place(self) -> None:
        """A trader places any order, sensible or not."""
        name, index = self.someone(), self.source.choice(list(self.prices))
        kinds = (Kind.LIMIT,) * 4 + (Kind.TRAILING_STOP,) * 2 + (*Kind,)
        intent = self.with_trigger(self.intent(name, index, kind=self.source.choice(kinds)))
        if self.source.random() < 0.1:
            intent = replace(intent, expires_at=self.pair.now - self.source.randint(0, 1))
        self.send(name, intent)

    def execute(self) -> None:
        """The keeper tries an open order."""
        found = self.open_order()
        if found is not None:
            self.tick()
            self.publish_all()
            self.execute_one(*found)

    def cancel(self) -> None:
        """An order is cancelled by its owner or a stranger."""
        found = self.open_order()
        if found is not None:
            by_owner = self.source.random() < 0.7
            self.note("cancel", self.pair.cancel(*found, by_owner=by_owner))

    def settle(self) -> None:
        """Funding is settled, of a market or of one position that exists."""
        self.tick()
        index, name = self.source.choice(list(self.prices)), self.someone()
        known = (self.pair.key(name), index) in self.pair.ledger.positions
        who = name if known and self.source.random() < 0.8 else None
        self.note("settle", self.pair.settle(index, who))

    def liquidate(self) -> None:
        """The keeper tries to liquidate somebody."""
        index = self.source.choice(list(self.prices))
        self.seize(self.someone(), index, self.source.choice((0, 0, 1, SIZE_ONE)))

    def seize(self, name: str, index: int, most_e9: int) -> None:
        """A liquidation of a position that exists, now and then of one that is flat."""
        position = self.pair.ledger.positions.get((self.pair.key(name), index))
        if position is not None and (not position.is_flat or self.source.random() < 0.05):
            self.note("liquidate", self.pair.liquidate(name, index, most_e9))

    def deposit(self) -> None:
        """A trader deposits something."""
        amount = self.source.randint(1, 10 ** self.source.randint(6, 10))
        if self.source.random() < 0.1:
            amount = self.source.choice((0, 10**15))
        self.note("deposit", self.pair.deposit(self.someone(), amount))

    def withdraw(self) -> None:
        """A trader withdraws everything, a unit too much, or something."""
        name = self.someone()
        balance = max(0, self.pair.ledger.accounts[self.pair.key(name)].usdc_e6)
        part = self.source.randint(1, max(1, balance // 5))
        amount = part
        if self.source.random() < 0.1:
            amount = self.source.choice((0, balance, balance + 1))
        self.note("withdraw", self.pair.withdraw(name, amount))

    def transfer(self) -> None:
        """Someone moves money to an account that is or is not the same owner's."""
        name = self.source.choice(("trader 0", SECOND, self.someone()))
        to_name = SECOND if name == "trader 0" else "trader 0"
        balance = max(0, self.pair.ledger.accounts[self.pair.key(name)].usdc_e6)
        part = self.source.randint(0, balance)
        amount = self.source.choice((part, part // 5, balance, balance + 1))
        self.note("transfer", self.pair.transfer(name, to_name, amount))

    def update(self) -> None:
        """Someone chooses another leverage."""
        leverage = self.source.choice((0, 1, 5, 20, 20, 50, 100, 101))
        self.note("update", self.pair.update(self.someone(), leverage))

    def intent(self, name: str, index: int, *, kind: Kind) -> OrderIntent:
        """An order near what the account can bear, on the grid most of the time."""
        self.order_id += 1
        params = self.pair.ledger.markets[index].params
        held = self.pair.ledger.position(self.pair.key(name), index).size_e9
        size = self.drawn_size(name, params)
        if held and self.source.random() < 0.4:
            size = self.source.choice((-held, -held, -2 * held, -held // 2))
        if self.source.random() < 0.9 and abs(size) != abs(held):
            size -= size % (params.lot_e9 if size > 0 else -params.lot_e9)
        worst = (90, 99, 100) if kind is Kind.LIMIT else (100, 101, 102, 102, 110, 110)
        bound = self.prices[index] * self.source.choice(worst) // 100
        if size < 0:
            bound = 2 * self.prices[index] - bound
        bound -= bound % params.tick_e6
        return OrderIntent(
            market_index=index,
            client_order_id=self.order_id,
            kind=kind,
            size_e9=size,
            limit_price_e6=bound + self.source.choice((0,) * 20 + (1,)),
            reduce_only=self.source.random() < (0.3 if held else 0.03),
            expires_at=self.source.choice((0, 0, 0, self.pair.now + 5, self.pair.now + 40)),
        )

    def with_trigger(self, intent: OrderIntent) -> OrderIntent:
        """The fields that a waiting order needs, near the price; seldom the wrong ones."""
        tick = self.pair.ledger.markets[intent.market_index].params.tick_e6
        near = self.prices[intent.market_index] * self.source.randint(980, 1_020) // 1_000
        trigger = near - near % tick + self.source.choice((0,) * 9 + (1,))
        bps = self.source.choice((1, 10, 50, 200, 5_000, 5_001))
        is_odd = self.source.random() < 0.05
        if (intent.kind is Kind.TRAILING_STOP) != is_odd:
            return replace(intent, trailing_bps=bps)
        if (intent.kind not in (Kind.MARKET, Kind.LIMIT)) != is_odd:
            return replace(intent, trigger_price_e6=trigger)
        return intent

    def drawn_size(self, name: str, params: MarketParams) -> int:
        """A signed size worth up to the account's cash times this walk's boldness."""
        cash = max(1, self.pair.ledger.accounts[self.pair.key(name)].usdc_e6)
        most = cash * self.boldness * SIZE_ONE // max(1, self.prices[params.index])
        size = self.source.randint(0, max(1, most))
        if self.source.random() < 0.02:
            size = self.source.choice((*EDGES, params.oi_cap_e9, params.account_cap_e9 + 1))
        return self.source.choice((-1, 1)) * size

    def send(self, name: str, intent: OrderIntent) -> bool:
        """Places an order; tells whether it was accepted."""
        return self.note("place", self.pair.place(name, intent))

    def execute_one(self, name: str, order_id: int) -> None:
        """The keeper executes an order, mostly for the reward."""
        with_reward = self.source.random() < 0.8
        told = self.pair.execute(name, order_id, with_reward=with_reward)
        self.note("execute", told)

    def open_order(self) -> tuple[str, int] | None:
        """Some open order, by trader's name and id."""
        if not self.pair.ledger.orders:
            return None
        key, order_id = self.source.choice(list(self.pair.ledger.orders))
        return self.pair.name_of(key), order_id

    def someone(self) -> str:
        """A trader."""
        return self.source.choice(self.pair.traders)

    def note(self, action: str, outcome: Outcome) -> bool:
        """Counts an outcome by event or refusal; tells whether it was applied."""
        if isinstance(outcome, Applied):
            for event in outcome.events:
                name = type(event).__name__
                reason = getattr(event, "reason", None)
                self.count(name if reason is None else f"{name} {reason.name}")
                self.count_hardship(event)
            return True
        self.refused[f"{action}: {outcome.refusal}"] += 1
        return False

    def count(self, name: str) -> None:
        """Counts something that happened."""
        self.applied[name] += 1

    def count_hardship(self, event: Event) -> None:
        """Counts who bore a loss."""
        for name in hardships(event, self.pair.ledger.markets):
            self.count(name)
