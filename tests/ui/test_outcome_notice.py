"""Notices: what happened to a signed transaction, final only when the chain has spoken."""

import pytest

from quantdesk.ui.outcome_notice import Evidence, evidence_of, notice_of
from quantdesk.ui.rows import Notice

NOW_MS = 1_795_264_971_200
SUMMARY = "Buy 20 SOL"


def intent(state: str, kind: str = "place_order", **more: object) -> dict[str, object]:
    return {"id": "intent", "state": state, "kind": kind, "error": None, **more}


def order(status: str, kind: str = "market", reason: str | None = None) -> dict[str, object]:
    return {
        "intent_id": "intent",
        "address": "order",
        "status": status,
        "kind": kind,
        "reason": reason,
    }


def told(evidence: Evidence) -> Notice:
    return notice_of(evidence, summary=SUMMARY, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("state", "title", "final"),
    [
        ("prepared", "Waiting for your wallet", False),
        ("signed", "Submitted", False),
        ("sent", "Submitted", False),
        ("unknown", "Unknown, checking", False),
        ("processed", "Confirming", False),
        ("confirmed", "Placed", False),
        ("rejected", "Failed", True),
        ("expired", "Expired", True),
    ],
)
def test_an_order_without_evidence_of_its_end_is_not_final(
    state: str, title: str, final: bool
) -> None:
    notice = told(Evidence(intent=intent(state)))

    assert (notice.title, notice.final) == (title, final)


def test_a_filled_order_says_at_which_price_and_what_was_realised() -> None:
    fill = {
        "order_address": "order",
        "size_e9": -20_000_000_000,
        "cost_e6": -3_419_764_000,
        "realized_pnl_e6": 12_500_000,
    }

    evidence = evidence_of(intent("finalized"), [order("filled")], [fill])

    assert told(evidence).text == "Buy 20 SOL, filled at 170.9882, realised +12.50."
    assert told(evidence).final


@pytest.mark.parametrize("reason", ["slippage", "expired", "margin", "open_interest"])
def test_an_order_that_did_not_fill_says_why_and_that_nothing_was_traded(reason: str) -> None:
    notice = told(evidence_of(intent("confirmed"), [order("cancelled", reason=reason)], []))

    assert (notice.title, notice.final) == ("Not filled", True)
    assert "Nothing was traded." in notice.text


def test_a_resting_limit_order_is_final_news_but_a_waiting_market_order_is_not() -> None:
    limit = told(evidence_of(intent("confirmed"), [order("open", kind="limit")], []))
    market = told(evidence_of(intent("confirmed"), [order("open")], []))

    assert (limit.final, market.final) == (True, False)


def test_a_refusal_repeats_the_chains_words_and_that_nothing_was_done() -> None:
    error = {"code": "SlippageExceeded", "message": "the price moved past the limit"}

    notice = told(Evidence(intent=intent("rejected") | {"error": error}))

    assert notice.text == "The price moved past the limit. Nothing was done."


def test_another_intents_order_is_no_evidence() -> None:
    stranger = order("filled") | {"intent_id": "other"}

    assert evidence_of(intent("confirmed"), [stranger], []).order is None


@pytest.mark.parametrize(
    ("kind", "title"),
    [("deposit", "Deposited"), ("withdraw", "Withdrawn"), ("cancel_order", "Cancelled")],
)
def test_transfers_and_cancels_end_with_their_own_word(kind: str, title: str) -> None:
    notice = told(Evidence(intent=intent("confirmed", kind)))

    assert (notice.title, notice.final) == (title, True)
