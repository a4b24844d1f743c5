"""Traders of the chain bench: funded wallets with accounts, and the transactions they sign."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.system_program import TransferParams, transfer

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import associated_token_account, price_update
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.template import OrderPatch, OrderTemplate
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.keys import WorldKeys, ensure_keys

TRADERS, ORDERS_EACH = 32, 8
FUNDS_LAMPORTS = 10_000_000_000
DEPOSIT_E6 = 10_000_000_000
PRICE_E6 = 150_000_000
LIMIT_E6 = 160_000_000
SIZE_E9 = 1_000_000_000
UNIT_LIMIT = 200_000
PROCESSED = Commitment.PROCESSED


class Traders:
    """Wallets with a deposit; one market, one price."""

    def __init__(self, node: RpcClient, keys: WorldKeys) -> None:
        self._node = node
        self._keys = keys
        self._program = load_program()
        self._feed = next(each for each in FEEDS if each.market_index == 0)
        oracle = price_update(bytes.fromhex(self._feed.feed_id))
        self._build = Instructions(self._program, [MarketRef(index=0, oracle=oracle)])
        self._owners = [Keypair() for _ in range(TRADERS)]

    @classmethod
    async def open(cls, node: RpcClient, keys_dir: Path) -> Traders:
        """Fund every wallet and its account."""
        made = cls(node, ensure_keys(keys_dir))
        await asyncio.gather(*map(made._fund, made._owners))
        return made

    @asynccontextmanager
    async def priced(self) -> AsyncIterator[None]:
        """A price that was published after anything placed so far, and stays young."""
        await asyncio.sleep(2.1)
        for _ in range(2):  # the first after a silence only refreshes
            await self._publish()
            await asyncio.sleep(1.1)
        await self._publish()
        yield

    async def transfers(self, count: int) -> list[bytes]:
        """SOL from each wallet in turn, every amount another."""
        recent, to = await self._recent(), Keypair().pubkey()
        found = []
        for number in range(count):
            owner = self._owners[number % TRADERS]
            move = TransferParams(
                from_pubkey=owner.pubkey(), to_pubkey=to, lamports=1_000_000 + number
            )
            message = build_message(owner.pubkey(), [transfer(move)], recent)
            found.append(sign(message, [owner]))
        return found

    async def orders(self) -> list[bytes]:
        """Limit orders that the next price fills."""
        recent, found = await self._recent(), []
        for owner in self._owners:
            template = OrderTemplate(self._build, self._trader(owner), 0, unit_limit=UNIT_LIMIT)
            for number in range(1, ORDERS_EACH + 1):
                patch = OrderPatch(
                    client_order_id=number, kind=1, size_e9=SIZE_E9, limit_price_e6=LIMIT_E6
                )
                found.append(template.sign(patch, recent, owner))
        return found

    async def fills(self) -> list[bytes]:
        """The keeper fills every order."""
        recent, keeper, found = await self._recent(), self._keys.keeper, []
        where = self._program.addresses
        for owner, number in itertools.product(self._owners, range(1, ORDERS_EACH + 1)):
            trader = self._trader(owner)
            fill = self._build.execute_order(
                trader,
                where.order(trader.address, number),
                0,
                keeper=keeper.pubkey(),
                keeper_account=where.user_account(keeper.pubkey()),
            )
            message = build_message(keeper.pubkey(), [fill], recent, unit_limit=UNIT_LIMIT)
            found.append(sign(message, [keeper]))
        return found

    async def _fund(self, owner: Keypair) -> None:
        await self._node.request_airdrop(owner.pubkey(), FUNDS_LAMPORTS)
        mint, faucet = self._keys.usdc_mint.pubkey(), self._keys.faucet
        wallet = associated_token_account(owner.pubkey(), mint)
        await self._send(
            [
                tokens.create_token_account(faucet.pubkey(), owner.pubkey(), mint),
                tokens.mint_to(mint, wallet, faucet.pubkey(), DEPOSIT_E6),
            ],
            faucet,
        )
        trader = self._trader(owner)
        opened = self._build.create_user_account(owner.pubkey())
        await self._send([opened, self._build.deposit(trader, mint, DEPOSIT_E6)], owner)

    async def _publish(self) -> None:
        now = int(time.time())
        message = PriceMessage(
            feed_id=bytes.fromhex(self._feed.feed_id),
            price=PRICE_E6 * 100,
            conf=5_000_000,
            exponent=-8,
            publish_time=now,
            prev_publish_time=now - 1,
            ema_price=PRICE_E6 * 100,
            ema_conf=5_000_000,
        )
        publisher = self._keys.publisher
        steps = [post_update(publisher.pubkey(), message), self._build.update_oracle_price(0)]
        await self._send(steps, publisher)

    async def _send(self, steps: Sequence[Instruction], key: Keypair) -> None:
        message = build_message(key.pubkey(), steps, await self._recent(), unit_limit=400_000)
        await self._node.send(sign(message, [key]))

    async def _recent(self) -> Hash:
        return Hash.from_string((await self._node.latest_blockhash(PROCESSED)).hash)

    def _trader(self, owner: Keypair) -> Trader:
        where = self._program.addresses
        return Trader(address=where.user_account(owner.pubkey()), owner=owner.pubkey())
