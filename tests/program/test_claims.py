"""What an empty pool owes: claims, paid pro rata; profits settled while it has cash; the floor."""

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import price_update
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


def act(scene: Scene, name: str, owner: Pubkey, **given: Pubkey) -> Landed | Failed:
    """An instruction about the position of `owner` in the first market."""
    user = scene.where.user_account(owner)
    accounts = {
        "user_account": user,
        "market": scene.where.market(0),
        "oracle": price_update(scene.feeds[0]),
        "position": scene.where.position(user, 0),
    } | given
    arguments = {"max_size_e9": 0} if name == "deleverage" else {}
    signer = given.get("authority") or given.get("keeper") or scene.keeper
    return scene.do(name, scene.program.instruction(name, accounts, arguments), signer)


def pay(scene: Scene, owner: Pubkey) -> Landed | Failed:
    accounts = {"user_account": scene.where.user_account(owner)}
    return scene.do("pay_claims", scene.program.instruction("pay_claims", accounts), scene.keeper)


def empty(scene: Scene, cash_e6: int) -> None:
    """Leaves the pool with so much cash."""
    account = scene.svm.get_account(scene.where.pool)
    assert account is not None
    data = bytes(account.data)
    scene.overwrite(scene.where.pool, data[:10] + cash_e6.to_bytes(8, "little") + data[18:])


def winner(scene: Scene, name: str, size_e9: int) -> Pubkey:
    owner = scene.person(name, usd=5_000)
    scene.trade(owner, size_e9, 150)
    return owner


