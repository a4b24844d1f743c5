"""Genesis: the exchange on an empty chain, by the program's own instructions over RPC.

Every step looks before it acts, so a genesis that was cut off is finished by running it again,
and the same code opens the exchange on a real validator.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import (
    RECEIVER_PROGRAM,
    associated_token_account,
    price_update,
)
from quantdesk.adapters.chain.codec import Value
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.instructions import Instructions
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import TransactionRejected
from quantdesk.domain.market import MarketParams
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.keys import WorldKeys

USDC_DECIMALS = 6
FEE_LAMPORTS = 100 * 10**9
"""What each service key starts with; topped up when less than a tenth is left."""

_LANDING_S_MAX = 60.0
_RESEND_S = 2.0
_UNSET = Pubkey.default()
_PROCESSED = Commitment.PROCESSED


class GenesisFailed(Exception):
    """A transaction of genesis was refused; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """What the exchange starts with."""

    markets: tuple[MarketParams, ...]
    feed_ids: dict[str, bytes]
    pool_usdc_e6: int = 1_000_000 * 10**6
    insurance_usdc_e6: int = 50_000 * 10**6
    deposit_cap_e6: int = 100_000_000 * 10**6
    outflow_floor_e6: int = 100_000 * 10**6
    outflow_share_e6: int = 250_000
    keeper_reward_e6: int = 10_000
    timelock_s: int = 86_400
    guardian: Pubkey | None = None
    """Who may tighten at once and cancel changes; unset: the world's own guardian key."""

    usdc_mint: Pubkey | None = None
    """An existing mint. Then nothing is airdropped or minted: admin and keeper have their SOL, and
    seeds come out of the admin's own token account."""


async def initialize_exchange(
    rpc: RpcClient, program: Program, keys: WorldKeys, config: ExchangeConfig
) -> None:
    """Bring the chain to a state in which people can trade; a second run changes nothing."""
    genesis = _Genesis(rpc, program, keys, config)
    await genesis.fund_keys()
    await genesis.create_usdc()
    await genesis.initialize_program()
    for market in config.markets:  # before anybody can deposit: beside money they start closed
        await genesis.initialize_market(market)
    await genesis.initialize_vault()
    await genesis.seed()
    await genesis.open_keeper_account()
    await genesis.confirmed()


