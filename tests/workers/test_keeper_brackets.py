"""The keeper and the built program: brackets wake, close each other and leave no orphan behind."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair

from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
from quantdesk.adapters.postgres.database import Database
from quantdesk.domain.oracle import PriceReading
from quantdesk.services.keeping_tasks import CancelOrphan, ExecuteOrder, Moment, Task
from quantdesk.services.plan_keeping import plan_keeping
from quantdesk.workers.keeper_book import KeeperBook
from tests.adapters.postgres.server import Server
from tests.program.bracketing import GAIN, LIMIT, LOSS, PARENT, BracketScene
from tests.program.scene import BASE, USD
from tests.workers.heard import Heard
from tests.workers.test_books_on_program import database, heard, index, must_agree, server
from tests.workers.test_indexer import one, rows
from tests.workers.test_keeper_on_program import CONF_E6, SceneNode, Silence

__all__ = ["database", "heard", "server"]


class Desk:
    """An owner and a bot, kept by the product's own keeper."""

    def __init__(self) -> None:
        self.scene = BracketScene()
        self.scene.settle_on(150)
        self.node = SceneNode(self.scene, [self.scene.owner])
        key = Keypair.from_seed(b"the keeper".ljust(32, b"."))
        keys = KeeperKeys(keeper=key, publisher=None)
        self.chain = ChainKeeper(self.node, Silence(), self.scene.program, keys)

    def order(self, number: int) -> str:
        return str(self.scene.at(number))

    async def at(self, usd: float) -> tuple[list[Task], list[str]]:
        """A second later at a new price: what the keeper does, and what the program tells."""
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
        return tasks, told


@pytest.fixture
def desk(heard: Heard) -> Desk:
    return Desk()


async def test_the_parent_is_filled_with_its_legs_and_one_leg_closes_the_other(desk: Desk) -> None:
    desk.scene.require(desk.scene.parent())
    desk.scene.require(desk.scene.bracket())

    assert await desk.at(150) == (
        [ExecuteOrder(order=desk.order(PARENT))],
        ["OrderExecuted", "BracketArmed"],
    )
    assert await desk.at(155) == ([], [])
    assert await desk.at(160) == (
        [ExecuteOrder(order=desk.order(GAIN))],
        ["OrderExecuted", "OrderCancelled"],
    )
    assert not desk.scene.lives(LOSS)
    assert desk.scene.size_e9() == 0


async def test_legs_whose_parent_was_taken_back_are_cleared_away(desk: Desk) -> None:
    scene = desk.scene
    scene.require(scene.parent(kind=LIMIT, limit_price_e6=140 * USD))
    scene.require(scene.bracket())
    assert await desk.at(161) == ([], [])
    scene.require(scene.cancelled(PARENT, scene.owner, proven=False))

    tasks, told = await desk.at(161)

    assert set(tasks) == {CancelOrphan(order=desk.order(each)) for each in (GAIN, LOSS)}
    assert told == ["OrderCancelled"] * 2
    assert scene.open_orders() == 0


async def test_a_stop_never_meets_the_next_position(desk: Desk) -> None:
    desk.scene.armed()
    desk.scene.trade(desk.scene.owner, -10 * BASE, 150, reduce_only=True)
    desk.scene.trade(desk.scene.owner, 5 * BASE, 150)

    tasks, _ = await desk.at(144)

    assert set(tasks) == {CancelOrphan(order=desk.order(each)) for each in (GAIN, LOSS)}
    assert desk.scene.size_e9() == 5 * BASE


@pytest.mark.parametrize(("cap_usd", "told"), [(400, "OrderExecuted"), (310, "OrderCancelled")])
async def test_what_a_bot_placed_is_judged_by_its_mandate(
    desk: Desk, cap_usd: int, told: str
) -> None:
    desk.scene.require(desk.scene.set_mandate(order_cap_e6=cap_usd * USD))
    desk.scene.require(desk.scene.bot_places(2 * BASE))

    tasks, found = await desk.at(156)

    assert [type(each) for each in tasks] == [ExecuteOrder]
    assert found == [told]


async def test_brackets_and_mandates_agree_with_their_mirror(
    server: Server, database: Database, heard: Heard, desk: Desk
) -> None:
    scene = desk.scene
    scene.require(scene.set_mandate(order_cap_e6=400 * USD, max_leverage=5))
    scene.armed()
    roles = {row["address"]: row["role"] for row in await indexed(server, database, heard, scene)}
    assert {roles[desk.order(each)] for each in (GAIN, LOSS)} == {"leg_awake"}

    scene.require(scene.executed(160, GAIN))
    await indexed(server, database, heard, scene)

    assert one(server, "orders", address=desk.order(LOSS))["reason"] == "oco"
    assert one(server, "mandates", delegate=str(scene.bot))["max_leverage"] == 5
    await must_agree(database, scene, scene.owner, scene.keeper)


async def indexed(
    server: Server, database: Database, heard: Heard, scene: BracketScene
) -> list[dict[str, object]]:
    await index(database, heard, scene)
    return rows(server, "orders")
