"""What the keeper plans, sent as it sends it, does what it should on the deployed program."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import SimulatedTransactionInfo, TransactionMetadata

from quantdesk.adapters.chain.addresses import RECEIVER_PROGRAM
from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
from quantdesk.adapters.chain.program import Event
from quantdesk.adapters.rpc.types import AccountData, Blockhash, Simulation
from quantdesk.domain.oracle import PriceReading
from quantdesk.services.actions import Commitment
from quantdesk.services.keeping_tasks import (
    ExecuteOrder,
    FollowPrice,
    Moment,
    ResolveBankruptcy,
    Task,
)
from quantdesk.services.plan_keeping import plan_keeping
from quantdesk.workers.keeper_book import KeeperBook
from quantdesk.world.chain.vm import Machine
from tests.domain.onchain import ARTIFACT
from tests.program.scene import BASE, USD, Scene

STOP_MARKET, STOP_LIMIT, TAKE_PROFIT, TRAILING_STOP = range(2, 6)
CONF_E6 = 50_000


class SceneNode:
    """A node whose chain is a scene; nobody else talks to it."""

    def __init__(self, scene: Scene, owners: Sequence[Pubkey]) -> None:
        self.scene = scene
        self.events: list[Event] = []
        self.measured: list[int] = []
        where = scene.where
        accounts = [where.user_account(each) for each in owners]
        self._places = [where.pool, where.market(0), scene.keeper_account, *accounts]
        self._places += [where.position(each, 0) for each in accounts]
        self._places += [
            where.order(each, n) for each in accounts for n in (*range(10), *range(101, 104))
        ]

    async def program_accounts(
        self, program: Pubkey, *, commitment: Commitment = Commitment.CONFIRMED
    ) -> list[AccountData]:
        found = [(each, self.scene.svm.get_account(each)) for each in self._places]
        return [
            AccountData(address=at, owner=program, lamports=each.lamports, data=each.data, slot=1)
            for at, each in found
            if each is not None and each.lamports
        ]

    async def accounts(self, addresses: Sequence[Pubkey]) -> list[AccountData | None]:
        found = [(each, self.scene.svm.get_account(each)) for each in addresses]
        return [
            AccountData(address=at, owner=it.owner, lamports=it.lamports, data=it.data, slot=1)
            if it
            else None
            for at, it in found
        ]

    async def simulate(self, transaction: bytes) -> Any:
        found = self.scene.svm.simulate_transaction(VersionedTransaction.from_bytes(transaction))
        if not isinstance(found, SimulatedTransactionInfo):
            return Simulation(err={"InstructionError": []}, logs=[], compute_units=0)
        units = found.meta().compute_units_consumed()
        self.measured.append(units)
        return Simulation(err=None, logs=[], compute_units=units)

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> list[int]:
        return []

    async def latest_blockhash(self) -> Blockhash:
        return Blockhash(hash=str(Hash.default()), last_valid_block_height=1, slot=1)

    async def slot(self, commitment: Commitment = Commitment.CONFIRMED) -> int:
        return self.scene.slot

    async def send(self, transaction: bytes, *, preflight: bool = True) -> str:
        self.scene.svm.expire_blockhash()
        done = self.scene.svm.send_transaction(VersionedTransaction.from_bytes(transaction))
        assert isinstance(done, TransactionMetadata), done
        self.events += self.scene.program.events(done.logs())
        return str(done.signature())

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = True
    ) -> list[Any]:
        return [None for _ in signatures]


class Silence:
    """A socket that never says anything."""

    async def logs(self, address: Pubkey, commitment: Commitment) -> AsyncIterator[object]:
        return
        yield

    async def program(self, program: Pubkey, commitment: Commitment) -> AsyncIterator[object]:
        return
        yield


class Desk:
    """A scene with a holder of 10 SOL, kept by the product's own keeper."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.scene.price(150)
        self.holder = self.scene.person("the holder", usd=1_500)
        self.node = SceneNode(self.scene, [self.holder])
        key = Keypair.from_seed(b"the keeper".ljust(32, b"."))
        assert key.pubkey() == self.scene.keeper
        keys = KeeperKeys(keeper=key, publisher=None)
        self.chain = ChainKeeper(self.node, Silence(), self.scene.program, keys)

    async def at(self, usd: float) -> tuple[list[type[Task]], list[str]]:
        """A second later at a new price: what the keeper plans, and what the program tells."""
        self.scene.pass_time(1)
        self.scene.price(usd, conf_e6=CONF_E6)
        book = KeeperBook()
        book.replace(await self.chain.read())
        reading = PriceReading(
            price_e6=round(usd * USD), conf_e6=CONF_E6, publish_time=self.scene.now
        )
        moment = Moment(now=self.scene.now, slot=self.scene.slot, readings={0: reading})
        tasks = plan_keeping(book.view(), moment)
        self.node.events.clear()
        for task in tasks:
            assert await self.chain.perform(task, book.view(), rehearse=False) is None
        told = [each.name for each in self.node.events if each.name != "FundingAccrued"]
        return [type(each) for each in tasks], told

    def sleeping(self, kind: int, **given: Any) -> None:
        self.scene.require(
            self.scene.place(self.holder, -10 * BASE, kind=kind, reduce_only=True, **given)
        )


