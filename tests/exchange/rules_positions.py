"""Rules of positions: opened and closed by name, brackets under and around them, mandates."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.bracket import Bracket, Leg
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.ledger import Applied
from quantdesk.domain.mandate import MandateCaps
from quantdesk.domain.money import U64_MAX, USD_ONE
from tests.domain.fullstep import BOT, RIVAL_BOT
from tests.domain.onchain import address
from tests.exchange.stage import MARKETS, TRADERS, Stage, mostly

TENTHS = st.integers(-60, 60).filter(bool)
BOTS = st.sampled_from((BOT, RIVAL_BOT))
CAPS = mostly(st.integers(1, 20_000 * USD_ONE), (0, 1, U64_MAX - 1, U64_MAX))
LEVERAGES = mostly(st.integers(1, 20), (0, 1, 100, 101))
WIDTHS = st.sampled_from((1, 5, 20, 100))


class PositionRules(Stage):
    """What is tied to a position or to a key."""

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS)
    def open_by_name(self, name: str, index: int, tenths: int) -> None:
        self.publish_all()
        intent = self.intent(index, self.size(name, index, tenths))
        owner = self.proof.owners[name]
        if isinstance(self.proof.place_by("open_position", name, intent, owner), Applied):
            self.fill_placed(name)

    @rule(name=TRADERS, index=MARKETS)
    def close_by_name(self, name: str, index: int) -> None:
        if (self.proof.key(name), index) not in self.proof.ledger.positions:
            return
        self.publish_all()
        intent = self.intent(index, -self.held(name, index), reduce_only=True)
        intent = replace(intent, size_e9=0)
        owner = self.proof.owners[name]
        if isinstance(self.proof.place_by("close_position", name, intent, owner), Applied):
            self.fill_placed(name)

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS, width=WIDTHS, fills=st.booleans())
    def enter_with_bracket(
        self, name: str, index: int, tenths: int, width: int, fills: bool
    ) -> None:
        self.publish_all()
        intent = self.intent(index, self.size(name, index, tenths))
        parent_id = intent.client_order_id
        if not isinstance(self.proof.place(name, intent), Applied):
            return
        bracket = self.bracket(index, tenths > 0, width, parent_id=parent_id)
        self.proof.place_bracket(name, bracket, self.proof.owners[name])
        if fills:
            self.wait(1)
            self.publish_all()
            self.proof.execute(name, parent_id, with_reward=True)

    @rule(name=TRADERS, index=MARKETS, width=WIDTHS)
    def protect(self, name: str, index: int, width: int) -> None:
        if (self.proof.key(name), index) in self.proof.ledger.positions:
            self.publish_all()
            bracket = self.bracket(index, self.held(name, index) > 0, width, parent_id=None)
            self.proof.place_bracket(name, bracket, self.proof.owners[name])

    @rule(
        name=TRADERS,
        bot=BOTS,
        caps=st.tuples(CAPS, CAPS, LEVERAGES, CAPS),
        markets=st.sampled_from((0, 1, 7, 7, 7, U64_MAX)),
        lasts=st.sampled_from((0, 0, 0, 60)),
    )
    def cap(
        self, name: str, bot: str, caps: tuple[int, int, int, int], markets: int, lasts: int
    ) -> None:
        proof, key = self.proof, address(bot)
        proof.add_delegate(name, Delegate(key=str(key), permissions=3))
        wanted = MandateCaps(
            order_cap_e6=caps[0],
            notional_cap_e6=caps[1],
            max_leverage=caps[2],
            daily_loss_e6=caps[3],
            markets=markets,
            expires_at=proof.now + lasts if lasts else 0,
        )
        by = key if caps[0] % 10 == 1 else proof.owners[name]
        proof.set_mandate(name, key, wanted, by)

    @rule(name=TRADERS, bot=BOTS)
    def uncap(self, name: str, bot: str) -> None:
        key = address(bot)
        if (self.proof.key(name), str(key)) in self.proof.ledger.mandates:
            self.proof.close_mandate(name, key, self.proof.owners[name])

    def bracket(self, index: int, is_long: bool, width: int, *, parent_id: int | None) -> Bracket:
        """Legs so many thousandths above and below the present price."""
        tick, price = self.proof.ledger.markets[index].params.tick_e6, self.prices[index]
        above, below = (price * (1_000 + side * width) // 1_000 for side in (1, -1))
        gain, loss = (above, below) if is_long else (below, above)
        bound = tick if is_long else tick * 10**9
        self.order_id += 2
        gain_leg, loss_leg = (
            Leg(
                client_order_id=self.order_id - number,
                trigger_price_e6=trigger // tick * tick,
                limit_price_e6=bound,
            )
            for number, trigger in ((1, gain), (0, loss))
        )
        return Bracket(
            market_index=index,
            take_profit=gain_leg,
            stop=loss_leg,
            parent_id=parent_id,
        )
