"""SOL as collateral in two forms, lamports and wrapped: one balance, and no lamport is lost."""

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    TOKEN_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.collateral import (
    NATIVE_MINT,
    deposit_native_sol,
    withdraw_native_sol,
)
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, VaultRef
from tests.domain.onchain import Failed, Landed, token_feed, token_mint, vault_params
from tests.program.scene import BASE, USD, swapped, unsigned
from tests.program.test_security import DEPOSIT, VAULT_RULES, WITHDRAW, change, changed, pause
from tests.program.vaults import RAMP_S, USDT, Band, VaultScene, create_native_mint, token

SOL = 10**9
FEE = 5_000
INDEX = 2
SYNC_NATIVE = b"\x11"
RULES = vault_params(token(INDEX, 9, (800_000, 900_000)))


class NativeScene(VaultScene):
    """A scene whose second collateral is SOL itself, at full weight."""

    def __init__(self) -> None:
        """Adds the vault beside money, gives it its weights and waits for the ramp."""
        super().__init__(USDT)
        create_native_mint(self)
        accounts = {
            "admin": self.admin,
            "mint": NATIVE_MINT,
            "vault_tokens": self.where.vault_tokens(NATIVE_MINT),
        }
        worthless = RULES | {"weight_init_e6": 0, "weight_maint_e6": 0}
        made = self.program.instruction("initialize_token_vault", accounts, {"params": worthless})
        self.require(self.do("initialize_token_vault", made, self.admin))
        native = VaultRef(index=INDEX, mint=NATIVE_MINT, oracle=price_update(token_feed(INDEX)))
        markets = [MarketRef(index=0, oracle=self.oracle(0))]
        self.build = Instructions(self.program, markets, [native])
        self.set_rules(RULES)
        self.pass_time(RAMP_S)
        self.fresh()

    def set_rules(self, rules: dict[str, object]) -> None:
        """Other rules of the SOL vault by the timelock."""
        wanted = change(self, VAULT_RULES, index=INDEX, vault=rules)
        self.require(changed(self, wanted, vault=self.where.vault(NATIVE_MINT)))

    def fresh(self) -> None:
        """Both prices at 100, accepted and dated now."""
        self.refresh()
        self.quote(INDEX, Band(price_e6=100 * USD))

    def give(self, owner: Pubkey, lamports: int) -> Landed | Failed:
        """Deposits lamports."""
        made = deposit_native_sol(self.build, self.trader(owner), lamports)
        return self.do("deposit_native_sol", made, owner)

    def take(self, owner: Pubkey, lamports: int) -> Landed | Failed:
        """Withdraws lamports."""
        trader = self.trader(owner)
        made = withdraw_native_sol(self.build, trader, lamports, vault_index=INDEX)
        return self.do("withdraw_native_sol", made, owner)

    def give_wrapped(self, owner: Pubkey, amount: int) -> None:
        """Wraps lamports and deposits them as tokens."""
        wallet = associated_token_account(owner, NATIVE_MINT)
        create = tokens.create_token_account(owner, owner, NATIVE_MINT)
        fill = transfer(TransferParams(from_pubkey=owner, to_pubkey=wallet, lamports=amount))
        sync = Instruction(
            TOKEN_PROGRAM, SYNC_NATIVE, [AccountMeta(wallet, is_signer=False, is_writable=True)]
        )
        self.require(self.run(create, fill, sync, payer=owner))
        made = self.build.deposit(self.trader(owner), NATIVE_MINT, amount)
        self.require(self.do("deposit other", made, owner))

    def take_wrapped(self, owner: Pubkey, amount: int) -> Landed | Failed:
        """Withdraws wrapped SOL."""
        made = self.build.withdraw(self.trader(owner), NATIVE_MINT, amount)
        return self.do("withdraw other", made, owner)

    def lamports(self, at: Pubkey) -> int:
        """What an account holds, rent included; 0 when it does not exist."""
        account = self.svm.get_account(at)
        return account.lamports if account else 0

    def is_conserved(self, *owners: Pubkey) -> bool:
        """Balances are tokens plus counted lamports, and those lie above the rent."""
        vault = self.must("TokenVault", self.where.vault(NATIVE_MINT))
        held = self.must("ProtocolSolVault", self.where.sol_vault)
        account = self.svm.get_account(self.where.sol_vault)
        assert account is not None
        rent = self.svm.minimum_balance_for_rent_exemption(len(account.data))
        owed = sum(self.token_of(owner, INDEX) for owner in owners)
        return bool(
            owed == vault["total_deposits"] == self.vault_tokens(NATIVE_MINT) + held["lamports"]
            and account.lamports >= rent + held["lamports"]
        )


@pytest.fixture
def scene() -> NativeScene:
    return NativeScene()


@pytest.fixture
def owner(scene: NativeScene) -> Pubkey:
    return scene.person("the holder")


def test_lamports_go_in_and_come_out_to_the_lamport(scene: NativeScene, owner: Pubkey) -> None:
    start = scene.lamports(owner)

    put = scene.one("Deposited", scene.give(owner, 7 * SOL))
    rent = scene.lamports(scene.where.sol_vault) - 7 * SOL
    between = scene.lamports(owner)
    got = scene.one("Withdrawn", scene.take(owner, 7 * SOL))

    assert between == start - 7 * SOL - rent - FEE
    assert scene.lamports(owner) == start - rent - 2 * FEE
    assert (put.fields["mint"], put.fields["vault_index"]) == (NATIVE_MINT, INDEX)
    assert (put.fields["amount"], put.fields["balance_after"]) == (7 * SOL, 7 * SOL)
    assert (got.fields["mint"], got.fields["vault_index"]) == (NATIVE_MINT, INDEX)
    assert (got.fields["amount"], got.fields["balance_after"]) == (7 * SOL, 0)
    assert scene.must("ProtocolSolVault", scene.where.sol_vault)["vault"] == scene.where.vault(
        NATIVE_MINT
    )
    assert scene.is_conserved(owner)


