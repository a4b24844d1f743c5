"""Mandate: caps hold for whoever is capped, at placing and at the fill, and reset for nobody."""

from dataclasses import replace

import pytest

from quantdesk.domain.delegate import NOBODY, Delegate
from quantdesk.domain.events import OrderCancelled
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.mandate import DAY_S, MandateCaps
from quantdesk.domain.money import U64_MAX, USD_ONE
from quantdesk.domain.order import CancelReason, Kind, OrderIntent
from quantdesk.domain.position_events import MandateClosed
from quantdesk.domain.refusal import Refusal
from tests.domain.desk import TRADER, Desk, units
from tests.domain.invariants import check_invariants

BOT, RIVAL = "bot", "rival bot"
OWNER = f"owner of {TRADER}"
LOOSE = MandateCaps(
    order_cap_e6=U64_MAX,
    notional_cap_e6=U64_MAX,
    max_leverage=100,
    daily_loss_e6=U64_MAX,
    markets=1,
)


def capped(**terms: int) -> Desk:
    """A trader whose bot may place within caps."""
    desk = Desk()
    desk.open(usd=10_000)
    desk.price("150")
    hire(desk, BOT)
    assert isinstance(cap(desk, **terms), Applied)
    return desk


def hire(desk: Desk, bot: str) -> None:
    told = desk.exchange.add_delegate(TRADER, Delegate(key=bot, permissions=1), at=desk.at)
    assert isinstance(told, Applied)


def cap(desk: Desk, bot: str = BOT, /, **terms: int) -> Outcome:
    return desk.exchange.set_mandate(TRADER, bot, replace(LOOSE, **terms), at=desk.at)


def bot_places(
    desk: Desk, size_e9: int, *, by: str | None = BOT, kind: Kind = Kind.MARKET
) -> Outcome:
    desk.order_id += 1
    intent = OrderIntent(
        market_index=0,
        client_order_id=desk.order_id,
        kind=kind,
        size_e9=size_e9,
        limit_price_e6=10**12 if size_e9 > 0 else 10_000,
    )
    return desk.exchange.place_order(TRADER, intent, at=desk.at, by=by)


def fill(desk: Desk, price: str = "150") -> object:
    """Executes the last order at a newer price: what happened to it."""
    desk.wait(1)
    desk.price(price)
    told = desk.execute()
    assert isinstance(told, Applied), told
    event = told.events[-1]
    return event.reason if isinstance(event, OrderCancelled) else type(event).__name__


@pytest.mark.parametrize(
    ("terms", "size", "refusal"),
    [
        ({"order_cap_e6": 1_500 * USD_ONE}, 10, None),
        ({"order_cap_e6": 1_500 * USD_ONE - 1}, 10, Refusal.MANDATE_ORDER_CAP),
        ({"notional_cap_e6": 1_500 * USD_ONE}, 10, None),
        ({"notional_cap_e6": 1_500 * USD_ONE - 1}, 10, Refusal.MANDATE_POSITION_CAP),
        ({"markets": 2}, 10, Refusal.MANDATE_MARKET),
        ({"max_leverage": 1}, 67, Refusal.MANDATE_LEVERAGE),
        ({"max_leverage": 1}, 66, None),
        ({"daily_loss_e6": 0}, 10, Refusal.MANDATE_DAILY_LOSS),
    ],
)
def test_a_bot_is_capped_to_the_unit_and_its_owner_is_not(
    terms: dict[str, int], size: int, refusal: Refusal | None
) -> None:
    desk = capped(**terms)

    told = bot_places(desk, units(size))

    assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)
    assert isinstance(bot_places(desk, units(size), by=OWNER), Applied)


def test_a_mandate_ends_to_the_second() -> None:
    desk = capped()
    assert isinstance(cap(desk, expires_at=desk.now + 2), Applied)
    desk.wait(1)
    desk.price("150")
    assert isinstance(bot_places(desk, units(1)), Applied)
    desk.wait(1)
    desk.price("150")

    assert bot_places(desk, units(1)) == Refused(refusal=Refusal.MANDATE_EXPIRED)


@pytest.mark.parametrize(
    "happening", ["dismissed", "ended", "recapped", "market closed to it", "expired"]
)
def test_what_changed_before_the_fill_ends_an_order_that_grows(happening: str) -> None:
    desk = capped()
    assert isinstance(bot_places(desk, units(10)), Applied)

    match happening:
        case "dismissed":
            desk.exchange.remove_delegate(TRADER, BOT)
        case "ended":
            desk.exchange.close_mandate(TRADER, BOT)
        case "recapped":
            cap(desk, notional_cap_e6=1_499 * USD_ONE)
        case "market closed to it":
            cap(desk, markets=0)
        case _:
            cap(desk, expires_at=desk.now + 1)

    assert fill(desk) is CancelReason.MANDATE
    assert desk.ledger.position(TRADER, 0).is_flat
    check_invariants(desk.ledger)


def test_a_reduction_is_never_stopped_at_its_fill() -> None:
    desk = capped()
    desk.trade(units(10), "150")
    assert isinstance(bot_places(desk, -units(10)), Applied)
    cap(desk, markets=0, order_cap_e6=0)
    desk.exchange.remove_delegate(TRADER, BOT)

    assert fill(desk) == "OrderExecuted"
    assert desk.ledger.position(TRADER, 0).is_flat


