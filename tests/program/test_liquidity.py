"""Shares of the pool: bought dear, sold cheap, after a wait, and never out of the reserve."""

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import associated_token_account, derived, price_update
from tests.domain.onchain import Failed, Landed
from tests.program.scene import BASE, USD, Scene
from tests.program.test_security import pause

POOL = 1 << 7
DAY_S = 86_400
POOL_E6 = 1_000_000 * USD


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.price(150)
    return scene


@pytest.fixture
def owner(scene: Scene) -> Pubkey:
    return scene.person("the provider")


def markets(scene: Scene) -> list[AccountMeta]:
    """What a valuation reads: the market, and its oracle when anything is open."""
    at = scene.where.market(0)
    fields = scene.must("Market", at)
    is_open = fields["long_e9"] or fields["short_e9"]
    keys = [at, price_update(scene.feeds[0])] if is_open else [at]
    return [AccountMeta(key, is_signer=False, is_writable=False) for key in keys]


def money(scene: Scene, owner: Pubkey) -> dict[str, Pubkey]:
    return {
        "authority": owner,
        "mint": scene.mint,
        "vault_tokens": scene.where.vault_tokens(scene.mint),
        "user_tokens": associated_token_account(owner, scene.mint),
    }


def provide(scene: Scene, owner: Pubkey, amount: int, min_shares: int = 0) -> Landed | Failed:
    made = scene.program.instruction(
        "pool_deposit",
        money(scene, owner),
        {"amount": amount, "min_shares": min_shares},
        remaining=markets(scene),
    )
    return scene.do("pool_deposit", made, owner)


def ask(scene: Scene, owner: Pubkey, shares: int) -> Landed | Failed:
    made = scene.program.instruction(
        "request_pool_withdrawal", {"authority": owner}, {"shares": shares}
    )
    return scene.do("request_pool_withdrawal", made, owner)


def take(scene: Scene, owner: Pubkey, min_amount: int = 0) -> Landed | Failed:
    made = scene.program.instruction(
        "pool_withdraw",
        money(scene, owner),
        {"min_amount": min_amount},
        remaining=markets(scene),
    )
    return scene.do("pool_withdraw", made, owner)


def vault_holds_the_sum(scene: Scene, *owners: Pubkey) -> bool:
    pool = scene.pool()
    held = sum(scene.cash_e6(owner) for owner in owners) + scene.cash_e6(scene.keeper)
    parts = held + pool["cash_e6"] + pool["claims_pot_e6"] + scene.fund_e6()
    return bool(scene.vault_tokens() == parts)


def test_shares_of_an_idle_pool_cost_and_return_a_dollar(scene: Scene, owner: Pubkey) -> None:
    bought = scene.one("PoolDeposited", provide(scene, owner, 1_000 * USD))
    scene.require(ask(scene, owner, 1_000 * USD))
    early = take(scene, owner)
    scene.pass_time(DAY_S - 1)
    almost = take(scene, owner)
    scene.pass_time(1)
    sold = scene.one("PoolWithdrawn", take(scene, owner))

    assert bought.fields["shares"] == 1_000 * USD
    assert early == almost == Failed("Timelocked")
    assert sold.fields["amount"] == 1_000 * USD
    assert scene.pool()["lp_shares"] == 0
    assert scene.pool()["cash_e6"] == POOL_E6
    assert take(scene, owner) == Failed("ZeroAmount")
    assert vault_holds_the_sum(scene)


def test_who_comes_pays_the_high_edge_of_an_open_market(scene: Scene, owner: Pubkey) -> None:
    trader = scene.person("the trader", usd=5_000)
    scene.trade(trader, 100 * BASE, 150)
    pool = scene.pool()
    middle = pool["cash_e6"] + pool["markets_value_e6"]

    bought = scene.one("PoolDeposited", provide(scene, owner, 1_000 * USD))

    assert bought.fields["equity_e6"] == middle + 5 * USD
    assert bought.fields["shares"] == 1_000 * USD * pool["shares"] // (middle + 5 * USD)
    assert vault_holds_the_sum(scene, trader)


