"""Trials: laws that compare two ways of doing the same on the real program, each from one moment.

The proof goes back in between, so both ways start from the same bytes. Every way is judged by the
other laws as it goes.
"""

from collections.abc import Callable, Sequence

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.domain.events import OrderExecuted
from quantdesk.domain.ledger import Applied, Outcome
from quantdesk.domain.order import OrderIntent
from tests.domain.lockstep import SECOND
from tests.domain.onchain import Failed, Landed
from tests.exchange.proof import Proof

Way = Callable[[], object]
State = dict[Pubkey, bytes | None]
REPLAYS = 5


def replay(proof: Proof, name: str, amount: int) -> None:
    """I6 for a signed deposit: however often it arrives, it happens once."""
    chain = proof.chain

    def state() -> State:
        return {at: chain.bytes_of(at) for at in chain.writable}

    with chain.signing(key_of(name)):
        if isinstance(proof.deposit(name, amount), Applied):
            replays_change_nothing(chain.send_again, state)


def key_of(name: str) -> Keypair:
    """The key behind a trader's bare address."""
    owner = "trader 0" if name == SECOND else name
    return Keypair.from_seed(owner.encode().ljust(32, b"."))


def replays_change_nothing(send_again: Callable[[], Landed | Failed], state: Way) -> None:
    """I6: the same transaction again, up to five times, is refused and leaves every byte."""
    before = state()
    for _ in range(REPLAYS):
        again = send_again()
        assert isinstance(again, Failed), f"I6: the same transaction ran twice: {again}"
        assert "AlreadyProcessed" in again.error, f"I6: refused, but for {again.error}"
    assert state() == before, "I6: a replay changed something"


def an_id_in_use_is_refused(proof: Proof, name: str, intent: OrderIntent) -> None:
    """I6: a new transaction with a client_order_id in use is refused and leaves every byte."""
    chain = proof.chain
    before = {at: chain.bytes_of(at) for at in chain.first}
    again = proof.place_on_chain(name, intent)
    assert isinstance(again, Failed), f"I6: an id was taken twice: {again}"
    after = {at: chain.bytes_of(at) for at in before}
    assert after == before, "I6: a refused order changed something"


def a_round_trip_gains_nothing(opened: Outcome, closed: Outcome) -> None:
    """I9: opened and closed at one price, a position costs something, fees aside."""
    events = [
        event
        for outcome in (opened, closed)
        if isinstance(outcome, Applied)
        for event in outcome.events
        if isinstance(event, OrderExecuted)
    ]
    if len(events) == 2 and events[1].size_after_e9 == 0:
        assert sum(event.cost_e6 for event in events) > 0, "I9: a round trip gained"


def pieces_never_beat_the_whole(pieces: Sequence[OrderExecuted], whole: OrderExecuted) -> None:
    """I10: cut into n pieces, a trade costs at least the whole, less n units."""
    cut = sum(each.cost_e6 + each.fee_e6 for each in pieces)
    assert sum(each.size_e9 for each in pieces) == whole.size_e9
    assert cut >= whole.cost_e6 + whole.fee_e6 - len(pieces), (
        f"I10: {len(pieces)} pieces cost {cut}, the whole {whole.cost_e6 + whole.fee_e6}"
    )


def either_order(proof: Proof, first: Way, second: Way) -> None:
    """I11 on the program: every account's bytes are the same in either order."""
    start, chain = proof.mark(), proof.chain

    def state() -> State:
        return {at: chain.bytes_of(at) for at in chain.first}

    order_does_not_matter((first, second), state=state, restart=lambda: proof.back_to(start))


def order_does_not_matter(ways: tuple[Way, Way], *, state: Way, restart: Way) -> None:
    """I11: two instructions about different accounts end the same in either order."""
    first, second = ways
    first()
    second()
    one = state()
    restart()
    second()
    first()
    assert state() == one, "I11: the order of independent accounts mattered"
