"""Changes that wait lapse, a tightening voids them, and a stolen guardian key can be replaced."""

from typing import Any

import pytest
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import Scene
from tests.program.test_security import (
    SECURITY,
    TIMELOCK_S,
    UNPAUSE,
    WITHDRAW,
    change,
    execute,
    pause,
    proposal,
    propose,
    tighten,
)

USABLE_S = 604_800
LAPSED = Failed("ChangeLapsed")
STRICTER = ["pause", "tighten_market", "tighten_vault"]


@pytest.fixture
def guardian() -> Pubkey:
    return address("the guardian")


@pytest.fixture
def scene(guardian: Pubkey) -> Scene:
    """A stage with a guardian of its own."""
    scene = Scene()
    scene.svm.airdrop(guardian, 10**12)
    wanted = change(scene, SECURITY, guardian=guardian, keeper=scene.admin)
    scene.require(scene.do("propose", propose(scene, wanted, 0), scene.admin))
    scene.pass_time(2 * TIMELOCK_S)
    scene.require(execute(scene, 0))
    assert scene.must("Security", scene.where.security)["guardian"] == guardian
    return scene


def roles(scene: Scene, **given: Any) -> dict[str, Any]:
    """The roles and figures of now, with what is given instead."""
    security, pool = scene.must("Security", scene.where.security), scene.pool()
    present = {name: security[name] for name in ("admin", "guardian", "keeper", "timelock_s")}
    present |= {name: pool[name] for name in ("keeper_reward_e6", "daily_loss_share_e6")}
    return change(scene, SECURITY, **present | given)


def announce(scene: Scene, wanted: dict[str, Any], number: int = 1) -> None:
    scene.require(scene.do("propose", propose(scene, wanted, number), scene.admin))


def cancel(scene: Scene, by: Pubkey, number: int = 1) -> Landed | Failed:
    accounts = {"authority": by, "proposal": proposal(scene, number)}
    return scene.do("cancel", scene.program.instruction("cancel_change", accounts), by)


def stricter(scene: Scene, way: str, by: Pubkey) -> None:
    match way:
        case "pause":
            told = pause(scene, WITHDRAW, by)
        case "tighten_market":
            told = tighten(scene, 1, by)
        case _:
            accounts = {"authority": by, "vault": scene.where.vault(scene.mint)}
            limits = {"weight_init_e6": 1_000_000, "deposit_cap": 1}
            limits |= {"outflow_floor": 0, "outflow_share_e6": 0}
            made = scene.program.instruction("tighten_vault", accounts, limits)
            told = scene.do("tighten_vault", made, by)
    scene.require(told)


@pytest.mark.parametrize(("late_s", "lapsed"), [(USABLE_S, False), (USABLE_S + 1, True)])
def test_a_change_lapses_a_week_after_it_was_ripe(scene: Scene, late_s: int, lapsed: bool) -> None:
    announce(scene, change(scene, UNPAUSE, pause_bits=WITHDRAW))
    scene.pass_time(TIMELOCK_S + late_s)

    told = execute(scene)

    assert told == LAPSED if lapsed else isinstance(told, Landed)


@pytest.mark.parametrize("way", STRICTER)
def test_a_tightening_voids_what_was_proposed_by_then(
    scene: Scene, guardian: Pubkey, way: str
) -> None:
    announce(scene, change(scene, UNPAUSE, pause_bits=255), 1)
    scene.pass_time(TIMELOCK_S)
    announce(scene, change(scene, UNPAUSE, pause_bits=255), 2)
    stricter(scene, way, guardian)
    scene.pass_time(1)
    announce(scene, change(scene, UNPAUSE, pause_bits=255), 3)
    ripe = execute(scene, 1)
    scene.pass_time(TIMELOCK_S)

    assert ripe == execute(scene, 2) == LAPSED
    assert isinstance(execute(scene, 3), Landed)


def test_a_stolen_guardian_key_freezes_for_two_timelocks_and_no_longer(
    scene: Scene, guardian: Pubkey
) -> None:
    scene.require(pause(scene, 255, guardian))
    announce(scene, roles(scene, guardian=scene.admin))
    vetoed = cancel(scene, guardian)
    for _ in range(4):
        scene.pass_time(TIMELOCK_S // 2 - 1)
        scene.require(pause(scene, 255, guardian))
    scene.pass_time(3)
    early = execute(scene)
    scene.pass_time(1)

    assert vetoed == Failed("Unauthorized")
    assert early == Failed("Timelocked")
    assert isinstance(execute(scene), Landed)
    assert pause(scene, 1, guardian) == Failed("Unauthorized")
    announce(scene, change(scene, UNPAUSE, pause_bits=255), 2)
    scene.pass_time(TIMELOCK_S)
    assert isinstance(execute(scene, 2), Landed)
    assert scene.must("Security", scene.where.security)["pause_bits"] == 0


def test_the_admin_withdraws_a_new_guardian(scene: Scene) -> None:
    announce(scene, roles(scene, guardian=scene.admin))

    assert isinstance(cancel(scene, scene.admin), Landed)


@pytest.mark.parametrize(
    "more",
    [
        {"admin": address("another")},
        {"keeper": address("another")},
        {"timelock_s": TIMELOCK_S + 1},
        {"keeper_reward_e6": 1},
        {"daily_loss_share_e6": 1},
    ],
)
def test_whoever_changes_more_than_the_guardian_waits_once_and_can_be_stopped(
    scene: Scene, guardian: Pubkey, more: dict[str, Any]
) -> None:
    for number in (1, 2):
        announce(scene, roles(scene, guardian=scene.admin, **more), number)
    fields = scene.must("Proposal", proposal(scene, 1))

    assert fields["executable_at"] == scene.now + TIMELOCK_S
    assert not fields["guardian_only"]
    assert isinstance(cancel(scene, guardian, 1), Landed)
    scene.require(pause(scene, WITHDRAW, guardian))
    scene.pass_time(TIMELOCK_S)
    assert execute(scene, 2) == LAPSED


def test_a_new_guardian_that_has_become_more_than_that_is_refused(
    scene: Scene, guardian: Pubkey
) -> None:
    announce(scene, roles(scene, keeper=scene.keeper), 1)
    for number in (2, 3):
        announce(scene, roles(scene, guardian=scene.admin), number)
    scene.pass_time(2 * TIMELOCK_S)
    scene.require(execute(scene, 1))

    assert execute(scene, 2) == LAPSED
    assert isinstance(cancel(scene, guardian, 3), Landed)


def test_what_was_more_than_a_new_guardian_keeps_the_ordinary_rules(
    scene: Scene, guardian: Pubkey
) -> None:
    announce(scene, roles(scene, keeper=scene.keeper), 1)
    for number in (2, 3):
        announce(scene, roles(scene, keeper=scene.keeper, guardian=scene.admin), number)
    scene.pass_time(TIMELOCK_S)
    scene.require(execute(scene, 1))
    scene.require(pause(scene, WITHDRAW, guardian))

    assert execute(scene, 2) == LAPSED
    assert isinstance(cancel(scene, guardian, 3), Landed)
