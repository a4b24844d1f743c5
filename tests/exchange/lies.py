"""Lies: for every law a fault in the twin that only this law needs to notice."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from quantdesk.domain import (
    books,
    claims,
    closeout,
    conversion,
    cost,
    custody,
    funding,
    liquidation,
    payout,
    portfolio,
    position,
    trial,
)
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Ledger
from quantdesk.domain.margin import Standing
from quantdesk.domain.market import MarketState
from quantdesk.domain.money import Round, div
from quantdesk.domain.oracle import PriceReading
from quantdesk.domain.pool import LossShares
from tests.exchange import exact

Lie = Callable[[pytest.MonkeyPatch], None]


def a_deposit_counts_a_unit_too_much(patch: pytest.MonkeyPatch) -> None:
    honest = Ledger.move_tokens

    def move_tokens(self: Ledger, address: str, vault_index: int, amount: int) -> None:
        honest(self, address, vault_index, amount + 1)

    patch.setattr(Ledger, "move_tokens", move_tokens)


def a_fee_is_credited_but_not_paid(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(books.Books, "_spending", lambda self, _amount_e6: self)


def the_entries_are_not_summed(patch: pytest.MonkeyPatch) -> None:
    honest = books._with_position

    def lie(market: MarketState, before: Any, after: Any) -> MarketState:
        return replace(honest(market, before, after), entry_sum_e6=market.entry_sum_e6)

    patch.setattr(books, "_with_position", lie)


def funding_owed_rounds_down(patch: pytest.MonkeyPatch) -> None:
    def lie(size_e9: int, *, index: int, snapshot: int) -> int:
        return div(size_e9 * (index - snapshot), funding.INDEX_TO_USD, Round.DOWN)

    patch.setattr(books, "funding_owed_e6", lie)


def funding_is_owed_twice(patch: pytest.MonkeyPatch) -> None:
    honest = funding.funding_owed_e6
    patch.setattr(books, "funding_owed_e6", lambda size_e9, **named: 2 * honest(size_e9, **named))


def the_pool_pays_before_the_fund(patch: pytest.MonkeyPatch) -> None:
    def lie(debt_e6: int, *, insurance: Any, pool: Any, allowed_e6: int) -> LossShares:
        debt = max(debt_e6, 0)
        from_pool = min(debt, allowed_e6, max(pool.cash_e6, 0))
        return LossShares(
            insurance_e6=min(debt - from_pool, insurance.balance_e6), pool_e6=from_pool
        )

    patch.setattr(books, "loss_shares", lie)


def nobody_pays_a_debt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(books, "loss_shares", lambda *_, **__: LossShares(insurance_e6=0, pool_e6=0))


def a_cost_rounds_to_the_nearest(patch: pytest.MonkeyPatch) -> None:
    def lie(params: Any, trade_e9: int, *, skew_e9: int, price_e6: int, conf_e6: int) -> int:
        return round(
            exact.cost_e6(params, trade_e9, skew_e9=skew_e9, price_e6=price_e6, conf_e6=conf_e6)
        )

    patch.setattr(trial, "trade_cost_e6", lie)


def a_released_entry_rounds_down(patch: pytest.MonkeyPatch) -> None:
    def lie(left: int, right: int, denominator: int, _rounding: Round) -> int:
        return div(left * right, denominator, Round.DOWN)

    patch.setattr(position, "mul_div", lie)


def a_filled_order_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ledger, "drop_order", lambda *_: None)


def the_healthy_are_liquidated(patch: pytest.MonkeyPatch) -> None:
    def lie(self: Standing) -> bool:
        return self.maintenance_equity_e6 < 10_000 * self.maintenance_e6

    patch.setattr(Standing, "is_liquidatable", property(lie))


def the_unhealthy_are_spared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Standing, "is_liquidatable", property(lambda _: False))


def a_penalty_takes_all_that_is_left(patch: pytest.MonkeyPatch) -> None:
    honest = liquidation.penalty

    def lie(exposure: Any, **named: Any) -> Any:
        found = honest(exposure, **named)
        return replace(found, insurance_e6=max(named["equity_e6"], 0) - found.liquidator_e6)

    patch.setattr(closeout, "penalty", lie)


def a_liquidation_pays_no_impact(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(closeout, "_impact_e6", lambda *_: 0)


def a_close_towards_balance_pays_an_impact(patch: pytest.MonkeyPatch) -> None:
    honest = cost.adverse_impact_e6

    def lie(params: Any, trade_e9: int, *, skew_e9: int, price_e6: int) -> int:
        sides = [side * skew_e9 for side in (-1, 1)]
        return max(honest(params, trade_e9, skew_e9=each, price_e6=price_e6) for each in sides)

    patch.setattr(closeout, "adverse_impact_e6", lie)


def an_impact_passes_what_the_penalty_leaves(patch: pytest.MonkeyPatch) -> None:
    honest = liquidation.penalty

    def lie(exposure: Any, *, impact_e6: int, **named: Any) -> Any:
        return replace(honest(exposure, impact_e6=impact_e6, **named), impact_e6=impact_e6)

    patch.setattr(closeout, "penalty", lie)


def a_close_forgets_that_it_pays_an_impact(patch: pytest.MonkeyPatch) -> None:
    honest = liquidation.close_size_e9

    def lie(exposure: Any, others: Any, *, equity_e6: int, impact_e6: int) -> int:
        return honest(exposure, others, equity_e6=equity_e6, impact_e6=impact_e6 * 0)

    patch.setattr(closeout, "close_size_e9", lie)


def a_close_is_a_millionth_too_small(patch: pytest.MonkeyPatch) -> None:
    honest = liquidation.close_size_e9

    def lie(exposure: Any, others: Any, **named: int) -> int:
        found = honest(exposure, others, **named)
        return found if found == abs(exposure.size_e9) else found - found // 10**6

    patch.setattr(closeout, "close_size_e9", lie)


def a_backed_debt_is_sold_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conversion, "_protected", lambda *_, **__: None)


def a_sale_rounds_for_its_buyer(patch: pytest.MonkeyPatch) -> None:
    def lie(self: conversion.Tariff, amount: int) -> int:
        return div(amount * self.rate, self.one, Round.DOWN)

    patch.setattr(conversion.Tariff, "proceeds_e6", lie)


def a_missing_price_flatters_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(portfolio, "has_lapsed", lambda *_, **__: False)


def newer_profit_overtakes_older_claims(patch: pytest.MonkeyPatch) -> None:
    honest = payout._bankable_e6

    def lie(settled: books.Books, reading: PriceReading) -> int:
        return honest(replace(settled, pool=replace(settled.pool, claims_e6=0)), reading)

    patch.setattr(payout, "_bankable_e6", lie)


def collateral_may_leave_positions_bare(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(custody, "_uncovered", lambda *_, **__: None)


def closing_earns_the_spread(patch: pytest.MonkeyPatch) -> None:
    def lie(params: Any, trade_e9: int, *, skew_e9: int, price_e6: int, conf_e6: int) -> int:
        named = {"price_e6": price_e6, "conf_e6": conf_e6}
        whole = exact.cost_e6(params, trade_e9, skew_e9=skew_e9, **named)
        return _up(whole - 2 * exact.edge_e6(params, trade_e9, **named))

    patch.setattr(trial, "trade_cost_e6", lie)


def a_wide_close_pays_for_all_its_doubt(patch: pytest.MonkeyPatch) -> None:
    honest = cost.counted_conf_e6

    def lie(params: Any, reading: Any, *, is_late: bool, grows: bool) -> int:
        return honest(params, reading, is_late=is_late, grows=True)

    patch.setattr(trial, "counted_conf_e6", lie)


def every_fill_gets_a_rebate(patch: pytest.MonkeyPatch) -> None:
    honest = cost.trade_cost_e6

    def lie(params: Any, trade_e9: int, **named: Any) -> int:
        return honest(params, trade_e9, **named) - 100

    patch.setattr(trial, "trade_cost_e6", lie)


def a_transfer_brings_a_unit_of_the_pool(patch: pytest.MonkeyPatch) -> None:
    honest = custody.transfer_between

    def lie(ledger: Ledger, address: str, to_address: str, amount: int, *, at: Any) -> Any:
        told = honest(ledger, address, to_address, amount, at=at)
        ledger.credit(to_address, 1)
        ledger.pool = replace(ledger.pool, cash_e6=ledger.pool.cash_e6 - 1)
        return told

    patch.setattr(custody, "transfer_between", lie)


def anybody_is_the_owner(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Exchange, "_if_owner", lambda *_: None)


def events_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ledger, "count", lambda *_, **__: None)


def an_event_is_counted_twice(patch: pytest.MonkeyPatch) -> None:
    honest = Ledger.count
    patch.setattr(Ledger, "count", lambda self, address: honest(self, address, 2))


def a_flat_position_keeps_its_leverage(patch: pytest.MonkeyPatch) -> None:
    honest = position._reduced

    def lie(before: position.Position, *rest: int) -> position.Fill:
        fill = honest(before, *rest)
        return replace(fill, position=replace(fill.position, max_leverage=before.max_leverage))

    patch.setattr(position, "_reduced", lie)


def a_bank_forgets_the_entry(patch: pytest.MonkeyPatch) -> None:
    honest = books.Books.banking

    def lie(self: books.Books, profit_e6: int) -> books.Books:
        return replace(honest(self, profit_e6), position=self.position)

    patch.setattr(books.Books, "banking", lie)


def claims_are_paid_twice(patch: pytest.MonkeyPatch) -> None:
    honest = claims.index_after

    def lie(index_e12: int, *, claims_e6: int, paid_e6: int) -> int:
        twice = min(2 * paid_e6, claims_e6)
        return honest(index_e12, claims_e6=claims_e6, paid_e6=twice)

    patch.setattr(payout, "index_after", lie)


LIES: list[tuple[str, Lie]] = [
    ("I1", a_deposit_counts_a_unit_too_much),
    ("I1", a_fee_is_credited_but_not_paid),
    ("I1", claims_are_paid_twice),
    ("I2", the_entries_are_not_summed),
    ("I2", a_bank_forgets_the_entry),
    ("I3", funding_owed_rounds_down),
    ("I3", funding_is_owed_twice),
    ("I4", the_pool_pays_before_the_fund),
    ("I4", nobody_pays_a_debt),
    ("I5", a_cost_rounds_to_the_nearest),
    ("I5", a_wide_close_pays_for_all_its_doubt),
    ("I5", a_released_entry_rounds_down),
    ("I5", funding_owed_rounds_down),
    ("I6", a_filled_order_stays),
    ("I7", the_healthy_are_liquidated),
    ("I7", the_unhealthy_are_spared),
    ("I7", a_penalty_takes_all_that_is_left),
    ("I5", a_liquidation_pays_no_impact),
    ("I5", an_impact_passes_what_the_penalty_leaves),
    ("I7", a_close_towards_balance_pays_an_impact),
    ("I7", an_impact_passes_what_the_penalty_leaves),
    ("I7", a_close_forgets_that_it_pays_an_impact),
    ("I7", a_close_is_a_millionth_too_small),
    ("I7", a_backed_debt_is_sold_out),
    ("I7", a_missing_price_flatters_nobody),
    ("I5", newer_profit_overtakes_older_claims),
    ("I5", a_sale_rounds_for_its_buyer),
    ("I8", collateral_may_leave_positions_bare),
    ("I9", closing_earns_the_spread),
    ("I10", every_fill_gets_a_rebate),
    ("I12", a_transfer_brings_a_unit_of_the_pool),
    ("I13", anybody_is_the_owner),
    ("I14", events_are_not_counted),
    ("I14", an_event_is_counted_twice),
    ("I15", a_flat_position_keeps_its_leverage),
]
"""Each lie beside the law that must notice it, alone."""


def _up(figure: Fraction) -> int:
    return -(-figure.numerator // figure.denominator)
