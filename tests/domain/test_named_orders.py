"""Orders that say what they mean: opening never reduces, closing never opens."""

from dataclasses import replace

from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import TRADER, units
from tests.domain.test_bracket import by_name, order, trading


def test_open_position_never_reduces_and_close_position_never_opens() -> None:
    desk = trading()
    exchange, invalid = desk.exchange, Refused(refusal=Refusal.INVALID_ORDER)

    def opening(intent: OrderIntent) -> Outcome:
        return exchange.open_position(TRADER, intent, at=desk.at)

    def closing(intent: OrderIntent) -> Outcome:
        return exchange.close_position(TRADER, intent, at=desk.at)

    flat = closing(by_name(desk, 0, reduce_only=True))
    assert flat == Refused(refusal=Refusal.NO_POSITION)
    assert opening(by_name(desk, units(1), reduce_only=True)) == invalid
    assert opening(replace(by_name(desk, units(1)), kind=Kind.LIMIT)) == invalid
    assert isinstance(opening(by_name(desk, units(10))), Applied)
    desk.wait(1)
    desk.price("150")
    desk.execute()
    assert opening(by_name(desk, -units(10))) == invalid
    assert isinstance(opening(by_name(desk, -units(11))), Applied)
    assert closing(by_name(desk, -units(10))) == invalid
    assert isinstance(closing(by_name(desk, 0, reduce_only=True)), Applied)
    assert order(desk, desk.order_id).size_e9 == -units(10)
