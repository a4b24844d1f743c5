"""Which price may do what: the matrix of grades, and the rule of the next price."""

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import RECEIVER_PROGRAM, price_update
from quantdesk.domain.oracle import PriceReading
from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import BASE, USD, Scene

GATE_E6 = 150 * USD * 5_000 // 1_000_000


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def trader(scene: Scene) -> Pubkey:
    owner = scene.person("the trader", usd=5_000)
    scene.trade(owner, 100 * BASE, 150)
    return owner


def put(scene: Scene, reading: PriceReading) -> None:
    scene.publish(0, reading, slot=scene.slot)


BAD = {
    "StalePrice": lambda scene: scene.reading(150 * USD, age_s=6),
    "WidePrice": lambda scene: scene.reading(150 * USD, GATE_E6 + 1),
    "NegativePrice": lambda scene: scene.reading(-150 * USD),
    "FuturePrice": lambda scene: scene.reading(150 * USD, age_s=-3),
    "PriceJumped": lambda scene: scene.reading(166 * USD),
    "MalformedPrice": lambda scene: scene.reading(1 << 53),
}


@pytest.mark.parametrize("error", BAD)
def test_a_bad_price_opens_nothing(scene: Scene, trader: Pubkey, error: str) -> None:
    scene.pass_time(3)
    scene.price(150)
    scene.require(scene.place(trader, BASE))
    scene.pass_time(7)
    if error == "PriceJumped":
        scene.price(150)
        scene.require(scene.do("update", scene.build.update_oracle_price(0), scene.keeper))
        scene.pass_time(1)
    put(scene, BAD[error](scene))

    assert scene.execute(trader) == Failed(error)
    assert scene.place(trader, BASE) == Failed(error)


@pytest.mark.parametrize(
    ("age_s", "conf_e6", "error"),
    [
        (20, 50_000, None),
        (21, 50_000, "StalePrice"),
        (0, GATE_E6 + 1, None),
        (0, 50_000, None),
    ],
)
def test_a_reduction_accepts_an_older_or_wider_price(
    scene: Scene, trader: Pubkey, age_s: int, conf_e6: int, error: str | None
) -> None:
    scene.require(scene.place(trader, -BASE, reduce_only=True, kind=1))
    scene.pass_time(1 + age_s)
    put(scene, scene.reading(150 * USD, conf_e6, age_s=age_s))

    outcome = scene.execute(trader)

    assert outcome == Failed(error) if error else isinstance(outcome, Landed)


def test_an_order_never_fills_at_a_price_that_was_known_when_it_was_placed(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, BASE))
    scene.slot += 1
    scene.set_time(scene.now, slot=scene.slot)

    same_second = scene.execute(trader)
    scene.pass_time(1)
    old_price = scene.execute(trader)
    scene.price(150)
    newer = scene.execute(trader)

    assert same_second == Failed("PriceNotNewer")
    assert old_price == Failed("PriceNotNewer")
    assert isinstance(newer, Landed)


def test_an_order_never_fills_in_the_slot_in_which_it_was_placed(
    scene: Scene, trader: Pubkey
) -> None:
    scene.require(scene.place(trader, BASE))
    scene.now += 1
    scene.set_time(scene.now, slot=scene.slot)
    scene.price(150)

    assert scene.execute(trader) == Failed("PriceNotNewer")


def test_a_jump_needs_a_second_publication(scene: Scene, trader: Pubkey) -> None:
    scene.pass_time(1)
    scene.price(180)
    seen = scene.do("update", scene.build.update_oracle_price(0), scene.keeper)
    scene.require(scene.place(trader, -BASE, reduce_only=True))
    scene.pass_time(1)
    scene.price(181)

    assert scene.one("OraclePriceUpdated", seen).fields["grade"] == 3
    assert isinstance(scene.execute(trader), Landed)


def test_the_first_price_after_a_silence_only_refreshes(scene: Scene, trader: Pubkey) -> None:
    scene.pass_time(300)
    scene.price(150)
    first = scene.place(trader, BASE)
    scene.require(scene.do("update", scene.build.update_oracle_price(0), scene.keeper))
    scene.pass_time(1)
    scene.price(150)

    assert first == Failed("PriceJumped")
    assert isinstance(scene.place(trader, BASE), Landed)


def test_a_withdrawal_beside_a_position_needs_a_valid_price(scene: Scene, trader: Pubkey) -> None:
    idle = scene.person("idle", usd=100)
    scene.pass_time(30)

    assert scene.withdraw(trader, USD) == Failed("StalePrice")
    assert isinstance(scene.withdraw(idle, 100 * USD), Landed)
    assert isinstance(scene.deposit(trader, USD), Landed)


def test_time_is_credited_at_the_last_valid_price_when_the_present_one_is_not(
    scene: Scene, trader: Pubkey
) -> None:
    scene.pass_time(1_800)
    put(scene, scene.reading(300 * USD, GATE_E6 * 9))

    accrued = scene.one("FundingAccrued", scene.settle_funding(trader))

    assert accrued.fields["oracle_price_e6"] == 150 * USD
    assert accrued.fields["index_after"] == 150 * 10**6 // 2


def test_only_the_pinned_account_of_the_pinned_owner_is_read(scene: Scene, trader: Pubkey) -> None:
    scene.pass_time(1)
    scene.price(150)
    oracle = price_update(scene.feeds[0])
    account = scene.svm.get_account(oracle)
    assert account is not None
    good = bytes(account.data)

    scene.overwrite(oracle, good, owner=address("not the receiver"))
    other_owner = scene.place(trader, BASE)
    scene.overwrite(oracle, good[:41] + bytes(range(32)) + good[73:], owner=RECEIVER_PROGRAM)
    other_feed = scene.place(trader, BASE)
    scene.overwrite(oracle, good[:40] + b"\0\x05" + good[41:], owner=RECEIVER_PROGRAM)
    partly = scene.place(trader, BASE)
    scene.overwrite(oracle, bytes(8) + good[8:], owner=RECEIVER_PROGRAM)
    other_kind = scene.place(trader, BASE)
    scene.overwrite(oracle, good[:90], owner=RECEIVER_PROGRAM)
    cut_off = scene.place(trader, BASE)

    assert other_owner == Failed("WrongFeed")
    assert other_feed == Failed("WrongFeed")
    assert partly == Failed("NotFullyVerified")
    assert other_kind == Failed("MalformedPrice")
    assert cut_off == Failed("MalformedPrice")


def test_a_liquidation_takes_a_wide_price_but_none_older_than_ten_seconds(
    scene: Scene, trader: Pubkey
) -> None:
    del trader
    owner = scene.person("the unlucky", usd=800)
    scene.trade(owner, 100 * BASE, 150)
    scene.settle_on(143)
    scene.pass_time(11)

    old = scene.liquidate(owner)
    scene.price(143, conf_e6=GATE_E6 * 2)
    wide = scene.liquidate(owner)

    assert old == Failed("StalePrice")
    assert isinstance(wide, Landed)
