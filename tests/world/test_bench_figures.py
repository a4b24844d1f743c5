"""Figures of a bench: ratios of one run, and percentiles by nearest rank."""

import pytest

from quantdesk.world.bench import run_benches
from quantdesk.world.bench.figure import compared, percentile
from quantdesk.world.bench.liquidation import measure_liquidation
from quantdesk.world.bench.rounds import paired
from quantdesk.world.bench.signing import measure_signing
from quantdesk.world.bench.tick_rig import hermes_message, price_in
from quantdesk.world.bench.twin import measure_twin


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_the_sample_of_its_rank(percent: int, expected: int) -> None:
    assert percentile(range(1, 101), percent) == expected


def test_the_percentiles_of_one_sample_are_that_sample() -> None:
    assert [percentile([7.0], percent) for percent in (1, 50, 99)] == [7.0, 7.0, 7.0]


def test_a_figure_is_compared_with_its_peer_of_the_same_run() -> None:
    figure = compared("a", 3.0, "ms", peer=("peer", 2.0), method="m")

    assert (figure.ratio, figure.vs) == (1.5, "peer: 2.0 ms")


def test_a_name_that_does_not_exist_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_benches(["startup", "speed"], as_json=True) == 2
    assert "'speed'" in capsys.readouterr().err


def test_a_price_is_recognised_in_the_frames_of_both_servers() -> None:
    assert price_in(hermes_message(123_456_789, at_ms=1_000)) == 123_456_789
    ours = b'{"type":"beat","updates":[{"topic":"ticker:SOL-PERP","data":{"mark_e6":123456789}}]}'
    assert price_in(ours) == 123_456_789
    assert price_in(b'{"type":"hello"}') is None


def test_the_chain_bench_tells_its_figures_beside_peers_and_its_signatures_hold() -> None:
    figures = [*measure_signing(), *measure_twin(0.002)]

    names = [each.name for each in figures]
    assert names == [
        "chain.build_and_sign",
        "chain.build_and_sign_new_address",
        "chain.build_and_sign_vs_fresh",
        "chain.twin_operations",
    ]
    assert all(each.ratio is not None and each.vs for each in figures)


def test_the_liquidation_bench_holds_its_scanner_against_a_full_pass() -> None:
    figures = list(measure_liquidation(accounts=500, changes=100))

    assert [each.name for each in figures] == [
        "chain.liquidation_price_change",
        "chain.liquidation_price_change.median",
        "chain.liquidation_scan",
        "chain.liquidation_full_pass",
    ]
    assert all(each.unit == "us" and each.ratio is not None for each in figures)


def test_pairs_are_timed_in_turn_and_their_ratio_is_ours_to_theirs() -> None:
    calls: list[str] = []
    found = paired(lambda: calls.append("ours"), lambda: calls.append("peer"), rounds=4)

    assert sorted(calls) == ["ours"] * 4 + ["peer"] * 4
    assert calls[:4] == ["peer", "ours", "ours", "peer"]
    assert found.ratio > 0
