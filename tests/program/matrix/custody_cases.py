"""Good cases of accounts, deposits, withdrawals, delegates and the pool's shares."""

from solders.instruction import Instruction

from quantdesk.domain.liquidity import COOLDOWN_S
from tests.domain.onchain import token_mint
from tests.program.matrix.registry import case
from tests.program.matrix.stage import Stage
from tests.program.scene import USD


@case("create_user_account")
def create_user_account(stage: Stage) -> Instruction:
    return stage.build.create_user_account(stage.alice, 7, "a third one")


@case("update_user_account")
def update_user_account(stage: Stage) -> Instruction:
    accounts = {"authority": stage.alice, "user_account": stage.user(stage.alice)}
    given = {"name": b"renamed".ljust(32, b"\0"), "max_leverage": 10}
    return stage.program.instruction("update_user_account", accounts, given)


@case("add_delegate")
def add_delegate(stage: Stage) -> Instruction:
    accounts = {"authority": stage.alice, "user_account": stage.user(stage.alice)}
    delegate = {"key": stage.keeper, "permissions": 3, "expires_at": 0}
    return stage.program.instruction("add_delegate", accounts, {"delegate": delegate})


@case("remove_delegate")
def remove_delegate(stage: Stage) -> Instruction:
    stage.require(stage.do("add", add_delegate(stage), stage.alice))
    accounts = {"authority": stage.alice, "user_account": stage.user(stage.alice)}
    return stage.program.instruction("remove_delegate", accounts, {"key": stage.keeper})


@case("deposit_tokens")
def deposit_tokens(stage: Stage) -> Instruction:
    return stage.build.deposit(stage.trader(stage.alice), stage.mint, USD)


@case("withdraw_tokens")
def withdraw_tokens(stage: Stage) -> Instruction:
    return stage.build.withdraw(stage.trader(stage.alice), stage.mint, USD)


@case("withdraw_tokens (collateral)")
def withdraw_collateral(stage: Stage) -> Instruction:
    return stage.build.withdraw(stage.trader(stage.alice), token_mint(1), 1_000)


@case("transfer_between")
def transfer_between(stage: Stage) -> Instruction:
    accounts = {
        "authority": stage.alice,
        "user_account": stage.user(stage.alice),
        "to_account": stage.user(stage.alice, 1),
    }
    risk = stage.build.risk_set(stage.trader(stage.alice))
    return stage.program.instruction("transfer_between", accounts, {"amount": USD}, remaining=risk)


@case("pool_deposit")
def pool_deposit(stage: Stage) -> Instruction:
    accounts = {"authority": stage.alice, **stage.in_vault(stage.alice)}
    given = {"amount": USD, "min_shares": 1}
    return stage.program.instruction("pool_deposit", accounts, given, remaining=stage.valuation())


@case("request_pool_withdrawal")
def request_pool_withdrawal(stage: Stage) -> Instruction:
    given = {"shares": 500 * USD}
    return stage.program.instruction("request_pool_withdrawal", {"authority": stage.alice}, given)


@case("pool_withdraw")
def pool_withdraw(stage: Stage) -> Instruction:
    for owner in (stage.alice, stage.mallory):
        asked = stage.program.instruction(
            "request_pool_withdrawal", {"authority": owner}, {"shares": 500 * USD}
        )
        stage.require(stage.do("ask", asked, owner))
    stage.later(COOLDOWN_S)
    for market in (0, 1):
        stage.require(stage.do("look", stage.build.update_oracle_price(market), stage.keeper))
    stage.later(1)
    accounts = {"authority": stage.alice, **stage.in_vault(stage.alice)}
    return stage.program.instruction(
        "pool_withdraw", accounts, {"min_amount": 1}, remaining=stage.valuation()
    )


@case("seed_pool")
def seed_pool(stage: Stage) -> Instruction:
    stage.fund_wallet(stage.admin, 10 * USD)
    accounts = {"admin": stage.admin, **stage.in_vault(stage.admin)}
    return stage.program.instruction("seed_pool", accounts, {"amount": USD})


@case("seed_insurance")
def seed_insurance(stage: Stage) -> Instruction:
    accounts = {"authority": stage.alice, **stage.in_vault(stage.alice)}
    return stage.program.instruction("seed_insurance", accounts, {"amount": USD})


@case("pay_claims")
def pay_claims(stage: Stage) -> Instruction:
    """Alice won while the pool was empty, and the pool has some cash again."""
    stage.moved(160)
    stage.set_cash(0)
    held = stage.holding(stage.alice)["size_e9"]
    stage.fill(stage.alice, 0, -held, reduce_only=True)
    stage.set_cash(100 * USD)
    return stage.program.instruction("pay_claims", {"user_account": stage.user(stage.alice)})


@case("resolve_bankruptcy")
def resolve_bankruptcy(stage: Stage) -> Instruction:
    """Carol closed herself below zero and holds nothing any more."""
    carol = stage.person("carol", usd=1_000)
    stage.fill(carol, 0, 100 * 10**9)
    stage.moved(130)
    stage.fill(carol, 0, -100 * 10**9, reduce_only=True)
    assert stage.cash_e6(carol) < 0
    stage.forger.rivals[stage.user(carol)] = stage.user(stage.mallory)
    return stage.build.resolve_bankruptcy(stage.user(carol))