def test_too_few_shares_or_too_little_money_is_refused(scene: Scene, owner: Pubkey) -> None:
    dear = provide(scene, owner, 1_000 * USD, min_shares=1_000 * USD + 1)
    nothing = provide(scene, owner, 0)
    scene.require(provide(scene, owner, 1_000 * USD))
    more = ask(scene, owner, 1_000 * USD + 1)
    scene.require(ask(scene, owner, 500 * USD))
    scene.pass_time(DAY_S)

    assert dear == Failed("SlippageExceeded")
    assert nothing == Failed("ZeroAmount")
    assert more == Failed("InsufficientBalance")
    assert take(scene, owner, min_amount=500 * USD + 1) == Failed("SlippageExceeded")


def test_an_open_market_needs_its_fresh_price_and_every_market_its_place(
    scene: Scene, owner: Pubkey
) -> None:
    trader = scene.person("the trader", usd=5_000)
    scene.trade(trader, 100 * BASE, 150)
    lacking = scene.program.instruction(
        "pool_deposit",
        money(scene, owner),
        {"amount": USD, "min_shares": 0},
        remaining=markets(scene)[:1],
    )
    without_oracle = scene.do("pool_deposit", lacking, owner)
    scene.pass_time(6)

    assert without_oracle == Failed("WrongRiskSet")
    assert provide(scene, owner, USD) == Failed("StalePrice")


def test_a_pause_of_the_pool_closes_both_doors_but_not_the_request(
    scene: Scene, owner: Pubkey
) -> None:
    scene.require(provide(scene, owner, 1_000 * USD))
    scene.require(pause(scene, POOL))

    assert provide(scene, owner, USD) == Failed("Paused")
    assert isinstance(ask(scene, owner, USD), Landed)
    scene.pass_time(DAY_S)
    assert take(scene, owner) == Failed("Paused")


@pytest.mark.parametrize(("late_s", "lapsed"), [(DAY_S, False), (DAY_S + 1, True)])
def test_a_notice_to_leave_lasts_a_day_after_its_wait(
    scene: Scene, owner: Pubkey, late_s: int, lapsed: bool
) -> None:
    scene.require(provide(scene, owner, 1_000 * USD))
    scene.require(ask(scene, owner, 1_000 * USD))
    scene.pass_time(DAY_S + late_s)

    told = take(scene, owner)

    assert told == Failed("NoticeLapsed") if lapsed else isinstance(told, Landed)
    if lapsed:
        scene.require(ask(scene, owner, 1_000 * USD))
        scene.pass_time(DAY_S)
        assert isinstance(take(scene, owner), Landed)


def test_shares_bought_later_never_leave_under_an_older_notice(scene: Scene, owner: Pubkey) -> None:
    scene.require(provide(scene, owner, 1_000 * USD))
    scene.require(ask(scene, owner, 1_000 * USD))
    scene.pass_time(DAY_S)
    scene.require(provide(scene, owner, 1_000 * USD))
    at = derived(scene.program.id, b"pool_share", bytes(owner))
    share = scene.must("PoolShare", at)

    assert (share["shares"], share["pending_shares"]) == (2_000 * USD, 0)
    assert share["unlock_at"] == 0
    assert take(scene, owner) == Failed("ZeroAmount")


def test_what_comes_into_the_pool_may_leave_the_vault_again(scene: Scene, owner: Pubkey) -> None:
    saver = scene.person("the saver", usd=500)
    scene.require(scene.withdraw(saver, 300 * USD))

    scene.require(provide(scene, owner, 100 * USD))

    outflow = scene.must("TokenVault", scene.where.vault(scene.mint))["outflow"]
    assert outflow["level"] == 200 * USD
