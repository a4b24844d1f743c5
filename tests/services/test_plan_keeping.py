"""The keeper's plan: what the newest prices allow, and nothing that the program would refuse."""

from dataclasses import replace

import pytest

from quantdesk.domain.account import EMPTY_MARKET, AccountState
from quantdesk.domain.market import SOL, MarketState, MarketStatus
from quantdesk.domain.money import I64_MAX
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.order import Kind, Order
from quantdesk.domain.pool import PoolState
from quantdesk.domain.position import Position
from quantdesk.services.keeping_tasks import (
    AccrueFunding,
    CancelExpired,
    ExchangeBook,
    ExecuteOrder,
    FollowPrice,
    Liquidate,
    Moment,
    RefreshMarket,
    ResolveBankruptcy,
    SettleFunding,
)
from quantdesk.services.plan_keeping import ACCRUE_S, SETTLE_SLOTS, plan_keeping

NOW = 1_000_000
SLOT = 5_000
PRICE = 150_000_000
ONE_SOL = 1_000_000_000

MARKET = MarketState(
    params=SOL, last_price_e6=PRICE, last_conf_e6=50_000, last_publish_time=NOW - 2, funding_at=NOW
)
ORDER = Order(
    account="alice",
    market_index=0,
    client_order_id=1,
    kind=Kind.MARKET,
    size_e9=ONE_SOL,
    limit_price_e6=PRICE * 2,
    placed_at=NOW - 2,
    placed_slot=SLOT - 1,
    expires_at=NOW + 28,
)


def moment(
    price_e6: int = PRICE,
    *,
    publish_time: int = NOW,
    slot: int = SLOT,
    previous_at: int | None = None,
) -> Moment:
    reading = PriceReading(
        price_e6=price_e6, conf_e6=50_000, publish_time=publish_time, previous_at=previous_at
    )
    return Moment(now=NOW, slot=slot, readings={0: reading})


def book(*orders: Order, position: Position | None = None, usdc_e6: int = 0) -> ExchangeBook:
    listed = (0, *(EMPTY_MARKET,) * 7) if position else (EMPTY_MARKET,) * 8
    account = AccountState(
        address="alice", owner="owner", balances=(usdc_e6, *(0,) * 7), open_markets=listed
    )
    return ExchangeBook(
        markets={0: MARKET},
        pool=PoolState(cash_e6=10**12),
        accounts={"alice": account},
        positions={("alice", 0): position} if position else {},
        orders={f"order{number}": order for number, order in enumerate(orders)},
    )


def held(size_e9: int, *, updated_slot: int = SLOT) -> Position:
    return Position(
        account="alice",
        market_index=0,
        size_e9=size_e9,
        entry_e6=size_e9 * PRICE // ONE_SOL,
        max_leverage=20,
        updated_slot=updated_slot,
    )


def test_a_market_order_is_executed_at_the_first_price_published_after_it() -> None:
    assert plan_keeping(book(ORDER), moment()) == [ExecuteOrder(order="order0")]


def test_a_price_of_the_orders_own_second_is_not_yet_the_next_price() -> None:
    assert plan_keeping(book(ORDER), moment(publish_time=ORDER.placed_at)) == []


def test_an_order_waits_for_the_slot_after_its_own() -> None:
    assert plan_keeping(book(ORDER), moment(slot=ORDER.placed_slot)) == []


def test_an_expired_order_is_cancelled_and_not_executed() -> None:
    late = replace(ORDER, expires_at=NOW - 1)

    assert plan_keeping(book(late), moment()) == [CancelExpired(order="order0")]


def test_a_limit_order_is_left_alone_until_its_whole_cost_is_within_the_limit() -> None:
    # 1 SOL at 150: 150 + spread 0.03 + confidence 0.05 + impact 0.00000225, rounded up.
    exact = 150_080_003
    short = replace(ORDER, kind=Kind.LIMIT, limit_price_e6=exact - 1)
    enough = replace(short, limit_price_e6=exact)

    assert plan_keeping(book(short), moment()) == []
    assert plan_keeping(book(enough), moment()) == [ExecuteOrder(order="order0")]


