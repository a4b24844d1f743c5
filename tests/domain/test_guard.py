"""Guard: delegates trade and never take money; pauses hold at once and lift only after a wait."""

from dataclasses import replace

import pytest

from quantdesk.domain.custody import Tokens
from quantdesk.domain.delegate import NOBODY, Delegate
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.market import SOL, MarketStatus
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.order import Kind, OrderIntent
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import (
    EVERY_PAUSE,
    MarketChange,
    Pause,
    SecurityChange,
    SecurityState,
    Unpause,
    VaultChange,
)
from quantdesk.domain.vault import Outflow
from tests.domain.desk import TRADER, Desk, units

BOT = "bot"
ADMIN, GUARDIAN = "admin", "guardian"
DAY_S = 86_400
UNAUTHORIZED = Refused(refusal=Refusal.UNAUTHORIZED)


def guarded() -> Desk:
    """A desk with roles, a day of timelock and a trader with money."""
    desk = Desk()
    desk.ledger.security = SecurityState(
        admin=ADMIN, guardian=GUARDIAN, keeper=ADMIN, timelock_s=DAY_S
    )
    desk.open(usd=10_000)
    desk.price("150")
    return desk


def hired(permissions: int = 3, *, for_s: int = 0) -> Desk:
    """A desk whose trader has a bot."""
    desk = guarded()
    expires_at = desk.now + for_s if for_s else 0
    bot = Delegate(key=BOT, permissions=permissions, expires_at=expires_at)
    assert isinstance(desk.exchange.add_delegate(TRADER, bot, at=desk.at), Applied)
    return desk


def bot_places(desk: Desk) -> Outcome:
    intent = OrderIntent(
        market_index=0,
        client_order_id=desk.order_id + 1,
        kind=Kind.MARKET,
        size_e9=units(1),
        limit_price_e6=1_000 * USD_ONE,
    )
    desk.order_id += 1
    return desk.exchange.place_order(TRADER, intent, at=desk.at, by=BOT)


def test_a_delegate_trades_and_moves_no_money() -> None:
    desk = hired()
    desk.open("second", usd=0)

    assert isinstance(bot_places(desk), Applied)
    exchange, at = desk.exchange, desk.at
    for told in (
        exchange.withdraw(TRADER, Tokens(amount=1), at=at, by=BOT),
        exchange.deposit(TRADER, 1, by=BOT),
        exchange.transfer_between(TRADER, "second", 1, at=at, by=BOT),
        exchange.update_user_account(TRADER, name="", max_leverage=100, by=BOT),
        exchange.add_delegate(TRADER, Delegate(key="x", permissions=1), at=at, by=BOT),
        exchange.remove_delegate(TRADER, "x", by=BOT),
    ):
        assert told == UNAUTHORIZED


def test_each_permission_allows_its_own_verb_only() -> None:
    may_place, may_cancel = hired(1), hired(2)

    assert isinstance(bot_places(may_place), Applied)
    told = may_place.exchange.cancel_order(TRADER, may_place.order_id, at=may_place.at, by=BOT)
    assert told == UNAUTHORIZED
    assert bot_places(may_cancel) == UNAUTHORIZED
    may_cancel.place(units(1))
    told = may_cancel.exchange.cancel_order(TRADER, may_cancel.order_id, at=may_cancel.at, by=BOT)
    assert isinstance(told, Applied)


def test_a_delegate_ends_in_its_last_second() -> None:
    desk = hired(for_s=4)
    desk.wait(3)
    desk.price("150")
    assert isinstance(bot_places(desk), Applied)

    desk.wait(1)
    assert bot_places(desk) == UNAUTHORIZED


def test_a_removed_delegate_trades_no_more_and_may_leave_by_itself() -> None:
    desk = hired()

    assert isinstance(desk.exchange.remove_delegate(TRADER, BOT, by=BOT), Applied)

    assert bot_places(desk) == UNAUTHORIZED
    told = desk.exchange.remove_delegate(TRADER, BOT)
    assert told == Refused(refusal=Refusal.UNKNOWN_DELEGATE)


