"""Collateral as the exchange adapter reads it: what it counts for, and transactions that land."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from solders.hash import Hash
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from quantdesk.adapters.chain.exchange import ChainExchange
from quantdesk.adapters.rpc.types import AccountData, Blockhash, Memcmp, Simulation
from quantdesk.domain.collateral import Collateral
from quantdesk.domain.oracle import Action
from quantdesk.domain.order import Kind
from quantdesk.domain.refusal import Refusal
from quantdesk.services.actions import Action as Wanted
from quantdesk.services.actions import Deposit, PlaceOrder
from quantdesk.services.exchange_state import collateral_of
from tests.domain.onchain import token_mint
from tests.program.scene import BASE, USD
from tests.program.test_depeg import PegScene
from tests.program.vaults import SOL, USDT, Band, VaultScene

ONE = 10**9
ANY_PRICE = 10**12


class SceneRpc:
    """The node of a scene."""

    def __init__(self, scene: VaultScene, mints: Sequence[Pubkey]) -> None:
        self.scene = scene
        self._vaults = [scene.where.vault(mint) for mint in mints]

    async def accounts(self, addresses: Sequence[Pubkey]) -> list[AccountData | None]:
        return [self._account(each) for each in addresses]

    async def program_accounts(
        self, program: Pubkey, *, matches: Sequence[Memcmp] = ()
    ) -> list[AccountData]:
        found = [self._account(each) for each in self._vaults]
        return [each for each in found if each and each.data.startswith(matches[0].run)]

    async def latest_blockhash(self) -> Blockhash:
        return Blockhash(hash=str(Hash.default()), last_valid_block_height=1, slot=1)

    async def simulate(self, transaction: bytes) -> Simulation:
        return Simulation(err="not tried", logs=[], compute_units=0)

    async def prioritization_fees(self, addresses: Sequence[Pubkey]) -> list[int]:
        return []

    def _account(self, at: Pubkey) -> AccountData | None:
        it = self.scene.svm.get_account(at)
        if it is None:
            return None
        return AccountData(address=at, owner=it.owner, lamports=it.lamports, data=it.data, slot=1)


def exchange_of(scene: VaultScene, *vault_indices: int) -> ChainExchange:
    mints = [scene.mint, *(token_mint(each) for each in vault_indices)]
    node = SceneRpc(scene, mints)
    return ChainExchange(node, scene.program, scene.mint, memcmp=Memcmp)  # type: ignore[arg-type]


async def landed(scene: VaultScene, exchange: ChainExchange, owner: Pubkey, act: Wanted) -> bool:
    """Whether the program takes what the adapter builds for a wallet."""
    built = await exchange.build(str(owner), act)
    message = MessageV0.from_bytes(built.message_bytes[1:])
    signed = VersionedTransaction.populate(message, [Signature.default()])
    scene.svm.expire_blockhash()
    return isinstance(scene.svm.send_transaction(signed), TransactionMetadata)


def order(size_e9: int) -> PlaceOrder:
    return PlaceOrder(
        market_index=0,
        client_order_id=1,
        kind=Kind.MARKET,
        size_e9=size_e9,
        limit_price_e6=ANY_PRICE,
        trigger_price_e6=0,
        trailing_bps=0,
        reduce_only=False,
        expires_at_s=0,
    )


@pytest.fixture
def scene() -> VaultScene:
    return VaultScene(USDT, SOL)


async def test_other_tokens_count_weighted_at_the_low_edge_of_the_price_on_chain(
    scene: VaultScene,
) -> None:
    owner = scene.person("the holder")
    scene.require(scene.put_in(owner, 2, 10 * ONE))
    exchange = exchange_of(scene, 1, 2)
    state = await exchange.state()
    found = await exchange.account(str(owner))
    assert found is not None

    worth = collateral_of(found.account, state.vaults, now=scene.now)

    assert worth == Collateral(
        initial_e6=10 * 99_950_000 * 8 // 10, maintenance_e6=10 * 99_950_000 * 9 // 10
    )


@pytest.mark.parametrize(("size_e9", "fits"), [(100 * BASE, True), (200 * BASE, False)])
async def test_an_order_of_somebody_with_tokens_names_what_the_program_weighs(
    scene: VaultScene, size_e9: int, fits: bool
) -> None:
    owner = scene.person("the holder")
    scene.require(scene.put_in(owner, 2, 10 * ONE))

    assert await landed(scene, exchange_of(scene, 1, 2), owner, order(size_e9)) is fits


async def test_an_old_price_counts_for_nothing_new_and_double_against_a_liquidation(
    scene: VaultScene,
) -> None:
    owner = scene.person("the holder")
    scene.require(scene.put_in(owner, 2, 10 * ONE))
    exchange = exchange_of(scene, 1, 2)
    account, vaults = await exchange.account(str(owner)), (await exchange.state()).vaults
    assert account is not None

    later = scene.now + 60
    assert collateral_of(account.account, vaults, now=later) is Refusal.STALE_PRICE
    doubled = collateral_of(account.account, vaults, now=later, action=Action.LIQUIDATE)
    assert isinstance(doubled, Collateral)
    assert doubled.maintenance_e6 == 10 * 200 * USD * 9 // 10


async def test_a_vault_that_nobody_told_of_counts_for_nothing(scene: VaultScene) -> None:
    owner = scene.person("the holder")
    scene.require(scene.put_in(owner, 2, 10 * ONE))
    found = await exchange_of(scene, 1, 2).account(str(owner))
    assert found is not None

    assert collateral_of(found.account, {}, now=scene.now) is Refusal.STALE_PRICE


@pytest.mark.parametrize(("price_e6", "comes_in"), [(980_000, True), (979_999, False)])
async def test_a_deposit_shows_the_oracle_that_watches_the_dollar(
    price_e6: int, comes_in: bool
) -> None:
    scene = PegScene()
    owner = scene.person("the saver", usd=1_000)
    scene.quote(0, Band(price_e6=price_e6, conf_e6=1_000))

    deposit = Deposit(amount_e6=USD, creates_account=False)

    assert await landed(scene, exchange_of(scene, 1), owner, deposit) is comes_in
