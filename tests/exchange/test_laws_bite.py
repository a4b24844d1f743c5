"""Every law can fail: a lie planted in the twin, or behind the program's back, meets its law.

The honest life passes every law; each lie is then watched by its own law alone, which must name it.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from quantdesk.domain.events import (
    ClaimsPaid,
    Deleveraged,
    Event,
    FundingPaid,
    Liquidated,
    OrderExecuted,
    PnlSettled,
    PoolWithdrawn,
)
from quantdesk.domain.ledger import Applied, Ledger
from quantdesk.domain.market import SOL
from quantdesk.domain.money import USD_ONE
from quantdesk.domain.refusal import Refusal
from quantdesk.domain.vault_events import CollateralConverted
from tests.domain.desk import Desk
from tests.domain.hardship import owed_impact_e6
from tests.domain.onchain import ARTIFACT, Landed
from tests.exchange import lies, trials
from tests.exchange.deviation import UNITS
from tests.exchange.laws import LAWS, LawBroken
from tests.exchange.life import live
from tests.exchange.proof import Proof
from tests.exchange.step import snapshot

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
INSTRUCTIONS: dict[type, str] = {
    OrderExecuted: "`execute_order`",
    FundingPaid: "`settle_funding`, `settle_pnl`",
    PnlSettled: "`settle_funding`, `settle_pnl`",
    Deleveraged: "`deleverage`",
    Liquidated: "`liquidate`",
}
on_chain = pytest.mark.skipif(not ARTIFACT.exists(), reason="the program is not built")


def events(kind: type[Event]) -> list[Event]:
    return [
        event
        for told in live().exchange.told
        if isinstance(told, Applied)
        for event in told.events
        if isinstance(event, kind)
    ]


@pytest.mark.parametrize("law", [None, *LAWS])
def test_an_honest_life_keeps_every_law(law: str | None) -> None:
    desk = live(law)

    assert desk.exchange.laws.judged > 10


@pytest.mark.parametrize(
    "kind",
    [
        OrderExecuted,
        Liquidated,
        Deleveraged,
        PnlSettled,
        ClaimsPaid,
        PoolWithdrawn,
        CollateralConverted,
    ],
)
def test_the_life_is_eventful(kind: type[Event]) -> None:
    assert events(kind)


def test_the_life_knows_partial_and_whole_liquidations_and_who_pays() -> None:
    found = [each for each in events(Liquidated) if isinstance(each, Liquidated)]

    assert any(each.size_after_e9 and each.penalty_e6 for each in found)
    assert any(each.insurance_paid_e6 and each.pool_loss_e6 for each in found)


def test_the_life_knows_an_impact_paid_in_full_in_part_and_not_at_all() -> None:
    found = [each for each in events(Liquidated) if isinstance(each, Liquidated)]
    paid = [(each.impact_e6, owed_impact_e6(each, SOL)) for each in found]

    assert any(0 < impact == owed for impact, owed in paid)
    assert any(0 < impact < owed for impact, owed in paid)
    assert any(impact == owed == 0 for impact, owed in paid)


@pytest.mark.parametrize(
    ("law", "lie"), lies.LIES, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_lie_meets_the_law_that_it_breaks(
    law: str, lie: lies.Lie, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie(monkeypatch)

    with pytest.raises(LawBroken) as broken:
        live(law)

    assert broken.value.law == law


def test_every_law_has_a_lie_or_a_trial_that_breaks_it() -> None:
    tried = {"I6", "I10", "I11"}

    assert {law for law, _ in lies.LIES} | tried == {f"I{number}" for number in range(1, 16)}


def test_the_page_names_every_law_its_lies_and_its_units() -> None:
    page = PAGE.read_text()
    rows = [f"| I{number} | " for number in range(1, 16)]
    lied = [f"`{lie.__name__}`" for _, lie in lies.LIES]
    units = [f"{name} | {UNITS[kind]} | " for kind, name in INSTRUCTIONS.items()]

    assert not [each for each in (*rows, *lied, *units) if each not in page]
    assert set(INSTRUCTIONS) == {kind for kind, count in UNITS.items() if count}


def test_a_replay_that_runs_again_is_noticed() -> None:
    with pytest.raises(AssertionError, match="I6: the same transaction ran twice"):
        trials.replays_change_nothing(lambda: Landed([]), lambda: 0)


def test_an_order_of_accounts_that_matters_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Ledger.move_tokens

    def gift_to_the_first(self: Ledger, address: str, vault_index: int, amount: int) -> None:
        is_first = all(each.usdc_e6 == 0 for each in self.accounts.values())
        honest(self, address, vault_index, amount + is_first)

    def ends_the_same() -> None:
        desk = Desk()
        desk.open("anna", usd=0)
        desk.open("bert", usd=0)
        start = snapshot(desk.ledger)

        def restart() -> None:
            desk.exchange.ledger = snapshot(start)

        ways = (lambda: desk.exchange.deposit("anna", 5), lambda: desk.exchange.deposit("bert", 7))
        trials.order_does_not_matter(ways, state=lambda: snapshot(desk.ledger), restart=restart)

    ends_the_same()
    monkeypatch.setattr(Ledger, "move_tokens", gift_to_the_first)

    with pytest.raises(AssertionError, match="I11"):
        ends_the_same()


def test_pieces_that_beat_the_whole_are_noticed() -> None:
    fills = [each for each in events(OrderExecuted) if isinstance(each, OrderExecuted)]
    whole = fills[0]
    piece = replace(whole, size_e9=whole.size_e9 // 2, cost_e6=whole.cost_e6 // 2 - 2, fee_e6=0)

    with pytest.raises(AssertionError, match="I10"):
        trials.pieces_never_beat_the_whole([piece, piece], whole)


def test_a_round_trip_that_gains_is_noticed() -> None:
    opened, closed = (each for each in events(OrderExecuted)[:2])
    assert isinstance(opened, OrderExecuted)
    assert isinstance(closed, OrderExecuted)
    gain = replace(closed, cost_e6=-opened.cost_e6 - 1, size_after_e9=0)

    with pytest.raises(AssertionError, match="I9"):
        trials.a_round_trip_gains_nothing(Applied(events=(opened,)), Applied(events=(gain,)))


@on_chain
def test_one_unit_moved_behind_the_programs_back_is_seen_at_the_next_step() -> None:
    proof = Proof(traders=1)
    proof.deposit("trader 0", 5 * USD_ONE)
    at = proof.account("trader 0")
    account = proof.chain.svm.get_account(at)
    assert account is not None
    honest, lie = (amount.to_bytes(8, "little") for amount in (5 * USD_ONE, 5 * USD_ONE + 1))
    assert account.data.count(honest) == 1
    tampered = type(account)(
        account.lamports, account.data.replace(honest, lie), account.owner, False, 0
    )
    proof.chain.svm.set_account(at, tampered)

    with pytest.raises(AssertionError, match=r"trader 0|account"):
        proof.deposit("trader 0", 1)


@on_chain
def test_a_sequence_that_the_program_tells_wrong_meets_its_law(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proof = Proof(traders=1)
    honest = type(proof.chain)._send

    def skipping(self: object, transaction: object) -> object:
        ran = honest(self, transaction)  # type: ignore[arg-type]
        if isinstance(ran, Landed):
            for event in ran.events:
                event.fields["sequence"] += 1
        return ran

    monkeypatch.setattr(type(proof.chain), "_send", skipping)

    with pytest.raises(LawBroken) as broken:
        proof.deposit("trader 0", 1)

    assert broken.value.law == "I14"


@on_chain
def test_an_id_in_use_and_a_replay_are_refused_by_the_program() -> None:
    proof = Proof(traders=1)

    trials.replay(proof, "trader 0", 7)

    assert proof.ledger.accounts[proof.key("trader 0")].usdc_e6 == 7
    told = proof.withdraw("trader 0", 8)
    assert getattr(told, "refusal", None) is Refusal.INSUFFICIENT_BALANCE
