"""Twelve attacks that cost others millions, replayed: they stay within what docs/attacks.md says.

A hundred draws of each on the twin by default (QD_ATTACK_DRAWS, `make attacks`: a thousand, and the
worst is written down), and some on the built program in lock step with the twin.
"""

import json
from pathlib import Path

import pytest

from tests.domain.onchain import POOL_E6
from tests.exchange_attacks.raid import HONEST, ONE, USD, Raid
from tests.exchange_attacks.replays import (
    ATTACKS,
    DRAWS,
    WORST_FILE,
    Played,
    keep_worst,
    play,
    twin,
    worst,
)
from tests.exchange_attacks.venue import ProgramVenue, TwinVenue

DOCUMENT = Path(__file__).parents[2] / "docs" / "attacks.md"
FULL = 1_000
ON_PROGRAM = 2
DUST_POSITIONS = 10_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_brings_no_more_than_its_bound(name: str) -> None:
    played = [play(name, seed, twin(name)) for seed in range(DRAWS)]

    assert [each for each in played if not each.keeps] == []
    if DRAWS >= FULL:
        keep_worst(name, worst(played))


@pytest.mark.parametrize("name", ATTACKS)
def test_the_program_holds_against_it_as_the_twin_does(name: str) -> None:
    for seed in range(ON_PROGRAM):
        on_twin = play(name, seed, twin(name))
        on_program = play(name, seed, program(name))

        assert on_program.keeps
        assert sums(on_program) == sums(on_twin)


def program(name: str) -> ProgramVenue:
    """A fresh program, as large as the attack needs it."""
    if "crowd" in name:
        return ProgramVenue(6, pool_e6=24 * POOL_E6)
    return ProgramVenue()


def sums(played: Played) -> tuple[int, int]:
    """What came of a draw."""
    return played.gain_e6, played.loss_e6


def test_ten_thousand_smallest_positions_cost_the_house_nothing() -> None:
    raid = Raid(TwinVenue())
    raid.fund(ONE, 20_000 * USD)
    lot = raid.params.lot_e9
    for number in range(DUST_POSITIONS):
        assert not raid.place(ONE, lot - 1)
        raid.trade(ONE, lot if number % 2 else -lot, seconds=1)

    assert raid.edge_e6() < 0
    assert raid.loss_e6() < 0


def test_the_bounds_are_not_met_by_doing_nothing() -> None:
    """The draws bite: raiders gain somewhere, lose elsewhere, and trade in every attack."""
    names = ("A1 self-traded pump", "A3 loser left behind", "A9 sandwich")
    for name in names:
        played = [play(name, seed, twin(name)) for seed in range(30)]
        assert max(each.gain_e6 for each in played) > 100 * USD
        assert any(each.gain_e6 > each.bound.gain_e6 // 2 for each in played)
    for name in ("A4 squeeze by size", "A12 funding at the hour"):
        played = [play(name, seed, twin(name)) for seed in range(30)]
        assert min(each.gain_e6 for each in played) < -100 * USD


def test_an_honest_account_keeps_its_last_cent_through_a_gap() -> None:
    for seed in range(20):
        venue = TwinVenue()
        play("A3 loser left behind", seed, venue)
        assert venue.ledger.accounts[venue.key(HONEST)].usdc_e6 == 50_000 * USD


def test_the_document_names_every_attack_and_its_worst() -> None:
    text = DOCUMENT.read_text()
    rows = json.loads(WORST_FILE.read_text())

    assert set(rows) == set(ATTACKS)
    for name, row in rows.items():
        assert name.split(" ")[0] in text
        assert f"{row['gain_usd']:,} / {row['its_bound_usd']:,}" in text, name
        assert row["draws"] >= FULL
