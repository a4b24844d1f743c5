"""Decoded fields as people read them."""

from __future__ import annotations

import pytest

from quantdesk.world.chain.plain import plain, plain_lines


@pytest.mark.parametrize(
    ("name", "found", "shown"),
    [
        ("balance_e6", 994_085_734, "994.085734"),
        ("cost_e6", -1_500_000, "-1.5"),
        ("cash_e6", 1_000_000_000_000, "1,000,000"),
        ("size_e9", 1, "0.000000001"),
        ("rate_e12", 0, "0"),
        ("deposit_cap", 2**64 - 1, "unlimited"),
        ("fee_lamports", 5_000, "0.000005 SOL"),
        ("lamports", 2_000_000_000, "2 SOL"),
        ("funding_at", 1_760_000_000, "2025-10-09 08:53:20 UTC"),
        ("expires_at", 0, 0),
        ("status", 1, "reduce only"),
        ("open_markets", [0, 2, 65_535], "0, 2"),
        ("open_markets", [65_535], "none"),
        ("reduce_only", False, False),
        ("error", None, "-"),
        ("sequence", 7, 7),
    ],
)
def test_a_value_is_said_in_the_unit_that_its_name_ends_in(
    name: str, found: object, shown: object
) -> None:
    assert plain(name, found) == shown


def test_rows_are_told_by_path_and_what_nobody_reads_is_left_out() -> None:
    account = {
        "version": 1,
        "owner": "abc",
        "tiers": [{"imr_e6": 10_000}, {"imr_e6": 20_000}],
        "outflow": {"floor": 3},
        "reserved": "",
    }

    assert list(plain_lines(account)) == [
        ("owner", "abc"),
        ("tiers.0.imr_e6", "0.01"),
        ("tiers.1.imr_e6", "0.02"),
        ("outflow.floor", 3),
    ]
