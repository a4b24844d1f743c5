"""Changes that wait lapse, a tightening voids them, and no guardian keeps itself in office."""

from dataclasses import replace

import pytest

from quantdesk.domain.account import USDC
from quantdesk.domain.ledger import Applied, Outcome, Refused
from quantdesk.domain.market import MarketStatus
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import (
    USABLE_S,
    Change,
    Pause,
    SecurityChange,
    SecurityState,
    Unpause,
)
from tests.domain.desk import Desk

ADMIN, GUARDIAN, NEXT = "admin", "guardian", "the next guardian"
DAY_S = 86_400
LIFT = Unpause(pause_bits=255)
LAPSED = Refused(refusal=Refusal.CHANGE_LAPSED)
UNAUTHORIZED = Refused(refusal=Refusal.UNAUTHORIZED)
STRICTER = ["pause", "tighten_market", "tighten_vault"]


def guarded() -> Desk:
    """A desk with roles and a day of timelock."""
    desk = Desk()
    desk.ledger.security = SecurityState(
        admin=ADMIN, guardian=GUARDIAN, keeper=ADMIN, timelock_s=DAY_S
    )
    return desk


def new_guardian(desk: Desk, guardian: str = NEXT) -> SecurityChange:
    """The roles and figures of now, with another guardian."""
    roles, pool = desk.ledger.security, desk.ledger.pool
    return SecurityChange(
        admin=roles.admin,
        guardian=guardian,
        keeper=roles.keeper,
        timelock_s=roles.timelock_s,
        keeper_reward_e6=pool.keeper_reward_e6,
        daily_loss_share_e6=pool.daily_loss_share_e6,
    )


def propose(desk: Desk, change: Change, number: int = 1) -> None:
    assert isinstance(desk.exchange.propose_change(number, change, by=ADMIN, at=desk.at), Applied)


def execute(desk: Desk, number: int = 1) -> Outcome:
    return desk.exchange.execute_change(number, by=ADMIN, at=desk.at)


def tighten(desk: Desk, way: str) -> None:
    """The guardian makes something stricter."""
    exchange, at = desk.exchange, desk.at
    match way:
        case "pause":
            told = exchange.pause(Pause.PLACE, by=GUARDIAN, at=at)
        case "tighten_market":
            told = exchange.tighten_market(0, MarketStatus.PAUSED, by=GUARDIAN, at=at)
        case _:
            limits = replace(desk.ledger.vault.limits, deposit_cap=1)
            told = exchange.tighten_vault(USDC, limits, by=GUARDIAN, at=at)
    assert isinstance(told, Applied)


@pytest.mark.parametrize(("late_s", "lapsed"), [(USABLE_S, False), (USABLE_S + 1, True)])
def test_a_change_lapses_a_week_after_it_was_ripe(late_s: int, lapsed: bool) -> None:
    desk = guarded()
    propose(desk, LIFT)
    desk.wait(DAY_S + late_s)

    told = execute(desk)

    assert told == LAPSED if lapsed else isinstance(told, Applied)


@pytest.mark.parametrize("way", STRICTER)
@pytest.mark.parametrize(("wait_s", "voided"), [(-1, True), (0, True), (1, False)])
def test_a_tightening_voids_what_was_proposed_by_then(way: str, wait_s: int, voided: bool) -> None:
    desk = guarded()
    if wait_s <= 0:
        propose(desk, LIFT)
        desk.wait(-wait_s)
        tighten(desk, way)
    else:
        tighten(desk, way)
        desk.wait(wait_s)
        propose(desk, LIFT)
    desk.wait(DAY_S)

    told = execute(desk)

    assert told == LAPSED if voided else isinstance(told, Applied)


def test_a_refused_tightening_voids_nothing() -> None:
    desk = guarded()
    propose(desk, LIFT)
    desk.exchange.pause(Pause.PLACE, by="a stranger", at=desk.at)
    desk.exchange.pause(0, by=GUARDIAN, at=desk.at)
    desk.wait(DAY_S)

    assert isinstance(execute(desk), Applied)


def test_a_new_guardian_waits_twice_and_the_present_one_cannot_stop_it() -> None:
    desk = guarded()
    propose(desk, new_guardian(desk))

    vetoed = desk.exchange.cancel_change(1, by=GUARDIAN)
    for way in STRICTER:
        tighten(desk, way)
    desk.wait(2 * DAY_S - 1)
    early = execute(desk)
    desk.wait(1)
    done = execute(desk)

    assert vetoed == UNAUTHORIZED
    assert early == Refused(refusal=Refusal.TIMELOCKED)
    assert isinstance(done, Applied)
    assert desk.ledger.security.guardian == NEXT


def test_the_admin_withdraws_a_new_guardian() -> None:
    desk = guarded()
    propose(desk, new_guardian(desk))

    assert isinstance(desk.exchange.cancel_change(1, by=ADMIN), Applied)
    assert not desk.ledger.proposals


@pytest.mark.parametrize(
    "more",
    [
        {"admin": NEXT},
        {"keeper": NEXT},
        {"timelock_s": DAY_S + 1},
        {"keeper_reward_e6": 1},
        {"daily_loss_share_e6": 1},
        {"guardian": GUARDIAN},
    ],
)
def test_whoever_changes_more_than_the_guardian_waits_once_and_can_be_stopped(
    more: dict[str, int | str],
) -> None:
    desk = guarded()
    for number in (1, 2):
        propose(desk, replace(new_guardian(desk), **more), number)  # type: ignore[arg-type]

    assert desk.ledger.proposals[1].executable_at == desk.now + DAY_S
    assert isinstance(desk.exchange.cancel_change(1, by=GUARDIAN), Applied)
    tighten(desk, "pause")
    desk.wait(DAY_S)
    assert execute(desk, 2) == LAPSED


def test_a_new_guardian_that_has_become_more_than_that_is_refused() -> None:
    desk = guarded()
    propose(desk, replace(new_guardian(desk, GUARDIAN), keeper=NEXT), 1)
    for number in (2, 3):
        propose(desk, new_guardian(desk), number)
    desk.wait(2 * DAY_S)
    assert isinstance(execute(desk, 1), Applied)

    assert execute(desk, 2) == LAPSED
    assert isinstance(desk.exchange.cancel_change(3, by=GUARDIAN), Applied)
    assert desk.ledger.security.keeper == NEXT


def test_what_was_more_than_a_new_guardian_keeps_the_ordinary_rules() -> None:
    desk = guarded()
    both = replace(new_guardian(desk), keeper=NEXT)
    propose(desk, replace(new_guardian(desk, GUARDIAN), keeper=NEXT), 1)
    for number in (2, 3):
        propose(desk, both, number)
    desk.wait(DAY_S)
    assert isinstance(execute(desk, 1), Applied)
    tighten(desk, "pause")

    assert execute(desk, 2) == LAPSED
    assert isinstance(desk.exchange.cancel_change(3, by=GUARDIAN), Applied)
