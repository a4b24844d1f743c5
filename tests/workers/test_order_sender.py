"""The order sender over a real table of intents: after any crash, every intent finds its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
import pytest

from quantdesk.adapters.postgres.chain_mirror import ChainMirror
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.adapters.postgres.sender_queue import SenderQueue
from quantdesk.services.actions import Commitment, IntentState, TransactionStatus
from quantdesk.services.chain_changes import ChainTransaction
from quantdesk.services.ports import ExchangeUnavailable, TransactionRefused
from quantdesk.services.resolve_intent import FINALITY_BLOCKS, UNRESOLVED
from quantdesk.workers.order_sender import OrderSender
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server

LAST_VALID = 1_000
WALLET = "W" * 43
BYTES = b"the signed bytes"


@dataclass(slots=True)
class Ledger:
    """A network in memory: what was sent to it, and what it says of each signature."""

    height: int = LAST_VALID - 100
    recent: dict[str, TransactionStatus] = field(default_factory=dict)
    old: dict[str, TransactionStatus] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    fault: Exception | None = None

    async def send(self, signed_transaction: bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(signed_transaction)

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[TransactionStatus | None]:
        known = {**self.old, **self.recent} if search_history else self.recent
        return [known.get(signature) for signature in signatures]

    async def block_height(self) -> int:
        return self.height


class Stage:
    """One intent in the table, a network, and a sender that may be started anew."""

    def __init__(self, server: Server, database: Database) -> None:
        self._server = server
        self._database = database
        self.network = Ledger()
        self.now_ms = 1_000_000
        self.sender = self.started()

    def started(self) -> OrderSender:
        return OrderSender(
            SenderQueue(self._database),
            self.network,
            clock=lambda: self.now_ms,
        )

    def admin(self) -> psycopg.Connection:
        return psycopg.connect(self._server.admin_url(), autocommit=True)

    def put(self, state: IntentState, *, signed: bool = True) -> tuple[UUID, str]:
        intent_id, signature = uuid4(), uuid4().hex
        with self.admin() as connection:
            user = connection.execute(
                "insert into users (wallet_address) values (%s) on conflict (wallet_address)"
                " do update set wallet_address = excluded.wallet_address returning id",
                [WALLET],
            ).fetchone()
            assert user is not None
            connection.execute(
                "insert into intents (id, user_id, account, kind, client_order_id, message_bytes,"
                " signed_transaction, state, signature, last_valid_block_height)"
                " values (%s, %s, 'account', 'place_order', %s, 'message', %s, %s, %s, %s)",
                [
                    intent_id,
                    user[0],
                    intent_id.int % 10**15,
                    BYTES if signed else None,
                    state.value,
                    signature if signed else None,
                    LAST_VALID,
                ],
            )
        return intent_id, signature

    def state(self, intent_id: UUID) -> tuple[str, object]:
        with self.admin() as connection:
            row = connection.execute(
                "select state::text, error from intents where id = %s", [intent_id]
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    async def mirrored(self, signature: str, *, error: object = None) -> None:
        """The indexer meets a transaction in a block."""
        mirror = ChainMirror(self._database)
        await mirror.clear()
        met = ChainTransaction(signature=signature, slot=7, block_time=7, error=error, events=())
        await mirror.apply([(met, [])], after=None)

    async def round(self, *, after_ms: int = 0) -> None:
        self.now_ms += after_ms
        await self.sender.advance(UNRESOLVED)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def stage(server: Server) -> AsyncIterator[Stage]:
    database = await Database.connect(server.app_url())
    stage = Stage(server, database)
    with stage.admin() as connection:
        connection.execute("delete from intents")
    yield stage
    await database.close()


def landed(commitment: Commitment, error: str | None = None) -> TransactionStatus:
    return TransactionStatus(slot=7, commitment=commitment, error=error, error_code=None)


async def test_a_signed_intent_left_by_a_crash_is_sent_with_the_same_bytes(stage: Stage) -> None:
    intent_id, _ = stage.put(IntentState.SIGNED)

    await stage.round()
    assert stage.network.sent == []  # Whoever took the signature may be sending it right now.
    await stage.round(after_ms=1_000)

    assert stage.network.sent == [BYTES]
    assert stage.state(intent_id)[0] == "sent"


async def test_bytes_go_out_every_two_seconds_until_the_chain_knows_them(stage: Stage) -> None:
    _, signature = stage.put(IntentState.SENT)
    await stage.round()
    for _ in range(12):
        await stage.round(after_ms=500)
    assert len(stage.network.sent) == 3

    stage.network.recent[signature] = landed(Commitment.PROCESSED)
    for _ in range(12):
        await stage.round(after_ms=500)
    assert len(stage.network.sent) == 3


@pytest.mark.parametrize("state", UNRESOLVED)
async def test_from_every_unresolved_state_a_finalized_transaction_is_found(
    stage: Stage, state: IntentState
) -> None:
    intent_id, signature = stage.put(state)
    stage.network.recent[signature] = landed(Commitment.FINALIZED)

    await stage.round()

    assert stage.state(intent_id)[0] == "finalized"


@pytest.mark.parametrize("state", UNRESOLVED)
async def test_from_every_unresolved_state_silence_ends_in_expiry_and_nothing_is_sent(
    stage: Stage, state: IntentState
) -> None:
    intent_id, _ = stage.put(state)
    stage.network.height = LAST_VALID + FINALITY_BLOCKS + 1

    await stage.round(after_ms=60_000)

    found, error = stage.state(intent_id)
    assert found == "expired"
    assert isinstance(error, dict)
    assert "nothing was done" in error["message"]
    assert stage.network.sent == []


async def test_a_transaction_older_than_the_nodes_memory_is_found_in_its_history(
    stage: Stage,
) -> None:
    intent_id, signature = stage.put(IntentState.UNKNOWN)
    stage.network.old[signature] = landed(Commitment.FINALIZED)
    stage.network.height = LAST_VALID + 10_000

    await stage.round()

    assert stage.state(intent_id)[0] == "finalized"


async def test_between_the_last_valid_block_and_the_settled_one_the_outcome_is_unknown(
    stage: Stage,
) -> None:
    intent_id, signature = stage.put(IntentState.SENT)
    stage.network.height = LAST_VALID + 1
    await stage.round(after_ms=60_000)
    assert stage.state(intent_id)[0] == "unknown"

    stage.network.recent[signature] = landed(Commitment.CONFIRMED)
    await stage.round()
    assert stage.state(intent_id)[0] == "confirmed"


async def test_the_programs_refusal_is_kept_in_words(stage: Stage) -> None:
    intent_id, signature = stage.put(IntentState.SENT)
    stage.network.recent[signature] = landed(Commitment.CONFIRMED, "The price is too old")

    await stage.round()

    found, error = stage.state(intent_id)
    assert (found, error) == (
        "rejected",
        {"code": "REFUSED_BY_CHAIN", "message": "The price is too old"},
    )


async def test_a_nodes_refusal_of_a_second_send_ends_nothing(stage: Stage) -> None:
    intent_id, signature = stage.put(IntentState.SENT)
    stage.network.fault = TransactionRefused("not now")
    await stage.round()
    await stage.round(after_ms=2_000)
    assert stage.state(intent_id)[0] == "sent"

    stage.network.recent[signature] = landed(Commitment.CONFIRMED)
    await stage.round()
    assert stage.state(intent_id)[0] == "confirmed"


async def test_a_sender_started_anew_takes_over_where_the_killed_one_was(stage: Stage) -> None:
    intent_id, signature = stage.put(IntentState.SIGNED)
    stage.network.fault = ExchangeUnavailable("killed in the middle of a send")
    await stage.round()
    with pytest.raises(ExchangeUnavailable):
        await stage.round(after_ms=1_000)

    stage.network.fault = None
    stage.sender = stage.started()
    await stage.round()
    await stage.round(after_ms=1_000)
    stage.network.recent[signature] = landed(Commitment.FINALIZED)
    await stage.round()

    assert stage.network.sent == [BYTES]
    assert stage.state(intent_id)[0] == "finalized"


async def test_two_senders_move_an_intent_once_each_way(stage: Stage) -> None:
    intent_id, signature = stage.put(IntentState.SENT)
    other = stage.started()
    stage.network.recent[signature] = landed(Commitment.CONFIRMED)
    await stage.round()
    stage.network.recent[signature] = landed(Commitment.PROCESSED)
    await other.advance(UNRESOLVED)

    assert stage.state(intent_id)[0] == "confirmed"


async def test_what_nobody_signed_expires_when_it_can_no_longer_land(stage: Stage) -> None:
    intent_id, _ = stage.put(IntentState.PREPARED, signed=False)
    stage.network.height = LAST_VALID + FINALITY_BLOCKS
    assert await stage.sender.expire_prepared() == 0
    stage.network.height += 1
    assert await stage.sender.expire_prepared() == 1

    state, error = stage.state(intent_id)
    assert state == "expired"
    assert error == {
        "code": "NOT_SIGNED",
        "message": (
            f"it was not signed before block {LAST_VALID}; nothing was done, prepare it again"
        ),
    }


@pytest.mark.parametrize("given_up", [IntentState.REJECTED, IntentState.EXPIRED])
async def test_refused_bytes_that_land_by_another_way_end_as_the_chain_says(
    stage: Stage, given_up: IntentState
) -> None:
    intent_id, signature = stage.put(given_up)

    await stage.mirrored(signature)
    assert stage.state(intent_id) == ("confirmed", None)

    stage.network.recent[signature] = landed(Commitment.FINALIZED)
    await stage.round()
    assert stage.state(intent_id)[0] == "finalized"


async def test_refused_bytes_that_fail_on_chain_stay_refused(stage: Stage) -> None:
    intent_id, signature = stage.put(IntentState.REJECTED)

    await stage.mirrored(signature, error={"InstructionError": [0, {"Custom": 6000}]})

    assert stage.state(intent_id)[0] == "rejected"


async def test_an_order_id_taken_by_a_newer_intent_stays_with_it(stage: Stage) -> None:
    older, signature = stage.put(IntentState.REJECTED)
    newer, _ = stage.put(IntentState.SENT)
    with stage.admin() as connection:
        connection.execute(
            "update intents set client_order_id = 7 where id = any(%s)", [[older, newer]]
        )

    await stage.mirrored(signature)

    assert (stage.state(older)[0], stage.state(newer)[0]) == ("rejected", "sent")


async def test_resolved_intents_are_left_alone(stage: Stage) -> None:
    for state in (IntentState.FINALIZED, IntentState.REJECTED, IntentState.EXPIRED):
        stage.put(state)

    assert await stage.sender.advance(UNRESOLVED) == 0
