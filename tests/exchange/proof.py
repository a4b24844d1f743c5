"""Proof: the full pair of program and twin, with every law judged after every instruction.

Only what a transaction may have written, and what the twin changed, is read and compared each time;
everything is compared now and then.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from solders.pubkey import Pubkey

from quantdesk.adapters.chain import states
from quantdesk.adapters.chain.addresses import derived
from quantdesk.domain.delegate import Delegate
from quantdesk.domain.exchange import Exchange
from quantdesk.domain.ledger import Applied, Ledger, Outcome, Refused
from quantdesk.domain.mandate import MandateCaps
from quantdesk.domain.order import OrderIntent
from quantdesk.domain.pool import InsuranceState, ShareState
from tests.domain.everywalk import EveryStep
from tests.domain.fullstep import waiting, waits
from tests.domain.lockstep import KEEPER
from tests.domain.onchain import Failed, Landed
from tests.exchange.fork import Fork, Saved, WatchedFork
from tests.exchange.laws import Laws
from tests.exchange.step import Place, Step, changes, snapshot

WHOLE_EVERY = 100
"""Steps after which everything is read again."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to which a proof can go back."""

    chain: Saved
    ledger: Ledger


class Proof(EveryStep):
    """Program, twin, shadow and laws."""

    chain: Fork
    chain_type = Fork

    def __init__(self, traders: int = 3, **money: int) -> None:
        """Opens the pair, then remembers what every instruction writes."""
        super().__init__(traders, **money)
        self.laws = Laws(snapshot(self.ledger))
        self._before = snapshot(self.ledger)
        self._changed: frozenset[Place] = frozenset()
        self._places: dict[Pubkey, Place] = {}
        self._known: dict[Pubkey, tuple[bytes | None, object]] = {}
        self._list_places()

    def mark(self) -> Mark:
        """The present moment."""
        return Mark(self.chain.save(), snapshot(self.ledger))

    def back_to(self, mark: Mark) -> None:
        """Goes back to a moment; the laws start anew from there."""
        self.chain.load(mark.chain)
        self.now, self.slot = mark.chain.now, mark.chain.slot
        self.twin = Exchange(snapshot(mark.ledger))
        self._before = snapshot(self.ledger)
        self._known.clear()
        self.laws = Laws(snapshot(self.ledger))
        self.log = [f"back to {self.now}"]

    def transfer_by(self, name: str, to_name: str, amount: int, by: Pubkey) -> Outcome:
        """Somebody moves an owner's USDC e6 between accounts."""
        accounts = {
            "authority": by,
            "user_account": self.account(name),
            "to_account": self.account(to_name),
        }
        built = self.chain.program.instruction(
            "transfer_between",
            accounts,
            {"amount": amount},
            remaining=self.chain.build.risk_set(self._trader(name)),
        )
        ran = self.chain.run(built, payer=by)
        key, to_key = self.key(name), self.key(to_name)
        told = self.twin.transfer_between(key, to_key, amount, at=self.at, by=str(by))
        return self._same(f"transfer {name} to {to_name} {amount} by {by}", ran, told)

    def update_by(self, name: str, max_leverage: int, by: Pubkey) -> Outcome:
        """Somebody changes an owner's account."""
        accounts = {"authority": by, "user_account": self.account(name)}
        arguments = {"name": bytes(32), "max_leverage": max_leverage}
        ran = self._run("update_user_account", accounts, arguments, by)
        told = self.twin.update_user_account(
            self.key(name), name="", max_leverage=max_leverage, by=str(by)
        )
        return self._same(f"update {name} {max_leverage} by {by}", ran, told)

    def place_on_chain(self, name: str, intent: OrderIntent) -> Landed | Failed:
        """Sends an order to the program alone, which must refuse it."""
        params = {
            each.name: getattr(intent, each.name)
            for each in fields(intent)
            if each.name != "market_index"
        }
        built = self.chain.build.place_order(self._trader(name), intent.market_index, params)
        return self.chain.run(built, payer=self.owners[name])

    def compare_everything(self) -> None:
        """What may have changed, and everything now and then."""
        if self.steps % WHOLE_EVERY == 0:
            super().compare_everything()
        self._changed = changes(self._before, self.ledger)
        touched = {self._places[at] for at in self.chain.writable if at in self._places}
        touched |= self._changed
        for place in touched:
            self._compare(place)
        for at in self.chain.writable - self._places.keys():
            account = self.chain.svm.get_account(at)
            if account is not None and account.owner == self.chain.program.id:
                kind, _ = self.chain.program.decode_account(account.data)
                assert kind in ON_DEMAND, f"the twin has no such {kind}"

    def _same(self, action: str, ran: Landed | Failed, told: Outcome) -> Outcome:
        ledger = self.ledger
        before = replace(
            self._before,
            readings=dict(ledger.readings),
            token_readings=dict(ledger.token_readings),
        )
        outcome = super()._same(action, ran, told)
        after = snapshot(ledger)
        words = action.split()
        step = Step(
            action=action,
            before=before,
            after=after,
            events=told.events if isinstance(told, Applied) else (),
            at=self.at,
            refusal=told.refusal if isinstance(told, Refused) else None,
            said=tuple(each.fields for each in ran.events) if isinstance(ran, Landed) else (),
            changed=self._changed,
            tokens=self.chain.vault_tokens(),
            by=str(self.chain.payer),
            subject=self._subject(" ".join(words[1:])),
            keeper=self.key(KEEPER),
            most_e9=int(words[-1]) if words[0] == "liquidate" else 0,
        )
        self._before = after
        try:
            self.laws.judge(step)
        except AssertionError as broken:
            broken.add_note(self._story("a law is broken"))
            raise
        return outcome

    def _subject(self, words: str) -> str | None:
        named = [name for name in self.traders if words.startswith(name)]
        return self.key(max(named, key=len)) if named else None

    def _list_places(self) -> None:
        where = self.chain.where
        for kind, at in (
            ("pool", where.pool),
            ("insurance", where.insurance),
            ("security", where.security),
            ("lamports", derived(self.chain.program.id, b"sol_vault")),
        ):
            self._places[at] = (kind, None)
        for index in (0, *self.ledger.collaterals):
            mint = self._mint(index)
            self._places[where.vault(mint)] = ("vault", index)
            self._places[where.vault_tokens(mint)] = ("tokens", index)
        for index in self.ledger.markets:
            self._places[where.market(index)] = ("market", index)
        for at in self.accounts.values():
            self._places[at] = ("account", str(at))
            for index in self.ledger.markets:
                self._places[where.position(at, index)] = ("position", (str(at), index))

    def _compare(self, place: Place) -> None:
        kind, key = place
        at = self._address(kind, key)
        twin = TWIN[kind](self.ledger, key)
        data = self.chain.bytes_of(at)
        known = self._known.get(at)
        if known is not None and known[0] == data and known[1] is twin and twin is not None:
            return
        found = None if data is None else self._decoded(place, data, twin)
        if kind == "lamports" and found is None:
            found = 0
        self._equal(f"{kind} {key}", found, twin)
        self._known[at] = (data, twin)

    def _address(self, kind: str, key: Any) -> Pubkey:
        where = self.chain.where
        match kind:
            case "pool" | "insurance" | "security":
                return Pubkey.from_string(str(getattr(where, kind)))
            case "lamports":
                return derived(self.chain.program.id, b"sol_vault")
            case "vault" | "tokens":
                mint = self._mint(key)
                return where.vault(mint) if kind == "vault" else where.vault_tokens(mint)
            case "market":
                return where.market(key)
            case "account":
                return Pubkey.from_string(key)
            case "position":
                return where.position(Pubkey.from_string(key[0]), key[1])
            case "order":
                return where.order(Pubkey.from_string(key[0]), key[1])
            case "proposal":
                return self._proposal(key)
            case "mandate":
                return self._mandate_of(self.name_of(key[0]), Pubkey.from_string(key[1]))
            case _:
                return self._share(Pubkey.from_string(key))

    def _decoded(self, place: Place, data: bytes, twin: Any) -> object:
        kind, key = place
        if kind == "tokens":
            lamports = self.ledger.native_lamports if key == self.chain.native_vault else 0
            return int.from_bytes(data[64:72], "little") + lamports
        fields_ = self.chain.program.decode(ACCOUNT_KINDS[kind], data)
        match kind:
            case "account":
                places = ({**each, "key": str(each["key"])} for each in fields_["delegates"])
                found = states.account_state(key, fields_)
                return (found, tuple(Delegate(**each) for each in places))
            case "vault":
                return self._vault(self._mint(key))
            case "lamports":
                return fields_["lamports"]
            case "mandate":
                caps = MandateCaps(
                    **{each.name: fields_[each.name] for each in fields(MandateCaps)}
                )
                days = {name: fields_[name] for name in ("day", "day_start_e6")}
                return replace(twin, caps=caps, **days)
            case "proposal":
                return waiting(fields_)
            case "share":
                return ShareState(**{each.name: fields_[each.name] for each in fields(ShareState)})
            case "insurance":
                return InsuranceState(balance_e6=fields_["balance_e6"], paid_e6=fields_["paid_e6"])
            case "security":
                return self._security()
            case _:
                decode: Callable[[Any], object] = DECODERS[kind]
                return decode(fields_)


