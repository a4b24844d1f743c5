"""The IDL codecs: bytes and values are one another's mirror."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.codec import CodecError, Codecs
from quantdesk.adapters.chain.program import load_program

TYPES: dict[str, Any] = {
    "Tier": {
        "kind": "struct",
        "fields": [{"name": "cap_e6", "type": "u64"}, {"name": "leverage", "type": "u16"}],
    },
    "Side": {"kind": "enum", "variants": [{"name": "Long"}, {"name": "Short"}]},
    "Everything": {
        "kind": "struct",
        "fields": [
            {"name": "size_e9", "type": "i64"},
            {"name": "index", "type": "i128"},
            {"name": "owner", "type": "pubkey"},
            {"name": "is_open", "type": "bool"},
            {"name": "side", "type": {"defined": {"name": "Side"}}},
            {"name": "symbol", "type": {"array": ["u8", 4]}},
            {"name": "places", "type": {"array": ["u16", 3]}},
            {"name": "tiers", "type": {"array": [{"defined": {"name": "Tier"}}, 2]}},
        ],
    },
    "Varying": {
        "kind": "struct",
        "fields": [
            {"name": "note", "type": "string"},
            {"name": "raw", "type": "bytes"},
            {"name": "maybe", "type": {"option": "u32"}},
            {"name": "many", "type": {"vec": {"defined": {"name": "Tier"}}}},
        ],
    },
}
TIERS = st.fixed_dictionaries(
    {"cap_e6": st.integers(0, 2**64 - 1), "leverage": st.integers(0, 2**16 - 1)}
)
EVERYTHING = st.fixed_dictionaries(
    {
        "size_e9": st.integers(-(2**63), 2**63 - 1),
        "index": st.integers(-(2**127), 2**127 - 1),
        "owner": st.binary(min_size=32, max_size=32).map(Pubkey.from_bytes),
        "is_open": st.booleans(),
        "side": st.sampled_from(["Long", "Short"]),
        "symbol": st.binary(min_size=4, max_size=4),
        "places": st.lists(st.integers(0, 2**16 - 1), min_size=3, max_size=3),
        "tiers": st.lists(TIERS, min_size=2, max_size=2),
    }
)
VARYING = st.fixed_dictionaries(
    {
        "note": st.text(max_size=20),
        "raw": st.binary(max_size=20),
        "maybe": st.none() | st.integers(0, 2**32 - 1),
        "many": st.lists(TIERS, max_size=3),
    }
)


@given(EVERYTHING)
def test_a_value_of_fixed_size_survives_the_round_trip(value: dict[str, Any]) -> None:
    codec = Codecs(TYPES).defined("Everything")

    raw = codec.encode(value)

    assert len(raw) == 8 + 16 + 32 + 1 + 1 + 4 + 6 + 20
    assert codec.decode(b"head" + raw + b"tail", 4) == (value, 4 + len(raw))


@given(VARYING)
def test_a_value_of_varying_size_survives_the_round_trip(value: dict[str, Any]) -> None:
    codec = Codecs(TYPES).defined("Varying")

    assert codec.decode(codec.encode(value), 0)[0] == value


def test_layout_is_borsh_to_the_byte() -> None:
    codec = Codecs(TYPES).defined("Varying")

    raw = codec.encode({"note": "é", "raw": b"\x07", "maybe": 5, "many": []})

    assert raw.hex() == "02000000c3a9" + "0100000007" + "0105000000" + "00000000"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("size_e9", 2**63),
        ("index", 2**127),
        ("symbol", b"abc"),
        ("owner", b"short"),
        ("side", "Up"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, wrong: object) -> None:
    value = {
        "size_e9": 0,
        "index": 0,
        "owner": Pubkey.default(),
        "is_open": False,
        "side": "Long",
        "symbol": b"abcd",
        "places": [0, 0, 0],
        "tiers": [{"cap_e6": 0, "leverage": 0}] * 2,
    }

    with pytest.raises(CodecError):
        Codecs(TYPES).defined("Everything").encode({**value, name: wrong})


@pytest.mark.parametrize("kind", ["Market", "UserAccount", "Position", "Order", "Pool"])
def test_cut_and_foreign_accounts_are_refused(kind: str) -> None:
    program = load_program()
    head = program.discriminator(kind)

    for data in (head, head + b"\x01", bytes(600), b""):
        with pytest.raises(CodecError):
            program.decode(kind, data)
    with pytest.raises(CodecError, match="expected an account Security"):
        program.decode("Security", head + bytes(2_000))
