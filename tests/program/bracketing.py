"""A stage for brackets: the owner's parent is order 101, its legs are 102 and 103."""

from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import Fields
from quantdesk.adapters.chain.ties import Ties
from tests.domain.onchain import Failed, Landed
from tests.program.bots import BotScene
from tests.program.scene import BASE, USD, order_params

SLIPPAGE, SIBLING, ORPHAN = 2, 8, 10
LIMIT, STOP_MARKET, TAKE_PROFIT = 1, 2, 4
PARENT, GAIN, LOSS = 101, 102, 103
WHOLE_E9 = 2**63 - 1


class BracketScene(BotScene):
    """A scene whose owner places brackets; the parent is 101, its legs 102 and 103."""

    def at(self, order_id: int) -> Pubkey:
        """Address of one of the owner's orders."""
        return self.where.order(self.where.user_account(self.owner), order_id)

    def lives(self, order_id: int) -> bool:
        """Whether the order is open."""
        return self.fields("Order", self.at(order_id)) is not None

    def found(self, order_id: int) -> Fields:
        """An open order."""
        return self.must("Order", self.at(order_id))

    def parent(self, size_e9: int = 10 * BASE, **given: Any) -> Landed | Failed:
        """The owner places the parent (market unless `given` says otherwise)."""
        params = order_params(PARENT, size_e9, **given)
        built = self.build.place_order(self.trader(self.owner), 0, params)
        return self.do("place", built, self.owner)

    def bracket(
        self, gain: float = 160, loss: float = 145, *, asleep: bool = True, **given: Any
    ) -> Landed | Failed:
        """The owner places both legs, under the parent or for the open position."""
        built = self.bracketing(gain, loss, asleep=asleep, **given)
        return self.do("bracket", built, self.owner)

    def bracketing(
        self,
        gain: float = 160,
        loss: float = 145,
        *,
        asleep: bool = True,
        by: Pubkey | None = None,
        **given: Any,
    ) -> Instruction:
        """The instruction of `bracket`; sells unless the triggers say that it buys."""
        params = bracket_params(gain, loss, **given)
        parent = self.at(PARENT) if asleep else None
        return self.build.place_bracket(self.trader(self.owner), 0, params, parent=parent, by=by)

    def cancelled(self, order_id: int, by: Pubkey, *, proven: bool = True) -> Landed | Failed:
        """Somebody cancels an order, with the proof that it is an orphan or without."""
        ties = Ties.of(self.found(order_id)) if proven else None
        built = self.build.cancel_order(
            self.trader(self.owner), self.at(order_id), by=by, ties=ties
        )
        return self.do("cancel", built, by)

    def armed(self, usd: float = 150) -> None:
        """The parent is placed with its legs, and filled."""
        self.price(usd)
        self.require(self.parent())
        self.require(self.bracket())
        self.require(self.executed(usd, PARENT))

    def size_e9(self) -> int:
        """What the owner holds."""
        size: int = self.holding(self.owner)["size_e9"]
        return size

    def open_orders(self) -> int:
        """How many orders the owner's account counts."""
        count: int = self.account(self.owner)["open_orders"]
        return count


def bracket_params(gain: float, loss: float, **given: Any) -> dict[str, Any]:
    """BracketParams without a bound, with what is given put in."""
    bound = 10_000 if gain > loss else 10**12

    def leg(order_id: int, usd: float) -> dict[str, int]:
        trigger_e6 = round(usd * USD)
        return {
            "client_order_id": order_id,
            "trigger_price_e6": trigger_e6,
            "limit_price_e6": bound,
        }

    usual = {"take_profit": leg(GAIN, gain), "stop": leg(LOSS, loss), "expires_at": 0}
    return usual | given
