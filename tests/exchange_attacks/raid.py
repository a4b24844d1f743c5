"""An attack in progress: who takes part, what they paid in and took out, and what it cost others.

Money is in USD e6. The raiders' wealth counts everything they could still get: an account below
zero is left behind, so it counts as nothing, and what they owe is the house's loss.
"""

from dataclasses import dataclass, field

from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.market import MarketParams
from quantdesk.domain.money import FRACTION_ONE, SIZE_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.pool import market_value_e6
from quantdesk.domain.vault import LEAK_S
from tests.domain.lockstep import KEEPER
from tests.exchange_attacks.venue import FLOOR_E6, SHARE_E6, Venue

USD = 10**6
P0 = 150 * USD
CONF = 50_000
ONE, TWO, HONEST = "trader 0", "trader 1", "trader 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The most an attack may bring its raiders and cost pool and fund, USD e6."""

    gain_e6: int
    loss_e6: int


@dataclass(slots=True)
class Raid:
    """A venue with raiders on it; `drift_e6` is what mere price moves paid them.

    `moved_e6` is what mere price moves cost the house, which holds the other side of the skew.
    """

    venue: Venue
    crew: tuple[str, ...] = (ONE, TWO, KEEPER)
    price_e6: int = P0
    paid_e6: int = 0
    taken_e6: int = 0
    drift_e6: int = 0
    moved_e6: int = 0
    next_id: int = 0
    start_house_e6: int = 0
    orders: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tick(P0)
        self.venue.look(0)
        self.start_house_e6 = self.house_e6()

    @property
    def params(self) -> MarketParams:
        """The market's terms."""
        return self.venue.ledger.markets[0].params

    @property
    def skew_e9(self) -> int:
        """Longs less shorts."""
        return self.venue.ledger.markets[0].skew_e9

    def size_e9(self, name: str) -> int:
        """What an account holds of the market."""
        return self.venue.ledger.position(self.venue.key(name), 0).size_e9

    def usdc_e6(self, name: str) -> int:
        """US dollars of an account, signed."""
        return self.venue.ledger.accounts[self.venue.key(name)].usdc_e6

    def wait(self, seconds: int) -> None:
        """Lets time pass, two slots a second."""
        self.venue.wait(seconds, 2 * seconds)

    def tick(self, price_e6: int, *, conf_e6: int = CONF, age_s: int = 0) -> None:
        """Publishes a price dated `age_s` ago; the raiders' positions move with it."""
        step_e6 = price_e6 - self.price_e6
        held_e9 = sum(self.size_e9(name) for name in self.crew)
        self.drift_e6 += held_e9 * step_e6 // SIZE_ONE
        self.moved_e6 += self.skew_e9 * step_e6 // SIZE_ONE
        self.price_e6 = price_e6
        at = self.venue.at.now - age_s
        reading = PriceReading(
            price_e6=price_e6, conf_e6=conf_e6, publish_time=at, previous_at=at - 1
        )
        self.venue.publish(0, reading)

    def move(self, price_e6: int, *, seconds: int = 6) -> None:
        """A new price after some seconds, looked at; beyond the jump window one is enough."""
        self.wait(seconds)
        self.tick(price_e6)
        self.venue.look(0)

    def fund(self, name: str, amount_e6: int) -> None:
        """Pays in."""
        assert done(self.venue.deposit(name, amount_e6))
        self.paid_e6 += amount_e6 if name in self.crew else 0

    def take(self, name: str, amount_e6: int) -> bool:
        """Takes out, when the exchange lets it."""
        if amount_e6 <= 0 or not done(self.venue.withdraw(name, amount_e6)):
            return False
        self.taken_e6 += amount_e6 if name in self.crew else 0
        return True

    def take_most(self, name: str) -> int:
        """Takes out as much as the exchange lets it, to 1 USD; what it was."""
        low, high, before = 0, max(0, self.usdc_e6(name)), self.taken_e6
        if self.take(name, high):
            return self.taken_e6 - before
        step = high
        while step > USD:
            step //= 2
            if low + step <= high and self.take(name, step):
                low += step
        return self.taken_e6 - before

    def place(self, name: str, size_e9: int, *, reduces: bool = False, **given: int) -> bool:
        """Places an order without a bound, unless one is given."""
        self.next_id += 1
        tick = self.params.tick_e6
        bound = given.get("limit_price_e6", 10**12 if size_e9 > 0 else tick)
        intent = OrderIntent(
            market_index=0,
            client_order_id=self.next_id,
            kind=Kind(given.get("kind", Kind.MARKET)),
            size_e9=size_e9,
            limit_price_e6=bound - bound % tick,
            reduce_only=reduces,
        )
        self.orders[name] = self.next_id
        return done(self.venue.place(name, intent))

    def execute(self, name: str, order_id: int | None = None) -> bool:
        """The executor fills the last order of an account; whether it was filled."""
        before = self.size_e9(name)
        number = order_id or self.orders[name]
        outcome = self.venue.execute(name, number, with_reward=True)
        return done(outcome) and self.size_e9(name) != before

    def trade(self, name: str, size_e9: int, *, reduces: bool = False, seconds: int = 1) -> bool:
        """Places and fills at the present price; whether it was filled."""
        if not size_e9 or not self.place(name, size_e9, reduces=reduces):
            return False
        self.wait(seconds)
        self.tick(self.price_e6)
        return self.execute(name)

    def close(self, name: str) -> bool:
        """Closes what an account holds."""
        return self.trade(name, -self.size_e9(name), reduces=True)

    def sweep(self) -> None:
        """The executor liquidates whoever can be, and fund and pool pay what is lost."""
        for name in (ONE, TWO, HONEST):
            for _ in range(8):
                if not self.size_e9(name) or not done(self.venue.liquidate(name, 0, 0)):
                    break
            if self.usdc_e6(name) < 0 and not self.size_e9(name):
                self.venue.resolve(name)

    def worth_e6(self, name: str) -> int:
        """What an account would be worth if it were closed at the oracle, funding paid."""
        return self._worth_e6(self.venue.key(name))

    def _worth_e6(self, key: str) -> int:
        account = self.venue.ledger.accounts[key]
        exposure = self.venue.ledger.quote(0).exposure(
            self.venue.ledger.position(account.address, 0), now=self.venue.at.now
        )
        value = exposure.size_e9 * self.price_e6 // SIZE_ONE - exposure.entry_e6
        owed = account.claims_e6 + account.claims_due_e6
        return account.usdc_e6 + owed + value - exposure.funding_owed_e6

    def profit_e6(self) -> int:
        """What the raiders have more than they brought."""
        left = sum(max(0, self.worth_e6(name)) for name in self.crew)
        return left + self.taken_e6 - self.paid_e6

    def count_moves(self) -> None:
        """From here back price moves are part of profit and loss: the raiders knew or made them."""
        self.drift_e6 = self.moved_e6 = 0

    def begin(self) -> None:
        """Losses count from here: what stood before is no part of the attack."""
        self.start_house_e6, self.moved_e6 = self.house_e6(), 0

    def edge_e6(self) -> int:
        """Their profit beyond what mere price moves paid for the risk they bore."""
        return self.profit_e6() - self.drift_e6

    def house_e6(self) -> int:
        """What pool and fund are worth, less what left-behind accounts owe."""
        ledger = self.venue.ledger
        market = ledger.quote(0).accrued(self.venue.at.now)
        pool = ledger.pool.cash_e6 - ledger.pool.claims_e6 + market_value_e6(market, self.price_e6)
        owed = sum(min(0, self._worth_e6(key)) for key in ledger.accounts)
        return pool + ledger.insurance.balance_e6 + owed

    def loss_e6(self) -> int:
        """What pool and fund lost since the start, beyond what they lost to mere price moves."""
        return self.start_house_e6 - self.house_e6() - self.moved_e6

    def cost_e6(self, size_e9: int, *, late: bool = False) -> int:
        """The least that one trade costs: spread, confidence and fee; USD e6, rounded down."""
        notional = abs(size_e9) * self.price_e6 // SIZE_ONE
        conf = abs(size_e9) * CONF * (2 if late else 1) // SIZE_ONE
        rates = self.params.spread_e6 + self.params.taker_fee_e6
        return notional * rates // FRACTION_ONE + conf

    def outflow_e6(self, seconds: int) -> int:
        """The most that may leave the vault within so many seconds, as it is filled now."""
        capacity = FLOOR_E6 + self.venue.ledger.vault.total_deposits * SHARE_E6 // FRACTION_ONE
        return capacity + capacity * seconds // LEAK_S


def done(outcome: Outcome) -> bool:
    """Whether the exchange did it."""
    return isinstance(outcome, Applied)


def shortfall_e6(params: MarketParams, notional_e6: int, gap_e6: int) -> int:
    """The most that one price step of `gap_e6` (a fraction) can leave unpaid by an account.

    Before the step its equity was at least the maintenance requirement of its tier; the step takes
    `gap` of the notional. The worst notional lies at the end of a tier.
    """
    worst = 0
    for tier in params.tiers:
        held = min(notional_e6, tier.notional_cap_e6)
        worst = max(worst, held * max(0, gap_e6 - tier.mmr_e6) // FRACTION_ONE)
        if held == notional_e6:
            break
    return worst
