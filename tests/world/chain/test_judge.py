"""The judge: 500 drawn transactions, good and bad, on a real validator and on the local chain.

Refusal, success, error, logs, fee, balances and the accounts left behind must be the same. What
may differ is listed in `docs/local-chain.md`, and nothing else is forgiven here.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain.addresses import price_update
from quantdesk.adapters.chain.instructions import Instructions, MarketRef
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.server import deployed_programs, running
from tests.world.chain.chains import free_port_pair
from tests.world.chain.judge.actor import Actor, Case, Mischief
from tests.world.chain.judge.draw import draw_cases
from tests.world.chain.judge.session import (
    ACTORS,
    CASES_EACH,
    RENT_SPACES,
    Session,
    played,
)
from tests.world.chain.judge.verdict import Verdict
from tests.world.chain.test_genesis import FEED_IDS, PROGRAM
from tests.world.chain.validator import needs_validator, running_validator

GOOD, BAD, NAMES = 302, 198, 85
"""Of a fixed seed, as `docs/local-chain.md` tells them."""
ERRORS_MIN = 40


def test_the_draw_is_the_same_in_every_run_and_of_every_kind() -> None:
    drawn = _drawn()

    good = sum(each.is_good for each in drawn)
    assert len(drawn) == ACTORS * CASES_EACH
    assert (good, len(drawn) - good) == (GOOD, BAD)
    assert len({each.name for each in drawn}) == NAMES
    assert {each.mischief for each in drawn} - {None} == set(Mischief)
    assert any(each.is_legacy for each in drawn)
    assert any(each.uses_table for each in drawn)
    assert any(each.nonce for each in drawn)


@needs_validator
@pytest.mark.timeout(600)
async def test_500_transactions_end_the_same_on_both(tmp_path: Path) -> None:
    keys = ensure_keys(tmp_path / "keys")

    with running_validator(tmp_path / "ledger", *_programs(keys)) as url:
        theirs = await played(url, keys)
    async with _local(tmp_path, keys) as url:
        ours = await played(url, keys)

    if report := os.environ.get("QD_JUDGE_REPORT"):
        _write(Path(report), ours, theirs)
    assert [
        _name(each) for each in theirs.verdicts if each.has_succeeded != each.case.is_good
    ] == []
    assert len({json.dumps(each.told["preflight"]) for each in theirs.verdicts}) > ERRORS_MIN
    for our, their in zip(ours.verdicts, theirs.verdicts, strict=True):
        assert (_name(our), our.told) == (_name(their), their.told)
    assert ours.accounts == theirs.accounts


def _name(verdict: Verdict) -> str:
    return verdict.case.name


def _drawn() -> list[Case]:
    refs = [
        MarketRef(index=at, oracle=price_update(FEED_IDS[name])) for at, name in enumerate(FEED_IDS)
    ]
    actors = [
        Actor(
            number=each,
            build=Instructions(PROGRAM, refs),
            mint=Keypair().pubkey(),
            table=AddressLookupTableAccount(Pubkey.default(), []),
            rents=dict.fromkeys(RENT_SPACES, 10**6),
        )
        for each in range(ACTORS)
    ]
    return [case for actor in actors for case in draw_cases(actor, CASES_EACH)]


def _write(file: Path, ours: Session, theirs: Session) -> None:
    """Every difference, for whoever has to explain it."""
    good = sum(each.has_succeeded for each in theirs.verdicts)
    lines = [f"{good} of {len(theirs.verdicts)} succeeded on the validator"]
    lines.append(str(Counter((each.case.name, each.has_succeeded) for each in theirs.verdicts)))
    for where in sorted(ours.accounts.keys() | theirs.accounts.keys()):
        our, their = ours.accounts.get(where), theirs.accounts.get(where)
        if our != their:
            lines += [f"--- account {where}", f"ours   {our}", f"theirs {their}"]
    for our, their in zip(ours.verdicts, theirs.verdicts, strict=True):
        for part in sorted(our.told.keys() | their.told.keys()):
            if our.told.get(part) != their.told.get(part):
                lines += [f"--- {our.case.name}: {part}", f"ours   {our.told.get(part)}"]
                lines.append(f"theirs {their.told.get(part)}")
    file.write_text("\n".join(lines))


def _programs(keys: WorldKeys) -> list[str]:
    authority, words = str(keys.admin.pubkey()), list[str]()
    for program in deployed_programs(str(PROGRAM.id), authority):
        words += ["--upgradeable-program", program.address, str(program.binary), authority]
    return words


@asynccontextmanager
async def _local(home: Path, keys: WorldKeys) -> AsyncIterator[str]:
    port = free_port_pair()
    programs = deployed_programs(str(PROGRAM.id), str(keys.admin.pubkey()))
    async with running(ChainConfig(home=home / "chain", rpc_port=port, programs=programs)) as bank:
        bank.is_ready = True
        yield f"http://127.0.0.1:{port}"
