"""Reconciliation: one unit, one missing row or one extra row is a difference."""

from dataclasses import replace

import pytest

from quantdesk.domain.account import AccountState
from quantdesk.domain.order import Kind, Order
from quantdesk.domain.position import Position
from quantdesk.services.exchange_state import AccountSnapshot, OpenOrder
from quantdesk.services.reconcile import (
    POSITION_FIGURES,
    AccountFigures,
    differences,
    figures_of_chain,
    figures_of_view,
)

SNAPSHOT = AccountSnapshot(
    account=AccountState(
        address="alice",
        owner="owner",
        balances=(992_495_988, 0, 7, *(0,) * 5),
        claims_e6=1,
        claims_due_e6=2,
    ),
    positions=(
        Position(
            account="alice",
            market_index=0,
            size_e9=-100_000_000_000,
            entry_e6=-15_008_022_500,
            funding_index=7,
            max_leverage=20,
        ),
    ),
    orders=(
        OpenOrder(
            address="order",
            order=Order(
                account="alice",
                market_index=0,
                client_order_id=9,
                kind=Kind.LIMIT,
                size_e9=-5,
                limit_price_e6=150_000_000,
            ),
        ),
    ),
    slot=1,
)
CHAIN = figures_of_chain(SNAPSHOT)
VIEW = {
    "usdc_e6": 992_495_988,
    "claims_e6": 3,
    "positions": [{"market_index": 0, "size_e9": -100_000_000_000, "entry_e6": -15_008_022_500}],
    "orders": [
        {
            "address": "order",
            "market_index": 0,
            "client_order_id": 9,
            "side": "short",
            "size_e9": -5,
            "limit_price_e6": 150_000_000,
        }
    ],
}


def told(chain: AccountFigures, found: AccountFigures) -> list[str]:
    return [str(each) for each in differences(chain, found, source="Postgres")]


def test_an_account_agrees_with_itself() -> None:
    assert told(CHAIN, CHAIN) == []


def test_what_the_api_shows_agrees_although_it_shows_less() -> None:
    assert told(CHAIN, figures_of_view(VIEW)) == []


def test_one_unit_of_the_balance_is_told_with_both_figures() -> None:
    poorer = replace(CHAIN, usdc_e6=CHAIN.usdc_e6 - 1)

    assert told(CHAIN, poorer) == ["usdc_e6: chain 992495988, Postgres 992495987"]


def test_one_unit_of_another_token_is_a_difference_where_tokens_are_told() -> None:
    assert told(CHAIN, replace(CHAIN, tokens={2: 6})) == ["token 2: chain 7, Postgres 6"]
    assert told(CHAIN, replace(CHAIN, tokens={})) == ["token 2: chain 7, Postgres 0"]
    assert told(CHAIN, replace(CHAIN, tokens=None)) == []


@pytest.mark.parametrize("figure", POSITION_FIGURES)
def test_one_unit_of_any_position_figure_is_a_difference(figure: str) -> None:
    position = {**CHAIN.positions[0], figure: CHAIN.positions[0][figure] + 1}

    assert len(told(CHAIN, replace(CHAIN, positions={0: position}))) == 1


def test_a_lost_and_an_invented_position_are_both_told() -> None:
    moved = replace(CHAIN, positions={1: CHAIN.positions[0]})

    assert told(CHAIN, moved) == [
        "position 0: chain 1, Postgres 0",
        "position 1: chain 0, Postgres 1",
    ]


def test_an_order_that_one_side_lacks_is_a_difference() -> None:
    assert told(CHAIN, replace(CHAIN, orders={})) == ["order order: chain 1, Postgres 0"]
    assert told(replace(CHAIN, orders={}), CHAIN) == ["order order: chain 0, Postgres 1"]


def test_an_account_that_does_not_exist_is_all_zero() -> None:
    assert told(figures_of_chain(None), AccountFigures(usdc_e6=0, claims_e6=0)) == []
