"""A bot on the stage: a delegate with a mandate, who places orders in its owner's name."""

from typing import Any

from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import Fields
from quantdesk.adapters.chain.ties import Ties
from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import U64_MAX
from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import Scene, order_params

PLACE, CANCEL = 1, 2
EVERY_MARKET = U64_MAX
NO_CAP = U64_MAX
MANDATE_BROKEN = 9


class BotScene(Scene):
    """A scene with an owner (5,000 USD) and a bot that nothing but its mandate caps."""

    def __init__(self, *markets: MarketParams) -> None:
        """Opens the owner's account; the bot may place, without a mandate yet."""
        super().__init__(*markets)
        self.owner = self.person("the owner", usd=5_000)
        self.bot = address("the bot")
        self.svm.airdrop(self.bot, 10**12)
        self.price(150)
        self.require(self.add_delegate(self.bot, PLACE))

    def add_delegate(self, key: Pubkey, permissions: int) -> Landed | Failed:
        """The owner lists a delegate."""
        given = {"key": key, "permissions": permissions, "expires_at": 0}
        accounts = {"authority": self.owner, "user_account": self.where.user_account(self.owner)}
        made = self.program.instruction("add_delegate", accounts, {"delegate": given})
        return self.do("add_delegate", made, self.owner)

    def set_mandate(self, key: Pubkey | None = None, **caps: Any) -> Landed | Failed:
        """The owner caps the bot; what is not given has no cap."""
        trader = self.trader(self.owner)
        built = self.build.set_mandate(trader, key or self.bot, mandate_params(**caps))
        return self.do("set_mandate", built, self.owner)

    def close_mandate(self) -> Landed | Failed:
        """The owner revokes the bot's mandate."""
        built = self.build.close_mandate(self.trader(self.owner), self.bot)
        return self.do("close_mandate", built, self.owner)

    def mandate(self) -> Fields:
        """The bot's mandate."""
        return self.must(
            "Mandate", self.where.mandate(self.where.user_account(self.owner), self.bot)
        )

    def bot_places(
        self, size_e9: int, *, market: int = 0, by: Pubkey | None = None, **given: Any
    ) -> Landed | Failed:
        """The bot places an order (market without a bound unless `given` says otherwise)."""
        self.order_id += 1
        params, key = order_params(self.order_id, size_e9, **given), by or self.bot
        built = self.build.place_order(self.trader(self.owner), market, params, by=key)
        return self.do("place", built, key)

    def executed(
        self, usd: float, order_id: int | None = None, *, name: str = "execute"
    ) -> Landed | Failed:
        """A second later, at a new price, the keeper executes an order with all its ties."""
        self.pass_time(1)
        self.price(usd)
        return self.execute_now(order_id, name=name)

    def execute_now(self, order_id: int | None = None, *, name: str = "execute") -> Landed | Failed:
        """The keeper executes an order at the price that is posted."""
        at = self.where.order(self.where.user_account(self.owner), order_id or self.order_id)
        ties = Ties.of(self.must("Order", at))
        built = self.build.execute_tied(self.trader(self.owner), at, ties, keeper=self.keeper)
        return self.do(name, built, self.keeper)

    def bot_trades(self, size_e9: int, usd: float, **given: Any) -> Landed | Failed:
        """The bot's order is placed and executed at one price."""
        self.price(usd)
        self.require(self.bot_places(size_e9, **given))
        return self.executed(usd)

    def rent(self) -> int:
        """Lamports of the owner's wallet."""
        return self.svm.get_balance(self.owner) or 0

    def reason(self, outcome: Landed | Failed) -> int:
        """Why an order was closed."""
        found: int = self.one("OrderCancelled", outcome).fields["reason"]
        return found


def mandate_params(**caps: int) -> dict[str, int]:
    """MandateParams without caps, with what is given put in."""
    usual = {
        "order_cap_e6": NO_CAP,
        "notional_cap_e6": NO_CAP,
        "max_leverage": 100,
        "daily_loss_e6": NO_CAP,
        "markets": EVERY_MARKET,
        "expires_at": 0,
    }
    return usual | caps
