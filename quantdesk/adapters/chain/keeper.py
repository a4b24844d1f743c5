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
from quantdesk.adapters.chain.budget import PRICE_CAP, Budget
from quantdesk.adapters.chain.codec import CodecError
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.instructions import Instructions, MarketRef
from quantdesk.adapters.chain.keeper_instructions import KeeperInstructions
from quantdesk.adapters.chain.price_update import PriceMessage, post_update
from quantdesk.adapters.chain.program import Fields, Program
from quantdesk.adapters.chain.task_budgets import TaskBudgets
from quantdesk.adapters.chain.transaction import TransactionTooLong, build_message, sign
from quantdesk.adapters.chain.vaults import collateral_vault, others, reading_in, refs
from quantdesk.adapters.chain.worker_node import KeeperNode, Listener
from quantdesk.domain.account import USDC
from quantdesk.domain.oracle import PriceReading
from quantdesk.services.actions import Commitment
from quantdesk.services.chain_ports import Change, Content, Found, Gap, Gone, TaskRefused
from quantdesk.services.keeping_tasks import ExchangeBook, Task
from quantdesk.services.ports import ExchangeUnavailable, PortError

EXPONENT = -8
E6_TO_MANTISSA = 10 ** (-EXPONENT - 6)
BLOCKHASH_AGE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperKeys:
    """Who signs: tasks the keeper, prices the publisher (None where others publish)."""

    keeper: Keypair
    publisher: Keypair | None


class ChainKeeper:
    """The port `KeeperChain`."""

    def __init__(
        self,
        node: KeeperNode,
        listener: Listener,
        program: Program,
        keys: KeeperKeys,
        budgets: TaskBudgets | None = None,
    ) -> None:
        self._node = node
        self._listener = listener
        self._program = program
        self._keys = keys
        self._budgets = budgets or TaskBudgets(node, price_max=PRICE_CAP)
        self._feeds: dict[int, bytes] = {}
        self._oracles: dict[Pubkey, bytes | None] = {}
        self._instructions = self._building(Instructions(program))
        self._blockhash = ""
        self._blockhash_at_s = 0.0

    async def read(self) -> Sequence[Found]:
        """Every market, account, position and order, and the pool."""
        stored = await self._node.program_accounts(
            self._program.id, commitment=Commitment.PROCESSED
        )
        decoded = [(str(each.address), *self._program.decode_account(each.data)) for each in stored]
        vaults = [fields for _, kind, fields in decoded if kind == "TokenVault"]
        await self._learn_oracles(vaults)
        self._learn([fields for _, kind, fields in decoded if kind == "Market"], vaults)
        found = [
            (address, self._content(address, kind, fields)) for address, kind, fields in decoded
        ]
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
        await self._send(posts, publisher, rehearse=False)

    async def perform(
        self, task: Task, book: ExchangeBook, *, rehearse: bool
    ) -> TaskRefused | None:
        """Send one task; None when the node took it."""
        try:
            await self._send_task(task, book, rehearse=rehearse)
        except ExchangeUnavailable:
            raise
        except PortError as refusal:
            err, logs = getattr(refusal, "err", None), getattr(refusal, "logs", None)
            failure = failure_of(err, self._program, logs)
            if failure is None:
                return TaskRefused(code="REFUSED", message=str(refusal))
            return TaskRefused(code=failure.code, message=failure.message)
        return None

    async def _send_task(self, task: Task, book: ExchangeBook, *, rehearse: bool) -> None:
        keeper = self._keys.keeper
        try:
            await self._send([self._instructions.of(task, book)], keeper, rehearse=rehearse)
        except TransactionTooLong:
            # The account holds all that it may: what must be done is worth more than its reward.
            plain = self._instructions.of(task, book, for_reward=False)
            await self._hand_in([plain], keeper, Budget(), rehearse=rehearse)

    async def _send(
        self, instructions: Sequence[Instruction], payer: Keypair, *, rehearse: bool
    ) -> None:
        if time.monotonic() - self._blockhash_at_s > BLOCKHASH_AGE_S:
            self._blockhash = (await self._node.latest_blockhash()).hash
            self._blockhash_at_s = time.monotonic()
        budget = await self._budgets.of(
            payer.pubkey(), instructions, self._blockhash, anew=rehearse
        )
        await self._hand_in(instructions, payer, budget, rehearse=rehearse)

    async def _hand_in(
        self,
        instructions: Sequence[Instruction],
        payer: Keypair,
        budget: Budget,
        *,
        rehearse: bool,
    ) -> None:
        message = build_message(
            payer.pubkey(),
            instructions,
            self._blockhash,
            unit_limit=budget.unit_limit,
            unit_price=budget.unit_price,
        )
        await self._node.send(sign(message, [payer]), preflight=rehearse)

    def _change(self, value: Mapping[str, Any]) -> Change:
        address, account = value["pubkey"], value["account"]
        data = base64.b64decode(account["data"][0])
        if not data or not account["lamports"] or account["owner"] != str(self._program.id):
            return Gone(address=address)
        try:
            kind, fields = self._program.decode_account(data)
        except CodecError:
            return Gone(address=address)
        content = self._content(address, kind, fields)
        return Gone(address=address) if content is None else Found(address=address, content=content)

    async def _learn_oracles(self, vaults: Sequence[Fields]) -> None:
        oracles = [each["oracle"] for each in others(vaults)]
        found = await self._node.accounts(oracles) if oracles else []
        self._oracles = {
            key: each.data if each else None for key, each in zip(oracles, found, strict=True)
        }

    def _learn(self, markets: Sequence[Fields], vaults: Sequence[Fields]) -> None:
        self._feeds = {each["index"]: each["feed_id"] for each in markets}
        found = [MarketRef(index=each["index"], oracle=each["oracle"]) for each in markets]
        self._instructions = self._building(Instructions(self._program, found, refs(vaults)))

    def _building(self, build: Instructions) -> KeeperInstructions:
        keeper = self._keys.keeper.pubkey()
        account = self._program.addresses.user_account(keeper)
        return KeeperInstructions(build, keeper, account)

    def _content(self, address: str, kind: str, fields: Fields) -> Content | None:
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
            case "TokenVault" if fields["index"] != USDC:
                reading = reading_in(self._oracles.get(fields["oracle"]), fields["feed_id"])
                same = [index for index, feed in self._feeds.items() if feed == fields["feed_id"]]
                return collateral_vault(fields, reading, min(same, default=None))
            case _:
                return None


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
