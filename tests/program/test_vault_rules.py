"""Weights of collateral: full at genesis, later by a timelock and over a week, lower at once."""

import pytest
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.collateral import VaultLimits, tighten_vault
from quantdesk.domain.vault import VaultState
from tests.domain.onchain import Failed, Landed, address, token_mint, vault_params
from tests.program.scene import BASE, USD
from tests.program.test_security import SECURITY, VAULT_RULES, change, changed
from tests.program.vaults import CAP, DEFAULTS, RAMP_S, SOL, USDT, WORTHLESS, Band, VaultScene

LOW_E6 = 99_950_000
PRESENT = VaultLimits(
    weight_init_e6=800_000, deposit_cap=CAP, outflow_floor=CAP, outflow_share_e6=0
)


@pytest.fixture
def scene() -> VaultScene:
    return VaultScene(USDT, SOL)


@pytest.fixture
def new() -> VaultScene:
    return VaultScene(USDT, WORTHLESS)


def trader(scene: VaultScene, index: int) -> Pubkey:
    """Somebody with one whole token beside a position that takes more than the USDC leave."""
    owner = scene.person(f"trader {scene.order_id}", usd=10_000)
    scene.trade(owner, 1_000 * BASE, 100)
    for each in scene.collaterals:
        scene.quote(each.index, Band(price_e6=100 * USD))
    scene.require(scene.put_in(owner, index, 10 ** scene.vault(index)["decimals"]))
    return owner


def counts_for(scene: VaultScene, owner: Pubkey, weight_e6: int) -> bool:
    """Whether the token counts `weight_e6` to open, to the unit of USDC that may leave."""
    loss = scene.holding(owner)["entry_e6"] - 1_000 * LOW_E6
    free = scene.cash_e6(owner) - loss - 5_000 * USD + LOW_E6 * weight_e6 // USD
    refused = scene.withdraw(owner, free + 1)
    allowed = scene.withdraw(owner, free)
    return refused == Failed("InsufficientCollateral") and isinstance(allowed, Landed)


@pytest.mark.parametrize("vault", DEFAULTS, ids=["USDT", "SOL", "BTC", "ETH"])
def test_the_collaterals_of_genesis_count_at_once(vault: VaultState) -> None:
    scene = VaultScene(*DEFAULTS)

    assert counts_for(scene, trader(scene, vault.index), vault.weight_init_e6)
    assert scene.vault(vault.index)["ramp_started_at"] == 0


