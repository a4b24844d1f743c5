"""The judge: the same genesis on a real validator and on the local chain, byte for byte.

Runs where there is a validator; it needs half a gigabyte and more than one core.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from quantdesk.adapters.chain.program import Fields, load_program
from quantdesk.adapters.oracle.feeds import FEEDS
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.domain.market import DEFAULT_MARKETS
from quantdesk.services.actions import Commitment
from quantdesk.world.chain.config import ChainConfig
from quantdesk.world.chain.genesis import ExchangeConfig, initialize_exchange
from quantdesk.world.chain.keys import WorldKeys, ensure_keys
from quantdesk.world.chain.server import deployed_programs, running
from tests.world.chain.chains import free_port_pair
from tests.world.chain.validator import needs_validator, running_validator

PROGRAM = load_program()
FEED_IDS = {feed.symbol: bytes.fromhex(feed.feed_id) for feed in FEEDS}
CONFIG = ExchangeConfig(markets=tuple(DEFAULT_MARKETS.values()), feed_ids=FEED_IDS)
UNITS_TOLERANCE = 20
"""The validator carries another build of the token program, a few compute units apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What genesis left behind and what it said."""

    accounts: dict[str, Fields]
    fees: list[int]
    units: list[int]
    logs: list[list[str]]


@needs_validator
@pytest.mark.timeout(300)
async def test_genesis_leaves_the_same_accounts_logs_and_fees_on_both(tmp_path: Path) -> None:
    keys = ensure_keys(tmp_path / "keys")

    with running_validator(tmp_path / "ledger", *_programs(keys)) as url:
        theirs = await _outcome(url, keys)
    async with _local(tmp_path, keys) as url:
        ours = await _outcome(url, keys)

    assert ours.accounts == theirs.accounts
    assert ours.fees == theirs.fees
    assert ours.logs == theirs.logs
    gaps = [abs(one - other) for one, other in zip(ours.units, theirs.units, strict=True)]
    assert max(gaps) <= UNITS_TOLERANCE


async def _outcome(url: str, keys: WorldKeys) -> Outcome:
    rpc, where = RpcClient.of([url]), PROGRAM.addresses
    await initialize_exchange(rpc, PROGRAM, keys, CONFIG)
    addresses = [where.pool, where.security, where.insurance, *map(where.market, range(3))]
    accounts = {}
    for account in await rpc.accounts(addresses, Commitment.PROCESSED):
        assert account is not None
        kind, fields = PROGRAM.decode_account(account.data)
        fields.pop("funding_at", None)  # wall time
        accounts[f"{kind} {account.address}"] = fields
    await asyncio.sleep(2)
    rows = await rpc.signatures_for(PROGRAM.id)
    landed = [await rpc.transaction(row.signature) for row in reversed(rows)]
    await rpc.close()
    found = [each for each in landed if each is not None]
    return Outcome(
        accounts=accounts,
        fees=[each.fee_lamports for each in found],
        units=[each.compute_units or 0 for each in found],
        logs=[[_comparable(line) for line in each.logs] for each in found],
    )


def _comparable(line: str) -> str:
    """Without compute units, and without event bytes, which carry the wall time."""
    line = re.sub(r"consumed \d+ of \d+", "consumed", line)
    return "Program data" if line.startswith("Program data: ") else line


@asynccontextmanager
async def _local(home: Path, keys: WorldKeys) -> AsyncIterator[str]:
    port = free_port_pair()
    programs = deployed_programs(str(PROGRAM.id), str(keys.admin.pubkey()))
    async with running(ChainConfig(home=home / "chain", rpc_port=port, programs=programs)) as bank:
        bank.is_ready = True
        yield f"http://127.0.0.1:{port}"


def _programs(keys: WorldKeys) -> list[str]:
    authority, words = str(keys.admin.pubkey()), list[str]()
    for program in deployed_programs(str(PROGRAM.id), authority):
        words += ["--upgradeable-program", program.address, str(program.binary), authority]
    return words
