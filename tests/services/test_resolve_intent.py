"""The sender's decisions: same bytes until dead, and only the chain ends an intent."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantdesk.services.actions import (
    Commitment,
    Intent,
    IntentKind,
    IntentState,
    TransactionStatus,
)
from quantdesk.services.resolve_intent import (
    FINAL,
    FINALITY_BLOCKS,
    RANK,
    RESEND_MS,
    UNRESOLVED,
    Knowledge,
    Mark,
    Resend,
    SearchHistory,
    Wait,
    next_step,
)

LAST_VALID = 1_000
unresolved = st.sampled_from(UNRESOLVED)


def intent(state: IntentState) -> Intent:
    return Intent(
        id=UUID(int=1),
        user_id=UUID(int=2),
        account="account",
        kind=IntentKind.PLACE_ORDER,
        request={},
        message_bytes=b"message",
        last_valid_block_height=LAST_VALID,
        state=state,
        client_order_id=7,
        signature="signature",
        signed_transaction=b"signed",
    )


def known(
    status: TransactionStatus | None = None,
    *,
    height: int = LAST_VALID,
    searched: bool = False,
    silent_ms: int = 0,
) -> Knowledge:
    return Knowledge(
        status=status,
        is_history_searched=searched,
        block_height=height,
        now_ms=1_000_000,
        sent_ms=1_000_000 - silent_ms,
    )


def status(commitment: Commitment, error: str | None = None) -> TransactionStatus:
    return TransactionStatus(slot=5, commitment=commitment, error=error, error_code=None)


@pytest.mark.parametrize("state", [IntentState.SIGNED, IntentState.SENT, IntentState.UNKNOWN])
def test_the_same_bytes_are_sent_again_every_two_seconds_while_they_may_land(
    state: IntentState,
) -> None:
    assert next_step(intent(state), known(silent_ms=RESEND_MS)) == Resend()
    assert next_step(intent(state), known(silent_ms=RESEND_MS - 1)) == Wait()


def test_after_the_last_valid_block_nothing_is_sent_and_the_outcome_is_unknown() -> None:
    step = next_step(intent(IntentState.SENT), known(height=LAST_VALID + 1, silent_ms=60_000))

    assert step == Mark(state=IntentState.UNKNOWN)


def test_an_intent_expires_only_after_the_history_of_a_settled_fork_was_searched() -> None:
    last_doubtful, settled = LAST_VALID + FINALITY_BLOCKS, LAST_VALID + FINALITY_BLOCKS + 1
    sent = intent(IntentState.UNKNOWN)

    assert next_step(sent, known(height=last_doubtful, searched=True)) == Wait()
    assert next_step(sent, known(height=settled)) == SearchHistory()
    step = next_step(sent, known(height=settled, searched=True))
    assert isinstance(step, Mark)
    assert step.state is IntentState.EXPIRED


@pytest.mark.parametrize("commitment", list(Commitment))
def test_a_sent_intent_follows_the_chain(commitment: Commitment) -> None:
    step = next_step(intent(IntentState.SENT), known(status(commitment)))

    assert step == Mark(state=IntentState(commitment.value))


def test_a_refusal_on_a_fork_that_may_vanish_is_not_yet_an_answer() -> None:
    refused = status(Commitment.PROCESSED, "SlippageExceeded")

    assert next_step(intent(IntentState.SENT), known(refused)) == Wait()


def test_a_confirmed_refusal_ends_the_intent_with_the_programs_words() -> None:
    refused = status(Commitment.CONFIRMED, "the price is stale")

    step = next_step(intent(IntentState.SENT), known(refused))

    assert step == Mark(
        state=IntentState.REJECTED,
        error={"code": "REFUSED_BY_CHAIN", "message": "the price is stale"},
    )


def test_a_transaction_that_vanished_with_its_fork_becomes_unknown_and_is_sent_again() -> None:
    assert next_step(intent(IntentState.PROCESSED), known()) == Mark(state=IntentState.UNKNOWN)
    assert next_step(intent(IntentState.UNKNOWN), known(silent_ms=RESEND_MS)) == Resend()


def test_a_lagging_node_never_takes_a_state_back() -> None:
    assert next_step(intent(IntentState.CONFIRMED), known(status(Commitment.PROCESSED))) == Wait()


@given(unresolved, st.integers(0, 3_000), st.integers(0, 100_000))
def test_silence_alone_never_ends_an_intent_without_a_search(
    state: IntentState, height: int, silent_ms: int
) -> None:
    step = next_step(intent(state), known(height=height, silent_ms=silent_ms))

    assert not (isinstance(step, Mark) and step.state in FINAL)


@given(unresolved, st.sampled_from(Commitment), st.sampled_from([None, "refused"]))
def test_a_step_always_moves_forward_once_the_chain_has_answered(
    state: IntentState, commitment: Commitment, error: str | None
) -> None:
    step = next_step(intent(state), known(status(commitment, error)))

    if isinstance(step, Mark) and step.state is not IntentState.REJECTED:
        assert RANK[step.state] > RANK.get(state, 0)


def test_a_final_intent_is_never_asked_about() -> None:
    for state in FINAL:
        with pytest.raises(AssertionError):
            next_step(intent(state), known())
