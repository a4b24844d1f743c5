"""A small exchange for tests: the twin with funded traders, a clock and shorthand for orders."""

from dataclasses import replace

from quantdesk.domain.account import AccountState
from quantdesk.domain.closeout import Demand
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Ledger, Moment, Outcome, Refused
from quantdesk.domain.market import SOL, MarketParams, MarketState, Tier
from quantdesk.domain.money import SIZE_ONE, U64_MAX, USD_ONE, Price
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.pool import PoolState
from quantdesk.domain.portfolio import Portfolio
from quantdesk.domain.vault import Outflow, VaultState

FLAT_20X = Tier(notional_cap_e6=U64_MAX, max_leverage=20, imr_e6=50_000, mmr_e6=25_000)
FLAT_SOL = replace(SOL, tiers=(FLAT_20X,))
"""The SOL market with one tier: 20x, 5 % to open, 2.5 % to keep."""

KEEPER = "keeper"
TRADER = "trader"
START_S = 1_760_000_000


class Desk:
    """An exchange at a moving second; prices are decimal strings."""

    def __init__(self, *markets: MarketParams, keeper_reward_e6: int = 0) -> None:
        """Opens the listed markets (SOL when none is given) with a seeded pool and insurance."""
        vault = VaultState(
            deposit_cap=10**17, outflow=Outflow(floor=10**17, share_e6=0, updated_at=START_S)
        )
        states = {
            params.index: MarketState(params=params, funding_at=START_S)
            for params in markets or (SOL,)
        }
        ledger = Ledger(
            vault=vault, pool=PoolState(keeper_reward_e6=keeper_reward_e6), markets=states
        )
        self.exchange = Exchange(ledger)
        self.now, self.slot, self.order_id = START_S, 1_000, 0
        self.exchange.seed_pool(1_000_000 * USD_ONE)
        self.exchange.seed_insurance(50_000 * USD_ONE)
        self.open(KEEPER, usd=0)

    @property
    def ledger(self) -> Ledger:
        """What the exchange holds."""
        return self.exchange.ledger

    @property
    def at(self) -> Moment:
        """The present moment."""
        return Moment(now=self.now, slot=self.slot)

    def open(self, address: str = TRADER, *, usd: int) -> None:
        """Opens an account and deposits whole US dollars."""
        account = AccountState(address=address, owner=f"owner of {address}")
        self.exchange.create_user_account(account, at=self.at)
        if usd:
            self.exchange.deposit(address, usd * USD_ONE)

    def wait(self, seconds: int) -> None:
        """Lets time pass, two slots a second."""
        self.now += seconds
        self.slot += 2 * seconds

    def price(self, price: str, *, conf: str = "0.05", market: int = 0) -> None:
        """Publishes a price dated now and lets the market look at it."""
        reading = PriceReading(
            price_e6=Price.parse(price).units,
            conf_e6=Price.parse(conf).units,
            publish_time=self.now,
        )
        self.exchange.publish(market, reading)
        self.exchange.update_oracle_price(market, at=self.at)

    def settle_on(self, price: str, *, conf: str = "0.05", market: int = 0) -> None:
        """Publishes a price until the market believes it, also after a jump or a silence."""
        for _ in range(2):
            self.wait(1)
            self.price(price, conf=conf, market=market)

    def trade(self, size_e9: int, price: str, *, trader: str = TRADER) -> Outcome:
        """Places a market order that accepts any price and executes it a second later."""
        placed = self.place(size_e9, trader=trader)
        if isinstance(placed, Refused):
            return placed
        self.wait(1)
        self.price(price)
        return self.execute(trader=trader)

    def place(
        self,
        size_e9: int,
        *,
        trader: str = TRADER,
        limit: str | None = None,
        kind: Kind = Kind.MARKET,
        reduce_only: bool = False,
        market: int = 0,
    ) -> Outcome:
        """Places an order under a new client order id; without a limit any price is accepted."""
        self.order_id += 1
        anything = "1000000" if size_e9 > 0 else "0.1"
        intent = OrderIntent(
            market_index=market,
            client_order_id=self.order_id,
            kind=kind,
            size_e9=size_e9,
            limit_price_e6=Price.parse(limit or anything).units,
            reduce_only=reduce_only,
        )
        return self.exchange.place_order(trader, intent, at=self.at)

    def execute(self, *, trader: str = TRADER, keeper: str | None = KEEPER) -> Outcome:
        """Executes the order placed last."""
        return self.exchange.execute_order(trader, self.order_id, keeper=keeper, at=self.at)

    def liquidate(self, *, trader: str = TRADER, market: int = 0, most_e9: int = 0) -> Outcome:
        """The keeper liquidates a position."""
        demand = Demand(account=trader, market_index=market, liquidator=KEEPER, max_size_e9=most_e9)
        return self.exchange.liquidate(demand, at=self.at)

    def portfolio(self, trader: str = TRADER) -> Portfolio:
        """A trader's account beside the prices of every market."""
        ledger = self.ledger
        return Portfolio(
            account=ledger.accounts[trader],
            positions={
                index: position
                for (owner, index), position in ledger.positions.items()
                if owner == trader
            },
            quotes={index: ledger.quote(index) for index in ledger.readings},
            pool=ledger.pool,
        )


def units(whole: int) -> int:
    """Whole base units as size e9."""
    return whole * SIZE_ONE
