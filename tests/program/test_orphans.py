"""Orphans: legs that have lost their parent or their position, which anyone may sweep away."""

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.ties import Role, Ties
from tests.domain.onchain import Failed, address
from tests.program.bracketing import (
    GAIN,
    LOSS,
    ORPHAN,
    PARENT,
    BracketScene,
)
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, swapped


@pytest.fixture
def scene() -> BracketScene:
    return BracketScene()


@pytest.fixture
def stranger(scene: BracketScene) -> Pubkey:
    key = address("a stranger")
    scene.svm.airdrop(key, 10**12)
    return key


def test_a_parent_that_only_reduced_a_short_leaves_nothing_to_protect(
    scene: BracketScene,
) -> None:
    scene.trade(scene.owner, -20 * BASE, 150)
    scene.price(150)
    scene.require(scene.parent())
    scene.require(scene.bracket())

    outcome = scene.executed(150, PARENT)

    assert scene.one("OrderExecuted", outcome).fields["size_after_e9"] == -10 * BASE
    assert not scene.lives(GAIN)
    assert not scene.lives(LOSS)
    assert scene.open_orders() == 0


def test_sleeping_legs_are_orphans_once_their_parent_is_cancelled(
    scene: BracketScene, stranger: Pubkey
) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    early = scene.cancelled(GAIN, stranger)
    unproven = scene.cancelled(GAIN, stranger, proven=False)
    scene.require(scene.cancelled(PARENT, scene.owner))
    asleep = scene.executed(160, GAIN)

    assert early == Failed("Unauthorized")
    assert unproven == Failed("Unauthorized")
    assert asleep == Failed("LegAsleep")
    for leg in (GAIN, LOSS):
        assert scene.reason(scene.cancelled(leg, stranger)) == ORPHAN
    assert scene.open_orders() == 0


def test_a_later_order_of_the_parent_s_id_does_not_adopt_the_orphans(
    scene: BracketScene, stranger: Pubkey
) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    scene.require(scene.cancelled(PARENT, scene.owner))
    scene.require(scene.parent())
    scene.require(scene.executed(150, PARENT))

    assert scene.found(GAIN)["role"] == Role.ASLEEP
    assert scene.reason(scene.cancelled(GAIN, stranger)) == ORPHAN


def test_another_account_does_not_prove_that_the_parent_is_gone(
    scene: BracketScene, stranger: Pubkey
) -> None:
    scene.require(scene.parent())
    scene.require(scene.bracket())
    ties = Ties.of(scene.found(GAIN))
    built = scene.build.cancel_order(
        scene.trader(scene.owner), scene.at(GAIN), by=stranger, ties=ties
    )
    place = [meta.pubkey for meta in built.accounts].index(scene.at(PARENT))

    for wrong in (address("empty"), scene.at(LOSS)):
        forged = swapped(built, place, wrong)
        assert scene.do("cancel", forged, stranger) == Failed("WrongAccount")


def test_legs_are_orphans_once_the_position_is_closed(
    scene: BracketScene, stranger: Pubkey
) -> None:
    scene.armed()
    early = scene.cancelled(GAIN, stranger)
    scene.trade(scene.owner, -10 * BASE, 150)

    assert early == Failed("Unauthorized")
    assert scene.cancelled(GAIN, stranger, proven=False) == Failed("Unauthorized")
    for leg in (GAIN, LOSS):
        assert scene.reason(scene.cancelled(leg, stranger)) == ORPHAN
    assert scene.open_orders() == 0


def test_legs_never_touch_a_position_that_was_opened_after_theirs(
    scene: BracketScene, stranger: Pubkey
) -> None:
    scene.armed()
    scene.trade(scene.owner, -10 * BASE, 150)
    scene.trade(scene.owner, 10 * BASE, 150)

    assert scene.reason(scene.executed(160, GAIN)) == ORPHAN
    assert scene.size_e9() == 10 * BASE
    assert scene.reason(scene.cancelled(LOSS, stranger)) == ORPHAN


def test_the_position_of_another_market_proves_nothing(stranger: Pubkey) -> None:
    scene = BracketScene(FLAT_SOL, FLAT_BTC)
    scene.svm.airdrop(stranger, 10**12)
    scene.trade(scene.owner, BASE // 50, 60_000, market=1)
    scene.trade(scene.owner, -(BASE // 50), 60_000, market=1, limit_price_e6=50_000 * USD)
    scene.armed()
    account = scene.where.user_account(scene.owner)
    built = scene.build.cancel_order(
        scene.trader(scene.owner), scene.at(GAIN), by=stranger, ties=Ties.of(scene.found(GAIN))
    )
    place = [meta.pubkey for meta in built.accounts].index(scene.where.position(account, 0))

    forged = swapped(built, place, scene.where.position(account, 1))

    assert scene.do("cancel", forged, stranger) == Failed("WrongAccount")


def test_a_flip_makes_orphans(scene: BracketScene) -> None:
    scene.armed()
    scene.trade(scene.owner, -15 * BASE, 150)

    assert scene.holding(scene.owner)["openings"] == 2
    assert scene.reason(scene.executed(160, GAIN)) == ORPHAN


def test_extending_or_reducing_is_no_new_opening(scene: BracketScene) -> None:
    scene.armed()
    scene.trade(scene.owner, 5 * BASE, 150)
    scene.trade(scene.owner, -8 * BASE, 150)

    assert scene.holding(scene.owner)["openings"] == 1
    assert scene.one("OrderExecuted", scene.executed(160, GAIN))


def test_liquidation_leaves_orphans_that_anyone_sweeps(stranger: Pubkey) -> None:
    scene = BracketScene()
    scene.svm.airdrop(stranger, 10**12)
    scene.trade(scene.owner, 600 * BASE, 150)
    scene.price(150)
    scene.require(scene.bracket(gain=160, loss=100, asleep=False))
    scene.settle_on(130)
    scene.price(130)
    scene.require(scene.liquidate(scene.owner))

    assert scene.size_e9() == 0
    assert scene.reason(scene.cancelled(GAIN, stranger)) == ORPHAN
