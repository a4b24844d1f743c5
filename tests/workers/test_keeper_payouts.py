"""What the keeper plans for an empty pool is what the deployed program does: claims, winners."""

from __future__ import annotations

import pytest
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.keeper import ChainKeeper, KeeperKeys
from quantdesk.domain.oracle import PriceReading
from quantdesk.services.keeping_tasks import Deleverage, ExchangeBook, Moment, PayClaims, Task
from quantdesk.services.plan_keeping import plan_keeping
from quantdesk.services.plan_payouts import PAY_MIN_E6
from quantdesk.workers.keeper_book import KeeperBook
from tests.program.scene import BASE, USD, Scene
from tests.program.test_claims import empty
from tests.workers.test_keeper_on_program import CONF_E6, SceneNode, Silence


class Winners:
    """Two who bought at 150, the first twice as much, kept by the product's own keeper."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.scene.price(150)
        self.first = self.winner("one", 100 * BASE)
        self.second = self.winner("two", 50 * BASE)
        self.node = SceneNode(self.scene, [self.first, self.second])
        key = Keypair.from_seed(b"the keeper".ljust(32, b"."))
        self.appoint(key.pubkey())
        keys = KeeperKeys(keeper=key, publisher=None)
        self.chain = ChainKeeper(self.node, Silence(), self.scene.program, keys)

    def appoint(self, keeper: Pubkey) -> None:
        """Makes the key the exchange's keeper: only it may close winners."""
        at = self.scene.where.security
        account = self.scene.svm.get_account(at)
        assert account is not None
        former = bytes(self.scene.must("Security", at)["keeper"])
        place = 10 + 2 * 32  # discriminator, version, bump; admin, guardian
        assert account.data[place : place + 32] == former
        data = account.data[:place] + bytes(keeper) + account.data[place + 32 :]
        self.scene.overwrite(at, data)

    def winner(self, name: str, size_e9: int) -> Pubkey:
        owner = self.scene.person(name, usd=5_000)
        self.scene.trade(owner, size_e9, 150)
        return owner

    def account(self, owner: Pubkey) -> str:
        return str(self.scene.where.user_account(owner))

    async def plan(self, usd: int = 160) -> tuple[list[Task], ExchangeBook]:
        self.scene.pass_time(1)
        self.scene.price(usd, conf_e6=CONF_E6)
        book = KeeperBook()
        book.replace(await self.chain.read())
        reading = PriceReading(price_e6=usd * USD, conf_e6=CONF_E6, publish_time=self.scene.now)
        moment = Moment(now=self.scene.now, slot=self.scene.slot, readings={0: reading})
        return plan_keeping(book.view(), moment), book.view()

    async def do(self, task: Task, book: ExchangeBook) -> list[str]:
        self.node.events.clear()
        assert await self.chain.perform(task, book, rehearse=False) is None
        return [each.name for each in self.node.events]


@pytest.fixture
def winners() -> Winners:
    winners = Winners()
    winners.scene.settle_on(160)
    return winners


async def test_nobody_is_closed_while_the_pool_is_above_its_floor(winners: Winners) -> None:
    assert await winners.plan() == ([], (await winners.plan())[1])


async def test_under_the_floor_the_first_in_line_is_closed_until_it_is_above(
    winners: Winners,
) -> None:
    empty(winners.scene, 2_000 * USD)

    [task], book = await winners.plan()
    assert task == Deleverage(
        account=winners.account(winners.first),
        market_index=0,
        candidates=(winners.account(winners.second),),
    )
    assert (await winners.do(task, book))[-1] == "Deleveraged"

    [task, *claims], book = await winners.plan()
    assert task == Deleverage(
        account=winners.account(winners.second), market_index=0, candidates=()
    )
    assert (await winners.do(task, book))[-1] == "Deleveraged"
    assert [type(each) for each in claims] in ([], [PayClaims])
    assert winners.scene.holding(winners.second)["size_e9"] == 0


@pytest.mark.parametrize(("cash_e6", "is_paid"), [(PAY_MIN_E6, False), (PAY_MIN_E6 + 1, True)])
async def test_claims_are_paid_once_the_pool_has_enough_to_be_worth_it(
    winners: Winners, cash_e6: int, is_paid: bool
) -> None:
    scene, owner = winners.scene, winners.first
    empty(scene, 0)
    scene.trade(owner, -100 * BASE, 160, reduce_only=True)
    owed = scene.account(owner)["claims_e6"]
    assert owed > PAY_MIN_E6
    # What stays owed rounds up: of a distributed sum one unit may stay in the pot.
    empty(scene, cash_e6)

    tasks, book = await winners.plan()
    payments = [each for each in tasks if isinstance(each, PayClaims)]
    assert payments == ([PayClaims(account=winners.account(owner))] if is_paid else [])
    for task in payments:
        assert await winners.do(task, book) == ["ClaimsPaid"]
        after = scene.account(owner)
        assert after["claims_e6"] + after["claims_due_e6"] == owed - PAY_MIN_E6


async def test_all_that_is_owed_is_paid_however_little(winners: Winners) -> None:
    scene, owner = winners.scene, winners.first
    empty(scene, 0)
    scene.trade(owner, -100 * BASE, 160, reduce_only=True)
    owed = scene.account(owner)["claims_e6"]
    empty(scene, owed - 7)
    tasks, book = await winners.plan()
    for task in tasks:
        if isinstance(task, PayClaims):
            await winners.do(task, book)
    left = scene.account(owner)["claims_e6"]
    assert owed <= 10**6 * left < owed + 2 * 10**6, "the last millionth waits until all can be paid"
    assert PayClaims(account=winners.account(owner)) not in (await winners.plan())[0]
    empty(scene, left)

    tasks, book = await winners.plan()
    assert PayClaims(account=winners.account(owner)) in tasks
    await winners.do(PayClaims(account=winners.account(owner)), book)

    after = scene.account(owner)
    assert (after["claims_e6"], after["claims_due_e6"]) == (0, 0)