ON_DEMAND = ("Order", "Proposal", "PoolShare", "Mandate")
"""Accounts whose addresses are not listed beforehand; the twin's changes name them."""

ACCOUNT_KINDS = {
    "pool": "Pool",
    "insurance": "InsuranceFund",
    "security": "Security",
    "vault": "TokenVault",
    "lamports": "ProtocolSolVault",
    "mandate": "Mandate",
    "market": "Market",
    "account": "UserAccount",
    "position": "Position",
    "order": "Order",
    "proposal": "Proposal",
    "share": "PoolShare",
}
DECODERS: dict[str, Callable[[Any], object]] = {
    "pool": states.pool_state,
    "market": states.market_state,
    "position": states.position,
    "order": states.order,
}
TWIN: dict[str, Callable[[Ledger, Any], object]] = {
    "pool": lambda ledger, _: ledger.pool,
    "insurance": lambda ledger, _: ledger.insurance,
    "security": lambda ledger, _: ledger.security,
    "vault": lambda ledger, key: ledger.vault_of(key),
    "lamports": lambda ledger, _: ledger.native_lamports,
    "mandate": lambda ledger, key: ledger.mandates.get(key),
    "tokens": lambda ledger, key: ledger.vault_of(key).total_deposits,
    "market": lambda ledger, key: ledger.markets[key],
    "account": lambda ledger, key: (ledger.accounts[key], ledger.delegates_of(key)),
    "position": lambda ledger, key: ledger.positions.get(key),
    "order": lambda ledger, key: ledger.orders.get(key),
    "proposal": lambda ledger, key: (
        waits(ledger.proposals[key]) if key in ledger.proposals else None
    ),
    "share": lambda ledger, key: ledger.pool_shares.get(key),
}


class WatchedProof(Proof):
    """The same, where an oracle watches USDC."""

    chain_type = WatchedFork
