"""A mandate's caps, each to the unit and to the second."""

from dataclasses import replace

import pytest

from quantdesk.domain.mandate import DAY_S, Growth, Mandate, MandateCaps, notional_e6
from quantdesk.domain.margin import Standing
from quantdesk.domain.money import SIZE_ONE
from quantdesk.domain.refusal import Refusal

NOW = 10 * DAY_S + 5
CAPS = MandateCaps(
    order_cap_e6=1_500,
    notional_cap_e6=3_000,
    max_leverage=5,
    daily_loss_e6=100,
    markets=0b101,
    expires_at=NOW + 1,
)
MANDATE = Mandate(caps=CAPS)
STANDING = Standing(
    initial_equity_e6=600,
    initial_e6=0,
    maintenance_equity_e6=600,
    maintenance_e6=0,
    notional_e6=3_000,
)
GROWTH = Growth(
    size_after_e9=2 * SIZE_ONE,
    price_e6=1_500,
    standing_after=STANDING,
    result_before_e6=1_000,
    result_after_e6=900,
)


@pytest.mark.parametrize(
    ("market", "size_e9", "now", "refusal"),
    [
        (0, SIZE_ONE, NOW, None),
        (2, -SIZE_ONE, NOW, None),
        (0, SIZE_ONE, NOW + 1, Refusal.MANDATE_EXPIRED),
        (1, SIZE_ONE, NOW, Refusal.MANDATE_MARKET),
        (64, SIZE_ONE, NOW, Refusal.MANDATE_MARKET),
        (0, SIZE_ONE + 1, NOW, Refusal.MANDATE_ORDER_CAP),
    ],
)
def test_an_order_stays_within_markets_time_and_cap(
    market: int, size_e9: int, now: int, refusal: Refusal | None
) -> None:
    assert MANDATE.order_refusal(market, size_e9, price_e6=1_500, now=now) is refusal


@pytest.mark.parametrize(
    ("growth", "refusal"),
    [
        (GROWTH, None),
        (replace(GROWTH, size_after_e9=2 * SIZE_ONE + 1), Refusal.MANDATE_POSITION_CAP),
        (
            replace(GROWTH, standing_after=replace(STANDING, notional_e6=3_001)),
            Refusal.MANDATE_LEVERAGE,
        ),
        (
            replace(
                GROWTH,
                standing_after=replace(STANDING, notional_e6=3_001, maintenance_equity_e6=999),
            ),
            Refusal.MANDATE_LEVERAGE,
        ),
        (replace(GROWTH, result_after_e6=899), Refusal.MANDATE_DAILY_LOSS),
    ],
)
def test_a_growth_stays_within_position_leverage_and_loss(
    growth: Growth, refusal: Refusal | None
) -> None:
    assert MANDATE.growth_refusal(growth, now=NOW) is refusal


def test_a_day_s_losses_add_up_and_the_next_day_begins_anew() -> None:
    begun = MANDATE.begun(1_000, now=NOW)
    further = replace(GROWTH, result_before_e6=950, result_after_e6=899)

    assert begun.growth_refusal(further, now=NOW + 60) is Refusal.MANDATE_DAILY_LOSS
    assert begun.growth_refusal(further, now=NOW + DAY_S) is None


def test_a_notional_is_never_understated() -> None:
    assert notional_e6(1, 1) == 1
    assert notional_e6(-1, 1) == 1