def test_the_day_s_loss_counts_fees_open_losses_and_what_others_lost() -> None:
    desk = capped(daily_loss_e6=60 * USD_ONE)
    assert isinstance(bot_places(desk, units(10)), Applied)
    assert fill(desk) == "OrderExecuted"
    desk.settle_on("145")
    assert isinstance(bot_places(desk, units(1)), Applied)
    assert fill(desk, "145") == "OrderExecuted"

    desk.settle_on("143.5")
    assert bot_places(desk, units(1)) == Refused(refusal=Refusal.MANDATE_DAILY_LOSS)
    hire(desk, RIVAL)
    assert isinstance(cap(desk, RIVAL, daily_loss_e6=0), Applied)
    assert bot_places(desk, units(1), by=RIVAL) == Refused(refusal=Refusal.MANDATE_DAILY_LOSS)


def test_a_profit_gives_no_room_under_the_leverage_cap() -> None:
    desk = capped(max_leverage=1)
    desk.trade(units(60), "150")
    desk.settle_on("170")

    assert bot_places(desk, units(1)) == Refused(refusal=Refusal.MANDATE_LEVERAGE)


def test_a_fill_after_midnight_begins_the_day_with_what_was_there_before_it() -> None:
    desk = capped(daily_loss_e6=60 * USD_ONE)
    desk.now += DAY_S - desk.now % DAY_S - 3
    desk.settle_on("150")
    assert isinstance(bot_places(desk, units(10)), Applied)
    desk.wait(1)
    assert fill(desk) == "OrderExecuted"
    desk.settle_on("143.5")

    told = bot_places(desk, units(1))

    assert desk.ledger.mandates[(TRADER, BOT)].day == desk.now // DAY_S
    assert told == Refused(refusal=Refusal.MANDATE_DAILY_LOSS)


def test_new_caps_a_deposit_and_a_banked_profit_give_no_fresh_day() -> None:
    desk = capped(daily_loss_e6=60 * USD_ONE)
    assert isinstance(bot_places(desk, units(10)), Applied)
    assert fill(desk) == "OrderExecuted"
    desk.settle_on("143")
    refused = Refused(refusal=Refusal.MANDATE_DAILY_LOSS)
    assert bot_places(desk, units(1)) == refused

    cap(desk, daily_loss_e6=60 * USD_ONE)
    desk.exchange.deposit(TRADER, 1_000 * USD_ONE)
    desk.trade(-units(10), "143")

    assert bot_places(desk, units(1)) == refused
    desk.now += DAY_S
    desk.settle_on("143")
    assert isinstance(bot_places(desk, units(1)), Applied)


def test_what_trading_brought_is_what_no_deposit_explains() -> None:
    desk = capped()
    desk.trade(units(10), "150")
    desk.settle_on("160")
    desk.exchange.settle_pnl(TRADER, 0, at=desk.at)
    desk.exchange.deposit(TRADER, 5 * USD_ONE)
    desk.exchange.withdraw(TRADER, 7 * USD_ONE, at=desk.at)
    desk.trade(-units(10), "160")

    account = desk.ledger.accounts[TRADER]
    assert account.result_e6 == account.usdc_e6 - 9_998 * USD_ONE > 0


def test_a_limit_is_capped_by_the_position_that_it_would_make() -> None:
    desk = capped(notional_cap_e6=3_000 * USD_ONE)
    desk.trade(units(10), "150")

    assert isinstance(bot_places(desk, units(10), kind=Kind.LIMIT), Applied)
    told = bot_places(desk, units(11), kind=Kind.LIMIT)
    assert told == Refused(refusal=Refusal.MANDATE_POSITION_CAP)


def test_a_capped_bot_takes_back_its_own_orders_and_no_others() -> None:
    desk = capped()
    assert isinstance(bot_places(desk, units(1)), Applied)
    own = desk.order_id
    assert isinstance(bot_places(desk, units(1), by=OWNER), Applied)

    others = desk.exchange.cancel_order(TRADER, desk.order_id, at=desk.at, by=BOT)
    assert others == Refused(refusal=Refusal.UNAUTHORIZED)
    assert isinstance(desk.exchange.cancel_order(TRADER, own, at=desk.at, by=BOT), Applied)


@pytest.mark.parametrize(
    ("bot", "terms", "refusal"),
    [
        (OWNER, {}, Refusal.INVALID_PARAMETER),
        (NOBODY, {}, Refusal.INVALID_PARAMETER),
        (BOT, {"max_leverage": 0}, Refusal.LEVERAGE_TOO_HIGH),
        (BOT, {"max_leverage": 101}, Refusal.LEVERAGE_TOO_HIGH),
        (BOT, {"expires_at": 1}, Refusal.INVALID_EXPIRY),
        (BOT, {"max_leverage": 100}, None),
    ],
)
def test_a_mandate_makes_sense(bot: str, terms: dict[str, int], refusal: Refusal | None) -> None:
    desk = Desk()
    desk.open(usd=1)

    told = cap(desk, bot, **terms)

    assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)
    assert desk.ledger.accounts[TRADER].mandates == (refusal is None)


def test_only_an_owner_caps_and_uncaps_and_an_uncapped_bot_is_dismissed() -> None:
    desk = capped()
    told = desk.exchange.set_mandate(TRADER, BOT, LOOSE, at=desk.at, by=BOT)
    assert told == Refused(refusal=Refusal.UNAUTHORIZED)
    told = desk.exchange.close_mandate(TRADER, BOT, by=BOT)
    assert told == Refused(refusal=Refusal.UNAUTHORIZED)

    closed = desk.exchange.close_mandate(TRADER, BOT)

    assert isinstance(closed, Applied)
    assert [type(each).__name__ for each in closed.events] == ["DelegateChanged", "MandateClosed"]
    assert isinstance(closed.events[-1], MandateClosed)
    assert desk.ledger.accounts[TRADER].mandates == 0
    assert bot_places(desk, units(1)) == Refused(refusal=Refusal.UNAUTHORIZED)
