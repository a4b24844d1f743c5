"""Books of the built program: chain, mirror and explained balance agree to the unit.

Everything that the program does to money happens here, is indexed from its events alone, and is
compared with the program's own accounts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.postgres.account_mirror import PostgresAccountMirror
from quantdesk.adapters.postgres.chain_mirror import ChainMirror
from quantdesk.adapters.postgres.database import Database
from quantdesk.adapters.postgres.door import PostgresUsers
from quantdesk.adapters.postgres.migrate import migrate
from quantdesk.adapters.postgres.mirror_books import PostgresBooks
from quantdesk.services.exchange_state import AccountSnapshot
from quantdesk.services.reconcile import differences, figures_of_chain
from quantdesk.workers.indexer import Indexer
from tests.adapters.postgres.server import PASSWORD, SUPABASE_DIR, Server, running_server
from tests.domain.lockstep import KEEPER
from tests.domain.onchain import OnChain
from tests.domain.test_crash import TRADER, lived
from tests.fakes.chain_history import RememberedHistory
from tests.program.scene import BASE, USD, Scene
from tests.program.test_claims import act, empty, pay, winner
from tests.workers.heard import Heard
from tests.workers.test_indexer import rows, run_to_end


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as server:
        migrate(server.admin_url(), supabase_dir=SUPABASE_DIR, authenticator_password=PASSWORD)
        yield server


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    database = await Database.connect(server.app_url())
    await ChainMirror(database).clear()
    yield database
    await database.close()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(monkeypatch)


async def index(database: Database, heard: Heard, stage: OnChain) -> None:
    history = RememberedHistory(heard.transactions)
    await run_to_end(Indexer(history, ChainMirror(database), usdc_mint=str(stage.mint)))


def snapshot(stage: OnChain, owner: Pubkey, markets: int = 1) -> AccountSnapshot:
    """An account as the program holds it."""
    at = stage.where.user_account(owner)
    fields = stage.fields("UserAccount", at)
    assert fields is not None
    held = [stage.fields("Position", stage.where.position(at, each)) for each in range(markets)]
    positions = [states.position(each) for each in held if each is not None]
    return AccountSnapshot(
        account=states.account_state(str(at), fields),
        positions=tuple(each for each in positions if not each.is_flat),
        orders=(),
        slot=0,
    )


async def must_agree(database: Database, stage: OnChain, *owners: Pubkey) -> None:
    """No unit between the program and the mirror, none that the recorded flows leave open."""
    for owner in owners:
        held = snapshot(stage, owner)
        mirrored = await PostgresBooks(database).figures(held.account.address)
        found = differences(figures_of_chain(held), mirrored, source="Postgres")
        assert found == [], (str(owner), [str(each) for each in found])
        user = await PostgresUsers(database).find_or_create(str(owner))
        flows = await PostgresAccountMirror(database).flows(user.id)
        assert flows.usdc_e6 == flows.explained_usdc_e6 == held.account.usdc_e6


async def test_the_crash_leaves_no_unit_between_chain_and_mirror(
    server: Server, database: Database, heard: Heard
) -> None:
    survivor = lived()
    pair = survivor.pair
    await index(database, heard, pair.chain)

    await must_agree(database, pair.chain, pair.owners[TRADER], pair.owners[KEEPER])
    closes = rows(server, "liquidations")
    assert len(closes) == sum(row.count("liquidation closes") for row in survivor.rows)
    assert sum(each["insurance_paid_e6"] for each in closes) > 0
    # Whoever sums the mirror has the exchange's own count of what users hold.
    users = sum(row["balance_native"] for row in rows(server, "user_balances"))
    assert users == pair.ledger.pool.total_user_usdc_e6


def settle_profit(scene: Scene, first: Pubkey, second: Pubkey) -> None:
    scene.require(act(scene, "settle_pnl", first, authority=first))
    scene.pass_time(600)
    scene.settle_on(161)
    scene.require(act(scene, "settle_pnl", first, authority=first))


def pay_in_parts(scene: Scene, first: Pubkey, second: Pubkey) -> None:
    empty(scene, 0)
    scene.trade(first, -100 * BASE, 160, reduce_only=True)
    scene.trade(second, -20 * BASE, 160, reduce_only=True)
    for cash in (100 * USD, 33 * USD + 7):
        empty(scene, cash)
        scene.require(pay(scene, second))
        scene.require(pay(scene, first))
    scene.trade(second, -10 * BASE, 160, reduce_only=True)
    empty(scene, 10_000 * USD)
    scene.require(pay(scene, second))


def close_winners(scene: Scene, first: Pubkey, second: Pubkey) -> None:
    keeper = scene.must("Security", scene.where.security)["keeper"]
    empty(scene, 500 * USD)
    scene.pass_time(1)
    scene.price(160)
    scene.require(act(scene, "deleverage", first, keeper=keeper))
    scene.pass_time(1)
    scene.price(161)
    scene.require(act(scene, "deleverage", second, keeper=keeper))


@pytest.mark.parametrize("happens", [settle_profit, pay_in_parts, close_winners])
async def test_what_the_pool_pays_leaves_no_unit_between_chain_and_mirror(
    database: Database,
    heard: Heard,
    happens: Callable[[Scene, Pubkey, Pubkey], None],
) -> None:
    scene = Scene()
    scene.price(150)
    first, second = winner(scene, "one", 100 * BASE), winner(scene, "two", 50 * BASE)
    scene.settle_on(160)

    happens(scene, first, second)

    await index(database, heard, scene)
    await must_agree(database, scene, first, second, scene.keeper)
