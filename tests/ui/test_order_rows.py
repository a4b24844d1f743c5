"""The orders table: what waits on chain, and what was sent and is not seen there yet."""

from dataclasses import replace

import pytest

from quantdesk.services.ports import Row
from quantdesk.services.read_account import AccountView, OrderView
from quantdesk.ui.desk import Snapshot
from quantdesk.ui.order_rows import order_rows
from quantdesk.ui.rows import MarketRow

MARKETS = {"BTC-PERP": MarketRow(symbol="BTC-PERP", base="BTC", tick_e6=100_000, lot_e9=10_000)}
REQUEST = {
    "market": "BTC-PERP",
    "kind": "limit",
    "side": "short",
    "size_e9": 120_000_000,
    "limit_price_e6": 99_500_000_000,
    "reduce_only": True,
}
NOTHING = AccountView(
    owner="", address="", has_account=True, slot=1, wallet_usdc_e6=0, wallet_lamports=0, usdc_e6=0,
    claims_e6=0, equity_e6=0, initial_e6=0, maintenance_e6=0, free_collateral_e6=0,
    withdrawable_e6=0, unrealized_pnl_e6=0, funding_owed_e6=0, margin_used_e6=0, leverage_e6=0,
    health_e6=0, max_leverage=20, is_stale=False, positions=(), orders=(),
)  # fmt: skip


def intent(state: str, kind: str = "place_order") -> Row:
    return {
        "id": "intent",
        "kind": kind,
        "state": state,
        "client_order_id": 7,
        "request": REQUEST,
        "created_at_ms": 1_795_264_971_200,
    }


def resting(kind: str) -> OrderView:
    return OrderView(
        address="order", market="BTC-PERP", market_index=1, kind=kind, side="long",
        size_e9=120_000_000, limit_price_e6=99_500_000_000, reduce_only=False,
        placed_at_ms=1_795_264_971_200, expires_at_ms=None, client_order_id=7,
    )  # fmt: skip


def found(
    *intents: Row, orders: tuple[OrderView, ...] = (), recorded: tuple[Row, ...] = ()
) -> Snapshot:
    return Snapshot(view=replace(NOTHING, pending=intents, orders=orders), orders=recorded)


@pytest.mark.parametrize("state", ["signed", "sent", "processed", "confirmed", "unknown"])
def test_an_order_that_was_sent_is_a_row_before_the_chain_shows_it(state: str) -> None:
    (row,) = order_rows(found(intent(state)), MARKETS)

    assert row.state != "Open"
    assert (row.base, row.side, row.size, row.price) == ("BTC", "short", "0.12000", "99,500.0")
    assert row.reduce_only == "Yes"


@pytest.mark.parametrize("state", ["prepared", "rejected", "expired", "finalized"])
def test_what_was_never_sent_or_has_ended_is_no_order(state: str) -> None:
    assert order_rows(found(intent(state)), MARKETS) == []


def test_a_transfer_on_its_way_is_no_order() -> None:
    assert order_rows(found(intent("sent", "deposit")), MARKETS) == []


def test_an_order_is_never_shown_twice() -> None:
    on_chain = order_rows(found(intent("confirmed"), orders=(resting("limit"),)), MARKETS)
    filled = order_rows(found(intent("confirmed"), recorded=({"client_order_id": 7},)), MARKETS)

    assert [row.state for row in on_chain] == ["Open"]
    assert filled == []


def test_a_market_order_on_chain_waits_for_its_price_and_offers_no_cancel() -> None:
    (row,) = order_rows(found(orders=(resting("market"),)), MARKETS)

    assert (row.state, row.price) == ("Filling", "next price")
