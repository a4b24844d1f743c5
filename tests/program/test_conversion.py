"""Collateral turned into USDC: by agreement, or by force and then no more than the debt needs."""

from bisect import bisect_left

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import Sale, convert_collateral
from tests.domain.onchain import Failed, Landed, address
from tests.program.scene import BASE, USD, unsigned
from tests.program.test_bankruptcy import resolve
from tests.program.test_security import LIQUIDATE, WITHDRAW, pause
from tests.program.vaults import DEFAULTS, Band, VaultScene

ONE = 10**9
LOW_E6 = 99_950_000
AGREED, FORCED = 995_000, 980_000
ALL = Sale(vault_index=2, amount=2**63)


@pytest.fixture
def scene() -> VaultScene:
    return VaultScene(*DEFAULTS)


@pytest.fixture
def buyer(scene: VaultScene) -> Pubkey:
    scene.quote(2, Band(price_e6=100 * USD))
    return scene.person("the buyer", usd=100_000)


def holder(scene: VaultScene, amount: int = 10 * ONE) -> Pubkey:
    owner = scene.person("the holder")
    scene.require(scene.put_in(owner, 2, amount))
    return owner


def paid_e6(amount: int, part_e6: int, low_e6: int = LOW_E6) -> int:
    return -(-amount * low_e6 * part_e6 // (ONE * USD))


def needed(debt_e6: int, low_e6: int = LOW_E6) -> int:
    return (debt_e6 - 1) * ONE * USD // (low_e6 * FORCED) + 1


def under_water(scene: VaultScene, tokens: int = 3 * ONE) -> tuple[Pubkey, int]:
    """An account whose debt is one unit above what its SOL counts for, and its low price."""
    owner = scene.indebted("the debtor", tokens=tokens)
    debt_e6 = -scene.cash_e6(owner)
    low_e6 = -(-debt_e6 * ONE * USD // (tokens * 900_000)) - 1
    scene.quote(2, Band(price_e6=low_e6, conf_e6=0))
    return owner, low_e6


def test_an_agreed_sale_is_at_the_low_edge_less_half_a_percent(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner = holder(scene)
    before = (scene.pool(), scene.vault(2), scene.vault_tokens())
    sequences = [scene.account(each)["sequence"] for each in (owner, buyer)]

    outcome = scene.convert(owner, buyer, Sale(vault_index=2, amount=3 * ONE), agreed=True)

    told = scene.one("CollateralConverted", outcome).fields
    price = paid_e6(3 * ONE, AGREED)
    assert price == 298_350_750
    assert (scene.cash_e6(owner), scene.token_of(owner, 2)) == (price, 7 * ONE)
    assert (scene.cash_e6(buyer), scene.token_of(buyer, 2)) == (100_000 * USD - price, 3 * ONE)
    assert (scene.pool(), scene.vault(2), scene.vault_tokens()) == before
    assert [scene.account(each)["sequence"] for each in (owner, buyer)] == [
        number + 1 for number in sequences
    ]
    assert told == {
        "sequence": sequences[0] + 1,
        "at": scene.now,
        "user_account": scene.where.user_account(owner),
        "buyer_account": scene.where.user_account(buyer),
        "vault_index": 2,
        "amount": 3 * ONE,
        "usdc_e6": price,
        "oracle_price_e6": 100 * USD,
        "oracle_conf_e6": 50_000,
        "publish_time": scene.now,
        "forced": False,
        "balance_after": 7 * ONE,
        "usdc_after_e6": price,
        "buyer_balance_after": 3 * ONE,
        "buyer_usdc_after_e6": 100_000 * USD - price,
        "buyer_sequence": sequences[1] + 1,
        "buyer": buyer,
    }


def test_an_agreed_sale_keeps_to_what_is_held_and_to_both_bounds(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner = holder(scene)
    price = paid_e6(ONE, AGREED)

    def sell(amount: int = ONE, low: int = 0, high: int = 2**63) -> Landed | Failed:
        sale = Sale(vault_index=2, amount=amount, usdc_e6_min=low, usdc_e6_max=high)
        return scene.convert(owner, buyer, sale, agreed=True)

    assert sell(10 * ONE + 1) == Failed("InsufficientBalance")
    assert sell(0) == Failed("ZeroAmount")
    assert sell(low=price + 1) == Failed("SlippageExceeded")
    assert sell(high=price - 1) == Failed("SlippageExceeded")
    assert isinstance(sell(low=price, high=price), Landed)
    assert sell(1).__class__ is Landed
    assert scene.cash_e6(owner) == price + 1


def test_the_buyer_pays_from_its_own_dollars(scene: VaultScene) -> None:
    owner = holder(scene)
    poor = scene.person("the poor", usd=10)
    most = 10 * USD * ONE * USD // (LOW_E6 * AGREED)

    def buy(amount: int) -> Landed | Failed:
        return scene.convert(owner, poor, Sale(vault_index=2, amount=amount), agreed=True)

    assert buy(most + 1) == Failed("InsufficientBalance")
    assert isinstance(buy(most), Landed)
    assert scene.cash_e6(poor) == 0


def test_the_buyer_covers_its_own_positions_afterwards_to_the_unit(scene: VaultScene) -> None:
    owner = holder(scene)
    trader = scene.person("the trader", usd=1_000)
    scene.trade(trader, 180 * BASE, 100)
    scene.quote(2, Band(price_e6=100 * USD))
    entry: int = scene.holding(trader)["entry_e6"]
    free = scene.cash_e6(trader) - (entry - 180 * LOW_E6) - 900 * USD

    def left(amount: int) -> int:
        return free - paid_e6(amount, AGREED) + amount * LOW_E6 * 800_000 // (ONE * USD)

    more = bisect_left(range(10 * ONE), True, key=lambda amount: left(amount) < 0)

    def buy(amount: int) -> Landed | Failed:
        return scene.convert(owner, trader, Sale(vault_index=2, amount=amount), agreed=True)

    assert buy(more) == Failed("InsufficientCollateral")
    assert isinstance(buy(more - 1), Landed)


def test_only_owners_sign_for_their_accounts(scene: VaultScene, buyer: Pubkey) -> None:
    owner = holder(scene)
    seller, taker = scene.trader(owner), scene.trader(buyer)
    sale = Sale(vault_index=2, amount=ONE)
    good = convert_collateral(scene.build, seller, taker, sale, agreed=True)

    def with_account(place: int, key: Pubkey) -> Landed | Failed:
        metas = list(good.accounts)
        metas[place] = AccountMeta(key, metas[place].is_signer, metas[place].is_writable)
        return scene.do("forged", Instruction(good.program_id, good.data, metas), buyer)

    assert with_account(0, address("a stranger")) == Failed("Unauthorized")
    assert with_account(2, scene.keeper_account) == Failed("Unauthorized")
    assert with_account(2, seller.address) == Failed("ConstraintDuplicateMutableAccount")
    assert with_account(3, buyer) == Failed("Unauthorized")
    assert scene.do("forged", unsigned(good, 0), owner) == Failed("AccountNotSigner")
    assert scene.do("forged", unsigned(good, 3), buyer) == Failed("AccountNotSigner")
    assert with_account(5, scene.where.vault(scene.mint)) == Failed("WrongAccount")
    assert with_account(6, scene.oracle(0)) == Failed("WrongFeed")
    assert scene.cash_e6(owner) == 0


def test_no_sale_at_a_price_that_is_not_valid(scene: VaultScene, buyer: Pubkey) -> None:
    owner, _ = under_water(scene)

    def both() -> tuple[Landed | Failed, Landed | Failed]:
        small = Sale(vault_index=2, amount=1)
        return scene.convert(owner, buyer, small, agreed=True), scene.convert(owner, buyer, ALL)

    scene.quote(2, Band(price_e6=60 * USD), age_s=11)
    stale = both()
    scene.quote(2, Band(price_e6=60 * USD, conf_e6=300_001))
    wide = both()

    assert stale == (Failed("StalePrice"),) * 2
    assert wide == (Failed("WidePrice"),) * 2


def test_a_backed_debt_is_left_alone_and_one_unit_more_may_be_forced(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner, low_e6 = under_water(scene)
    scene.quote(2, Band(price_e6=low_e6 + 1, conf_e6=0))

    backed = scene.convert(owner, buyer, ALL)
    scene.quote(2, Band(price_e6=low_e6 + 50_000, conf_e6=50_000))
    forced = scene.convert(owner, buyer, ALL)

    assert backed == Failed("Healthy")
    assert isinstance(forced, Landed)


def test_a_forced_sale_is_at_two_percent_and_ends_with_the_debt(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner, low_e6 = under_water(scene)
    debt, cash = -scene.cash_e6(owner), scene.cash_e6(buyer)
    amount = needed(debt, low_e6)

    told = scene.one("CollateralConverted", scene.convert(owner, buyer, ALL)).fields

    assert (told["forced"], told["amount"]) == (True, amount)
    assert told["usdc_e6"] == paid_e6(amount, FORCED, low_e6) >= debt
    assert paid_e6(amount - 1, FORCED, low_e6) < debt
    assert scene.cash_e6(owner) == told["usdc_e6"] - debt < 2
    assert scene.token_of(owner, 2) == 3 * ONE - amount > 0
    assert scene.cash_e6(buyer) == cash - told["usdc_e6"]
    assert scene.convert(owner, buyer, ALL) == Failed("NothingToPay")


def test_a_forced_sale_takes_as_much_as_is_asked_and_held(scene: VaultScene, buyer: Pubkey) -> None:
    owner, low_e6 = under_water(scene)
    scene.require(scene.convert(owner, buyer, Sale(vault_index=2, amount=ONE // 10)))
    part = scene.token_of(owner, 2)
    scene.quote(2, Band(price_e6=low_e6 // 2, conf_e6=0))
    scene.require(scene.convert(owner, buyer, ALL))

    assert part == 3 * ONE - ONE // 10
    assert scene.token_of(owner, 2) == 0
    assert scene.cash_e6(owner) < 0
    assert scene.convert(owner, buyer, Sale(vault_index=3, amount=1)) == Failed(
        "InsufficientBalance"
    )


def test_nobody_without_a_debt_is_forced(scene: VaultScene, buyer: Pubkey) -> None:
    owner = holder(scene)
    scene.trade(owner, 100 * BASE, 100)
    scene.require(scene.deposit(owner, 6 * USD))
    scene.settle_on(93)
    scene.quote(2, Band(price_e6=10 * USD))

    assert scene.cash_e6(owner) >= 0
    assert scene.convert(owner, buyer, ALL) == Failed("NothingToPay")
    assert isinstance(scene.liquidate(owner), Landed)


def test_an_account_that_may_be_liquidated_is_forced_though_its_debt_is_small(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner = holder(scene)
    scene.trade(owner, 100 * BASE, 100)
    debt = -scene.cash_e6(owner)
    scene.settle_on(94)
    scene.quote(2, Band(price_e6=99_950_000, conf_e6=0))
    healthy = scene.convert(owner, buyer, ALL)
    scene.settle_on(93)
    scene.quote(2, Band(price_e6=99_950_000, conf_e6=0))
    equity = 10 * 99_950_000 * 9 // 10 - debt + 9_300 * USD - scene.holding(owner)["entry_e6"]

    forced = scene.one("CollateralConverted", scene.convert(owner, buyer, ALL)).fields

    assert 0 < debt < 6 * USD
    assert 0 < equity < 9_300 * USD // 40
    assert healthy == Failed("Healthy")
    assert forced["amount"] == needed(debt)


def test_a_forced_sale_reads_the_whole_risk_set_of_both(scene: VaultScene, buyer: Pubkey) -> None:
    owner, _ = under_water(scene)
    good = convert_collateral(
        scene.build, scene.trader(owner), scene.trader(buyer), ALL, agreed=False
    )
    of_seller, of_buyer = good.accounts[7:9], good.accounts[9:]

    def passing(*metas: AccountMeta) -> Landed | Failed:
        made = Instruction(good.program_id, good.data, [*good.accounts[:7], *metas])
        return scene.do("forged", made, buyer)

    assert len(of_buyer) == 2
    assert passing() == Failed("WrongRiskSet")
    assert passing(*of_seller) == Failed("WrongRiskSet")
    assert passing(*of_seller, *of_buyer, *of_buyer) == Failed("WrongRiskSet")
    assert isinstance(passing(*of_seller, *of_buyer), Landed)


def test_each_pause_stops_its_kind_of_sale(scene: VaultScene, buyer: Pubkey) -> None:
    owner, _ = under_water(scene)
    small = Sale(vault_index=2, amount=1)
    scene.require(pause(scene, WITHDRAW))

    assert scene.convert(owner, buyer, small, agreed=True) == Failed("Paused")
    assert isinstance(scene.convert(owner, buyer, small), Landed)
    scene.require(pause(scene, LIQUIDATE))
    assert scene.convert(owner, buyer, small) == Failed("Paused")


def test_fund_and_pool_pay_only_what_no_collateral_is_left_for(
    scene: VaultScene, buyer: Pubkey
) -> None:
    owner, low_e6 = under_water(scene)
    scene.quote(2, Band(price_e6=low_e6 // 2, conf_e6=0))
    fund = scene.fund_e6()

    early = resolve(scene, owner)
    scene.require(scene.convert(owner, buyer, Sale(vault_index=2, amount=3 * ONE - 1)))
    almost = resolve(scene, owner)
    scene.require(scene.convert(owner, buyer, ALL))
    debt = -scene.cash_e6(owner)
    paid = scene.one("BankruptcyResolved", resolve(scene, owner)).fields

    assert early == almost == Failed("NotBankrupt")
    assert paid["insurance_paid_e6"] == debt > 0
    assert scene.fund_e6() == fund - debt
    assert scene.cash_e6(owner) == 0
