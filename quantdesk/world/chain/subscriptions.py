"""WebSocket subscriptions: accounts, programs, logs, signatures, slots and roots.

A subscription hears of an effect once, when its slot reaches the subscription's commitment.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from solders.pubkey import Pubkey
from solders.signature import Signature

from quantdesk.world.chain.account_json import noted_account_json
from quantdesk.world.chain.bank import Bank, Effect
from quantdesk.world.chain.dispatch import MISREAD, call_of, error_envelope, misread
from quantdesk.world.chain.errors import METHOD_NOT_FOUND, RpcError, invalid
from quantdesk.world.chain.json_types import Json, Object
from quantdesk.world.chain.ledger import AccountQuery
from quantdesk.world.chain.methods.accounts import lookup_at, program_query
from quantdesk.world.chain.parameters import SUBSCRIPTIONS, UNSUBSCRIBE
from quantdesk.world.chain.params import Params, address, commitment

log = structlog.get_logger()

OUTBOX_MAX = 20_000
_LEVELS = ("processed", "confirmed", "finalized")
_KINDS = ("account", "program", "logs", "signature", "slot", "root")


@dataclass(slots=True, eq=False)
class Client:
    """One WebSocket; a client that does not read its outbox is cut off."""

    outbox: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=OUTBOX_MAX)
    )
    subscriptions: set[int] = field(default_factory=set)

    def send(self, message: Object) -> None:
        """Queue a message; overflow ends the connection."""
        try:
            self.outbox.put_nowait(orjson.dumps(message))
        except asyncio.QueueFull:
            self.outbox.get_nowait()
            self.outbox.put_nowait(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one client wants to hear."""

    id: int
    kind: str
    level: str
    client: Client
    options: Object
    subject: Pubkey | Signature | AccountQuery | None


