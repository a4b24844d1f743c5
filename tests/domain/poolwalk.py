"""Pool walk: the full walk with claims, banked profit, deleveraging and pool shares."""

from quantdesk.domain.liquidity import COOLDOWN_S
from quantdesk.domain.money import USD_ONE
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
        ]
        self.habits += [self.source.choice((3, 6)) for _ in self.actions[-5:]]

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
        index = position.market_index
        rivals = [
            each
            for each in self.pair.traders
            if each != name
            and self.pair.ledger.position(self.pair.key(each), index).size_e9 * position.size_e9 > 0
        ]
        self.publish_all()
        keeper = self.pair.keeper()
        by = self.source.choice((keeper, keeper, keeper, address(BOT)))
        self.note("deleverage", self.pair.deleverage(name, index, rivals, by))

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
