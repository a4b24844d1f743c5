"""Position walk: the pool walk with brackets, mandates, and positions opened and closed by name."""

from dataclasses import replace

from solders.pubkey import Pubkey

from quantdesk.domain.bracket import Bracket, Leg
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.mandate import MandateCaps
from quantdesk.domain.money import SIZE_ONE, U64_MAX, USD_ONE
from quantdesk.domain.order import Kind, Order, OrderIntent, Role
from tests.domain.fullstep import BOT, RIVAL_BOT
from tests.domain.onchain import address
from tests.domain.poolwalk import PoolWalk
from tests.domain.positionstep import PLACING, PositionStep

LOOSE = MandateCaps(
    order_cap_e6=U64_MAX,
    notional_cap_e6=U64_MAX,
    max_leverage=100,
    daily_loss_e6=U64_MAX,
    markets=0b111,
)


class PositionWalk(PoolWalk):
    """Walks a `PositionStep`."""

    pair: PositionStep

    def __init__(self, pair: PositionStep, seed: int) -> None:
        """Draws how often brackets are placed and hit."""
        super().__init__(pair, seed)
        self.actions += [
            ("enter", self.enter),
            ("protect", self.protect),
            ("hit_leg", self.hit_leg),
            ("by_name", self.by_name),
            ("mandate", self.mandate),
            ("outrun", self.outrun),
            ("leave_out", self.leave_out),
            ("sweep", self.sweep),
        ]
        often = {"enter": 6, "protect": 6, "hit_leg": 12, "mandate": 3, "outrun": 8}
        self.habits += [
            often.get(name, 3) * self.source.choice((1, 2)) for name, _ in self.actions[-8:]
        ]

    def enter(self) -> None:
        """An order with a bracket under it; mostly it fills, and its legs wake."""
        self.tick()
        name, index = self.someone(), self.source.choice(list(self.prices))
        by = self.placer(name)
        self.publish_all()
        kinds = (Kind.MARKET,) * 6 + (Kind.LIMIT, Kind.TRAILING_STOP, Kind.STOP_MARKET)
        intent = self.modest(name, index)
        if self.source.random() < 0.3:
            intent = self.with_trigger(self.intent(name, index, kind=self.source.choice(kinds)))
        parent_id = intent.client_order_id
        if not self.note("place", self.pair.place(name, intent, by)):
            return
        if self.source.random() < 0.1:
            by = self.placer(name)
        bracket = self.bracket(index, intent.size_e9 > 0, parent_id=parent_id)
        self.note("bracket", self.pair.place_bracket(name, bracket, by))
        if self.source.random() < 0.1:
            self.note("cancel", self.pair.cancel_by(name, parent_id, by))
            return
        self.pair.wait(self.source.choice((1, 1, 2, 31)), 3)
        self.publish_all()
        self.execute_one(name, parent_id)

    def protect(self) -> None:
        """A bracket around an open position, seldom around none."""
        held = self.held_position()
        name, index, is_long = self.someone(), self.source.choice(list(self.prices)), True
        if held is not None and self.source.random() < 0.95:
            name, position = held
            index, is_long = position.market_index, position.size_e9 > 0
        if (self.pair.key(name), index) not in self.pair.ledger.positions:
            return
        self.publish_all()
        bracket = self.bracket(index, is_long, parent_id=None)
        self.note("bracket", self.pair.place_bracket(name, bracket, self.placer(name)))

    def bracket(self, index: int, is_long: bool, *, parent_id: int | None) -> Bracket:
        """Legs around the present price, near enough to be hit; seldom on the wrong side."""
        tick = self.pair.ledger.markets[index].params.tick_e6
        above, below = self.near(index, 1), self.near(index, -1)
        gain, loss = (above, below) if is_long else (below, above)
        if self.source.random() < 0.04:
            gain, loss = loss, gain
        bounds = (tick, tick, tick * 9 // 10 + 1) if is_long else (10**15, 10**15, 10**15 + 1)
        legs = []
        for trigger in (gain, loss):
            self.order_id += 1
            limit = self.source.choice((*bounds[:2] * 9, bounds[2], trigger))
            legs.append(
                Leg(client_order_id=self.order_id, trigger_price_e6=trigger, limit_price_e6=limit)
            )
        ends = (0, 0, 0, 0, 0, 0, self.pair.now + 60, self.pair.now)
        return Bracket(
            market_index=index,
            take_profit=legs[0],
            stop=legs[1],
            expires_at=self.source.choice(ends),
            parent_id=parent_id,
        )

    def near(self, index: int, side: int) -> int:
        """A price some thousandths above or below the present one, mostly on tick."""
        tick = self.pair.ledger.markets[index].params.tick_e6
        parts = self.source.choice((1, 3, 10, 30))
        price = max(tick, self.prices[index] * (1_000 + side * parts) // 1_000)
        return price - price % tick + self.source.choice((0,) * 40 + (1,))

    def hit_leg(self) -> None:
        """A price reaches some leg that is awake (or one asleep is tried), and it executes."""
        legs = [
            order
            for order in self.pair.ledger.orders.values()
            if order.role in (Role.AWAKE, Role.ASLEEP)
        ]
        if not legs:
            return
        leg = self.source.choice(legs)
        self.reach(leg)
        self.pair.wait(1, 2)
        self.publish_all()
        name = self.pair.name_of(leg.account)
        if (leg.account, leg.client_order_id) in self.pair.ledger.orders:
            self.execute_one(name, leg.client_order_id)

    def reach(self, leg: Order) -> None:
        """The market's price goes just to a leg's trigger, when it is not far."""
        index, trigger = leg.market_index, leg.trigger_price_e6
        now_e6 = self.prices[index]
        if trigger * 2 > now_e6 and trigger < now_e6 * 2:
            past = trigger // 10_000
            rises = (leg.kind is Kind.TAKE_PROFIT) != leg.is_long
            self.prices[index] = trigger + past if rises else trigger - past
        self.refresh()

    def by_name(self) -> None:
        """A position is opened or closed by the instructions of that name."""
        self.tick()
        name, index = self.someone(), self.source.choice(list(self.prices))
        verb = self.source.choice(PLACING[1:])
        intent = self.intent(name, index, kind=Kind.MARKET)
        intent = replace(intent, reduce_only=verb == "close_position")
        if verb == "close_position":
            held = self.held_position()
            if held is not None and self.source.random() < 0.8:
                name, intent = held[0], self.closing(held[0], held[1].market_index)
        if self.source.random() < 0.1:
            intent = replace(intent, reduce_only=not intent.reduce_only)
        if self.source.random() < 0.05:
            intent = self.with_trigger(replace(intent, kind=Kind.LIMIT))
        self.publish_all()
        told = self.pair.place_by(verb, name, intent, self.placer(name))
        if self.note(verb, told):
            self.count(verb)
            self.pair.wait(1, 2)
            self.publish_all()
            self.execute_one(name, intent.client_order_id)

    def closing(self, name: str, index: int) -> OrderIntent:
        """An order that closes a whole position without saying its size."""
        intent = self.intent(name, index, kind=Kind.MARKET)
        held_e9 = self.pair.ledger.position(self.pair.key(name), index).size_e9
        tick = self.pair.ledger.markets[index].params.tick_e6
        bound = tick if held_e9 > 0 else tick * 10**9
        return replace(intent, size_e9=0, reduce_only=True, limit_price_e6=bound, expires_at=0)

    def modest(self, name: str, index: int) -> OrderIntent:
        """A market order that the account, and nearly every pool, can bear."""
        self.refill(name)
        intent = self.intent(name, index, kind=Kind.MARKET)
        params = self.pair.ledger.markets[index].params
        cash = self.pair.ledger.accounts[self.pair.key(name)].usdc_e6
        worth = min(max(cash, 0), 500 * USD_ONE) * self.source.randint(2, 20) // 10
        lots = max(1, worth * SIZE_ONE // (self.prices[index] * params.lot_e9))
        sign = self.source.choice((-1, 1))
        bound = self.prices[index] * (110 if sign > 0 else 90) // 100
        return replace(
            intent,
            size_e9=sign * lots * params.lot_e9,
            limit_price_e6=bound - bound % params.tick_e6,
            reduce_only=False,
            expires_at=0,
        )

    def outrun(self) -> None:
        """A capped bot trades; before the fill its caps, its place or the price may change."""
        name, bot = self.someone(), address(BOT)
        index, owner = self.source.choice(list(self.prices)), self.pair.owners[name]
        delegate = Delegate(key=str(bot), permissions=self.source.choice((1, 1, 3)))
        self.note("add delegate", self.pair.add_delegate(name, delegate))
        self.note("set mandate", self.pair.set_mandate(name, bot, self.caps(), owner))
        if (self.pair.key(name), str(bot)) not in self.pair.ledger.mandates:
            return
        self.tick()
        self.publish_all()
        intent = self.modest(name, index)
        if not self.note("bot place", self.pair.place(name, intent, bot)):
            return
        order_id = intent.client_order_id
        if self.source.random() < 0.3:
            bracket = self.bracket(index, intent.size_e9 > 0, parent_id=order_id)
            self.note("bracket", self.pair.place_bracket(name, bracket, bot))
        self.source.choice(
            (
                self.tick,
                self.tick,
                lambda: self.shift(index),
                lambda: self.note("dismiss", self.pair.remove_delegate(name, bot, owner)),
                lambda: self.note("end", self.pair.close_mandate(name, bot, owner)),
                lambda: self.note("recap", self.pair.set_mandate(name, bot, self.caps(), owner)),
                lambda: self.note("recall", self.pair.cancel_by(name, order_id, bot)),
            )
        )()
        self.pair.wait(1, 2)
        self.publish_all()
        if (self.pair.key(name), order_id) in self.pair.ledger.orders:
            self.execute_one(name, order_id)

    def shift(self, index: int) -> None:
        """The price moves by up to three percent, without a jump."""
        self.prices[index] += self.prices[index] * self.source.randint(-30, 30) // 1_000
        self.refresh()

    def mandate(self) -> None:
        """An owner caps a bot, or lifts the caps; seldom somebody else tries."""
        name, bot = self.someone(), address(self.source.choice((BOT, BOT, RIVAL_BOT)))
        owner = self.pair.owners[name]
        by = self.source.choice((*(owner,) * 12, bot))
        is_capped = (self.pair.key(name), str(bot)) in self.pair.ledger.mandates
        if is_capped and self.source.random() < 0.25:
            self.note("close mandate", self.pair.close_mandate(name, bot, by))
            self.hire(name, bot)
            return
        key = self.source.choice((*(bot,) * 20, owner, Pubkey.default()))
        self.note("set mandate", self.pair.set_mandate(name, key, self.caps(), by))

    def hire(self, name: str, bot: Pubkey) -> None:
        """A bot that lost its place with its mandate gets one again."""
        if self.source.random() < 0.7:
            delegate = Delegate(key=str(bot), permissions=self.source.choice((1, 3)))
            self.note("add delegate", self.pair.add_delegate(name, delegate))

    def caps(self) -> MandateCaps:
        """Caps that are loose but for one or two."""
        caps = LOOSE
        for _ in range(self.source.choice((0, 1, 1, 2))):
            caps = self.source.choice(
                (
                    replace(caps, order_cap_e6=self.source.randint(1, 1_500) * USD_ONE),
                    replace(caps, notional_cap_e6=self.source.randint(1, 1_000) * USD_ONE),
                    replace(caps, max_leverage=self.source.choice((0, 1, 2, 5, 10, 101))),
                    replace(caps, daily_loss_e6=self.source.choice((0, 1, 10, 100)) * USD_ONE),
                    replace(caps, markets=self.source.choice((0, 1, 2, 5, 6))),
                    replace(caps, expires_at=self.pair.now + self.source.choice((0, 5, 60, 600))),
                )
            )
        return caps

    def placer(self, name: str) -> Pubkey:
        """Who places: the owner, or a bot."""
        owner = self.pair.owners[name]
        return self.source.choice((owner, owner, address(BOT), address(BOT), address(RIVAL_BOT)))

    def leave_out(self) -> None:
        """The keeper executes without one of the accounts that an order drags along."""
        found = self.open_order()
        if found is None:
            return
        self.tick()
        self.publish_all()
        error = self.pair.execute_without(*found)
        if error is not None:
            self.refused[f"leave out: {error}"] += 1

    def sweep(self) -> None:
        """A stranger clears away whatever lost its use."""
        for key, order_id in list(self.pair.ledger.orders):
            if (key, order_id) in self.pair.ledger.orders and self.source.random() < 0.5:
                name = self.pair.name_of(key)
                self.note("cancel", self.pair.cancel(name, order_id, by_owner=False))
