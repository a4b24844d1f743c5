"""Our message compiler, order templates, compute budgets and partial signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.budget import PRICE_CAP, Budget, budget_of, limit_of, price_of
from quantdesk.adapters.chain.instructions import Instructions, MarketRef, Trader
from quantdesk.adapters.chain.message import compile_message
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.template import OrderPatch, OrderTemplate, fields_of
from quantdesk.adapters.chain.transaction import (
    TransactionAltered,
    build_message,
    cosign,
    missing_signers,
    unsigned,
)
from quantdesk.services.ports import ExchangeUnavailable

PROGRAM = load_program()
OWNER = Keypair()
BUILD = Instructions(
    PROGRAM, [MarketRef(index=each, oracle=Pubkey.new_unique()) for each in (0, 1)]
)
TRADER = Trader(
    address=PROGRAM.addresses.user_account(OWNER.pubkey()),
    owner=OWNER.pubkey(),
    open_markets=(1, 65_535),
)
TEMPLATE = OrderTemplate(BUILD, TRADER, 0, unit_limit=60_000, unit_price=5)
u64 = st.integers(0, 2**64 - 1)
i64 = st.integers(-(2**63), 2**63 - 1)
patches = st.builds(
    OrderPatch,
    client_order_id=u64,
    kind=st.integers(0, 5),
    size_e9=i64,
    limit_price_e6=u64,
    trigger_price_e6=u64,
    trailing_bps=st.integers(0, 2**16 - 1),
    reduce_only=st.booleans(),
    expires_at=i64,
)
hashes = st.binary(min_size=32, max_size=32).map(Hash.from_bytes)
addresses = st.integers(0, 12).map(lambda seed: Pubkey.from_bytes(bytes([seed + 1]) * 32))
metas = st.builds(AccountMeta, addresses, st.booleans(), st.booleans())
calls = st.builds(Instruction, addresses, st.binary(max_size=200), st.lists(metas, max_size=8))


@settings(deadline=None)
@given(patches, hashes)
def test_a_filled_template_equals_a_fresh_build(patch: OrderPatch, blockhash: Hash) -> None:
    place = BUILD.place_order(TRADER, 0, fields_of(patch))
    fresh = build_message(OWNER.pubkey(), [place], blockhash, unit_limit=60_000, unit_price=5)

    assert TEMPLATE.fill(patch, blockhash) == fresh


@settings(deadline=None)
@given(addresses, st.lists(calls, max_size=5), hashes)
def test_a_compiled_message_means_what_solders_compiles(
    payer: Pubkey, instructions: list[Instruction], blockhash: Hash
) -> None:
    ours = MessageV0.from_bytes(compile_message(payer, instructions, blockhash)[1:])
    theirs = MessageV0.try_compile(payer, instructions, [], blockhash)

    assert ours.header == theirs.header
    assert ours.recent_blockhash == theirs.recent_blockhash
    assert _meaning(ours) == _meaning(theirs)


def _meaning(message: MessageV0) -> list[object]:
    keys, header = message.account_keys, message.header
    signers = header.num_required_signatures

    def role(index: int) -> tuple[Pubkey, bool, bool]:
        is_signer = index < signers
        edge = signers - header.num_readonly_signed_accounts
        last = len(keys) - header.num_readonly_unsigned_accounts
        return keys[index], is_signer, index < edge if is_signer else index < last

    return [role(0)] + [
        (keys[each.program_id_index], bytes(each.data), [role(at) for at in each.accounts])
        for each in message.instructions
    ]


@dataclass
class Node:
    """A node that answers the two questions of a budget."""

    units: int = 30_000
    err: object = None
    fees: list[int] = field(default_factory=list)
    is_down: bool = False

    async def simulate(self, _transaction: bytes) -> Node:
        if self.is_down:
            raise ExchangeUnavailable("down")
        return self

    async def prioritization_fees(self, _addresses: Sequence[Pubkey]) -> list[int]:
        return self.fees

    @property
    def compute_units(self) -> int:
        return self.units


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Node(units=30_001), Budget(unit_limit=33_002)),
        (Node(fees=[0, 0, 8, 100]), Budget(unit_limit=33_000, unit_price=8)),
        (Node(fees=[10**9]), Budget(unit_limit=33_000, unit_price=PRICE_CAP)),
        (Node(err="AccountNotFound", fees=[9]), Budget(unit_price=9)),
        (Node(is_down=True), Budget()),
    ],
)
async def test_a_budget_is_measured_priced_and_capped(node: Node, expected: Budget) -> None:
    place = BUILD.place_order(
        TRADER, 0, fields_of(OrderPatch(client_order_id=1, kind=0, size_e9=1, limit_price_e6=1))
    )

    assert await budget_of(node, OWNER.pubkey(), [place], str(Hash.default())) == expected


def test_a_limit_never_exceeds_the_networks_own() -> None:
    assert limit_of(1_400_000) == 1_400_000
    assert price_of([]) == 0


def test_two_signers_follow_each_other_in_any_order() -> None:
    sponsor, owner, stranger = Keypair(), Keypair(), Keypair()
    move = Instruction(
        Pubkey.new_unique(), b"x", [AccountMeta(owner.pubkey(), is_signer=True, is_writable=True)]
    )
    empty = unsigned(build_message(sponsor.pubkey(), [move], Hash.new_unique()))

    first = cosign(cosign(empty, owner), sponsor)
    second = cosign(cosign(empty, sponsor), owner)

    assert first == second
    assert missing_signers(empty) == [sponsor.pubkey(), owner.pubkey()]
    assert missing_signers(cosign(empty, owner)) == [sponsor.pubkey()]
    assert missing_signers(first) == []
    with pytest.raises(TransactionAltered, match="is not asked to sign"):
        cosign(empty, stranger)
