"""The legacy IDL export: said as old clients expect it, and driven by an unmodified anchorpy 0.21.

anchorpy pins packages that do not go with ours, so it lives in an environment of its own, made once
below the user's cache directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from solders.keypair import Keypair

from quantdesk.adapters.chain import tokens
from quantdesk.adapters.chain.addresses import associated_token_account
from quantdesk.adapters.chain.instructions import Trader
from quantdesk.adapters.chain.legacy_idl import NotExportable, legacy_idl
from quantdesk.adapters.chain.program import IDL_FILE
from quantdesk.adapters.rpc.errors import RpcRefused
from quantdesk.services.actions import Commitment
from tests.world.chain.chains import SOL
from tests.world.chain.test_genesis import PROGRAM, USDC, World, world

__all__ = ["world"]
IDL = json.loads(IDL_FILE.read_text())
SCRIPT = Path(__file__).with_name("anchorpy_trader.py")
INSTALL_S_MAX = 240
DEPOSIT_E6 = 1_000 * USDC


def test_the_export_names_every_instruction_account_and_event() -> None:
    old = legacy_idl(IDL)

    for part in ("instructions", "accounts", "events", "errors"):
        assert len(old[part]) == len(IDL[part])
    place = next(each for each in old["instructions"] if each["name"] == "placeOrder")
    assert place["accounts"][0] == {"name": "authority", "isMut": True, "isSigner": True}
    assert place["args"] == [{"name": "params", "type": {"defined": "OrderParams"}}]


def test_a_discriminator_that_is_no_hash_of_the_name_is_refused() -> None:
    odd = {**IDL, "instructions": [{**IDL["instructions"][0], "discriminator": [0] * 8}]}

    with pytest.raises(NotExportable, match="discriminator of its own"):
        legacy_idl(odd)


@pytest.mark.timeout(360)
async def test_an_anchorpy_script_deposits_opens_and_closes(world: World, tmp_path: Path) -> None:
    python = _environment()
    owner = Keypair()
    await _fund(world, owner)
    (tmp_path / "idl.json").write_text(json.dumps(legacy_idl(IDL)))
    (tmp_path / "owner.json").write_text(json.dumps(list(bytes(owner))))
    await world.confirm_price(150 * 10**8)
    keeping = asyncio.create_task(_keep(world, owner))

    script = await asyncio.create_subprocess_exec(
        *(python, str(SCRIPT), world.url, str(tmp_path / "idl.json")),
        *(str(tmp_path / "owner.json"), str(world.mint)),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await script.communicate()
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping

    assert script.returncode == 0
    found = json.loads(told.splitlines()[-1])
    assert (found["opened_e9"], found["closed_e9"]) == (2 * 10**9, 0)
    account = await world.rpc.account(
        PROGRAM.addresses.user_account(owner.pubkey()), Commitment.PROCESSED
    )
    assert account is not None
    balance = PROGRAM.decode("UserAccount", account.data)["balances"][0]
    assert found["balance_e6"] == balance < DEPOSIT_E6


def _environment() -> str:
    """The Python of anchorpy's environment; skips, with the reason, when there can be none."""
    if not os.environ.get("QD_ANCHORPY"):
        pytest.skip("slow: installs anchorpy 0.21 in an environment of its own; make test-anchorpy")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    home = cache / "quantdesk" / "anchorpy-0.21.0"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        try:
            for command in (
                [sys.executable, "-m", "venv", "--clear", str(home)],
                [str(python), "-m", "pip", "install", "-q", "anchorpy==0.21.0"],
            ):
                subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S_MAX)
        except (OSError, subprocess.SubprocessError) as problem:
            pytest.skip(f"anchorpy's environment cannot be made here: {problem}")
        (home / "complete").touch()
    return str(python)


async def _fund(world: World, owner: Keypair) -> None:
    await world.rpc.request_airdrop(owner.pubkey(), 10 * SOL)
    wallet, faucet = associated_token_account(owner.pubkey(), world.mint), world.keys.faucet
    await world.send(
        [
            tokens.create_token_account(faucet.pubkey(), owner.pubkey(), world.mint),
            tokens.mint_to(world.mint, wallet, faucet.pubkey(), DEPOSIT_E6),
        ],
        faucet,
    )


async def _keep(world: World, owner: Keypair) -> None:
    """Post a price each second and fill whatever the owner has placed."""
    keeper, address = world.keys.keeper, PROGRAM.addresses.user_account(owner.pubkey())
    trader = Trader(address=address, owner=owner.pubkey())
    while True:
        await asyncio.sleep(1.1)
        await world.post_price(150 * 10**8)
        for number in (1, 2):
            order = PROGRAM.addresses.order(address, number)
            if await world.rpc.account(order, Commitment.PROCESSED) is None:
                continue
            fill = world.build.execute_order(trader, order, 0, keeper=keeper.pubkey())
            with contextlib.suppress(RpcRefused):  # the price may not be newer than the order yet
                await world.send([fill], keeper)
