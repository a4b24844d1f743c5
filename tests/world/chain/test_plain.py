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
        ("expires_at", 2**63 - 1, "never"),
        ("expires_at", 253_402_300_799, "9999-12-31 23:59:59 UTC"),
        ("expires_at", 253_402_300_800, "never"),
        ("placed_at", 2**63 - 1, 2**63 - 1),
        ("placed_at", -(2**63), -(2**63)),
        ("last_publish_time", 1_760_000_000, "2025-10-09 08:53:20 UTC"),
        ("at", 1_760_000_000, "2025-10-09 08:53:20 UTC"),
        ("role", 2, "asleep"),
        ("role", 9, 9),
        ("reason", 4, "open interest"),
        ("grade", 0, "valid"),
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
        ("tiers.0.imr", "0.01"),
        ("tiers.1.imr", "0.02"),
        ("outflow.floor", 3),
    ]


def test_a_figure_with_its_point_loses_the_unit_of_its_name() -> None:
    found = {
        "cash_e6": 10**12,
        "deposit_cap_e6": 2**64 - 1,
        "fee_lamports": 5_000,
        "lamports": 10**9,
        "note_e6": "text",
    }

    assert list(plain_lines(found)) == [
        ("cash", "1,000,000"),
        ("deposit_cap", "unlimited"),
        ("fee", "0.000005 SOL"),
        ("balance", "1 SOL"),
        ("note_e6", "text"),
    ]


def test_only_an_order_s_kind_is_said_in_the_words_of_orders() -> None:
    order: dict[str, object] = {"client_order_id": 1, "kind": 4, "role": 3}
    strange: dict[str, object] = {"client_order_id": 1, "kind": 99}
    change: dict[str, object] = {"id": 1, "kind": 4}

    assert list(plain_lines(order))[1:] == [("kind", "take profit"), ("role", "awake")]
    assert list(plain_lines(strange))[1:] == [("kind", 99)]
    assert list(plain_lines(change))[1:] == [("kind", 4)]
