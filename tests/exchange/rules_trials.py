"""Rules of trials: replays, round trips, pieces, and either order, each on the real program."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from quantdesk.domain.custody import Tokens
from quantdesk.domain.events import OrderExecuted
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.order import Kind
from tests.exchange import trials
from tests.exchange.stage import MARKETS, TRADERS, Stage

TENTHS = st.integers(-60, 60).filter(lambda drawn: abs(drawn) > 2)


class TrialRules(Stage):
    """Two ways of doing the same."""

    @rule(name=TRADERS, amount=st.integers(1, 10**9))
    def replay(self, name: str, amount: int) -> None:
        trials.replay(self.proof, name, amount)

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS)
    def use_an_id_twice(self, name: str, index: int, tenths: int) -> None:
        """I6: an id that is in use is refused by the program, whatever the order says."""
        self.publish_all()
        intent = self.intent(index, self.size(name, index, tenths), kind=Kind.LIMIT)
        if isinstance(self.proof.place(name, intent), Applied):
            self.wait(1)
            trials.an_id_in_use_is_refused(self.proof, name, intent)

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS)
    def round_trip(self, name: str, index: int, tenths: int) -> None:
        """I9: opened and closed at one price; the chronicle judges what it cost."""
        if self.held(name, index):
            return
        opened = self.fill(name, self.intent(index, self.size(name, index, tenths)))
        held = self.held(name, index)
        if isinstance(opened, Applied) and held:
            closed = self.fill(name, self.intent(index, -held, reduce_only=True))
            trials.a_round_trip_gains_nothing(opened, closed)

    @rule(name=TRADERS, index=MARKETS, tenths=TENTHS, count=st.integers(2, 4))
    def pieces(self, name: str, index: int, tenths: int, count: int) -> None:
        """I10: one trade, and the same cut in pieces, from one moment of the program."""
        lot = self.proof.ledger.markets[index].params.lot_e9
        piece = self.size(name, index, tenths) // count // lot * lot
        if piece == 0 or self.proof.ledger.orders:
            return
        start, order_id, prices = self.proof.mark(), self.order_id, dict(self.prices)
        whole = self._filled(self.fill(name, self.intent(index, piece * count)))
        self.proof.back_to(start)
        self.order_id, self.prices = order_id, prices
        cut = [self._filled(self.fill(name, self.intent(index, piece))) for _ in range(count)]
        filled = [each for each in cut if each is not None]
        if whole is not None and len(filled) == count:
            trials.pieces_never_beat_the_whole(filled, whole)

    @rule(names=st.permutations(("trader 0", "trader 1", "trader 2")), which=st.integers(0, 8))
    def either_order(self, names: list[str], which: int) -> None:
        """I11: what two people do about their own accounts ends the same in either order."""
        self.publish_all()
        first = self._own_business(names[0])[which % 3]
        second = self._own_business(names[1])[which // 3]
        trials.either_order(self.proof, first, second)

    def _own_business(self, name: str) -> list[Callable[[], Outcome]]:
        return [
            lambda: self.proof.deposit(name, 7_000_001),
            lambda: self.proof.deposit_token(name, Tokens(amount=1_001, vault_index=1)),
            lambda: self.proof.update(name, 7),
        ]

    @staticmethod
    def _filled(outcome: Outcome) -> OrderExecuted | None:
        if isinstance(outcome, Refused):
            return None
        fills = [each for each in outcome.events if isinstance(each, OrderExecuted)]
        return fills[0] if fills else None