async def test_a_posted_price_dates_the_feeds_own_publication_before() -> None:
    desk = Desk()
    sent: list[bytes] = []

    class Post(SceneNode):
        async def send(self, transaction: bytes, *, preflight: bool = True) -> str:
            sent.append(transaction)
            return ""

    keys = KeeperKeys(keeper=Keypair(), publisher=Keypair())
    chain = ChainKeeper(Post(desk.scene, []), Silence(), desk.scene.program, keys)
    await chain.read()
    reading = PriceReading(
        price_e6=150 * USD, conf_e6=CONF_E6, publish_time=1_700_000_010, previous_at=1_700_000_003
    )
    await chain.post_prices({0: reading})

    [transaction] = sent
    times = struct.pack("<qq", 1_700_000_010, 1_700_000_003)
    assert times in transaction


async def test_a_posted_price_is_the_feeds_to_the_unit() -> None:
    scene, publisher = Scene(), Keypair()
    binary = (ARTIFACT.parent / "receiver.so").read_bytes()
    for at, account in Machine().program_accounts(RECEIVER_PROGRAM, binary, scene.admin):
        scene.svm.set_account(at, account)
    scene.svm.airdrop(publisher.pubkey(), 10**10)
    keys = KeeperKeys(keeper=Keypair(), publisher=publisher)
    chain = ChainKeeper(SceneNode(scene, []), Silence(), scene.program, keys)
    await chain.read()
    for _ in range(2):  # The first price after a silence only announces itself.
        scene.pass_time(1)
        reading = PriceReading(price_e6=150_123_457, conf_e6=50_321, publish_time=scene.now)
        await chain.post_prices({0: reading})
        scene.require(scene.do("update", scene.build.update_oracle_price(0), scene.keeper))

    market = scene.must("Market", scene.where.market(0))
    assert (market["last_price_e6"], market["last_conf_e6"]) == (150_123_457, 50_321)
    assert market["last_publish_time"] == scene.now


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.scene.trade(desk.holder, 10 * BASE, 150)
    return desk


@pytest.mark.parametrize(
    ("kind", "given", "sleeps_at", "wakes_at"),
    [
        (STOP_MARKET, {"trigger_price_e6": 145 * USD}, 145.01, 145),
        (
            STOP_LIMIT,
            {"trigger_price_e6": 145 * USD, "limit_price_e6": 144 * USD},
            143,
            144.5,
        ),
        (TAKE_PROFIT, {"trigger_price_e6": 155 * USD}, 154.99, 155),
    ],
)
async def test_a_sleeping_order_is_sent_when_it_wakes_and_fills(
    desk: Desk, kind: int, given: dict[str, int], sleeps_at: float, wakes_at: float
) -> None:
    desk.sleeping(kind, **given)

    assert await desk.at(sleeps_at) == ([], [])
    assert await desk.at(wakes_at) == ([ExecuteOrder], ["OrderExecuted"])

    assert desk.scene.holding(desk.holder)["size_e9"] == 0


async def test_a_trailing_stop_is_moved_along_and_fills_when_the_price_turns(desk: Desk) -> None:
    desk.sleeping(TRAILING_STOP, trailing_bps=200)

    assert await desk.at(155) == ([FollowPrice], ["WatermarkMoved"])
    assert await desk.at(153) == ([], [])
    assert await desk.at(151.9) == ([ExecuteOrder], ["OrderExecuted"])


async def test_who_closed_below_zero_is_freed_of_the_debt_once(desk: Desk) -> None:
    scene, holder = desk.scene, desk.holder
    scene.trade(holder, 90 * BASE, 150)
    scene.settle_on(130)
    scene.trade(holder, -100 * BASE, 130, reduce_only=True)
    assert scene.cash_e6(holder) < 0

    assert await desk.at(130) == ([ResolveBankruptcy], ["BankruptcyResolved"])
    assert await desk.at(130) == ([], [])

    assert scene.cash_e6(holder) == 0
