"""`chain decode` and `chain accounts`: nothing is overwritten, left out or a traceback."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.types import SignatureState, TransactionRecord
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.chain_verbs import accounts, airdrop
from quantdesk.world.chain.cluster import CommandFailed
from quantdesk.world.chain.decoding import decode
from tests.world.chain.still_cluster import PROGRAM, StillNode, account_bytes, cluster_of

OWNER, WATCHED = Keypair(), Pubkey.new_unique()
SIGNATURE = str(Signature.from_bytes(bytes(range(64))))
FAR_AWAY = 2**63 - 1


def _wire() -> bytes:
    name = b"my account".ljust(32, b"\0")
    create = PROGRAM.instruction(
        "create_user_account",
        {"authority": OWNER.pubkey()},
        {"sub_account_id": 0, "name": name},
        remaining=[AccountMeta(WATCHED, is_signer=False, is_writable=False)],
    )
    return sign(build_message(OWNER.pubkey(), [create], Hash.default()), [OWNER])


def _landed(*logs: str) -> TransactionRecord:
    return TransactionRecord(
        signature=SIGNATURE,
        slot=1,
        block_time=1,
        err=None,
        logs=list(logs),
        fee_lamports=5_000,
        compute_units=1,
        wire=_wire(),
    )


async def test_arguments_stand_beside_the_name_and_no_account_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster, text = cluster_of(StillNode(), tmp_path), base64.b64encode(_wire()).decode()

    await decode(cluster, text, as_json=True)
    (call,) = json.loads(capsys.readouterr().out)["instructions"]
    await decode(cluster, text, as_json=False)

    assert call["name"] == "create_user_account"
    assert call["arguments"] == {"sub_account_id": 0, "name": "my account"}
    assert call["accounts"]["authority"] == str(OWNER.pubkey())
    assert call["remaining"] == [str(WATCHED)]
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert told["instructions.0.arguments.name"] == "my account"


async def test_an_order_s_fields_replace_nothing_and_its_codes_are_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node, where = StillNode(), Pubkey.new_unique()
    node.put(
        where,
        account_bytes(
            "Order",
            owner=OWNER.pubkey(),
            kind=1,
            role=1,
            expires_at=FAR_AWAY,
            limit_price_e6=150_250_000,
        ),
    )

    await decode(cluster_of(node, tmp_path), str(where), as_json=True)
    found = json.loads(capsys.readouterr().out)
    await decode(cluster_of(node, tmp_path), str(where), as_json=False)
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())

    assert (found["kind"], found["owner"]) == ("Order", str(PROGRAM.id))
    assert (found["fields"]["kind"], found["fields"]["expires_at"]) == (1, FAR_AWAY)
    assert found["fields"]["owner"] == str(OWNER.pubkey())
    assert (told["fields.kind"], told["fields.role"]) == ("limit", "parent")
    assert (told["fields.expires_at"], told["fields.limit_price"]) == ("never", "150.25")


async def test_cut_logs_are_said_after_what_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = StillNode()
    node.landed = _landed("Log truncated")

    with pytest.raises(CommandFailed, match="the node cut the logs"):
        await decode(cluster_of(node, tmp_path), SIGNATURE, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert found["instructions"][0]["name"] == "create_user_account"
    assert found["events"] is None


@pytest.mark.parametrize("of", ["program", "account"])
async def test_an_index_beyond_the_accounts_is_a_sentence(tmp_path: Path, of: str) -> None:
    raw = bytearray(_wire())
    message = VersionedTransaction.from_bytes(bytes(raw)).message
    (call,) = message.instructions
    at = raw.index(bytes([call.program_id_index, len(call.accounts), *call.accounts]))
    raw[at + (0 if of == "program" else 2)] = 99

    text = base64.b64encode(raw).decode()
    with pytest.raises(CommandFailed, match="names an account beyond"):
        await decode(cluster_of(StillNode(), tmp_path), text, as_json=True)


@pytest.mark.parametrize("text", ["", "%%%", "ä", "AAAA", "////" * 30])
async def test_what_is_no_transaction_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(CommandFailed, match=r"these bytes are no transaction|expected an address"):
        await decode(cluster_of(StillNode(), tmp_path), text, as_json=True)


async def test_an_instruction_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = VersionedTransaction.from_bytes(_wire()).message.instructions[0]
    short = type(good)(good.program_id_index, bytes(good.data)[:9], bytes(good.accounts))
    whole = VersionedTransaction.from_bytes(_wire()).message
    both = Message.new_with_compiled_instructions(
        *(1, 0, whole.header.num_readonly_unsigned_accounts),
        *(whole.account_keys, Hash.default(), [short, good]),
    )
    wire = bytes(VersionedTransaction(both, [OWNER]))

    text = base64.b64encode(wire).decode()
    await decode(cluster_of(StillNode(), tmp_path), text, as_json=True)

    first, second = json.loads(capsys.readouterr().out)["instructions"]
    assert "too short" in first["problem"]
    assert second["name"] == "create_user_account"


async def test_an_account_that_cannot_be_read_is_counted_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node, strange = StillNode(), Pubkey.new_unique()
    node.put(Pubkey.new_unique(), account_bytes("InsuranceFund"))
    node.put(strange, b"\x01\x02")
    cluster = cluster_of(node, tmp_path)

    await accounts(cluster, None, as_json=True)
    counts = json.loads(capsys.readouterr().out)
    await accounts(cluster, "unreadable", as_json=True)
    listed = json.loads(capsys.readouterr().out)

    assert counts == {"InsuranceFund": 1, "unreadable": 1}
    assert (listed["address"], listed["bytes"]) == (str(strange), 2)
    assert "0102" in listed["problem"]


async def test_an_airdrop_that_failed_is_not_told_as_one_that_arrived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = StillNode()
    node.status = SignatureState(
        slot=1,
        commitment=Commitment.CONFIRMED,
        err={"InstructionError": [0, {"Custom": 1}]},
    )

    with pytest.raises(CommandFailed, match="the airdrop failed: An account holds too little SOL"):
        await airdrop(cluster_of(node, tmp_path), 1.0, "admin", as_json=True)

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("sol", [float("inf"), float("nan"), 1e12, 2**64 / 10**9, 1e-10])
async def test_an_airdrop_of_an_impossible_sum_is_a_sentence(tmp_path: Path, sol: float) -> None:
    with pytest.raises(CommandFailed, match="cannot be sent; expected"):
        await airdrop(cluster_of(StillNode(), tmp_path), sol, "admin", as_json=True)
