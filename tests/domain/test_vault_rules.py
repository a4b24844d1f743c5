"""A vault's rules: weights rise in a week and fall at once; tighter at once; net outflow."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.oracle import Action, PriceReading
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.vault import (
    LAST_PRICE_S,
    LEAK_S,
    RAMP_S,
    Outflow,
    VaultLimits,
    VaultState,
)

START_S = 1_000
VAULT = VaultState(
    index=1,
    decimals=9,
    weight_init_e6=0,
    weight_maint_e6=0,
    conf_gate_e6=5_000,
    age_max_s=10,
    deposit_cap=10**15,
    outflow=Outflow(floor=10**12, share_e6=250_000),
)
LIMITS = VaultLimits(
    weight_init_e6=0, deposit_cap=10**15, outflow_floor=10**12, outflow_share_e6=250_000
)
READING = PriceReading(price_e6=100, conf_e6=0, publish_time=START_S)


def raised() -> VaultState:
    rules = replace(VAULT, weight_init_e6=800_000, weight_maint_e6=900_000)
    return VAULT.changed(rules, now=START_S)


@pytest.mark.parametrize(
    ("elapsed_s", "weights_e6"),
    [
        (0, (0, 0)),
        (RAMP_S // 2, (400_000, 450_000)),
        (RAMP_S - 1, (799_998, 899_998)),
        (RAMP_S, (800_000, 900_000)),
        (9 * RAMP_S, (800_000, 900_000)),
    ],
)
def test_raised_weights_count_in_full_after_a_week(
    elapsed_s: int, weights_e6: tuple[int, int]
) -> None:
    assert raised().weights_e6(START_S + elapsed_s) == weights_e6


def test_a_lowered_weight_falls_at_once() -> None:
    later = START_S + RAMP_S
    lower = replace(raised(), weight_init_e6=500_000, weight_maint_e6=600_000)

    assert raised().changed(lower, now=later).weights_e6(later) == (500_000, 600_000)


def test_a_weight_tightened_below_its_ramp_s_start_falls_at_once() -> None:
    halfway = START_S + RAMP_S // 2
    again = replace(raised(), weight_init_e6=900_000, weight_maint_e6=950_000)
    risen = raised().changed(again, now=halfway)
    tightened = risen.tightened(replace(LIMITS, weight_init_e6=300_000))

    assert risen.weights_e6(halfway) == (400_000, 450_000)
    assert tightened is not None
    assert tightened.weights_e6(halfway)[0] == 300_000


def test_a_change_of_other_rules_lets_the_ramp_go_on() -> None:
    halfway = START_S + RAMP_S // 2
    rules = replace(raised(), deposit_cap=7)

    assert raised().changed(rules, now=halfway).weights_e6(halfway + 1) == raised().weights_e6(
        halfway + 1
    )


@pytest.mark.parametrize(
    "looser",
    [
        {"deposit_cap": 10**15 + 1},
        {"outflow_floor": 10**12 + 1},
        {"outflow_share_e6": 250_001},
        {"weight_init_e6": 1},
    ],
)
def test_what_tightens_one_limit_may_loosen_no_other(looser: dict[str, int]) -> None:
    stricter = replace(LIMITS, deposit_cap=1, outflow_floor=1)

    assert VAULT.tightened(stricter) is not None
    assert VAULT.tightened(LIMITS) is None
    assert VAULT.tightened(replace(stricter, **looser)) is None


def test_a_liquidation_takes_an_old_price_doubled_for_a_week() -> None:
    last = START_S + LAST_PRICE_S

    found = VAULT.usable(READING, action=Action.LIQUIDATE, now=last)
    too_old = VAULT.usable(READING, action=Action.LIQUIDATE, now=last + 1)
    to_withdraw = VAULT.usable(READING, action=Action.WITHDRAW, now=START_S + 11)

    assert isinstance(found, PriceReading)
    assert (found.price_e6, found.conf_e6) == (200, 0)
    assert too_old is to_withdraw is Refusal.STALE_PRICE


@given(
    st.integers(0, 10**6),
    st.integers(0, 2 * 10**6),
    st.integers(0, 3 * LEAK_S),
    st.integers(0, 3 * 10**6),
)
def test_what_comes_in_empties_the_bucket_by_as_much_after_the_leak(
    level: int, amount: int, elapsed_s: int, tokens: int
) -> None:
    bucket = Outflow(floor=1_000, share_e6=250_000, level=level, updated_at=START_S)
    now = START_S + elapsed_s

    told = bucket.giving(amount, tokens=tokens, now=now)

    leaked = (1_000 + tokens // 4) * min(elapsed_s, LEAK_S) // LEAK_S
    assert told == replace(bucket, level=max(0, max(0, level - leaked) - amount), updated_at=now)


def test_no_credit_is_stored_for_what_comes_in() -> None:
    vault = replace(VAULT, outflow=Outflow(floor=100, share_e6=0, level=40))
    fuller = vault.taking_in(1_000, now=0)
    assert fuller is not None

    assert fuller.outflow.level == 0
    assert fuller.letting_out(101, now=0) is Refusal.OUTFLOW_CAP
    assert isinstance(fuller.letting_out(100, now=0), VaultState)


def test_more_than_a_vault_holds_never_leaves_it_however_wide_its_bucket() -> None:
    short = replace(VAULT, outflow=Outflow(floor=1_000, share_e6=0), total_deposits=99)
    left = short.letting_out(99, now=0)

    assert short.letting_out(100, now=0) is Refusal.VAULT_SHORT
    assert isinstance(left, VaultState)
    assert left.total_deposits == 0
