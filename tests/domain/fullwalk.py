"""Full walk: the random walk with other collateral, delegates, pauses and timelocked changes."""

from collections.abc import Callable
from dataclasses import replace

from solders.pubkey import Pubkey

from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import NOBODY, Delegate
from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind
from quantdesk.domain.security import (
    EVERY_PAUSE,
    Change,
    MarketChange,
    SecurityChange,
    Unpause,
    VaultChange,
)
from tests.domain.fullstep import ADMIN, BOT, GUARDIAN, MORE_BOTS, RIVAL_BOT, FullStep
from tests.domain.lockstep import KEEPER
from tests.domain.onchain import address
from tests.domain.walk import Walk

PRICED_BY = {1: None, 2: 0, 3: 1}
"""The market whose price a collateral has; USDT has its own."""
DAY_S = 86_400


class FullWalk(Walk):
    """Walks a `FullStep`."""

    pair: FullStep

    def __init__(self, pair: FullStep, seed: int) -> None:
        """Draws the habits and posts first prices of every collateral."""
        self.number = 0
        super().__init__(pair, seed)
        self.actions += [
            ("deposit_token", self.deposit_token),
            ("withdraw_token", self.withdraw_token),
            ("delegate", self.delegate),
            ("act_as_bot", self.act_as_bot),
            ("lock_down", self.lock_down),
            ("change", self.change),
        ]
        rare = {"lock_down": 1, "change": 1, "act_as_bot": 10}
        self.habits += [
            rare.get(name, 3) * self.source.choice((1, 2)) for name, _ in self.actions[-6:]
        ]
        for vault_index in PRICED_BY:
            self.publish_token(vault_index)
        for name in self.pair.traders:
            bot = Delegate(key=str(address(BOT)), permissions=3)
            self.note("add delegate", self.pair.add_delegate(name, bot))

    def publish(self, index: int, *, faulty: bool = False) -> None:
        """A market's price, and now and then a collateral's."""
        super().publish(index, faulty=faulty)
        if self.source.random() < 0.9:
            self.publish_token(self.source.choice(list(PRICED_BY)))

    def publish_all(self) -> None:
        """Every market's and nearly every collateral's price."""
        super().publish_all()
        for vault_index in PRICED_BY:
            if self.source.random() < 0.97:
                self.publish_token(vault_index)

    def refresh(self) -> None:
        """Fresh prices of everything."""
        super().refresh()
        self.publish_all()

    def publish_token(self, vault_index: int) -> None:
        """A collateral's price, seldom a bad one."""
        market = PRICED_BY[vault_index]
        price = USD_ONE if market is None else self.prices[market]
        price += price * self.source.randint(-3, 3) // 1_000
        conf = price * self.source.randint(0, 100) // 100_000
        now = self.pair.now
        if self.source.random() < 0.02:
            fault = self.source.randrange(4)
            price = 0 if fault == 0 else price
            conf = 0 if fault == 0 else price // 20 if fault == 1 else conf
            now += {2: 3, 3: -11}.get(fault, 0)
        reading = PriceReading(price_e6=price, conf_e6=conf, publish_time=now)
        self.pair.publish_token(vault_index, reading)

    def deposit_token(self) -> None:
        """A trader deposits some other token, worth cents to thousands."""
        index = self.source.choice(list(PRICED_BY))
        whole = {1: 1_000, 2: 10, 3: 0.02}[index]
        vault = self.pair.ledger.collaterals[index]
        amount = int(whole * 10**vault.decimals * self.source.random())
        if self.source.random() < 0.1:
            amount = self.source.choice((0, 1, vault.deposit_cap, 2**63))
        tokens = Tokens(amount=amount, vault_index=index)
        self.note("deposit token", self.pair.deposit_token(self.someone(), tokens))

    def withdraw_token(self) -> None:
        """A trader withdraws some or all of another token, or a unit too much."""
        name, index = self.someone(), self.source.choice(list(PRICED_BY))
        held = self.pair.ledger.accounts[self.pair.key(name)].balances[index]
        part = self.source.randint(0, max(0, held))
        amount = self.source.choice((part, part, part // 7, held, held + 1))
        self.publish_all()
        tokens = Tokens(amount=amount, vault_index=index)
        told = self.pair.withdraw_token(name, tokens)
        self.note("withdraw token", told)
        if isinstance(told, Applied):
            self.count("token withdrawn")

    def delegate(self) -> None:
        """An owner (or somebody who is not) adds or removes a delegate."""
        name = self.someone()
        bots = [address(BOT), address(RIVAL_BOT), *map(address, MORE_BOTS)]
        bot, owner = self.source.choice((*bots[1:3], *bots)), self.pair.owners[name]
        if self.source.random() < 0.3:
            by = self.source.choice((owner, bot, bots[1]))
            self.note("remove delegate", self.pair.remove_delegate(name, bot, by))
            return
        key = self.source.choice((bot,) * 12 + (owner, Pubkey.from_string(NOBODY)))
        delegate = Delegate(
            key=str(key),
            permissions=self.source.choice((1, 3, 3, 3, 2, 0, 4)),
            expires_at=self.source.choice((0, 0, self.pair.now + 30, self.pair.now + 600, 1)),
        )
        by = bots[0] if self.source.random() < 0.1 and bots[0] != bot else owner
        self.note("add delegate", self.pair.add_delegate(name, delegate, by))

    def act_as_bot(self) -> None:
        """A bot trades for somebody, cancels, or tries to take money."""
        self.tick()
        name, bot = self.someone(), address(self.source.choice((BOT, BOT, RIVAL_BOT)))
        if self.source.random() < 0.2:
            self.steal(name, bot)
            return
        self.publish_all()
        index = self.source.choice(list(self.prices))
        intent = replace(self.intent(name, index, kind=Kind.MARKET), expires_at=0)
        told = self.pair.place(name, intent, bot)
        if self.note("bot place", told):
            self.count("bot placed")
            self.finish(name, bot)

    def finish(self, name: str, bot: Pubkey) -> None:
        """The order that a bot placed fills, or the bot cancels it."""
        if self.source.random() < 0.3:
            told = self.pair.cancel_by(name, self.order_id, bot)
            if self.note("bot cancel", told):
                self.count("bot cancelled")
            return
        self.pair.wait(1, 2)
        self.publish_all()
        self.execute_one(name, self.order_id)

    def steal(self, name: str, bot: Pubkey) -> None:
        """No delegate ever moves money."""
        index = self.source.randrange(4)
        tokens = Tokens(amount=1, vault_index=index)
        take = self.source.choice((self.pair.withdraw_token, self.pair.deposit_token))
        told = take(name, tokens, bot)
        assert not isinstance(told, Applied), "a delegate moved money"
        self.note("steal", told)

    def lock_down(self) -> None:
        """Somebody pauses or tightens; trade goes on a while; a timelock lifts it."""
        by = address(self.source.choice((ADMIN, ADMIN, GUARDIAN, BOT)))
        bits = self.source.choice((1, 2, 4, 8, 16, 32, 64, 128, 255, 0, 256))
        index = self.source.choice(list(self.prices))
        if self.source.random() < 0.5:
            self.note("pause", self.pair.pause(bits, by))
        else:
            status = MarketStatus(self.source.randrange(3))
            self.note("tighten", self.pair.tighten(index, status, by))
        for action in self.source.choices(self.paused_actions(), k=6):
            action()
        self.lift(index)

    def paused_actions(self) -> list[Callable[[], None]]:
        """What is tried while something is paused."""
        return [
            self.trade,
            self.trade,
            self.deposit,
            self.withdraw,
            self.settle,
            self.transfer,
            self.squeeze,
            self.deposit_token,
            self.execute,
            self.ruin,
        ]

    def lift(self, index: int) -> None:
        """The admin lifts every pause and opens a market again, after the timelock."""
        self.pair.wait(1, 2)
        market = self.pair.ledger.markets[index]
        fee = self.source.choice((300, 500, 700))
        terms = replace(market.params, taker_fee_e6=fee)
        for change in (
            Unpause(pause_bits=EVERY_PAUSE),
            MarketChange(status=MarketStatus.ACTIVE, params=terms),
        ):
            self.enact(change)

    def enact(self, change: Change) -> None:
        """The admin proposes a change, tries it early, waits and executes it; seldom cancels."""
        self.number += 1
        admin = address(ADMIN)
        self.note("propose", self.pair.propose(self.number, change, admin))
        if self.source.random() < 0.5:
            self.note("execute early", self.pair.execute_change(self.number, admin))
        if self.source.random() < 0.5:
            stranger = address(BOT)
            self.note("cancel change", self.pair.cancel_change(self.number, stranger))
            self.note("execute change", self.pair.execute_change(self.number, stranger))
        if not isinstance(change, Unpause) and self.source.random() < 0.2:
            by = address(self.source.choice((ADMIN, GUARDIAN)))
            if self.note("cancel change", self.pair.cancel_change(self.number, by)):
                return
        proposal = self.pair.ledger.proposals.get(self.number)
        if proposal is not None:
            self.pair.wait(proposal.executable_at - self.pair.now + self.source.randrange(2), 100)
        self.refresh()
        self.note("execute change", self.pair.execute_change(self.number, admin))

    def change(self) -> None:
        """Another weight for a collateral, other roles, or another guardian only."""
        if self.source.random() < 0.5:
            index = self.source.choice(list(PRICED_BY))
            weight = self.source.randint(0, 900_000)
            vault = self.pair.ledger.collaterals[index]
            rules = replace(
                vault, weight_init_e6=weight, weight_maint_e6=weight + 50_000, age_max_s=10
            )
            self.enact(VaultChange(rules=rules))
            return
        if self.source.random() < 0.3:
            self.enact(self.another_guardian())
            return
        change = SecurityChange(
            admin=str(address(ADMIN)),
            guardian=str(address(GUARDIAN)),
            keeper=str(self.pair.owners[KEEPER]),
            timelock_s=self.source.choice((DAY_S, 3_600, 3_600, 3_599)),
            keeper_reward_e6=self.source.choice((0, 10_000, 200_000)),
            daily_loss_share_e6=self.source.choice((10_000, 100_000, 1_000_001)),
        )
        self.enact(change)

    def another_guardian(self) -> SecurityChange:
        """Everything as it is, but for the guardian."""
        roles, pool = self.pair.ledger.security, self.pair.ledger.pool
        both = {str(address(name)) for name in (ADMIN, GUARDIAN)}
        return SecurityChange(
            admin=roles.admin,
            guardian=min(both - {roles.guardian}),
            keeper=roles.keeper,
            timelock_s=roles.timelock_s,
            keeper_reward_e6=pool.keeper_reward_e6,
            daily_loss_share_e6=pool.daily_loss_share_e6,
        )

    def note(self, action: str, outcome: Outcome) -> bool:
        """As the base; counts fills of accounts with other collateral too."""
        if isinstance(outcome, Applied):
            for event in outcome.events:
                key = getattr(event, "user_account", None)
                account = self.pair.ledger.accounts.get(key or "")
                if account is not None and account.other_vaults:
                    self.count(f"{type(event).__name__} with collateral")
        return super().note(action, outcome)
