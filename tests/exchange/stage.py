"""Stage: what every rule of the state machine stands on: a proof, prices, traders, a clock.

The program is deployed once for each size of pool; a new example goes back to that moment.
"""

from functools import cache

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from quantdesk.domain.account import USDC, AccountState
from quantdesk.domain.events import OraclePriceUpdated
from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.oracle import Grade, PriceReading
from quantdesk.domain.order import Kind, OrderIntent
from tests.domain.fullwalk import PRICED_BY
from tests.domain.lockstep import SECOND
from tests.domain.walk import START_PRICES
from tests.exchange.million import POOR, RICH
from tests.exchange.proof import Mark, Proof, WatchedProof

TRADERS = st.sampled_from(("trader 0", "trader 1", "trader 2", SECOND))
MARKETS = st.sampled_from(tuple(START_PRICES))
TOKENS = st.sampled_from(tuple(PRICED_BY))
CASH = st.sampled_from((300, 2_000, 2_000, 40_000))
U64_EDGES = (0, 1, 2**63 - 1, 2**63, 2**64 - 1)
SIZE_EDGES = (0, 1, -1, 2**63 - 1, 1 - 2**63)
ONE_IN_TEN = st.integers(0, 9).map(lambda drawn: drawn == 0)


class Totals:
    """What a whole run of machines did."""

    rules = 0
    instructions = 0


def mostly(usual: st.SearchStrategy[int], edges: tuple[int, ...]) -> st.SearchStrategy[int]:
    """The usual values, and one time in ten a value at the edge of its type."""
    return ONE_IN_TEN.flatmap(lambda is_edge: st.sampled_from(edges) if is_edge else usual)


@cache
def deployed(is_poor: bool, is_watched: bool) -> tuple[Proof, Mark]:
    """A standing exchange and its first moment."""
    kind = WatchedProof if is_watched else Proof
    proof = kind(**(POOR if is_poor else RICH))
    return proof, proof.mark()


class Stage(RuleBasedStateMachine):
    """Traders in three markets with three other collaterals; every instruction is judged."""

    proof: Proof

    @initialize(is_poor=st.booleans(), is_watched=st.booleans(), cash=CASH)
    def open(self, is_poor: bool, is_watched: bool, cash: int) -> None:
        self.proof, start = deployed(is_poor, is_watched)
        self.proof.back_to(start)
        self.first_step = self.proof.steps
        self.prices = dict(START_PRICES)
        self.order_id = self.number = 0
        dollar = PriceReading(price_e6=USD_ONE, conf_e6=0, publish_time=self.proof.now)
        self.proof.publish_token(USDC, dollar)
        for name in self.proof.traders:
            self.proof.deposit(name, cash * USD_ONE)
        self.believe()

    def teardown(self) -> None:
        if hasattr(self, "proof"):
            Totals.instructions += self.proof.steps - self.first_step

    @invariant()
    def count(self) -> None:
        Totals.rules += 1

    def wait(self, seconds: int) -> None:
        self.proof.wait(seconds, 2 * seconds)

    def publish(self, index: int, *, conf_parts: int = 5_000) -> None:
        price = self.prices[index]
        reading = PriceReading(
            price_e6=price, conf_e6=price // conf_parts, publish_time=self.proof.now
        )
        self.proof.publish(index, reading)

    def publish_all(self, *, but: int | None = None) -> None:
        for index in self.prices:
            if index != but:
                self.publish(index)
        for vault, market in PRICED_BY.items():
            price = USD_ONE if market is None else self.prices[market]
            reading = PriceReading(
                price_e6=price, conf_e6=price // 5_000, publish_time=self.proof.now
            )
            self.proof.publish_token(vault, reading)
        dollar = PriceReading(price_e6=USD_ONE, conf_e6=100, publish_time=self.proof.now)
        self.proof.publish_token(USDC, dollar)

    def believe(self, *, but: int | None = None) -> None:
        """Posts every price (but one) until the markets believe it: at once, or confirmed once."""
        doubted = [index for index in self.prices if index != but]
        for _ in range(2):
            self.wait(1)
            self.publish_all(but=but)
            doubted = [index for index in doubted if not self.looks_valid(index)]
            if not doubted:
                return

    def looks_valid(self, index: int) -> bool:
        told = self.proof.look(index)
        assert isinstance(told, Applied)
        (looked,) = told.events
        return isinstance(looked, OraclePriceUpdated) and looked.grade is Grade.VALID

    def account(self, name: str) -> AccountState:
        return self.proof.ledger.accounts[self.proof.key(name)]

    def held(self, name: str, index: int) -> int:
        return self.proof.ledger.position(self.proof.key(name), index).size_e9

    def size(self, name: str, index: int, tenths: int) -> int:
        """A signed size on the lot, worth so many tenths of the account's cash."""
        lot = self.proof.ledger.markets[index].params.lot_e9
        cash = max(0, self.account(name).usdc_e6)
        size = cash * abs(tenths) * SIZE_ONE // (10 * self.prices[index]) // lot * lot
        return size if tenths > 0 else -size

    def intent(
        self, index: int, size: int, *, kind: Kind = Kind.MARKET, reduce_only: bool = False
    ) -> OrderIntent:
        """An order at any price."""
        self.order_id += 1
        tick = self.proof.ledger.markets[index].params.tick_e6
        return OrderIntent(
            market_index=index,
            client_order_id=self.order_id,
            kind=kind,
            size_e9=size,
            limit_price_e6=tick * 10**9 if size > 0 else tick,
            reduce_only=reduce_only,
        )

    def fill(self, name: str, intent: OrderIntent) -> Outcome:
        """Places an order at fresh prices and executes it at the next ones."""
        self.publish_all()
        placed = self.proof.place(name, intent)
        return self.fill_placed(name) if isinstance(placed, Applied) else placed

    def fill_placed(self, name: str) -> Outcome:
        """Executes the order placed last at the next prices."""
        self.wait(1)
        self.publish_all()
        return self.proof.execute(name, self.order_id, with_reward=True)