def test_a_limit_order_at_a_late_price_waits_for_room_for_the_confidence_twice() -> None:
    # As above, and the confidence once more: the feed's publication before came after the order.
    exact = 150_130_003
    short = replace(
        ORDER, kind=Kind.LIMIT, limit_price_e6=exact - 1, placed_at=NOW - 3, expires_at=0
    )
    enough = replace(short, limit_price_e6=exact)

    assert plan_keeping(book(short), moment(previous_at=NOW - 2)) == []
    assert plan_keeping(book(enough), moment(previous_at=NOW - 2)) == [ExecuteOrder(order="order0")]
    assert plan_keeping(book(short), moment(previous_at=NOW - 3)) == [ExecuteOrder(order="order0")]


@pytest.mark.parametrize(
    ("kind", "trigger_e6", "trailing_bps"),
    [
        (Kind.STOP_MARKET, PRICE, 0),
        (Kind.TAKE_PROFIT, PRICE, 0),
        (Kind.TRAILING_STOP, 0, 200),
    ],
)
def test_what_protects_a_position_is_left_alone_until_its_bound_is_met(
    kind: Kind, trigger_e6: int, trailing_bps: int
) -> None:
    # 1 SOL sold at 150: 150 - spread 0.03 - confidence 0.05 - impact 0.00000225, rounded down.
    exact = 149_919_997
    past = replace(
        ORDER,
        kind=kind,
        size_e9=-I64_MAX,
        limit_price_e6=exact + 1,
        trigger_price_e6=trigger_e6,
        trailing_bps=trailing_bps,
        watermark_e6=PRICE * 100 // 98 + 1 if trailing_bps else 0,
        reduce_only=True,
    )
    within = replace(past, limit_price_e6=exact)
    position = held(ONE_SOL)

    waiting = plan_keeping(book(past, position=position, usdc_e6=10**9), moment())
    assert waiting == []
    filling = plan_keeping(book(within, position=position, usdc_e6=10**9), moment())
    assert filling == [ExecuteOrder(order="order0")]