def test_claims_are_paid_in_proportion_whoever_asks_first(scene: Scene) -> None:
    first, second = winner(scene, "one", 100 * BASE), winner(scene, "two", 50 * BASE)
    scene.settle_on(160)
    empty(scene, 0)
    for owner, size in ((first, -100 * BASE), (second, -50 * BASE)):
        scene.trade(owner, size, 160, reduce_only=True)
    owed = {owner: scene.account(owner)["claims_e6"] for owner in (first, second)}
    total = scene.pool()["claims_e6"]
    cash = total // 2
    empty(scene, cash)

    paid = [scene.one("ClaimsPaid", pay(scene, owner)).fields for owner in (first, second)]

    assert owed[first] > owed[second] > 0
    for owner, event in zip((first, second), paid, strict=True):
        assert event["paid_e6"] in (owed[owner] * cash // total, owed[owner] * cash // total - 1)
    assert scene.pool()["cash_e6"] == 0
    assert scene.pool()["claims_e6"] == total - cash
    assert 0 <= scene.pool()["claims_pot_e6"] <= 2
    assert pay(scene, first) == Failed("NothingToPay")


def test_the_rest_is_paid_when_cash_is_enough(scene: Scene) -> None:
    owner = winner(scene, "one", 100 * BASE)
    scene.settle_on(160)
    empty(scene, 0)
    scene.trade(owner, -100 * BASE, 160, reduce_only=True)
    owed = scene.account(owner)["claims_e6"]
    for cash in (owed // 3, 2 * owed):
        empty(scene, cash)
        scene.require(pay(scene, owner))

    after = scene.account(owner)
    assert (after["claims_e6"], after["claims_due_e6"]) == (0, 0)
    assert scene.pool()["claims_e6"] == 0
    assert scene.pool()["claims_index_e12"] == 10**12


def test_a_profit_becomes_cash_once_and_the_position_stays(scene: Scene) -> None:
    owner = winner(scene, "one", 100 * BASE)
    loser = winner(scene, "two", -10 * BASE)
    scene.settle_on(160)
    before, entry = scene.cash_e6(owner), scene.holding(owner)["entry_e6"]

    settled = scene.one("PnlSettled", act(scene, "settle_pnl", owner, authority=owner)).fields

    assert settled["amount_e6"] == 15_995 * USD - entry
    moved = scene.cash_e6(owner) - before
    assert moved == settled["amount_e6"] - settled["funding_e6"]
    assert scene.holding(owner)["size_e9"] == 100 * BASE
    assert act(scene, "settle_pnl", owner, authority=owner) == Failed("NothingToPay")
    assert act(scene, "settle_pnl", loser, authority=loser) == Failed("NothingToPay")
    assert act(scene, "settle_pnl", owner, authority=loser) == Failed("Unauthorized")


def test_cash_that_older_claims_wait_for_banks_no_newer_profit(scene: Scene) -> None:
    older, newer = winner(scene, "one", 100 * BASE), winner(scene, "two", 100 * BASE)
    scene.settle_on(160)
    empty(scene, 0)
    scene.trade(older, -100 * BASE, 160, reduce_only=True)
    owed = scene.pool()["claims_e6"]
    scene.require(scene.settle_funding(newer))

    empty(scene, owed)
    waits = act(scene, "settle_pnl", newer, authority=newer)
    empty(scene, owed + 7)
    banked = scene.one("PnlSettled", act(scene, "settle_pnl", newer, authority=newer)).fields

    assert owed == scene.account(older)["claims_e6"] > 0
    assert waits == Failed("NothingToPay")
    assert (banked["amount_e6"], banked["pool_cash_after_e6"]) == (7, owed)


def test_a_part_never_brings_the_unpaid_share_below_its_least(scene: Scene) -> None:
    first, second = winner(scene, "one", 100 * BASE), winner(scene, "two", 50 * BASE)
    scene.settle_on(160)
    empty(scene, 0)
    scene.trade(first, -100 * BASE, 160, reduce_only=True)
    owed = scene.pool()["claims_e6"]
    kept = -(-owed // 10**6)
    empty(scene, owed - 1)

    part = scene.one("ClaimsPaid", pay(scene, first)).fields
    again = pay(scene, first)
    empty(scene, 0)
    scene.trade(second, -50 * BASE, 160, reduce_only=True)
    total = scene.pool()["claims_e6"]
    empty(scene, total - 1)
    pay(scene, second)
    lowest = 10**12 - scene.pool()["claims_index_e12"]
    waits = pay(scene, second)
    left = scene.pool()["claims_e6"]
    empty(scene, left)
    last = scene.one("ClaimsPaid", pay(scene, second)).fields

    assert (part["distributed_e6"], part["pool_cash_after_e6"]) == (owed - kept, kept - 1)
    assert 10**6 <= 10**12 - part["index_after_e12"] <= 10**6 + 10**12 // owed
    assert lowest >= 10**6
    assert again == waits == Failed("NothingToPay")
    assert left > total * 99 // 100
    assert (last["distributed_e6"], last["pool_claims_after_e6"]) == (left, 0)
    assert (last["claims_after_e6"], last["index_after_e12"]) == (0, 10**12)


def test_the_keeper_closes_the_highest_rank_and_only_under_the_floor(scene: Scene) -> None:
    high, low = winner(scene, "one", 100 * BASE), winner(scene, "two", 50 * BASE)
    scene.settle_on(160)
    keeper = scene.must("Security", scene.where.security)["keeper"]
    healthy = act(scene, "deleverage", high, keeper=keeper)
    empty(scene, 2_000 * USD)
    scene.pass_time(1)
    scene.price(160)

    stranger = act(scene, "deleverage", high, keeper=scene.person("a stranger"))
    passed = pair(scene, high)
    wrong = ranked(scene, low, keeper, passed)
    itself = ranked(scene, high, keeper, passed)
    right = scene.one("Deleveraged", ranked(scene, high, keeper, pair(scene, low))).fields

    assert healthy == Failed("PoolHealthy")
    assert stranger == Failed("Unauthorized")
    assert wrong == Failed("NotHighestRank")
    assert itself == Failed("WrongAccount")
    assert (right["size_e9"], right["candidates"]) == (-100 * BASE, 1)
    assert right["cost_e6"] == -16_000 * USD
    assert scene.holding(high)["size_e9"] == 0


def pair(scene: Scene, owner: Pubkey) -> list[AccountMeta]:
    user = scene.where.user_account(owner)
    keys = (user, scene.where.position(user, 0))
    return [AccountMeta(key, is_signer=False, is_writable=False) for key in keys]


def ranked(
    scene: Scene, owner: Pubkey, keeper: Pubkey, candidates: list[AccountMeta]
) -> Landed | Failed:
    user = scene.where.user_account(owner)
    accounts = {
        "keeper": keeper,
        "user_account": user,
        "market": scene.where.market(0),
        "oracle": price_update(scene.feeds[0]),
        "position": scene.where.position(user, 0),
    }
    made = scene.program.instruction(
        "deleverage", accounts, {"max_size_e9": 0}, remaining=candidates
    )
    return scene.do("deleverage", made, keeper)
