"""The exchange on chain: its state in the domain's types, and transactions that would change it.

An account is read together with its positions in one call, so both are of the same slot.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.budget import PRICE_CAP, budget_of
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.rpc_node import AccountBytes, Node
from quantdesk.adapters.chain.transaction import TransactionTooLong, build_message
from quantdesk.adapters.chain.vaults import VaultReader
from quantdesk.services.actions import (
    Action,
    CancelOrder,
    CreateAccount,
    Deposit,
    PlaceOrder,
    UnsignedTransaction,
    Withdraw,
)
from quantdesk.services.exchange_state import (
    AccountSnapshot,
    ExchangeState,
    OpenOrder,
    WalletState,
)
from quantdesk.services.ports import ExchangeUnavailable

STATE_AGE_S_MAX = 0.5
"""How long one reading of the markets serves everybody in this process."""

USER_ACCOUNT_OFFSET = 10
"""Discriminator, version and bump stand before `user_account` in an Order."""

_TOKEN_AMOUNT = slice(64, 72)


class ChainExchange:
    """The port `Exchange` over one deployment of the program."""

    def __init__(
        self,
        node: Node,
        program: Program,
        usdc_mint: Pubkey,
        *,
        memcmp: Callable[..., Any],
        price_cap: int = PRICE_CAP,
    ) -> None:
        self._node = node
        self._program = program
        self._mint = usdc_mint
        self._memcmp = memcmp
        self._price_cap = price_cap
        self._vaults = VaultReader(node, program, memcmp)
        self._reading = asyncio.Lock()
        self._state: ExchangeState | None = None
        self._instructions = Instructions(program)
        self._read_at_s = 0.0

    async def state(self) -> ExchangeState:
        """Every market and the pool; at most half a second old."""
        async with self._reading:
            if self._state is None or time.monotonic() - self._read_at_s > STATE_AGE_S_MAX:
                self._state = await self._read_state()
                self._read_at_s = time.monotonic()
            return self._state

    async def account(self, owner: str, sub_account_id: int = 0) -> AccountSnapshot | None:
        """A user account with its positions and open orders; None when it does not exist."""
        state = await self.state()
        where = self._program.addresses
        address = where.user_account(Pubkey.from_string(owner), sub_account_id)
        indices = [market.params.index for market in state.markets]
        wanted = [address, *(where.position(address, index) for index in indices)]
        found, *held = await self._node.accounts(wanted)
        if found is None:
            return None
        account = states.account_state(
            str(address), self._program.decode("UserAccount", found.data)
        )
        positions = [
            states.position(self._program.decode("Position", each.data)) for each in held if each
        ]
        return AccountSnapshot(
            account=account,
            positions=tuple(each for each in positions if not each.is_flat),
            orders=await self._orders(address) if account.open_orders else (),
            slot=found.slot,
        )

    async def wallet(self, owner: str) -> WalletState:
        """What the wallet itself holds."""
        key = Pubkey.from_string(owner)
        tokens = associated_token_account(key, self._mint)
        system, token = await self._node.accounts([key, tokens])
        return WalletState(
            lamports=system.lamports if system else 0,
            usdc_e6=int.from_bytes(token.data[_TOKEN_AMOUNT], "little") if token else 0,
        )

    async def build(
        self, owner: str, action: Action, *, sub_account_id: int = 0
    ) -> UnsignedTransaction:
        """The transaction for an action, with a fresh blockhash and the owner as fee payer."""
        key = Pubkey.from_string(owner)
        address = self._program.addresses.user_account(key, sub_account_id)
        await self.state()
        blockhash, [found] = await asyncio.gather(
            self._node.latest_blockhash(), self._node.accounts([address])
        )
        trader = Trader(address=address, owner=key)
        if found is not None:
            trader = Trader.of(address, self._program.decode("UserAccount", found.data))
        instructions = self._for(action, trader, sub_account_id)
        return UnsignedTransaction(
            account=str(address),
            message_bytes=await self._message(key, instructions, blockhash.hash),
            last_valid_block_height=blockhash.last_valid_block_height,
            order_address=self._order_address(action, address),
        )

    async def _message(
        self, payer: Pubkey, instructions: list[Instruction], blockhash: str
    ) -> bytes:
        try:
            budget = await budget_of(
                self._node, payer, instructions, blockhash, price_cap=self._price_cap
            )
            return build_message(
                payer,
                instructions,
                blockhash,
                unit_limit=budget.unit_limit,
                unit_price=budget.unit_price,
            )
        except TransactionTooLong as problem:
            raise TransactionTooLong(
                "the account holds too many markets and collaterals; close one or withdraw one"
                f" first ({problem})"
            ) from problem

    def _for(self, action: Action, trader: Trader, sub_account_id: int) -> list[Instruction]:
        build = self._instructions
        match action:
            case CreateAccount():
                return [build.create_user_account(trader.owner, sub_account_id)]
            case Deposit():
                deposit = build.deposit(trader, self._mint, action.amount_e6)
                if not action.creates_account:
                    return [deposit]
                return [build.create_user_account(trader.owner, sub_account_id), deposit]
            case Withdraw():
                return [build.withdraw(trader, self._mint, action.amount_e6)]
            case PlaceOrder():
                return [build.place_order(trader, action.market_index, _params(action))]
            case CancelOrder():
                return [build.cancel_order(trader, Pubkey.from_string(action.order_address))]

    def _order_address(self, action: Action, account: Pubkey) -> str | None:
        match action:
            case PlaceOrder():
                return str(self._program.addresses.order(account, action.client_order_id))
            case CancelOrder():
                return action.order_address
            case _:
                return None

    async def _orders(self, account: Pubkey) -> tuple[OpenOrder, ...]:
        matches = [
            self._memcmp(offset=0, run=self._program.discriminator("Order")),
            self._memcmp(offset=USER_ACCOUNT_OFFSET, run=bytes(account)),
        ]
        found = await self._node.program_accounts(self._program.id, matches=matches)
        orders = [
            OpenOrder(
                address=str(each.address),
                order=states.order(self._program.decode("Order", each.data)),
            )
            for each in found
        ]
        return tuple(sorted(orders, key=lambda each: each.order.placed_at, reverse=True))

    async def _read_state(self) -> ExchangeState:
        where = self._program.addresses
        count = len(self._state.markets) if self._state else 0
        wanted = [where.pool, *(where.market(index) for index in range(count))]
        pool, *markets = await self._node.accounts(wanted)
        if pool is None:
            raise ExchangeUnavailable("the exchange program is not initialised on this chain")
        pool_fields = self._program.decode("Pool", pool.data)
        if pool_fields["market_count"] != count:
            addresses = [where.market(index) for index in range(pool_fields["market_count"])]
            markets = list(await self._node.accounts(addresses))
        decoded = [self._market_fields(each) for each in markets if each]
        refs, vaults = await self._vaults.read(pool_fields["vault_count"])
        self._instructions = Instructions(
            self._program,
            [MarketRef(index=each["index"], oracle=each["oracle"]) for each in decoded],
            refs,
        )
        return ExchangeState(
            markets=tuple(states.market_state(each) for each in decoded),
            pool=states.pool_state(pool_fields),
            slot=pool.slot,
            vaults=vaults,
        )

    def _market_fields(self, account: AccountBytes) -> Fields:
        return self._program.decode("Market", account.data)


def _params(action: PlaceOrder) -> dict[str, object]:
    return {
        "client_order_id": action.client_order_id,
        "kind": action.kind,
        "size_e9": action.size_e9,
        "limit_price_e6": action.limit_price_e6,
        "trigger_price_e6": action.trigger_price_e6,
        "trailing_bps": action.trailing_bps,
        "reduce_only": action.reduce_only,
        "expires_at": action.expires_at_s,
    }
