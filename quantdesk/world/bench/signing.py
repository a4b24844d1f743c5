"""Signing: what building an order costs beside its bare signature, and beside a fresh build."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.template import OrderPatch, OrderTemplate, fields_of
from quantdesk.world.bench.figure import Figure
from quantdesk.world.bench.rounds import Paired, paired

ORDERS = 200
ROUNDS = 21
UNIT_LIMIT = 60_000
PRICE_E6 = 150_000_000
SIZE_E9 = 1_000_000_000


def measure_signing() -> Iterator[Figure]:
    """Template and signature against the signature alone, then against a build from nothing."""
    desk = _Desk()
    yield _figure(
        "chain.build_and_sign",
        paired(desk.templated, desk.bare, rounds=ROUNDS),
        peer="bare Ed25519 signature of the same bytes",
        method="place_order, v0, compute budget; size, price, id, expiry and blockhash written"
        " into a template, addresses reserved ahead, signed",
    )
    yield _figure(
        "chain.build_and_sign_new_address",
        paired(desk.derived, desk.bare, rounds=ROUNDS),
        peer="bare Ed25519 signature of as many bytes",
        method="the same with an id never used before, its address derived on the way",
    )
    yield _figure(
        "chain.build_and_sign_vs_fresh",
        paired(desk.templated, desk.fresh, rounds=ROUNDS),
        peer="built and signed by solders from instructions",
        method="the same orders with the same budget, both from Python",
    )


def _figure(name: str, pair: Paired, *, peer: str, method: str) -> Figure:
    return Figure(
        name=name,
        value=round(pair.ours_s / ORDERS * 1e6, 2),
        unit="us",
        vs=f"{peer}: {pair.peer_s / ORDERS * 1e6:.2f} us",
        ratio=pair.ratio,
        method=f"{method}; {ROUNDS} rounds of {ORDERS}",
    )


class _Desk:
    """One owner with a template, and every way to sign its orders."""

    def __init__(self) -> None:
        self._key, self._hash = Keypair(), Hash.new_unique()
        self._build = Instructions(load_program(), [MarketRef(index=0, oracle=Pubkey.new_unique())])
        owner = self._key.pubkey()
        address = load_program().addresses.user_account(owner)
        self._trader = Trader(address=address, owner=owner)
        self._template = OrderTemplate(self._build, self._trader, 0, unit_limit=UNIT_LIMIT)
        self._numbers = itertools.count(1)
        self._patches = [self._patch() for _ in range(ORDERS)]
        for patch in self._patches:
            self._template.reserve(patch.client_order_id)
        self._messages = [self._template.fill(each, self._hash) for each in self._patches]
        signed = self._template.sign(self._patches[0], self._hash, self._key)
        assert all(VersionedTransaction.from_bytes(signed).verify_with_results())

    def _patch(self) -> OrderPatch:
        number = next(self._numbers)
        return OrderPatch(
            client_order_id=number, kind=1, size_e9=SIZE_E9 + number, limit_price_e6=PRICE_E6
        )

    def derived(self) -> None:
        """Fill and sign as many orders with ids of their own."""
        for _ in range(ORDERS):
            self._template.sign(self._patch(), self._hash, self._key)

    def templated(self) -> None:
        """Fill and sign each order."""
        for patch in self._patches:
            self._template.sign(patch, self._hash, self._key)

    def bare(self) -> None:
        """Sign messages that are already there."""
        for message in self._messages:
            self._key.sign_message(message)

    def fresh(self) -> None:
        """Instruction, message and signature made anew."""
        owner = self._key.pubkey()
        for patch in self._patches:
            place = self._build.place_order(self._trader, 0, fields_of(patch))
            budget = set_compute_unit_limit(UNIT_LIMIT)
            message = MessageV0.try_compile(owner, [budget, place], [], self._hash)
            bytes(VersionedTransaction(message, [self._key]))
