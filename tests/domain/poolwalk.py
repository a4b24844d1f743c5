"""Pool walk: the full walk with claims, banked profit, deleveraging and pool shares."""

from solders.pubkey import Pubkey

from quantdesk.domain.events import ClaimsPaid, Deleveraged, Event
from quantdesk.domain.liquidity import COOLDOWN_S
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.payout import FLOOR_PARTS
from quantdesk.domain.pool import revalued
from tests.domain.fullstep import BOT
from tests.domain.fullwalk import FullWalk
from tests.domain.onchain import address
from tests.domain.poolstep import PoolStep


class PoolWalk(FullWalk):
    """Walks a `PoolStep`."""

    pair: PoolStep

    def __init__(self, pair: PoolStep, seed: int) -> None:
        """Draws how often the pool is visited."""
        super().__init__(pair, seed)
        self.actions += [
            ("pay_claims", self.pay_claims),
            ("settle_pnl", self.settle_pnl),
            ("deleverage", self.deleverage),
            ("provide", self.provide),
            ("leave", self.leave),
            ("break_pool", self.break_pool),
        ]
        self.habits += [self.source.choice((3, 6)) for _ in self.actions[-6:]]

    def pay_claims(self) -> None:
        """Anyone's claim is paid."""
        self.note("pay claims", self.pair.pay_claims(self.someone()))

    def settle_pnl(self) -> None:
        """Somebody's profit is banked, by the owner or a bot."""
        held = self.held_position()
        if held is not None:
            name, position = held
            self.publish_all()
            by = self.source.choice((self.pair.owners[name], address(BOT)))
            told = self.pair.settle_pnl(name, position.market_index, by)
            self.note("settle pnl", told)

    def deleverage(self) -> None:
        """The keeper (or a bot) tries to close a winner."""
        held = self.held_position()
        if held is None:
            return
        name, position = held
        self.publish_all()
        keeper = self.pair.keeper()
        by = self.source.choice((keeper, keeper, keeper, address(BOT)))
        self.close_winner(name, position.market_index, by)

    def close_winner(self, name: str, index: int, by: Pubkey) -> None:
        """A position is held against all others of its side, and closed whole or in part."""
        held_e9 = self.held_e9(name, index)
        rivals = [
            each
            for each in self.pair.traders
            if each != name and self.held_e9(each, index) * held_e9 > 0
        ]
        most_e9 = self.source.choice((0, 0, max(1, abs(held_e9) // 3)))
        told = self.pair.deleverage(name, index, rivals, by=by, most_e9=most_e9)
        self.note("deleverage", told)

    def break_pool(self) -> None:
        """A price runs until the pool is under its floor: winners are closed, claims are paid."""
        held = self.held_position()
        if held is None:
            return
        index = held[1].market_index
        calm_e6, price_e6 = self.prices[index], self.breaking_price_e6(index)
        if price_e6 is None:
            return
        self.prices[index] = price_e6
        self.refresh()
        for name in self.source.sample(self.pair.traders, len(self.pair.traders)):
            if self.held_e9(name, index):
                self.close_winner(name, index, self.pair.keeper())
        self.rescue()
        self.prices[index] = calm_e6
        self.refresh()

    def breaking_price_e6(self, index: int) -> int | None:
        """A price in reach at which the pool is under its floor."""
        pool, market = self.pair.ledger.pool, self.pair.ledger.markets[index]
        for percent in (150, 200, 300, 500, 1_000) if market.skew_e9 > 0 else (70, 50, 20, 5):
            price_e6 = self.prices[index] * percent // 100
            after = revalued(market, pool, price_e6)[1]
            if after.equity_e6 * FLOOR_PARTS < after.reserve_e6:
                return price_e6
        return None

    def rescue(self) -> None:
        """Somebody gives the pool a part of what it owes, then the rest; all fetch their due."""
        for parts in (3, 1):
            owed_e6 = self.pair.ledger.pool.claims_e6
            if owed_e6:
                self.note("seed pool", self.pair.seed_pool(-(-owed_e6 // parts)))
            for name in self.pair.traders:
                self.note("pay claims", self.pair.pay_claims(name))

    def held_e9(self, name: str, index: int) -> int:
        """What a trader holds in a market."""
        return self.pair.ledger.position(self.pair.key(name), index).size_e9

    def count_hardship(self, event: Event) -> None:
        """As the base, and how claims were paid and winners closed."""
        super().count_hardship(event)
        if isinstance(event, ClaimsPaid) and event.paid_e6 > 0:
            self.count("claim paid in part" if event.claims_after_e6 else "claim paid")
        if isinstance(event, Deleveraged):
            self.count("deleveraged in part" if event.size_after_e9 else "deleveraged whole")

    def provide(self) -> None:
        """Somebody buys shares."""
        amount = self.source.choice((0, 1, self.source.randint(1, 2_000) * USD_ONE))
        least = self.source.choice((0, 0, 1, amount + 10**9))
        self.publish_all()
        self.note("pool deposit", self.pair.pool_deposit(self.someone(), amount, least))

    def leave(self) -> None:
        """Somebody asks to leave, and leaves after the wait or too early."""
        name = self.someone()
        share = self.pair.ledger.pool_shares.get(str(self.pair.owners[name]))
        if share is None:
            return
        wanted = self.source.choice((share.shares, share.shares // 2, share.shares + 1, 0))
        self.note("request", self.pair.request_withdrawal(name, wanted))
        if self.source.random() < 0.5:
            self.pair.wait(COOLDOWN_S, 100)
            self.refresh()
        least = self.source.choice((0, 0, 0, 10**15))
        self.note("pool withdraw", self.pair.pool_withdraw(name, least))