@pytest.mark.parametrize(
    ("delegate", "refusal"),
    [
        (Delegate(key=BOT, permissions=0), Refusal.INVALID_PARAMETER),
        (Delegate(key=BOT, permissions=4), Refusal.INVALID_PARAMETER),
        (Delegate(key=NOBODY, permissions=1), Refusal.INVALID_PARAMETER),
        (Delegate(key=f"owner of {TRADER}", permissions=1), Refusal.INVALID_PARAMETER),
        (Delegate(key=BOT, permissions=1, expires_at=1), Refusal.INVALID_EXPIRY),
    ],
)
def test_what_is_no_delegate_is_refused(delegate: Delegate, refusal: Refusal) -> None:
    desk = guarded()

    told = desk.exchange.add_delegate(TRADER, delegate, at=desk.at)

    assert told == Refused(refusal=refusal)


def test_four_delegates_are_enough_and_an_ended_one_makes_room() -> None:
    desk = guarded()
    soon = desk.now + 1
    for number in range(4):
        expires_at = soon if number == 2 else 0
        each = Delegate(key=f"bot {number}", permissions=1, expires_at=expires_at)
        desk.exchange.add_delegate(TRADER, each, at=desk.at)
    fifth = Delegate(key=BOT, permissions=1)

    told = desk.exchange.add_delegate(TRADER, fifth, at=desk.at)
    desk.wait(1)

    assert told == Refused(refusal=Refusal.TOO_MANY_DELEGATES)
    assert isinstance(desk.exchange.add_delegate(TRADER, fifth, at=desk.at), Applied)
    assert desk.ledger.delegates_of(TRADER)[2] == fifth


@pytest.mark.parametrize("bit", list(Pause)[:3])
def test_a_pause_stops_its_action(bit: Pause) -> None:
    desk = guarded()
    assert isinstance(desk.exchange.pause(bit, by=GUARDIAN, at=desk.at), Applied)

    told = {
        Pause.DEPOSIT: desk.exchange.deposit(TRADER, 1),
        Pause.WITHDRAW: desk.exchange.withdraw(TRADER, 1, at=desk.at),
        Pause.PLACE: desk.place(units(1)),
    }

    assert told.pop(bit) == Refused(refusal=Refusal.PAUSED)
    assert all(isinstance(each, Applied) for each in told.values())


def test_a_paused_exchange_fills_liquidates_and_funds_nothing() -> None:
    desk = guarded()
    desk.place(units(1))
    desk.wait(1)
    desk.price("150")
    desk.exchange.pause(Pause.GROW, by=ADMIN, at=desk.at)
    assert desk.execute() == Refused(refusal=Refusal.PAUSED)
    desk.exchange.pause(Pause.EXECUTE | Pause.LIQUIDATE | Pause.FUNDING, by=ADMIN, at=desk.at)

    paused = Refused(refusal=Refusal.PAUSED)
    assert desk.execute() == paused
    assert desk.liquidate() == paused
    assert desk.exchange.settle_funding(0, at=desk.at) == paused
    assert desk.exchange.resolve_bankruptcy(TRADER, at=desk.at) == paused


@pytest.mark.parametrize("bits", [0, EVERY_PAUSE + 1])
def test_a_pause_of_nothing_known_is_refused(bits: int) -> None:
    desk = guarded()

    assert desk.exchange.pause(bits, by=ADMIN, at=desk.at) == Refused(
        refusal=Refusal.INVALID_PARAMETER
    )
    assert desk.exchange.pause(1, by=BOT, at=desk.at) == UNAUTHORIZED