class _Genesis:
    def __init__(
        self, rpc: RpcClient, program: Program, keys: WorldKeys, config: ExchangeConfig
    ) -> None:
        self._rpc = rpc
        self._program = program
        self._keys = keys
        self._config = config
        self._mint = config.usdc_mint or keys.usdc_mint.pubkey()

    async def fund_keys(self) -> None:
        if self._config.usdc_mint is not None:
            return
        keys = self._keys
        for key in (keys.admin, keys.guardian, keys.keeper, keys.faucet, keys.publisher):
            if await self._rpc.balance(key.pubkey(), _PROCESSED) < FEE_LAMPORTS // 10:
                await self._landed(await self._rpc.request_airdrop(key.pubkey(), FEE_LAMPORTS))

    async def create_usdc(self) -> None:
        if await self._exists(self._mint):
            return
        if self._config.usdc_mint is not None:
            raise GenesisFailed(f"there is no mint at {self._mint} on this cluster")
        faucet = self._keys.faucet
        create = tokens.create_mint(
            faucet.pubkey(),
            self._mint,
            faucet.pubkey(),
            decimals=USDC_DECIMALS,
            rent_lamports=await self._rpc.rent_minimum(tokens.MINT_SPACE),
        )
        await self._send(create, [faucet, self._keys.usdc_mint])

    async def initialize_program(self) -> None:
        where = self._program.addresses
        if await self._exists(where.security):
            return
        instruction = self._program.instruction(
            "initialize",
            {"admin": self._keys.admin.pubkey(), "program_data": where.program_data},
            {
                "guardian": self._config.guardian or self._keys.guardian.pubkey(),
                "keeper": self._keys.keeper.pubkey(),
                "keeper_reward_e6": self._config.keeper_reward_e6,
                "timelock_s": self._config.timelock_s,
            },
        )
        await self._send([instruction], [self._keys.admin])

    async def initialize_vault(self) -> None:
        if await self._exists(self._program.addresses.vault(self._mint)):
            return
        params = {
            "weight_init_e6": 1_000_000,
            "weight_maint_e6": 1_000_000,
            "deposit_cap": self._config.deposit_cap_e6,
            "oracle": _UNSET,
            "oracle_owner": _UNSET,
            "feed_id": bytes(32),
            "conf_gate_e6": 0,
            "age_max_s": 0,
            "outflow_floor": self._config.outflow_floor_e6,
            "outflow_share_e6": self._config.outflow_share_e6,
        }
        instruction = self._program.instruction(
            "initialize_token_vault", self._admin_accounts(), {"params": params}
        )
        await self._send([instruction], [self._keys.admin])

    async def initialize_market(self, market: MarketParams) -> None:
        if await self._exists(self._program.addresses.market(market.index)):
            return
        params = market_params(market, self._config.feed_ids[market.symbol])
        instruction = self._program.instruction(
            "initialize_market",
            {"admin": self._keys.admin.pubkey()},
            {"index": market.index, "params": params},
        )
        await self._send([instruction], [self._keys.admin])

    async def seed(self) -> None:
        where = self._program.addresses
        pool = await self._fields("Pool", where.pool)
        insurance = await self._fields("InsuranceFund", where.insurance)
        seeds = {
            "seed_pool": 0 if pool["cash_e6"] or pool["shares"] else self._config.pool_usdc_e6,
            "seed_insurance": 0 if insurance["balance_e6"] else self._config.insurance_usdc_e6,
        }
        admin, faucet = self._keys.admin, self._keys.faucet
        for name, amount in seeds.items():
            if not amount:
                continue
            accounts = {**self._admin_accounts(), "authority": admin.pubkey()}
            accounts["user_tokens"] = associated_token_account(admin.pubkey(), self._mint)
            instructions = [self._program.instruction(name, accounts, {"amount": amount})]
            if self._config.usdc_mint is not None:
                await self._send(instructions, [admin])
                continue
            fresh = [
                tokens.create_token_account(faucet.pubkey(), admin.pubkey(), self._mint),
                tokens.mint_to(self._mint, accounts["user_tokens"], faucet.pubkey(), amount),
            ]
            await self._send([*fresh, *instructions], [faucet, admin])

    async def open_keeper_account(self) -> None:
        keeper = self._keys.keeper
        if not await self._exists(self._program.addresses.user_account(keeper.pubkey())):
            create = Instructions(self._program).create_user_account(keeper.pubkey(), 0, "keeper")
            await self._send([create], [keeper])

    async def confirmed(self) -> None:
        """Wait until its last account is confirmed: whoever asks reads no earlier state."""
        last = self._program.addresses.user_account(self._keys.keeper.pubkey())
        end_s = time.monotonic() + _LANDING_S_MAX
        while await self._rpc.account(last, Commitment.CONFIRMED) is None:
            if time.monotonic() > end_s:
                raise GenesisFailed(f"genesis was not confirmed within {_LANDING_S_MAX:.0f} s")
            await asyncio.sleep(0.05)

    def _admin_accounts(self) -> dict[str, Pubkey]:
        return {
            "admin": self._keys.admin.pubkey(),
            "mint": self._mint,
            "vault_tokens": self._program.addresses.vault_tokens(self._mint),
        }

    async def _exists(self, address: Pubkey) -> bool:
        return await self._rpc.account(address, _PROCESSED) is not None

    async def _fields(self, kind: str, address: Pubkey) -> Fields:
        account = await self._rpc.account(address, _PROCESSED)
        if account is None:
            raise GenesisFailed(f"{kind} is missing although the program was initialized")
        return self._program.decode(kind, account.data)

    async def _send(self, instructions: Sequence[Instruction], keys: Sequence[Keypair]) -> None:
        recent = await self._rpc.latest_blockhash(_PROCESSED)
        message = build_message(keys[0].pubkey(), instructions, recent.hash, unit_limit=400_000)
        wire, step = sign(message, keys), self._step(instructions, keys)
        try:
            signature = await self._rpc.send(wire)
        except TransactionRejected as refusal:
            raise self._refused(step, refusal.err or str(refusal), refusal.logs) from refusal
        await self._landed(signature, wire, step)

    def _step(self, instructions: Sequence[Instruction], keys: Sequence[Keypair]) -> str:
        last, name = instructions[-1], "the making of the test USDC"
        if last.program_id == self._program.id:
            accounts = [each.pubkey for each in last.accounts]
            name = self._program.read_instruction(bytes(last.data), accounts).name
        return f"{name}, signed by {' and '.join(str(each.pubkey()) for each in keys)},"

    def _refused(self, step: str, err: Any, logs: list[str] | None = None) -> GenesisFailed:
        failure = failure_of(err, self._program, logs)
        assert failure is not None
        return GenesisFailed(f"{step} was refused: {failure.message} ({failure.code})")

    async def _landed(
        self, signature: str, wire: bytes | None = None, step: str = "an airdrop"
    ) -> None:
        """Wait for it, handing the same bytes in again: a node may drop what it has accepted."""
        began = again_at = time.monotonic()
        while time.monotonic() < began + _LANDING_S_MAX:
            (state,) = await self._rpc.statuses([signature])
            if state is not None and state.err is None:
                return
            if state is not None:
                raise self._refused(step, state.err)
            if wire is not None and time.monotonic() > again_at + _RESEND_S:
                await self._rpc.send(wire, preflight=False)
                again_at = time.monotonic()
            await asyncio.sleep(0.1)
        raise GenesisFailed(
            f"{step} did not land within {_LANDING_S_MAX:.0f} s ({signature});"
            " run the same command again to go on"
        )


def market_params(market: MarketParams, feed_id: bytes) -> dict[str, Value]:
    """The program's MarketParams for a market of the domain, its oracle pinned to a feed."""
    tiers = [
        {
            "notional_cap_e6": tier.notional_cap_e6,
            "max_leverage": tier.max_leverage,
            "imr_e6": tier.imr_e6,
            "mmr_e6": tier.mmr_e6,
        }
        for tier in market.tiers
    ]
    return {
        "symbol": market.symbol.encode().ljust(16, b"\0"),
        "oracle": price_update(feed_id),
        "oracle_owner": RECEIVER_PROGRAM,
        "feed_id": feed_id,
        "spread_e6": market.spread_e6,
        "impact_e6": market.impact_e6,
        "skew_scale_e9": market.skew_scale_e9,
        "taker_fee_e6": market.taker_fee_e6,
        "limit_fee_e6": market.limit_fee_e6,
        "funding_max_e6": market.funding_max_e6,
        "conf_gate_e6": market.conf_gate_e6,
        "conf_weight_e6": market.conf_weight_e6,
        "age_grow_s": market.age_grow_s,
        "age_reduce_s": market.age_reduce_s,
        "age_liquidate_s": market.age_liquidate_s,
        "oi_cap_e9": market.oi_cap_e9,
        "account_cap_e9": market.account_cap_e9,
        "liquidation_fee_e6": market.liquidation_fee_e6,
        "tick_e6": market.tick_e6,
        "lot_e9": market.lot_e9,
        "min_size_e9": market.min_size_e9,
        "tiers": tiers,
    }
