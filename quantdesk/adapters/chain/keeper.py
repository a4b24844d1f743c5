"""A keeper's hands: it reads the whole program, posts prices, and sends one task at a time."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.chain.worker_node import KeeperNode, Listener
from quantdesk.domain.account import AccountState
from quantdesk.domain.oracle import PriceReading
from quantdesk.services.actions import Commitment
from quantdesk.services.chain_ports import Change, Content, Found, Gap, Gone, TaskRefused
from quantdesk.services.plan_keeping import (
    AccrueFunding,
    CancelExpired,
    ExchangeBook,
    ExecuteOrder,
    FollowPrice,
    Liquidate,
    RefreshMarket,
    ResolveBankruptcy,
    SettleFunding,
    Task,
)
from quantdesk.services.ports import ExchangeUnavailable, PortError

EXPONENT = -8
E6_TO_MANTISSA = 10 ** (-EXPONENT - 6)
TASK_UNITS = 400_000
POST_UNITS = 60_000
BLOCKHASH_AGE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperKeys:
    """Who signs: tasks the keeper, prices the publisher (None where others publish)."""

    keeper: Keypair
    publisher: Keypair | None


class ChainKeeper:
    """The port `KeeperChain`."""

    def __init__(
        self, node: KeeperNode, listener: Listener, program: Program, keys: KeeperKeys
    ) -> None:
        self._node = node
        self._listener = listener
        self._program = program
        self._keys = keys
        self._feeds: dict[int, bytes] = {}
        self._instructions = Instructions(program)
        self._account = program.addresses.user_account(keys.keeper.pubkey())
        self._blockhash = ""
        self._blockhash_at_s = 0.0

    async def read(self) -> Sequence[Found]:
        """Every market, account, position and order, and the pool."""
        stored = await self._node.program_accounts(
            self._program.id, commitment=Commitment.PROCESSED
        )
        decoded = [(str(each.address), *self._program.decode_account(each.data)) for each in stored]
        self._learn_markets([fields for _, kind, fields in decoded if kind == "Market"])
        found = [(address, _content(address, kind, fields)) for address, kind, fields in decoded]
        return [Found(address=address, content=content) for address, content in found if content]

    async def changes(self) -> AsyncIterator[Change]:
        """Accounts as they change; a Gap when some may have been missed."""
        async for message in self._listener.program(self._program.id, Commitment.PROCESSED):
            value = getattr(message, "value", None)
            yield Gap() if value is None else self._change(value)

    async def slot(self) -> int:
        """The newest slot of the node."""
        return await self._node.slot(Commitment.PROCESSED)

    async def post_prices(self, readings: Mapping[int, PriceReading]) -> None:
        """Put prices on chain, by market index; all in one transaction."""
        publisher = self._keys.publisher
        if publisher is None:
            return
        posts = [
            post_update(publisher.pubkey(), _message(self._feeds[index], reading))
            for index, reading in readings.items()
        ]
        await self._send(posts, publisher, units=POST_UNITS * len(posts), preflight=False)

    async def perform(
        self, task: Task, book: ExchangeBook, *, rehearse: bool
    ) -> TaskRefused | None:
        """Send one task; None when the node took it."""
        instruction = self._instruction(task, book)
        try:
            await self._send([instruction], self._keys.keeper, units=TASK_UNITS, preflight=rehearse)
        except ExchangeUnavailable:
            raise
        except PortError as refusal:
            err, logs = getattr(refusal, "err", None), getattr(refusal, "logs", None)
            failure = failure_of(err, self._program, logs)
            if failure is None:
                return TaskRefused(code="REFUSED", message=str(refusal))
            return TaskRefused(code=failure.code, message=failure.message)
        return None

    def _instruction(self, task: Task, book: ExchangeBook) -> Instruction:
        keeper, build = self._keys.keeper.pubkey(), self._instructions
        match task:
            case ExecuteOrder() | FollowPrice():
                order = book.orders[task.order]
                return build.execute_order(
                    _trader(book.accounts[order.account]),
                    Pubkey.from_string(task.order),
                    order.market_index,
                    keeper=keeper,
                    keeper_account=self._rewarded(order.account, book),
                )
            case CancelExpired():
                trader = _trader(book.accounts[book.orders[task.order].account])
                return build.cancel_order(trader, Pubkey.from_string(task.order), by=keeper)
            case Liquidate():
                return build.liquidate(
                    _trader(book.accounts[task.account]),
                    task.market_index,
                    liquidator=keeper,
                    liquidator_account=self._account,
                )
            case ResolveBankruptcy():
                return build.resolve_bankruptcy(Pubkey.from_string(task.account))
            case SettleFunding():
                trader = _trader(book.accounts[task.account])
                return build.settle_funding(task.market_index, trader)
            case AccrueFunding():
                return build.settle_funding(task.market_index)
            case RefreshMarket():
                return build.update_oracle_price(task.market_index)

    def _rewarded(self, account: str, book: ExchangeBook) -> Pubkey | None:
        own = str(self._account)
        return self._account if own != account and own in book.accounts else None

    async def _send(
        self, instructions: Sequence[Instruction], payer: Keypair, *, units: int, preflight: bool
    ) -> None:
        if time.monotonic() - self._blockhash_at_s > BLOCKHASH_AGE_S:
            self._blockhash = (await self._node.latest_blockhash()).hash
            self._blockhash_at_s = time.monotonic()
        message = build_message(payer.pubkey(), instructions, self._blockhash, unit_limit=units)
        await self._node.send(sign(message, [payer]), preflight=preflight)

    def _change(self, value: Mapping[str, Any]) -> Change:
        address, account = value["pubkey"], value["account"]
        data = base64.b64decode(account["data"][0])
        if not data or not account["lamports"] or account["owner"] != str(self._program.id):
            return Gone(address=address)
        try:
            kind, fields = self._program.decode_account(data)
        except CodecError:
            return Gone(address=address)
        content = _content(address, kind, fields)
        return Gone(address=address) if content is None else Found(address=address, content=content)

    def _learn_markets(self, markets: Sequence[Fields]) -> None:
        self._feeds = {each["index"]: each["feed_id"] for each in markets}
        refs = [MarketRef(index=each["index"], oracle=each["oracle"]) for each in markets]
        self._instructions = Instructions(self._program, refs)


def _content(address: str, kind: str, fields: Fields) -> Content | None:
    match kind:
        case "Market":
            return states.market_state(fields)
        case "Pool":
            return states.pool_state(fields)
        case "UserAccount":
            return states.account_state(address, fields)
        case "Position":
            return states.position(fields)
        case "Order":
            return states.order(fields)
        case _:
            return None


def _trader(account: AccountState) -> Trader:
    return Trader(
        address=Pubkey.from_string(account.address),
        owner=Pubkey.from_string(account.owner),
        open_markets=account.open_markets,
        balances=account.balances,
    )


def _message(feed_id: bytes, reading: PriceReading) -> PriceMessage:
    price, conf = reading.price_e6 * E6_TO_MANTISSA, reading.conf_e6 * E6_TO_MANTISSA
    return PriceMessage(
        feed_id=feed_id,
        price=price,
        conf=conf,
        exponent=EXPONENT,
        publish_time=reading.publish_time,
        prev_publish_time=reading.prev_publish_time,
        ema_price=price,
        ema_conf=conf,
    )
