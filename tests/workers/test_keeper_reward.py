"""The keeper's reward on the built program: forgone where it does not fit, never from itself."""

from __future__ import annotations

from dataclasses import replace

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
from quantdesk.services.keeping_tasks import ExecuteOrder
from quantdesk.workers.keeper_book import KeeperBook
from tests.program.scene import BASE, FLAT_SOL, Scene
from tests.workers.test_keeper_on_program import SceneNode, Silence

MARKETS = 8


class Crowded(SceneNode):
    """The node of a scene with many markets."""

    def __init__(self, scene: Scene, owner: Pubkey) -> None:
        super().__init__(scene, [owner])
        self._places += [scene.where.market(index) for index in range(1, MARKETS)]


async def executed(scene: Scene, owner: Pubkey, node: SceneNode) -> tuple[Pubkey, int]:
    """The keeper fills the owner's last order; whom the program says it paid, and what."""
    key = Keypair.from_seed(b"the keeper".ljust(32, b"."))
    keys = KeeperKeys(keeper=key, publisher=None)
    chain = ChainKeeper(node, Silence(), scene.program, keys)
    book = KeeperBook()
    book.replace(await chain.read())
    task = ExecuteOrder(order=str(scene.order(owner)))

    assert await chain.perform(task, book.view(), rehearse=False) is None

    [filled] = [each for each in node.events if each.name == "OrderExecuted"]
    return filled.fields["keeper_account"], filled.fields["keeper_reward_e6"]


def quoted(scene: Scene, markets: int) -> None:
    scene.pass_time(1)
    for index in range(markets):
        scene.price(150, market=index)


def ordered() -> tuple[Scene, Pubkey]:
    """A scene in which somebody's market order waits since a second."""
    scene = Scene()
    quoted(scene, 1)
    holder = scene.person("the holder", usd=5_000)
    scene.require(scene.place(holder, BASE))
    quoted(scene, 1)
    return scene, holder


async def test_a_market_order_filled_after_a_second_pays_the_keeper_s_account() -> None:
    scene, holder = ordered()

    paid = await executed(scene, holder, SceneNode(scene, [holder]))

    assert paid == (scene.keeper_account, 10_000 * 59 // 60)


async def test_the_fullest_account_is_served_without_a_reward() -> None:
    scene = Scene(*(replace(FLAT_SOL, index=index) for index in range(MARKETS)))
    holder = scene.person("the holder", usd=50_000)
    for index in reversed(range(MARKETS)):
        quoted(scene, MARKETS)
        scene.require(scene.place(holder, BASE, market=index))
        quoted(scene, MARKETS)
        if index:
            scene.require(scene.execute(holder, market=index))

    paid = await executed(scene, holder, Crowded(scene, holder))

    assert paid == (Pubkey.default(), 0)
    assert scene.holding(holder, 0)["size_e9"] == BASE


async def test_a_keeper_fills_its_own_order_without_paying_itself() -> None:
    scene = Scene()
    quoted(scene, 1)
    scene.require(scene.deposit(scene.keeper, 5_000 * 10**6))
    scene.require(scene.place(scene.keeper, BASE))
    quoted(scene, 1)

    paid = await executed(scene, scene.keeper, SceneNode(scene, [scene.keeper]))

    assert paid == (Pubkey.default(), 0)


async def test_a_keeper_without_an_account_works_for_nothing() -> None:
    scene, holder = ordered()
    node = SceneNode(scene, [holder])
    node._places.remove(scene.keeper_account)

    paid = await executed(scene, holder, node)

    assert paid == (Pubkey.default(), 0)
