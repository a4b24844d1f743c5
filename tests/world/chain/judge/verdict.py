"""What a chain did with one case, in a form in which two chains can be compared.

Left out, each for a reason given in docs/local-chain.md: compute units, bytes of events, slots and
times, token balances of accounts that several actors share.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from dataclasses import dataclass
from typing import Any

from solders.hash import Hash
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import price_update
from quantdesk.adapters.chain.price_update import parse_price_update
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.adapters.rpc.pool import NodePool
from quantdesk.services.actions import Commitment
from tests.world.chain.judge.actor import Actor, Case, Mischief
from tests.world.chain.judge.compose import first_signature, message_of, wire_of
from tests.world.chain.test_genesis import FEED_IDS

CONFIRMED = Commitment.CONFIRMED
ATTEMPTS = 3
FAILURE_S_MAX = 40.0
"""How long a bad transaction may take to land and pay its fee."""
REFUSAL_S_MAX = 3.0
"""How long one that should never land is watched."""

CLOCK = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
PRICE = price_update(FEED_IDS["SOL-PERP"])
NEVER_LAND = {"AccountNotFound", "AccountLoadedTwice", "AlreadyProcessed", "BlockhashNotFound"}
NEVER_LAND |= {"InsufficientFundsForFee", "InvalidAccountForFee", "SignatureFailure"}
RESEND_S = 1.5
Told = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One case and what became of it."""

    case: Case
    told: Told

    @property
    def has_succeeded(self) -> bool:
        landed = self.told["landed"]
        is_second = self.case.mischief is Mischief.TWICE
        return landed is not None and landed["err"] is None and not is_second