def test_both_forms_are_one_balance_and_each_gives_what_it_has(
    scene: NativeScene, owner: Pubkey
) -> None:
    scene.require(scene.give(owner, 3 * SOL))
    scene.give_wrapped(owner, 4 * SOL)

    together = scene.token_of(owner, INDEX)
    native, wrapped = scene.take(owner, 3 * SOL + 1), scene.take_wrapped(owner, 4 * SOL + 1)

    assert together == 7 * SOL
    assert native == wrapped == Failed("VaultShort")
    assert scene.is_conserved(owner)
    scene.require(scene.take(owner, 3 * SOL))
    scene.require(scene.take_wrapped(owner, 4 * SOL))
    assert scene.token_of(owner, INDEX) == 0
    assert scene.is_conserved(owner)


def test_lamports_count_as_collateral_and_stay_while_they_are_needed(
    scene: NativeScene, owner: Pubkey
) -> None:
    scene.require(scene.give(owner, 10 * SOL))
    scene.trade(owner, 100 * BASE, 100)
    scene.quote(INDEX, Band(price_e6=100 * USD))
    loss = scene.holding(owner)["entry_e6"] - 100 * 99_950_000
    needed_e6 = 500 * USD + loss - scene.cash_e6(owner)
    kept = -(-needed_e6 * 10**15 // (99_950_000 * 800_000))
    free = 10 * SOL - kept

    assert scene.take(owner, free + 2) == Failed("InsufficientCollateral")
    assert isinstance(scene.take(owner, free), Landed)
    scene.pass_time(11)
    assert scene.take(owner, 1) == Failed("StalePrice")


def test_nothing_and_more_than_is_held_never_move(scene: NativeScene, owner: Pubkey) -> None:
    other = scene.person("another")
    scene.require(scene.give(owner, SOL))
    scene.require(scene.give(other, SOL))

    assert scene.give(owner, 0) == Failed("ZeroAmount")
    assert scene.take(owner, 0) == Failed("ZeroAmount")
    assert scene.take(owner, SOL + 1) == Failed("InsufficientBalance")
    assert scene.take(owner, 2**63) == Failed("MathOverflow")
    assert scene.is_conserved(owner, other)


def test_a_gift_to_the_vault_is_nobody_s(scene: NativeScene, owner: Pubkey) -> None:
    scene.require(scene.give(owner, SOL))
    scene.give_wrapped(owner, SOL)
    vault = scene.where.sol_vault
    gift = transfer(TransferParams(from_pubkey=owner, to_pubkey=vault, lamports=5 * SOL))
    scene.require(scene.run(gift, payer=owner))

    assert scene.take(owner, SOL + 1) == Failed("VaultShort")
    assert isinstance(scene.take(owner, SOL), Landed)
    assert scene.is_conserved(owner)


def test_pauses_and_caps_hold_for_lamports_too(scene: NativeScene, owner: Pubkey) -> None:
    scene.set_rules(
        RULES | {"deposit_cap": 10 * SOL, "outflow_floor": 4 * SOL, "outflow_share_e6": 0}
    )
    scene.fresh()
    scene.give_wrapped(owner, 4 * SOL)

    assert scene.give(owner, 6 * SOL + 1) == Failed("DepositCap")
    scene.require(scene.give(owner, 6 * SOL))
    assert scene.take(owner, 4 * SOL + 1) == Failed("OutflowCap")
    scene.require(scene.take(owner, 2 * SOL))
    assert scene.take_wrapped(owner, 2 * SOL + 10**7) == Failed("OutflowCap")
    scene.require(scene.give(owner, SOL))
    vault = scene.must("TokenVault", scene.where.vault(NATIVE_MINT))
    assert vault["outflow"]["level"] == SOL
    scene.require(pause(scene, DEPOSIT))
    assert scene.give(owner, 1) == Failed("Paused")
    assert isinstance(scene.take(owner, 1), Landed)
    scene.require(pause(scene, WITHDRAW))
    assert scene.take(owner, 1) == Failed("Paused")


def test_only_the_owner_and_only_the_vault_of_sol(scene: NativeScene, owner: Pubkey) -> None:
    thief = scene.person("the thief")
    scene.require(scene.give(owner, SOL))
    trader = scene.trader(owner)
    put = deposit_native_sol(scene.build, trader, SOL)
    got = withdraw_native_sol(scene.build, trader, SOL // 2, vault_index=INDEX)
    usdt = scene.where.vault(token_mint(1))

    for made in (put, got):
        assert scene.do("forged", swapped(made, 0, thief), thief) == Failed("Unauthorized")
        assert scene.do("forged", swapped(made, 3, usdt), owner) == Failed("WrongAccount")
        assert scene.do("forged", swapped(made, 4, usdt), owner).__class__ is Failed
        assert scene.do("forged", unsigned(made, 0), thief) == Failed("AccountNotSigner")
    assert scene.is_conserved(owner)


def test_lamports_are_a_kind_that_needs_room(scene: NativeScene, owner: Pubkey) -> None:
    at = scene.where.user_account(owner)
    account = scene.svm.get_account(at)
    assert account is not None
    empty = bytes(account.data)
    everywhere = b"".join(index.to_bytes(2, "little") for index in range(8))
    scene.overwrite(at, empty.replace(b"\xff" * 16, everywhere))

    full = scene.give(owner, 1)
    scene.overwrite(at, empty)

    assert full == Failed("TooManyMarkets")
    assert isinstance(scene.give(owner, 1), Landed)
