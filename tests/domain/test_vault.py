"""Vault: weights rise within a week and fall at once; limits tighten; the peg is watched."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.domain.account import USDC
from quantdesk.domain.ledger import Applied, Refused
from quantdesk.domain.money import FRACTION_ONE, USD_ONE
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.security import SecurityState, VaultChange
from quantdesk.domain.vault import PEG_FLOOR_E6, RAMP_S, WEIGHT_MAX_E6, Outflow, VaultState
from quantdesk.domain.vault_events import VaultTightened
from tests.domain.desk import START_S, TRADER, Desk
from tests.domain.draws import floor
from tests.domain.test_collateral import VAULT, WRAPPED

ADMIN, GUARDIAN = "admin", "guardian"
HOUR_S = 3_600
WEIGHTS = st.tuples(st.integers(0, WEIGHT_MAX_E6), st.integers(0, WEIGHT_MAX_E6)).map(sorted)


def ruled() -> Desk:
    """A desk with roles, an hour of timelock and a collateral."""
    desk = Desk()
    desk.ledger.collaterals[WRAPPED] = VAULT
    desk.ledger.security = SecurityState(
        admin=ADMIN, guardian=GUARDIAN, keeper=ADMIN, timelock_s=HOUR_S
    )
    return desk


def reweighted(vault: VaultState, init_e6: int, maint_e6: int, *, now: int) -> VaultState:
    rules = replace(VAULT, weight_init_e6=init_e6, weight_maint_e6=maint_e6)
    return vault.changed(rules, now=now)


@given(WEIGHTS, WEIGHTS, st.integers(0, 2 * RAMP_S))
def test_a_raised_weight_is_the_exact_part_of_its_week_rounded_down(
    before: list[int], after: list[int], elapsed: int
) -> None:
    start = replace(VAULT, weight_init_e6=before[0], weight_maint_e6=before[1])

    told = reweighted(start, *after, now=START_S).weights_e6(START_S + elapsed)

    part = min(Fraction(elapsed, RAMP_S), Fraction(1))
    for weight, was, to in zip(told, before, after, strict=True):
        assert weight == (to if to <= was else was + floor((to - was) * part))
    assert told[0] <= told[1]


@given(WEIGHTS, WEIGHTS, WEIGHTS, st.integers(0, RAMP_S), st.integers(0, RAMP_S))
def test_a_second_change_never_lets_a_weight_jump_up(
    first: list[int], second: list[int], third: list[int], early: int, late: int
) -> None:
    start = replace(VAULT, weight_init_e6=first[0], weight_maint_e6=first[1])
    moved = reweighted(start, *second, now=START_S)
    before = moved.weights_e6(START_S + early)
    again = reweighted(moved, *third, now=START_S + early)

    at_once = again.weights_e6(START_S + early)
    assert all(new <= old for new, old in zip(at_once, before, strict=True))
    assert again.weights_e6(START_S + early + RAMP_S + late) == tuple(third)


def test_a_new_cap_does_not_start_a_ramp_anew() -> None:
    rising = reweighted(replace(VAULT, weight_init_e6=0), 800_000, 900_000, now=START_S)
    capped = rising.changed(replace(VAULT, deposit_cap=7), now=START_S + RAMP_S // 2)

    assert capped.deposit_cap == 7
    assert capped.ramp_started_at == START_S
    assert capped.weights_e6(START_S + RAMP_S // 2) == (400_000, 900_000)


def test_a_vault_of_genesis_counts_at_once() -> None:
    assert VAULT.weights_e6(0) == VAULT.weights_e6(START_S) == (800_000, 900_000)


def test_a_collateral_never_weighs_as_much_as_a_forced_sale_takes_off() -> None:
    desk = ruled()
    for number, weight in enumerate((WEIGHT_MAX_E6 + 1, WEIGHT_MAX_E6)):
        change = VaultChange(rules=replace(VAULT, weight_maint_e6=weight))
        desk.exchange.propose_change(number, change, by=ADMIN, at=desk.at)
    desk.wait(HOUR_S)

    too_much = desk.exchange.execute_change(0, by=ADMIN, at=desk.at)
    assert too_much == Refused(refusal=Refusal.INVALID_PARAMETER)
    assert isinstance(desk.exchange.execute_change(1, by=ADMIN, at=desk.at), Applied)


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({}, Refusal.INVALID_PARAMETER),
        ({"weight_init_e6": 799_999}, None),
        ({"deposit_cap": VAULT.deposit_cap - 1}, None),
        ({"outflow_floor": VAULT.outflow.floor - 1}, None),
        ({"weight_init_e6": 0, "deposit_cap": 0, "outflow_floor": 0}, None),
        ({"weight_init_e6": 0, "outflow_share_e6": 1}, Refusal.INVALID_PARAMETER),
        ({"weight_init_e6": 0, "deposit_cap": VAULT.deposit_cap + 1}, Refusal.INVALID_PARAMETER),
        ({"weight_init_e6": 800_001, "deposit_cap": 0}, Refusal.INVALID_PARAMETER),
    ],
)
def test_a_vault_tightens_at_once_and_loosens_never(
    terms: dict[str, int], refusal: Refusal | None
) -> None:
    desk = ruled()
    wanted = replace(VAULT.limits, **terms)

    told = desk.exchange.tighten_vault(WRAPPED, wanted, by=GUARDIAN, at=desk.at)

    if refusal is not None:
        assert told == Refused(refusal=refusal)
        assert desk.ledger.collaterals[WRAPPED] == VAULT
        return
    assert isinstance(told, Applied)
    assert isinstance(told.events[0], VaultTightened)
    after = desk.ledger.collaterals[WRAPPED]
    assert after.limits == wanted
    assert (after.weight_maint_e6, after.sequence) == (VAULT.weight_maint_e6, 1)


def test_only_guardian_and_admin_tighten_and_a_dollar_stays_a_dollar() -> None:
    desk = ruled()
    wanted = replace(VAULT.limits, deposit_cap=1)
    worthless = replace(desk.ledger.vault.limits, weight_init_e6=FRACTION_ONE - 1)
    capped = replace(desk.ledger.vault.limits, deposit_cap=1)

    stranger = desk.exchange.tighten_vault(WRAPPED, wanted, by="a stranger", at=desk.at)
    assert stranger == Refused(refusal=Refusal.UNAUTHORIZED)
    assert isinstance(desk.exchange.tighten_vault(WRAPPED, wanted, by=ADMIN, at=desk.at), Applied)
    told = desk.exchange.tighten_vault(USDC, worthless, by=ADMIN, at=desk.at)
    assert told == Refused(refusal=Refusal.INVALID_PARAMETER)
    assert isinstance(desk.exchange.tighten_vault(USDC, capped, by=ADMIN, at=desk.at), Applied)


@pytest.mark.parametrize(
    ("price_e6", "conf_e6", "age_s", "refusal"),
    [
        (PEG_FLOOR_E6, 0, 0, None),
        (PEG_FLOOR_E6 - 1, 0, 0, Refusal.DEPEGGED),
        (USD_ONE, 5_000, 10, None),
        (USD_ONE, 5_001, 0, Refusal.WIDE_PRICE),
        (USD_ONE, 0, 11, Refusal.STALE_PRICE),
        (USD_ONE, 0, -3, Refusal.FUTURE_PRICE),
    ],
)
def test_watched_dollars_come_in_only_at_their_peg(
    price_e6: int, conf_e6: int, age_s: int, refusal: Refusal | None
) -> None:
    desk = Desk()
    desk.open(usd=1)
    rules = replace(desk.ledger.vault, is_watched=True, conf_gate_e6=5_000, age_max_s=10)
    desk.ledger.vault = rules
    reading = PriceReading(price_e6=price_e6, conf_e6=conf_e6, publish_time=desk.now - age_s)
    desk.exchange.publish_token(USDC, reading)

    for told in (
        desk.exchange.deposit(TRADER, USD_ONE, at=desk.at),
        desk.exchange.pool_deposit("lp", USD_ONE, min_shares=0, at=desk.at),
    ):
        assert isinstance(told, Applied) if refusal is None else told == Refused(refusal=refusal)
    assert isinstance(desk.exchange.withdraw(TRADER, 1, at=desk.at), Applied)


def capped() -> Desk:
    """A desk that lets out 100 US dollars an hour, with two savers."""
    desk = Desk()
    outflow = Outflow(floor=100 * USD_ONE, share_e6=0, updated_at=START_S)
    desk.ledger.vault = replace(desk.ledger.vault, outflow=outflow)
    desk.open(usd=500)
    desk.open("saver", usd=500)
    return desk


def test_who_takes_money_out_and_brings_it_back_holds_up_nobody() -> None:
    desk = capped()
    hundred = 100 * USD_ONE
    for _ in range(3):
        assert isinstance(desk.exchange.withdraw(TRADER, hundred, at=desk.at), Applied)
        late = desk.exchange.withdraw("saver", 1, at=desk.at)
        assert late == Refused(refusal=Refusal.OUTFLOW_CAP)
        assert isinstance(desk.exchange.deposit(TRADER, hundred, at=desk.at), Applied)

    assert isinstance(desk.exchange.withdraw("saver", hundred, at=desk.at), Applied)


@pytest.mark.parametrize("way", ["pool_deposit", "seed_pool", "seed_insurance"])
def test_whatever_brings_money_lets_as_much_leave(way: str) -> None:
    desk = capped()
    desk.exchange.withdraw(TRADER, 100 * USD_ONE, at=desk.at)
    desk.wait(36)

    if way == "pool_deposit":
        desk.exchange.pool_deposit("provider", 30 * USD_ONE, min_shares=0, at=desk.at)
    else:
        getattr(desk.exchange, way)(30 * USD_ONE, at=desk.at)

    assert desk.ledger.vault.outflow.level == 69 * USD_ONE
    assert desk.ledger.vault.outflow.updated_at == desk.now