def test_a_stop_at_a_wide_price_is_judged_with_no_more_doubt_than_the_market_opens_with() -> None:
    # As above with the widest confidence that opens, 0.75, in place of 15 counted twice.
    exact = 149_219_997
    stop = replace(
        ORDER,
        kind=Kind.STOP_MARKET,
        size_e9=-ONE_SOL,
        limit_price_e6=exact,
        trigger_price_e6=PRICE,
        placed_at=NOW - 3,
        reduce_only=True,
    )
    wide = PriceReading(price_e6=PRICE, conf_e6=PRICE // 10, publish_time=NOW)
    open_book = book(stop, position=held(ONE_SOL), usdc_e6=10**9)
    past = replace(stop, limit_price_e6=exact + 1)

    assert plan_keeping(open_book, replace(moment(), readings={0: wide})) == [
        ExecuteOrder(order="order0")
    ]
    waiting = replace(open_book, orders={"order0": past})
    assert plan_keeping(waiting, replace(moment(), readings={0: wide})) == []


def test_a_reduce_only_limit_without_a_position_is_handed_to_the_program_to_close() -> None:
    idle = replace(ORDER, kind=Kind.LIMIT, limit_price_e6=1, reduce_only=True)

    assert plan_keeping(book(idle), moment()) == [ExecuteOrder(order="order0")]


@pytest.mark.parametrize(
    ("kind", "trigger_e6", "size_e9"),
    [
        (Kind.STOP_MARKET, PRICE, ONE_SOL),
        (Kind.STOP_MARKET, PRICE, -ONE_SOL),
        (Kind.TAKE_PROFIT, PRICE, ONE_SOL),
        (Kind.TAKE_PROFIT, PRICE, -ONE_SOL),
    ],
)
def test_a_sleeping_order_is_executed_at_its_trigger_and_not_one_unit_before(
    kind: Kind, trigger_e6: int, size_e9: int
) -> None:
    wakes_by_rising = (size_e9 > 0) is (kind is not Kind.TAKE_PROFIT)
    bound = PRICE * 2 if size_e9 > 0 else 1
    order = replace(
        ORDER, kind=kind, size_e9=size_e9, trigger_price_e6=trigger_e6, limit_price_e6=bound
    )
    before = PRICE - 1 if wakes_by_rising else PRICE + 1

    assert plan_keeping(book(order), moment(before)) == []
    assert plan_keeping(book(order), moment(PRICE)) == [ExecuteOrder(order="order0")]


def test_a_stop_limit_that_woke_waits_for_its_limit() -> None:
    stop = replace(ORDER, kind=Kind.STOP_LIMIT, trigger_price_e6=PRICE, limit_price_e6=PRICE)
    roomy = replace(stop, limit_price_e6=PRICE + PRICE // 100)

    assert plan_keeping(book(stop), moment()) == []
    assert plan_keeping(book(roomy), moment()) == [ExecuteOrder(order="order0")]


def test_a_trailing_stop_follows_each_better_price_and_is_executed_when_it_turns() -> None:
    trailing = replace(
        ORDER,
        kind=Kind.TRAILING_STOP,
        size_e9=-ONE_SOL,
        limit_price_e6=1,
        trailing_bps=200,
        watermark_e6=PRICE,
    )
    better = PRICE + 1
    turned = PRICE * 98 // 100

    assert plan_keeping(book(trailing), moment(better)) == [
        FollowPrice(order="order0", watermark_e6=better)
    ]
    assert plan_keeping(book(trailing), moment(PRICE)) == []
    assert plan_keeping(book(trailing), moment(turned + 1)) == []
    assert plan_keeping(book(trailing), moment(turned)) == [ExecuteOrder(order="order0")]


def test_a_debt_is_resolved_only_when_nothing_is_left_that_could_pay_it() -> None:
    assert plan_keeping(book(usdc_e6=-1), moment()) == [ResolveBankruptcy(account="alice")]
    assert plan_keeping(book(usdc_e6=0), moment()) == []
    holding = plan_keeping(book(position=held(ONE_SOL), usdc_e6=-1), moment())
    assert not [each for each in holding if isinstance(each, ResolveBankruptcy)]


def test_nothing_is_executed_in_a_paused_market() -> None:
    paused = replace(book(ORDER), markets={0: replace(MARKET, status=MarketStatus.PAUSED)})

    assert plan_keeping(paused, moment()) == []


def test_a_stale_price_executes_nothing() -> None:
    old = replace(ORDER, placed_at=NOW - 9)

    assert plan_keeping(book(old), moment(publish_time=NOW - 6)) == []


def test_orders_are_executed_in_the_order_they_were_placed() -> None:
    later, earlier = ORDER, replace(ORDER, placed_slot=SLOT - 5)

    assert plan_keeping(book(later, earlier), moment()) == [
        ExecuteOrder(order="order1"),
        ExecuteOrder(order="order0"),
    ]


def test_an_account_is_liquidated_one_unit_below_its_maintenance_and_not_at_it() -> None:
    # 10 SOL at 150: notional 1,500, maintenance 0.5 % = 7.5 USD, no profit or loss.
    position = held(10 * ONE_SOL)

    assert plan_keeping(book(position=position, usdc_e6=7_500_000), moment()) == []
    assert plan_keeping(book(position=position, usdc_e6=7_499_999), moment()) == [
        Liquidate(account="alice", market_index=0)
    ]


def test_nobody_is_liquidated_at_a_stale_price() -> None:
    broke = book(position=held(10 * ONE_SOL), usdc_e6=0)

    assert plan_keeping(broke, moment(publish_time=NOW - 11)) == []


@pytest.mark.parametrize("first", [held(10 * ONE_SOL), held(10**7)])
def test_a_market_whose_price_stopped_does_not_protect_the_others(first: Position) -> None:
    # 10 SOL ask for 7.5 USD; 0.01 SOL at a price that nobody posts counts 0.375 USD better.
    second = replace(held(10 * ONE_SOL + 10**7 - first.size_e9), market_index=1)
    second = replace(second, entry_e6=second.size_e9 * PRICE // ONE_SOL)
    living = 0 if first.size_e9 > second.size_e9 else 1

    def plan(usdc_e6: int, silent_s: int) -> list[object]:
        plain = book(position=first, usdc_e6=usdc_e6)
        account = replace(plain.accounts["alice"], open_markets=(0, 1, *(EMPTY_MARKET,) * 6))
        whole = replace(
            plain,
            accounts={"alice": account},
            markets={0: MARKET, 1: replace(MARKET, params=replace(SOL, index=1))},
            positions={("alice", 0): first, ("alice", 1): second},
        )
        readings = {
            index: PriceReading(
                price_e6=PRICE,
                conf_e6=50_000,
                publish_time=NOW if index == living else NOW - silent_s,
            )
            for index in (0, 1)
        }
        done = plan_keeping(whole, Moment(now=NOW, slot=SLOT, readings=readings))
        return [each for each in done if isinstance(each, Liquidate)]

    assert plan(7_124_999, 61) == [Liquidate(account="alice", market_index=living)]
    assert plan(7_125_000, 61) == []
    assert plan(0, 60) == []


def test_nobody_is_liquidated_when_every_price_stopped() -> None:
    broke = book(position=held(10 * ONE_SOL), usdc_e6=0)

    assert plan_keeping(broke, moment(publish_time=NOW - 61)) == []


def test_a_market_that_looked_at_its_oracle_long_ago_is_refreshed() -> None:
    quiet = replace(MARKET, last_publish_time=NOW - 25)

    assert plan_keeping(replace(book(), markets={0: quiet}), moment()) == [
        RefreshMarket(market_index=0)
    ]


def test_a_jump_is_shown_to_the_market_and_then_its_confirmation() -> None:
    jumped = PRICE * 8 // 10
    shown = replace(MARKET, pending_price_e6=jumped, pending_publish_time=NOW - 1)

    assert plan_keeping(book(), moment(jumped)) == [RefreshMarket(market_index=0)]
    confirmed = plan_keeping(replace(book(), markets={0: shown}), moment(jumped))
    assert confirmed == [RefreshMarket(market_index=0)]


def test_a_price_that_stays_wide_is_not_shown_to_the_market_again_and_again() -> None:
    wide = PriceReading(price_e6=PRICE, conf_e6=PRICE // 100, publish_time=NOW)
    quiet = replace(book(), markets={0: replace(MARKET, last_publish_time=NOW - 50)})

    assert plan_keeping(quiet, replace(moment(), readings={0: wide})) == []


def test_funding_accrues_while_anybody_holds_a_position_and_only_then() -> None:
    behind = replace(MARKET, funding_at=NOW - ACCRUE_S)
    held_market = replace(behind, long_e9=ONE_SOL)

    assert plan_keeping(replace(book(), markets={0: behind}), moment()) == []
    assert plan_keeping(replace(book(), markets={0: held_market}), moment()) == [
        AccrueFunding(market_index=0)
    ]


def test_funding_of_an_untouched_position_is_settled_once_an_hour() -> None:
    rich = 10**9
    due, early = held(ONE_SOL, updated_slot=SLOT - SETTLE_SLOTS), held(ONE_SOL)
    early = replace(early, updated_slot=SLOT - SETTLE_SLOTS + 1)

    assert plan_keeping(book(position=due, usdc_e6=rich), moment()) == [
        SettleFunding(account="alice", market_index=0)
    ]
    assert plan_keeping(book(position=early, usdc_e6=rich), moment()) == []
