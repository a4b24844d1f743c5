"""Delegates, account settings and transfers between one owner's accounts."""

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import BASE, USD, Scene, order_params, swapped

PLACE, CANCEL = 1, 2


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def owner(scene: Scene) -> Pubkey:
    return scene.person("the owner", usd=1_000)


@pytest.fixture
def bot(scene: Scene) -> Pubkey:
    key = address("the bot")
    scene.svm.airdrop(key, 10**12)
    return key


def delegate(
    scene: Scene, owner: Pubkey, key: Pubkey, permissions: int, expires_at: int = 0
) -> Landed | Failed:
    given = {"key": key, "permissions": permissions, "expires_at": expires_at}
    accounts = {"authority": owner, "user_account": scene.where.user_account(owner)}
    made = scene.program.instruction("add_delegate", accounts, {"delegate": given})
    return scene.do("add_delegate", made, owner)


def placed_by(scene: Scene, owner: Pubkey, key: Pubkey) -> Instruction:
    scene.order_id += 1
    params = order_params(scene.order_id, BASE)
    return swapped(scene.build.place_order(scene.trader(owner), 0, params), 0, key)


def test_a_delegate_trades_until_it_expires_and_never_withdraws(
    scene: Scene, owner: Pubkey, bot: Pubkey
) -> None:
    stranger = scene.do("place", placed_by(scene, owner, bot), bot)
    scene.require(delegate(scene, owner, bot, PLACE, expires_at=scene.now + 3))
    listed = scene.do("place", placed_by(scene, owner, bot), bot)
    cancel = scene.build.cancel_order(scene.trader(owner), scene.order(owner), by=bot)
    not_allowed = scene.do("cancel", cancel, bot)
    scene.fund_wallet(bot, USD)
    steal = swapped(scene.build.withdraw(scene.trader(owner), scene.mint, USD), 0, bot)
    stolen = scene.do("withdraw", steal, bot)
    scene.pass_time(3)
    scene.price(150)
    expired = scene.do("place", placed_by(scene, owner, bot), bot)

    assert stranger == Failed("Unauthorized")
    assert isinstance(listed, Landed)
    assert not_allowed == Failed("Unauthorized")
    assert stolen == Failed("Unauthorized")
    assert expired == Failed("Unauthorized")


def test_only_the_owner_appoints_and_owner_or_delegate_dismisses(
    scene: Scene, owner: Pubkey, bot: Pubkey
) -> None:
    def dismiss(by: Pubkey) -> Landed | Failed:
        accounts = {"authority": by, "user_account": scene.where.user_account(owner)}
        made = scene.program.instruction("remove_delegate", accounts, {"key": bot})
        return scene.do("remove_delegate", made, by)

    accounts = {"authority": bot, "user_account": scene.where.user_account(owner)}
    given = {"key": bot, "permissions": PLACE, "expires_at": 0}
    grab = scene.program.instruction("add_delegate", accounts, {"delegate": given})
    scene.require(delegate(scene, owner, bot, PLACE | CANCEL))

    assert scene.do("add_delegate", grab, bot) == Failed("Unauthorized")
    assert dismiss(scene.keeper) == Failed("Unauthorized")
    assert isinstance(dismiss(bot), Landed)
    assert dismiss(owner) == Failed("UnknownDelegate")


def test_four_delegates_fit_and_an_unknown_permission_does_not_exist(
    scene: Scene, owner: Pubkey
) -> None:
    for number in range(4):
        scene.require(delegate(scene, owner, address(f"bot {number}"), PLACE))

    assert isinstance(delegate(scene, owner, address("bot 2"), CANCEL), Landed)
    assert delegate(scene, owner, address("bot 5"), PLACE) == Failed("TooManyDelegates")
    assert delegate(scene, owner, address("bot 1"), 4) == Failed("InvalidParameter")
    assert delegate(scene, owner, address("bot 1"), 0) == Failed("InvalidParameter")


@pytest.mark.parametrize(("leverage", "fits"), [(0, False), (1, True), (100, True), (101, False)])
def test_leverage_is_set_for_positions_to_come(
    scene: Scene, owner: Pubkey, leverage: int, fits: bool
) -> None:
    scene.trade(owner, BASE, 150)
    accounts = {"authority": owner, "user_account": scene.where.user_account(owner)}
    arguments = {"name": b"main".ljust(32, b"\0"), "max_leverage": leverage}
    made = scene.program.instruction("update_user_account", accounts, arguments)

    outcome = scene.do("update_user_account", made, owner)

    assert isinstance(outcome, Landed) if fits else outcome == Failed("LeverageTooHigh")
    assert scene.account(owner)["max_leverage"] == (leverage if fits else 20)
    assert scene.holding(owner)["max_leverage"] == 20


def test_a_transfer_moves_free_collateral_between_one_owner_s_accounts_only(
    scene: Scene, owner: Pubkey
) -> None:
    scene.trade(owner, 100 * BASE, 150)
    scene.require(scene.do("create", scene.build.create_user_account(owner, 1), owner))
    other = scene.where.user_account(owner, 1)

    def transfer(amount: int, to: Pubkey) -> Landed | Failed:
        trader = scene.trader(owner)
        accounts = {"authority": owner, "user_account": trader.address, "to_account": to}
        made = scene.program.instruction(
            "transfer_between", accounts, {"amount": amount}, remaining=scene.build.risk_set(trader)
        )
        return scene.do("transfer", made, owner)

    moved = scene.one("Transferred", transfer(100 * USD, other))

    assert moved.fields["to_balance_after"] == 100 * USD
    assert transfer(200 * USD, other) == Failed("InsufficientCollateral")
    assert transfer(USD, scene.keeper_account) == Failed("Unauthorized")
    itself = transfer(USD, scene.where.user_account(owner))
    assert itself == Failed("ConstraintDuplicateMutableAccount")
    total = scene.cash_e6(owner) + scene.must("UserAccount", other)["balances"][0]
    assert scene.pool()["total_user_usdc_e6"] == total
