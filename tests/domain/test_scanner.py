"""The scanner's verdicts are those of a full pass with the exchange's own margin, at any price."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantdesk.domain.funding import funding_owed_e6
from quantdesk.domain.margin import Exposure, standing
from quantdesk.domain.market import BTC, ETH, SOL
from quantdesk.domain.money import SIZE_ONE, USD_ONE
from quantdesk.domain.scanner import Holding, Leg, Scanner

MARKETS = {params.index: params for params in (SOL, BTC, ETH)}
PRICES = {0: 150 * USD_ONE, 1: 60_000 * USD_ONE, 2: 2_500 * USD_ONE}


def drawn_holding(source: random.Random, most_usd: int = 100_000) -> Holding:
    """An account anywhere between empty and far beyond its maintenance requirement."""
    chosen = source.sample(list(MARKETS), source.randint(0, 3))
    worth = source.randint(10, most_usd) * USD_ONE
    legs = []
    for market in chosen:
        size = max(1, worth * SIZE_ONE // PRICES[market] // source.randint(1, 3))
        size *= source.choice((-1, 1))
        entry = size * PRICES[market] // SIZE_ONE
        entry += entry * source.randint(-100, 100) // 1_000
        legs.append(Leg(market, size, entry, source.randint(-(10**9), 10**9)))
    cash = worth * source.randint(-20, 300) // 1_000
    return Holding(cash, tuple(legs))


def is_liquidatable(scanner: Scanner, holding: Holding) -> bool:
    """By the exchange's own margin."""
    exposures = [
        Exposure(
            params=MARKETS[leg.market],
            size_e9=leg.size_e9,
            entry_e6=leg.entry_e6,
            leverage=20,
            price_e6=scanner.prices_e6[leg.market],
            conf_e6=0,
            funding_owed_e6=funding_owed_e6(
                leg.size_e9, index=scanner.indices[leg.market], snapshot=leg.funding_index
            ),
        )
        for leg in holding.legs
    ]
    return standing(holding.cash_e6, exposures).is_liquidatable


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from((1, 20, 300)))
def test_after_every_move_the_verdicts_are_those_of_a_full_pass(seed: int, wildness: int) -> None:
    source = random.Random(seed)  # noqa: S311 - reproducible, not a secret
    scanner = Scanner(MARKETS, PRICES)
    for number in range(40):
        scanner.put(number, drawn_holding(source, source.choice((40, 1_000, 3_000_000))))

    for _ in range(60):
        market = source.choice(list(MARKETS))
        price = scanner.prices_e6[market]
        if source.random() < 0.2:
            move = source.randint(-(10**9), 10**9) * wildness
            scanner.move_index(market, scanner.indices[market] + move)
        else:
            moved = price + price * source.randint(-wildness, wildness) // 2_000
            scanner.move_price(market, max(1, moved + source.randint(-2, 2)))
        if source.random() < 0.1:
            scanner.put(source.randrange(40), drawn_holding(source))

        by_margin = {
            number
            for number, holding in scanner.holdings.items()
            if is_liquidatable(scanner, holding)
        }
        assert scanner.full_scan() == by_margin
        assert scanner.liquidatable == by_margin


@pytest.mark.parametrize("sign", [1, -1])
def test_one_unit_of_price_changes_the_verdict_and_back(sign: int) -> None:
    scanner = Scanner(MARKETS, PRICES)
    size = sign * 10 * SIZE_ONE
    scanner.put(1, Holding(100 * USD_ONE, (Leg(0, size, size * 150 // 1_000),)))
    price = PRICES[0]
    while 1 not in scanner.liquidatable:
        price -= sign * 1_000
        scanner.move_price(0, price)
    for step in range(1_001):
        if not scanner.full_scan():
            break
        scanner.move_price(0, price + sign * step)

    assert scanner.liquidatable == set()
    scanner.move_price(0, scanner.prices_e6[0] - sign)
    assert scanner.liquidatable == {1}


def test_a_forgotten_account_is_never_named_again() -> None:
    scanner = Scanner(MARKETS, PRICES)
    scanner.put(1, Holding(1, (Leg(0, SIZE_ONE, 150 * USD_ONE),)))
    assert scanner.liquidatable == {1}

    scanner.drop(1)
    scanner.move_price(0, 1)

    assert scanner.liquidatable == set()


def test_a_price_inside_every_band_judges_nobody() -> None:
    source = random.Random(1)  # noqa: S311 - reproducible, not a secret
    scanner = Scanner(MARKETS, PRICES)
    for number in range(500):
        scanner.put(number, drawn_holding(source))
    scanner.move_price(0, PRICES[0] * 999 // 1_000)

    assert scanner.move_price(0, PRICES[0] * 9_991 // 10_000) == set()