def test_a_new_collateral_starts_at_nothing_and_rises_over_a_week(new: VaultScene) -> None:
    assert counts_for(new, trader(new, 2), 0)
    new.require(new.change_weights(2, (800_000, 900_000)))
    start = new.vault(2)["ramp_started_at"]
    for part in (4, 2):
        new.pass_time(start + RAMP_S // part - new.now - 20)
        new.refresh()
        owner = trader(new, 2)
        assert counts_for(new, owner, 800_000 * (new.now - start) // RAMP_S)
    new.pass_time(start + RAMP_S - new.now)
    new.refresh()

    assert counts_for(new, trader(new, 2), 800_000)


def test_what_keeps_a_position_rises_as_slowly(new: VaultScene) -> None:
    new.require(new.change_weights(2, (800_000, 900_000)))
    new.pass_time(RAMP_S // 4)
    new.refresh()
    owner = trader(new, 2)
    elapsed = new.now - new.vault(2)["ramp_started_at"]
    part = 900_000 * elapsed // RAMP_S
    entry: int = new.holding(owner)["entry_e6"]
    kept_e6: int = new.cash_e6(owner) + LOW_E6 * part // USD

    def health_at(price_e6: int) -> int:
        return kept_e6 + 1_000 * price_e6 - entry - 1_000 * price_e6 // 40

    at_rest = next(p for p in range(93_000_000, 80_000_000, -1_000) if health_at(p) < 0)
    new.settle_on((at_rest + 1_000) / USD)
    new.quote(2, Band(price_e6=100 * USD))
    # A week's part of a second or two passes while prices are published: less than a cent of it.
    assert new.liquidate(owner) == Failed("Healthy")
    new.settle_on((at_rest - 1_000) / USD)
    new.quote(2, Band(price_e6=100 * USD))
    assert isinstance(new.liquidate(owner), Landed)


def test_a_lower_weight_counts_once_executed_and_a_higher_one_rises_from_there(
    scene: VaultScene,
) -> None:
    scene.require(scene.change_weights(2, (500_000, 600_000)))
    lower = counts_for(scene, trader(scene, 2), 500_000)
    scene.require(scene.change_weights(2, (700_000, 900_000)))
    ramp = scene.vault(2)

    assert lower
    assert (ramp["ramp_init_from_e6"], ramp["ramp_maint_from_e6"]) == (500_000, 600_000)
    assert (ramp["weight_init_e6"], ramp["weight_maint_e6"]) == (700_000, 900_000)


def test_one_weight_may_fall_while_the_other_rises(scene: VaultScene) -> None:
    scene.require(scene.change_weights(2, (400_000, 950_000)))
    ramp = scene.vault(2)

    assert (ramp["ramp_init_from_e6"], ramp["ramp_maint_from_e6"]) == (400_000, 900_000)
    assert counts_for(scene, trader(scene, 2), 400_000)


def test_new_rules_remember_what_has_left_within_the_hour(scene: VaultScene) -> None:
    owner = scene.person("the depositor")
    scene.require(scene.put_in(owner, 2, 10))
    scene.require(scene.take_out(owner, 2, 4))

    scene.require(scene.change_weights(2, (300_000, 900_000)))

    assert scene.vault(2)["outflow"]["level"] == 4


def test_a_change_of_other_rules_does_not_start_the_week_anew(new: VaultScene) -> None:
    new.require(new.change_weights(2, (800_000, 900_000)))
    before = new.vault(2)
    rules = vault_params(SOL) | {"deposit_cap": 7}
    wanted = change(new, VAULT_RULES, index=2, vault=rules)

    new.require(changed(new, wanted, vault=new.where.vault(token_mint(2))))

    after = new.vault(2)
    assert after["deposit_cap"] == 7
    assert after["ramp_started_at"] == before["ramp_started_at"] > 0
    assert after["ramp_init_from_e6"] == 0


def test_a_second_raise_goes_on_from_what_counts_by_then(new: VaultScene) -> None:
    new.require(new.change_weights(2, (800_000, 900_000)))
    start = new.vault(2)["ramp_started_at"]
    new.pass_time(RAMP_S // 4)

    new.require(new.change_weights(2, (900_000, 950_000)))

    ramp = new.vault(2)
    elapsed = ramp["ramp_started_at"] - start
    assert RAMP_S // 4 < elapsed < RAMP_S
    assert ramp["ramp_init_from_e6"] == 800_000 * elapsed // RAMP_S
    assert ramp["ramp_maint_from_e6"] == 900_000 * elapsed // RAMP_S


@pytest.mark.parametrize(
    ("weights", "fits"),
    [((900_000, 980_000), True), ((900_000, 980_001), False), ((900_001, 900_000), False)],
)
def test_no_token_counts_for_more_than_its_forced_sale_brings(
    scene: VaultScene, weights: tuple[int, int], fits: bool
) -> None:
    outcome = scene.change_weights(2, weights)

    assert outcome.__class__ is Landed if fits else outcome == Failed("InvalidParameter")


def tighten(
    scene: VaultScene, vault: Pubkey, by: Pubkey | None = None, **given: int
) -> Landed | Failed:
    limits = VaultLimits(
        **{
            "weight_init_e6": PRESENT.weight_init_e6,
            "deposit_cap": PRESENT.deposit_cap,
            "outflow_floor": PRESENT.outflow_floor,
            "outflow_share_e6": PRESENT.outflow_share_e6,
        }
        | given
    )
    signer = by or scene.admin
    return scene.do("tighten_vault", tighten_vault(scene.build, signer, vault, limits), signer)


def test_the_guardian_lowers_a_weight_and_a_cap_at_once_and_nobody_else(scene: VaultScene) -> None:
    guardian, mint = address("the guardian"), token_mint(2)
    scene.svm.airdrop(guardian, 10**12)
    scene.require(changed(scene, change(scene, SECURITY, guardian=guardian)))
    scene.refresh()

    stranger = tighten(scene, mint, scene.keeper, weight_init_e6=1)
    told = scene.one("VaultTightened", tighten(scene, mint, guardian, weight_init_e6=300_000))

    assert stranger == Failed("Unauthorized")
    assert told.fields == {
        "sequence": 1,
        "at": scene.now,
        "vault_index": 2,
        "weight_init_e6": 300_000,
        "deposit_cap": CAP,
        "outflow_floor": CAP,
        "outflow_share_e6": 0,
        "by": guardian,
    }
    assert counts_for(scene, trader(scene, 2), 300_000)
    assert scene.vault(2)["weight_maint_e6"] == 900_000


def test_tightening_never_loosens_and_must_change_something(scene: VaultScene) -> None:
    mint = token_mint(2)
    refused = Failed("InvalidParameter")

    assert tighten(scene, mint) == refused
    assert tighten(scene, mint, weight_init_e6=800_001, deposit_cap=1) == refused
    assert tighten(scene, mint, weight_init_e6=0, deposit_cap=CAP + 1) == refused
    assert tighten(scene, mint, weight_init_e6=0, outflow_floor=CAP + 1) == refused
    assert tighten(scene, mint, weight_init_e6=0, outflow_share_e6=1) == refused
    assert isinstance(tighten(scene, mint, deposit_cap=5, outflow_floor=3), Landed)
    owner = scene.person("the depositor")
    assert scene.put_in(owner, 2, 6) == Failed("DepositCap")
    assert isinstance(scene.put_in(owner, 2, 5), Landed)
    assert scene.take_out(owner, 2, 4) == Failed("OutflowCap")
    assert isinstance(scene.take_out(owner, 2, 3), Landed)


def test_dollars_keep_their_weight_and_may_be_capped(scene: VaultScene) -> None:
    usdc = scene.must("TokenVault", scene.where.vault(scene.mint))
    given = {
        "weight_init_e6": 1_000_000,
        "deposit_cap": usdc["deposit_cap"],
        "outflow_floor": usdc["outflow"]["floor"],
        "outflow_share_e6": usdc["outflow"]["share_e6"],
    }

    lighter = tighten(scene, scene.mint, **given | {"weight_init_e6": 999_999})
    capped = tighten(scene, scene.mint, **given | {"deposit_cap": 1})

    assert lighter == Failed("InvalidParameter")
    assert isinstance(capped, Landed)
    assert scene.deposit(scene.person("the late"), USD) == Failed("DepositCap")