class Hub:
    """Every subscription of every client, fed by the bank."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._next_id = 0
        self._all: dict[int, Subscription] = {}
        self._by_level: dict[str, dict[int, Subscription]] = {level: {} for level in _LEVELS}
        self._by_signature: dict[tuple[str, Signature], list[int]] = defaultdict(list)
        self._reached = {level: bank.slot_of(level) for level in _LEVELS}
        bank.on_landed.append(self._landed)
        bank.on_slot.append(self._slot)
        bank.on_fork.append(self._forked)

    def handle(self, client: Client, text: str) -> None:
        """Serve one message of a client."""
        try:
            request = orjson.loads(text)
        except orjson.JSONDecodeError:
            client.send(error_envelope(None, RpcError(-32700, "Parse error")))
            return
        is_batch = isinstance(request, list) and all(isinstance(each, dict) for each in request)
        for each in request if is_batch else [request]:
            if isinstance(each, dict) and "id" not in each:
                continue  # a notification: web3.js keeps the line alive with `ping`
            self._answer(client, each)

    def forget(self, client: Client) -> None:
        """Drop a client's subscriptions."""
        for each in list(client.subscriptions):
            self._remove(each)

    def _answer(self, client: Client, request: Any) -> None:
        call_id = request.get("id") if isinstance(request, dict) else None
        try:
            name, params, call_id = call_of(request)
            self._serve(client, name, params, call_id)
        except RpcError as problem:
            client.send(error_envelope(call_id, problem))
        except MISREAD as problem:
            client.send(error_envelope(call_id, misread(problem)))

    def _serve(self, client: Client, name: str, params: list[Any], call_id: Json) -> None:
        kind, is_off = name.removesuffix("Unsubscribe"), name.endswith("Unsubscribe")
        kind = kind if is_off else name.removesuffix("Subscribe")
        if kind not in _KINDS or kind == name:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        (UNSUBSCRIBE if is_off else SUBSCRIPTIONS[kind]).require(params)
        if is_off:
            if params[0] not in client.subscriptions:
                raise invalid("Invalid subscription id.")
            self._remove(params[0])
            client.send({"jsonrpc": "2.0", "result": True, "id": call_id})
            return
        made = self._subscription(client, kind, Params(params))
        client.send({"jsonrpc": "2.0", "result": made.id, "id": call_id})
        self._add(made)

    def _subscription(self, client: Client, kind: str, params: Params) -> Subscription:
        options = params.options(1) if kind not in ("slot", "root") else {}
        subject: Pubkey | Signature | AccountQuery | None = None
        match kind:
            case "account":
                with _named("pubkey"):
                    subject = params.address(0)
            case "signature":
                with _named("signature"):
                    subject = params.signature(0)
            case "program":
                subject = program_query(params.address(0), options.get("filters"))
            case "logs":
                subject = _mentioned(params.get(0))
        self._next_id += 1
        return Subscription(
            id=self._next_id,
            kind=kind,
            level=commitment(options),
            client=client,
            options=options,
            subject=subject,
        )

    def _add(self, made: Subscription) -> None:
        self._all[made.id] = made
        made.client.subscriptions.add(made.id)
        if not isinstance(made.subject, Signature):
            level = "processed" if made.kind in ("slot", "root") else made.level
            self._by_level[level][made.id] = made
            return
        landed = self._bank.ledger.status(bytes(made.subject))
        if landed is not None and landed[0] <= self._bank.slot_of(made.level):
            err = None if landed[1] is None else orjson.loads(landed[1])
            self._notify(made, landed[0], {"err": err})
            self._remove(made.id)
            return
        self._by_signature[made.level, made.subject].append(made.id)

    def _remove(self, subscription_id: int) -> None:
        gone = self._all.pop(subscription_id)
        gone.client.subscriptions.discard(subscription_id)
        for level in self._by_level.values():
            level.pop(subscription_id, None)
        if isinstance(gone.subject, Signature):
            key = (gone.level, gone.subject)
            rest = [each for each in self._by_signature.pop(key, []) if each != subscription_id]
            if rest:
                self._by_signature[key] = rest

    def _landed(self, effect: Effect) -> None:
        self._deliver("processed", effect)

    def _slot(self, slot: int) -> None:
        for level in ("confirmed", "finalized"):
            before, now = self._reached[level], self._bank.slot_of(level)
            self._reached[level] = now
            for effect in self._bank.recent:
                if before < effect.slot <= now:
                    self._deliver(level, effect)
        root = self._bank.slot_of("finalized")
        for each in list(self._by_level["processed"].values()):
            if each.kind == "slot":
                self._send(each, {"slot": slot, "parent": slot - 1, "root": root})
            elif each.kind == "root":
                self._send(each, root)

    def _forked(self, undone: list[Effect]) -> None:
        """Tell those who heard of an account what it is again; transactions are not taken back."""
        for level in _LEVELS:
            heard = self._bank.slot if level == "processed" else self._reached[level]
            reverted = {
                where for each in undone if each.slot <= heard for where, _, _ in each.changed
            }
            lookup, slot = lookup_at(self._bank, level), self._bank.slot_of(level)
            for each in list(self._by_level[level].values()):
                if each.kind == "account" and each.subject in reverted:
                    shown = noted_account_json(lookup(each.subject), each.options, lookup)
                    self._notify(each, slot, shown)

    def _deliver(self, level: str, effect: Effect) -> None:
        for each in self._by_signature.pop((level, effect.signature), []):
            self._notify(self._all[each], effect.slot, {"err": effect.err})
            self._remove(each)
        for waiting in list(self._by_level[level].values()):
            try:
                values = list(self._values(waiting, effect))
            except (RpcError, LookupError, TypeError, ValueError) as problem:
                log.warning("subscription_dropped", kind=waiting.kind, reason=repr(problem))
                self._remove(
                    waiting.id
                )  # its options are nonsense; the transaction is not to blame
                continue
            for value in values:
                self._notify(waiting, effect.slot, value)

    def _values(self, waiting: Subscription, effect: Effect) -> Iterator[Json]:
        if waiting.kind == "logs":
            if waiting.subject is None or waiting.subject in effect.mentions:
                yield {
                    "signature": str(effect.signature),
                    "err": effect.err,
                    "logs": effect.logs,
                }
            return
        if waiting.kind not in ("account", "program"):
            return
        lookup = lookup_at(self._bank, waiting.level)
        for where, before, after in effect.changed:
            if waiting.kind == "account" and where == waiting.subject:
                yield noted_account_json(after, waiting.options, lookup)
            elif isinstance(waiting.subject, AccountQuery) and (
                waiting.subject.accepts(after)
                or (after is None and waiting.subject.accepts(before))
            ):
                account = noted_account_json(after, waiting.options, lookup)
                yield {"pubkey": str(where), "account": account}

    def _notify(self, to: Subscription, slot: int, value: Json) -> None:
        self._send(to, {"context": {"slot": slot}, "value": value})

    def _send(self, to: Subscription, result: Json) -> None:
        params = {"result": result, "subscription": to.id}
        to.client.send({"jsonrpc": "2.0", "method": f"{to.kind}Notification", "params": params})


def _mentioned(found: Json) -> Pubkey | None:
    if "mentions" not in found:
        return None
    if len(found["mentions"]) != 1:
        raise invalid("Invalid Request: Only 1 address supported")
    with _named("mentions"):
        return address(found["mentions"][0])


@contextlib.contextmanager
def _named(subject: str) -> Iterator[None]:
    """Subscriptions have their own words for a subject that cannot be read."""
    try:
        yield
    except RpcError as problem:
        raise invalid(f"Invalid Request: Invalid {subject} provided") from problem