def test_a_pause_is_lifted_only_by_the_admin_and_only_after_the_timelock() -> None:
    desk = guarded()
    desk.exchange.pause(Pause.PLACE | Pause.DEPOSIT, by=GUARDIAN, at=desk.at)
    lift = Unpause(pause_bits=Pause.PLACE)
    desk.wait(1)
    assert desk.exchange.propose_change(1, lift, by=GUARDIAN, at=desk.at) == UNAUTHORIZED
    desk.exchange.propose_change(1, lift, by=ADMIN, at=desk.at)

    desk.wait(DAY_S - 1)
    early = desk.exchange.execute_change(1, by=ADMIN, at=desk.at)
    desk.wait(1)
    by_guardian = desk.exchange.execute_change(1, by=GUARDIAN, at=desk.at)
    done = desk.exchange.execute_change(1, by=ADMIN, at=desk.at)

    assert early == Refused(refusal=Refusal.TIMELOCKED)
    assert by_guardian == UNAUTHORIZED
    assert isinstance(done, Applied)
    assert desk.ledger.security.pause_bits == Pause.DEPOSIT


def test_the_guardian_cancels_what_it_does_not_trust() -> None:
    desk = guarded()
    desk.exchange.propose_change(1, Unpause(pause_bits=1), by=ADMIN, at=desk.at)

    assert desk.exchange.cancel_change(1, by=BOT) == UNAUTHORIZED
    assert isinstance(desk.exchange.cancel_change(1, by=GUARDIAN), Applied)
    assert not desk.ledger.proposals


def test_a_market_closes_at_once_and_opens_by_a_change() -> None:
    desk = guarded()
    exchange = desk.exchange
    assert isinstance(
        exchange.tighten_market(0, MarketStatus.PAUSED, by=GUARDIAN, at=desk.at), Applied
    )
    for status in (MarketStatus.PAUSED, MarketStatus.REDUCE_ONLY, MarketStatus.ACTIVE):
        told = exchange.tighten_market(0, status, by=GUARDIAN, at=desk.at)
        assert told == Refused(refusal=Refusal.INVALID_PARAMETER)
    terms = replace(SOL, taker_fee_e6=700)
    desk.wait(1)

    exchange.propose_change(
        1, MarketChange(status=MarketStatus.ACTIVE, params=terms), by=ADMIN, at=desk.at
    )
    desk.wait(DAY_S)
    exchange.execute_change(1, by=ADMIN, at=desk.at)

    market = desk.ledger.markets[0]
    assert (market.status, market.params) == (MarketStatus.ACTIVE, terms)


def test_new_rules_of_a_vault_keep_what_it_holds_and_what_left() -> None:
    desk = guarded()
    desk.exchange.withdraw(TRADER, 5 * USD_ONE, at=desk.at)
    before = desk.ledger.vault
    rules = replace(before, deposit_cap=7, total_deposits=0, outflow=Outflow(floor=1, share_e6=2))

    desk.exchange.propose_change(1, VaultChange(rules=rules), by=ADMIN, at=desk.at)
    desk.wait(DAY_S)
    desk.exchange.execute_change(1, by=ADMIN, at=desk.at)

    after = desk.ledger.vault
    assert (after.deposit_cap, after.total_deposits) == (7, before.total_deposits)
    assert after.outflow == replace(before.outflow, floor=1, share_e6=2)
    assert after.outflow.level == 5 * USD_ONE


@pytest.mark.parametrize(
    ("timelock_s", "share_e6"), [(3_599, 0), (2_592_001, 0), (3_600, 1_000_001)]
)
def test_roles_change_with_sensible_figures_only(timelock_s: int, share_e6: int) -> None:
    desk = guarded()
    change = SecurityChange(
        admin="new admin",
        guardian=GUARDIAN,
        keeper=BOT,
        timelock_s=3_600,
        keeper_reward_e6=3,
        daily_loss_share_e6=4,
    )
    wrong = replace(change, timelock_s=timelock_s, daily_loss_share_e6=share_e6)
    for number, each in enumerate((wrong, change)):
        desk.exchange.propose_change(number, each, by=ADMIN, at=desk.at)
    desk.wait(DAY_S)

    told = desk.exchange.execute_change(0, by=ADMIN, at=desk.at)
    assert told == Refused(refusal=Refusal.INVALID_PARAMETER)
    assert isinstance(desk.exchange.execute_change(1, by=ADMIN, at=desk.at), Applied)
    assert desk.ledger.security.admin == "new admin"
    assert desk.ledger.security.timelock_s == 3_600
    assert desk.ledger.pool.daily_loss_share_e6 == 4
