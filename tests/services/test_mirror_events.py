"""Mirror events: whom an event concerns, who is paid for it, and how the program counts things."""

from __future__ import annotations

from quantdesk.domain.market import MarketStatus
from quantdesk.domain.order import CancelReason, Kind
from quantdesk.services.chain_changes import NOBODY, Table
from quantdesk.services.mirror_events import MARKET_STATUSES, accounts_touched, changes_of
from quantdesk.services.mirror_orders import CANCEL_REASONS, ORDER_KINDS
from tests.workers.exchange_story import ALICE, KEEPER, USDC, executed, liquidated, transaction


def test_a_liquidation_concerns_whoever_liquidated_too() -> None:
    assert accounts_touched([transaction(1, liquidated())]) == {ALICE, KEEPER}


def test_nobody_is_no_account_that_an_event_concerns() -> None:
    events = executed(keeper_account=NOBODY), liquidated(liquidator_account=NOBODY)

    assert accounts_touched([transaction(1, *events)]) == {ALICE}


def test_a_reward_for_nobody_changes_no_balance() -> None:
    filled = transaction(1, executed(keeper_account=NOBODY, keeper_reward_e6=10_000))

    found = list(changes_of(filled, usdc_mint=USDC))

    paid = [each for each in found if each.table in (Table.BALANCES, Table.CASH_FLOWS)]
    assert [each.key["account"] for each in paid] == [ALICE]


def test_the_program_s_codes_are_named_in_its_own_order() -> None:
    for names, codes in (
        (CANCEL_REASONS, CancelReason),
        (ORDER_KINDS, Kind),
        (MARKET_STATUSES, MarketStatus),
    ):
        assert names == tuple(each.name.lower() for each in sorted(codes))
        assert sorted(codes) == list(range(len(names)))