class Judge:
    """Sends cases to one chain."""

    def __init__(self, url: str) -> None:
        self._pool = NodePool([url], timeout_s=30, budget_s=90, hedge_after_s=90)
        self.rpc = RpcClient(self._pool)

    async def close(self) -> None:
        await self.rpc.close()

    async def play(self, actor: Actor, case: Case) -> Verdict:
        """Send a case until the chain has said what it does with it."""
        if case.needs_later_price:
            now = await self.clock()
            while await self._published_at() <= now:  # noqa: ASYNC110 - a node is polled
                await asyncio.sleep(0.3)
        works = case.is_good or case.mischief is Mischief.TWICE
        told = await (self._good(actor, case) if works else self._bad(actor, case))
        return Verdict(case=case, told=told)

    async def clock(self) -> int:
        """The chain's own time in unix seconds; a loaded validator's lags behind the wall's."""
        found = await self.rpc.account(CLOCK)
        assert found is not None
        return int.from_bytes(found.data[32:40], "little")

    async def _published_at(self) -> int:
        found = await self.rpc.account(PRICE)
        assert found is not None
        return parse_price_update(found.data).message.publish_time

    async def _good(self, actor: Actor, case: Case) -> Told:
        """What was lost until its blockhash expired is signed again."""
        refusal: Told | None = None
        for _ in range(ATTEMPTS):
            recent, last_height = await self._recent(case)
            message = message_of(case, recent, actor.table)
            wire, quoted = wire_of(case, message), await self._quote(message)
            refusal = await self._send(wire, preflight=True)
            if refusal is not None:
                break
            while await self.rpc.block_height() <= last_height + 2:
                landed = await self._landed(wire, within_s=RESEND_S)
                if landed is not None:
                    found = {"preflight": None, "landed": self._seen(actor, landed)}
                    if case.mischief is Mischief.TWICE:
                        found["preflight"] = await self._send(wire, preflight=True)
                    return found | {"quoted": quoted}
                await self._send(wire, preflight=False)
        return {"preflight": refusal, "landed": None, "quoted": None}

    async def _bad(self, actor: Actor, case: Case) -> Told:
        recent, _ = await self._recent(case)
        message = message_of(case, recent, actor.table)
        wire, quoted = wire_of(case, message), await self._quote(message)
        preflight = await self._send(wire, preflight=True)
        unchecked = await self._send(wire, preflight=False)
        landed, end_s = None, time.monotonic() + _watch_s(preflight)
        while landed is None and unchecked is None and time.monotonic() < end_s:
            landed = await self._landed(wire, within_s=RESEND_S)
            if landed is None:
                await self._send(wire, preflight=False)
        return {
            "preflight": preflight,
            "unchecked": unchecked,
            "landed": None if landed is None else self._seen(actor, landed),
            "quoted": quoted,
        }

    async def _recent(self, case: Case) -> tuple[Hash, int]:
        recent = await self.rpc.latest_blockhash(CONFIRMED)
        if case.nonce is None:
            return Hash.from_string(recent.hash), recent.last_valid_block_height
        account = await self.rpc.account(case.nonce)
        assert account is not None, f"{case.name}: there is no nonce"
        return Hash.from_bytes(account.data[40:72]), recent.last_valid_block_height

    async def _quote(self, message: bytes) -> Any:
        """What the node says the message costs."""
        try:
            text = base64.b64encode(message).decode()
            reply = await self._pool.call("getFeeForMessage", [text, {"commitment": "confirmed"}])
        except RpcRefused as refusal:
            return {"code": refusal.code}
        return reply["value"]

    async def _send(self, wire: bytes, *, preflight: bool) -> Told | None:
        """None when the node took it, else how it refused."""
        options = {
            "encoding": "base64",
            "skipPreflight": not preflight,
            "preflightCommitment": "confirmed",
            "maxRetries": 0,
        }
        text = base64.b64encode(wire).decode()
        try:
            await self._pool.call("sendTransaction", [text, options], hedge=False)
        except RpcRefused as refusal:
            shown: Told = {"code": refusal.code, "message": _comparable_words(refusal.message)}
            if isinstance(refusal.data, dict):
                shown["err"] = refusal.data.get("err")
                shown["logs"] = comparable_logs(refusal.data.get("logs") or [])
            return shown
        return None

    async def _landed(self, wire: bytes, *, within_s: float) -> Told | None:
        signature, end_s = first_signature(wire), time.monotonic() + within_s
        options = {
            "encoding": "json",
            "commitment": "confirmed",
            "maxSupportedTransactionVersion": 0,
        }
        while True:
            (state,) = await self.rpc.statuses([signature], search_history=False)
            if state is not None and state.commitment is not Commitment.PROCESSED:
                reply: Told | None = await self._pool.call("getTransaction", [signature, options])
                if reply is not None:
                    return reply
            if time.monotonic() > end_s:
                return None
            await asyncio.sleep(0.2)

    def _seen(self, actor: Actor, reply: Told) -> Told:
        meta = reply["meta"]
        mine = {str(actor.address), *(str(actor.heir(each).pubkey()) for each in range(4))}
        moved = zip(meta["preBalances"], meta["postBalances"], strict=True)
        return {
            "err": meta["err"],
            "status": meta["status"],
            "fee": meta["fee"],
            "version": reply["version"],
            "logs": meta["logMessages"] and comparable_logs(meta["logMessages"]),
            "moved": [after - before for before, after in moved],
            "payer": [meta["preBalances"][0], meta["postBalances"][0]],
            "tokens": [
                [row for row in meta[side] or () if row["owner"] in mine]
                for side in ("preTokenBalances", "postTokenBalances")
            ],
            "inner": meta["innerInstructions"],
            "loaded": meta["loadedAddresses"],
            "returned": meta.get("returnData"),
        }


def _watch_s(preflight: Told | None) -> float:
    """The node's own words tell which failures it lets land; the others are watched briefly."""
    err = (preflight or {}).get("err")
    is_barred = err is None or (isinstance(err, str) and err in NEVER_LAND)
    is_poor = isinstance(err, dict) and err.get("InsufficientFundsForRent") == {"account_index": 0}
    return REFUSAL_S_MAX if is_barred or is_poor else FAILURE_S_MAX


def _comparable_words(message: str) -> str:
    """Without what the decoder's library says of bytes that are no transaction."""
    return re.sub(r"(failed to deserialize \S+): .*", r"\1", message)


def comparable_logs(logs: list[str]) -> list[str]:
    """Logs without compute units and without event bytes; neighbouring events count as one."""
    found: list[str] = []
    for line in logs:
        plain = re.sub(r"consumed \d+ of \d+", "consumed", line)
        plain = "Program data" if plain.startswith("Program data: ") else plain
        if plain != "Program data" or found[-1:] != ["Program data"]:
            found.append(plain)
    return found
