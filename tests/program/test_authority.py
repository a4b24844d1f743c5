"""Who may do what: every signer asked for, every account the right one."""

import json

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.program import IDL_FILE
from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import BASE, FLAT_BTC, FLAT_SOL, USD, Scene, swapped, unsigned
from tests.program.test_security import Unopened

INTERFACE = json.loads(IDL_FILE.read_text())

REFUSALS = {
    "AccountNotInitialized",
    "AccountDiscriminatorMismatch",
    "AccountOwnedByWrongProgram",
    "ConstraintSeeds",
    "ConstraintAddress",
    "ConstraintTokenMint",
    "ConstraintTokenOwner",
    "ConstraintHasOne",
    "InvalidProgramId",
    "AccountNotSystemOwned",
    "WrongAccount",
    "WrongFeed",
    "WrongRiskSet",
    "Unauthorized",
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return opened()


def opened() -> Scene:
    """Alice and bob with a position and a waiting order each; alice's order came first."""
    scene = Scene(FLAT_SOL, FLAT_BTC)
    for market, usd in ((0, 150), (1, 60_000)):
        scene.price(usd, market=market)
    for name in ("alice", "bob"):
        owner = scene.person(name, usd=5_000)
        scene.trade(owner, 10 * BASE, 150)
        scene.require(scene.place(owner, BASE, kind=1, limit_price_e6=100 * USD))
    return scene


def instructions(scene: Scene) -> dict[str, Instruction]:
    """One instruction of each kind, all alice's, all well made."""
    alice = scene.trader(address("alice"))
    order = scene.where.order(alice.address, scene.order_id - 2)
    params = {
        "client_order_id": 99,
        "kind": 1,
        "size_e9": BASE,
        "limit_price_e6": 100 * USD,
        "trigger_price_e6": 0,
        "trailing_bps": 0,
        "reduce_only": False,
        "expires_at": 0,
    }
    build, keeper = scene.build, scene.keeper
    return {
        "deposit_tokens": build.deposit(alice, scene.mint, USD),
        "withdraw_tokens": build.withdraw(alice, scene.mint, USD),
        "place_order": build.place_order(alice, 0, params),
        "cancel_order": build.cancel_order(alice, order),
        "execute_order": build.execute_order(alice, order, 0, keeper=keeper),
        "settle_funding": build.settle_funding(0, alice),
        "update_oracle_price": build.update_oracle_price(0),
        "liquidate": build.liquidate(
            alice, 0, liquidator=keeper, liquidator_account=scene.keeper_account
        ),
    }


def names_of(instruction: str) -> list[str]:
    (found,) = [each for each in INTERFACE["instructions"] if each["name"] == instruction]
    return [account["name"] for account in found["accounts"]]


def impostors(scene: Scene) -> dict[str, Pubkey]:
    """Accounts that look right: another person's, another market's, another kind, none at all."""
    bob = scene.where.user_account(address("bob"))
    fake = address("an account of another program")
    real = scene.svm.get_account(scene.where.user_account(address("alice")))
    assert real is not None
    scene.svm.set_account(fake, Account(10**9, real.data, address("a program"), False, 0))
    return {
        "bob's account": bob,
        "bob's position": scene.where.position(bob, 0),
        "bob's order": scene.where.order(bob, scene.order_id),
        "bob's key": address("bob"),
        "the other market": scene.where.market(1),
        "the pool": scene.where.pool,
        "the vault": scene.where.vault(scene.mint),
        "nothing": address("nobody was ever here"),
        "a copy under another program": fake,
    }


def test_what_the_forgeries_start_from_is_well_made() -> None:
    scene = opened()
    outcomes = {
        name: scene.do(name, instruction, scene.keeper if name in KEPT else address("alice"))
        for name, instruction in reversed(instructions(scene).items())
    }

    assert outcomes.pop("liquidate") == Failed("Healthy")
    assert outcomes.pop("execute_order") == Failed("LimitNotReached")
    assert all(isinstance(outcome, Landed) for outcome in outcomes.values()), outcomes


KEPT = ("liquidate", "execute_order", "settle_funding", "update_oracle_price")

CHECKED = [
    (instruction, account)
    for instruction, accounts in {
        "deposit_tokens": "user_account security pool mint vault vault_tokens user_tokens",
        "withdraw_tokens": "user_account security pool mint vault vault_tokens user_tokens",
        "place_order": "user_account security market oracle position order",
        "cancel_order": "user_account order owner",
        "execute_order": "user_account owner order market oracle position pool insurance security",
        "settle_funding": "market oracle pool security user_account position",
        "update_oracle_price": "market oracle pool",
        "liquidate": "liquidator_account market oracle position pool insurance security",
    }.items()
    for account in accounts.split()
]


@pytest.mark.parametrize(("name", "account"), CHECKED)
def test_no_other_account_passes_for_the_right_one(scene: Scene, name: str, account: str) -> None:
    instruction = instructions(scene)[name]
    place = names_of(name).index(account)
    right = instruction.accounts[place].pubkey
    payer = next((each.pubkey for each in instruction.accounts if each.is_signer), scene.keeper)

    for what, wrong in impostors(scene).items():
        if wrong != right:
            outcome = scene.do(name, swapped(instruction, place, wrong), payer)
            assert isinstance(outcome, Failed), f"{what} passed for {account}"
            assert outcome.error in REFUSALS, f"{what} for {account}: {outcome.error}"


@pytest.mark.parametrize(
    "name", ["deposit_tokens", "withdraw_tokens", "place_order", "cancel_order", "liquidate"]
)
def test_the_signer_must_sign(scene: Scene, name: str) -> None:
    instruction = instructions(scene)[name]
    place = next(i for i, each in enumerate(instruction.accounts) if each.is_signer)

    outcome = scene.do(name, unsigned(instruction, place), scene.admin)

    assert outcome == Failed("AccountNotSigner")


@pytest.mark.parametrize(
    "name", ["deposit_tokens", "withdraw_tokens", "place_order", "cancel_order"]
)
def test_another_person_s_signature_is_not_enough(scene: Scene, name: str) -> None:
    instruction = instructions(scene)[name]
    place = next(i for i, each in enumerate(instruction.accounts) if each.is_signer)
    bob = address("bob")
    forged = swapped(instruction, place, bob)
    if "user_tokens" in names_of(name):
        theirs = scene.build.withdraw(scene.trader(bob), scene.mint, USD)
        wallet = theirs.accounts[names_of("withdraw_tokens").index("user_tokens")].pubkey
        forged = swapped(forged, names_of(name).index("user_tokens"), wallet)

    assert scene.do(name, forged, bob) == Failed("Unauthorized")


def test_nobody_but_the_upgrade_authority_can_open_the_exchange() -> None:
    scene = Unopened()
    thief = address("a thief")
    scene.svm.airdrop(thief, 10**12)

    def initialize(admin: Pubkey, program_data: Pubkey, timelock_s: int = 3_600) -> Landed | Failed:
        roles = {"guardian": admin, "keeper": admin}
        arguments = {**roles, "keeper_reward_e6": 0, "timelock_s": timelock_s}
        accounts = {"admin": admin, "program_data": program_data}
        made = scene.program.instruction("initialize", accounts, arguments)
        return scene.do("initialize", made, admin)

    right = scene.where.program_data
    own = address("data of the thief")
    data = scene.svm.get_account(right)
    assert data is not None
    forged = bytes(data.data[:13]) + bytes(thief) + bytes(data.data[45:])
    scene.overwrite(own, forged, owner=data.owner)

    assert initialize(thief, right) == Failed("Unauthorized")
    assert initialize(thief, own) == Failed("Unauthorized")
    for wrong_s in (3_599, 2_592_001):
        assert initialize(scene.admin, right, wrong_s) == Failed("InvalidParameter")
    assert isinstance(initialize(scene.admin, right), Landed)
    assert isinstance(initialize(scene.admin, right), Failed)


def test_the_risk_set_can_neither_be_shortened_nor_exchanged(scene: Scene) -> None:
    carol = scene.person("carol", usd=10_000)
    scene.price(60_000, market=1)
    scene.require(scene.place(carol, BASE // 20, market=1))
    scene.pass_time(1)
    scene.price(60_000, market=1)
    scene.require(scene.execute(carol, market=1))
    scene.price(150)
    right = scene.build.withdraw(scene.trader(carol), scene.mint, USD)
    count = len(names_of("withdraw_tokens"))
    short = Instruction(right.program_id, bytes(right.data), right.accounts[:count])
    bob = scene.where.user_account(address("bob"))

    assert scene.do("withdraw", short, carol) == Failed("WrongRiskSet")
    assert scene.do("withdraw", swapped(right, count, scene.where.market(0)), carol) == Failed(
        "WrongRiskSet"
    )
    other = swapped(right, count + 2, scene.where.position(bob, 0))
    assert scene.do("withdraw", other, carol) == Failed("WrongRiskSet")
    longer = Instruction(
        right.program_id, bytes(right.data), [*right.accounts, right.accounts[count]]
    )
    assert scene.do("withdraw", longer, carol) == Failed("WrongRiskSet")
    assert isinstance(scene.do("withdraw", right, carol), Landed)
