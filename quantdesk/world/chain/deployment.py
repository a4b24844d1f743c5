"""Deployment: a binary becomes a program on any cluster, by ordinary transactions.

The buffer's key is a file, and the buffer is read before it is written: a deployment that was cut
off goes on where it stopped when the command is run again. Nothing is signed in a dry run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from quantdesk.adapters.chain import loader
from quantdesk.adapters.chain.addresses import UPGRADEABLE_LOADER
from quantdesk.adapters.chain.failures import failure_of
from quantdesk.adapters.chain.loader import CHUNK_BYTES, Deployed, NotDeployable
from quantdesk.adapters.chain.program import load_program
from quantdesk.adapters.chain.transaction import build_message, sign
from quantdesk.adapters.rpc.client import RpcClient
from quantdesk.adapters.rpc.errors import TransactionRejected
from quantdesk.adapters.rpc.types import AccountData
from quantdesk.services.actions import Commitment
from quantdesk.services.ports import PortError

ROUNDS_MAX = 12
IN_FLIGHT = 16
SETTLE_S = 12.0
LANDING_S_MAX = 60.0
ROOM_PERCENT = 120
"""A new program's account holds binaries this much larger, so that upgrades fit."""
LAMPORTS_PER_SIGNATURE = 5_000
WRITE_UNITS = 10_000
DEPLOY_UNITS = 400_000

_CONFIRMED = Commitment.CONFIRMED
_PROCESSED = Commitment.PROCESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKeys:
    """Who pays, who may upgrade, and the two accounts' own keys."""

    payer: Keypair
    authority: Keypair
    program: Pubkey
    program_key: Keypair | None
    """Needed for the first deployment only."""
    buffer: Keypair
    buffer_file: Path | None = None
    """Where the buffer's key lies; whoever loses it loses what the buffer holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployPlan:
    """What a deployment would do and cost; lamports."""

    is_upgrade: bool
    is_done: bool
    chunks_missing: int
    chunks: int
    locked_lamports: int
    """Rent that stays locked in the program's accounts."""
    lent_lamports: int
    """Rent of the buffer, which comes back when the deployment ends."""
    fee_lamports: int
    balance_lamports: int
    authority: Pubkey | None
    """Who may upgrade the program now; None before the first deployment or when frozen."""

    @property
    def is_affordable(self) -> bool:
        """Whether the payer can see it through."""
        needed = self.locked_lamports + self.lent_lamports + self.fee_lamports
        return self.is_done or self.balance_lamports >= needed


class Deployment:
    """One binary on its way to one address."""

    def __init__(
        self,
        rpc: RpcClient,
        keys: DeployKeys,
        binary: bytes,
        *,
        unit_price: int = 0,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._rpc = rpc
        self._keys = keys
        self._binary = binary
        self._unit_price = unit_price
        self._say = say

    async def plan(self) -> DeployPlan:
        """Look at the chain and say what is left to do; sends nothing. Raises NotDeployable."""
        deployed = await self._deployed()
        missing = self._chunks() if deployed is None else []
        is_done = deployed is not None and deployed.holds(self._binary)
        buffer = await self._rpc.account(self._keys.buffer.pubkey(), _PROCESSED)
        if not is_done:
            missing = self._missing(buffer)
        size = len(self._binary)
        new = deployed is None
        locked = await self._rent(loader.PROGRAM_DATA_HEADER + self._room) if new else 0
        locked += await self._rent(loader.PROGRAM_SPACE) if new else 0
        lends = not is_done and buffer is None
        return DeployPlan(
            is_upgrade=not new,
            is_done=is_done,
            chunks_missing=len(missing),
            chunks=len(self._chunks()),
            locked_lamports=locked,
            lent_lamports=await self._rent(loader.BUFFER_HEADER + size) if lends else 0,
            fee_lamports=0 if is_done else self._fees(len(missing), creates=lends, is_new=new),
            balance_lamports=await self._rpc.balance(self._keys.payer.pubkey(), _PROCESSED),
            authority=None if deployed is None else deployed.authority,
        )

    async def run(self) -> bool:
        """Bring the binary on chain; False when it was there already. Raises NotDeployable."""
        plan = await self.plan()
        if plan.is_done:
            return False
        if problem := self.refusal(plan):
            raise NotDeployable(problem)
        await self._fill_buffer()
        await self._finish(is_upgrade=plan.is_upgrade)
        await self._verify()
        return True

    def refusal(self, plan: DeployPlan) -> str | None:
        """Why this plan cannot be carried out, None when it can or nothing is left to do."""
        mine = self._keys.authority.pubkey()
        if plan.is_done:
            return None
        if plan.is_upgrade and plan.authority is None:
            return f"{self._keys.program} is final: nobody may upgrade it"
        if plan.is_upgrade and plan.authority != mine:
            return f"upgrade authority is {plan.authority}, not {mine}; sign with that key"
        if not plan.is_upgrade and self._keys.program_key is None:
            return (
                f"the first deployment at {self._keys.program} needs that address's own key;"
                " give it with --program-key, or deploy at a new address"
            )
        if not plan.is_affordable:
            needed = plan.locked_lamports + plan.lent_lamports + plan.fee_lamports
            return (
                f"{self._keys.payer.pubkey()} has {plan.balance_lamports / 1e9:.4f} SOL and needs"
                f" {needed / 1e9:.4f}; fund it first"
            )
        return None

    async def _fill_buffer(self) -> None:
        buffer, payer = self._keys.buffer, self._keys.payer
        found = await self._rpc.account(buffer.pubkey(), _PROCESSED)
        if found is None:
            size = len(self._binary)
            rent = await self._rent(loader.BUFFER_HEADER + size)
            made = loader.create_buffer(
                payer.pubkey(),
                buffer.pubkey(),
                self._keys.authority.pubkey(),
                size=size,
                rent_lamports=rent,
            )
            await self._send(made, [payer, buffer], WRITE_UNITS)
            self._say(f"{self._buffer(rent)} until the program is deployed")
        for _ in range(ROUNDS_MAX):
            found = await self._rpc.account(buffer.pubkey(), _PROCESSED)
            missing = self._missing(found)
            if not missing:
                return
            self._say(f"writing {len(missing)} of {len(self._chunks())} chunks")
            await self._write(missing)
            await self._settled(len(missing))
        where = self._buffer(found.lamports) if found else "the buffer is gone"
        raise NotDeployable(
            f"chunks keep getting lost; {where}; run the same command again to go on"
        )

    async def _write(self, offsets: Sequence[int]) -> None:
        """Send chunks once each; what a node loses is found missing by the next look."""
        authority = self._keys.authority.pubkey()
        turn = asyncio.Semaphore(IN_FLIGHT)
        recent = await self._rpc.latest_blockhash(_CONFIRMED)
        signers = _distinct([self._keys.payer, self._keys.authority])

        async def send(offset: int) -> PortError | None:
            run = self._binary[offset : offset + CHUNK_BYTES]
            put = loader.write(self._keys.buffer.pubkey(), authority, offset, run)
            message = self._message([put], recent.hash, WRITE_UNITS)
            async with turn:
                try:
                    await self._rpc.send(sign(message, signers), preflight=False)
                except PortError as problem:
                    return problem
            return None

        problems = [each for each in await asyncio.gather(*map(send, offsets)) if each]
        if problems:
            self._say(f"{len(problems)} chunks were not taken, the last because: {problems[-1]}")

    async def _settled(self, sent: int) -> None:
        """Wait until the buffer stops filling."""
        deadline, before = time.monotonic() + SETTLE_S, sent
        while time.monotonic() < deadline:
            await asyncio.sleep(0.8)
            found = await self._rpc.account(self._keys.buffer.pubkey(), _PROCESSED)
            missing = len(self._missing(found))
            if missing in (0, before):
                return
            before = missing

    async def _finish(self, *, is_upgrade: bool) -> None:
        keys = self._keys
        payer, buffer, authority = (
            keys.payer.pubkey(),
            keys.buffer.pubkey(),
            keys.authority.pubkey(),
        )
        if is_upgrade:
            change = loader.upgrade(keys.program, buffer, authority, spill=payer)
            await self._send([change], [keys.payer, keys.authority], DEPLOY_UNITS)
            return
        assert keys.program_key is not None
        rent = await self._rent(loader.PROGRAM_SPACE)
        made = [
            loader.create_program(payer, keys.program, rent_lamports=rent),
            loader.deploy(payer, keys.program, buffer=buffer, authority=authority, room=self._room),
        ]
        await self._send(made, [keys.payer, keys.program_key, keys.authority], DEPLOY_UNITS)

    async def _verify(self) -> None:
        """The cluster runs a new binary from the next slot on; wait for it and compare bytes."""
        deployed = await self._deployed()
        if deployed is None or not deployed.holds(self._binary):
            raise NotDeployable("the deployed bytes are not the ones that were sent")
        while await self._rpc.slot(_PROCESSED) <= deployed.slot + 1:  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.2)

    async def _deployed(self) -> Deployed | None:
        where = loader.program_data(self._keys.program)
        program, data = await self._rpc.accounts([self._keys.program, where], _PROCESSED)
        if program is None and data is None:
            return None
        if program is None or program.owner != UPGRADEABLE_LOADER or data is None:
            raise NotDeployable(f"{self._keys.program} is not an upgradeable program")
        found = loader.read_program_data(data.data)
        if len(self._binary) > len(found.binary):
            more = len(self._binary) - len(found.binary)
            raise NotDeployable(f"the program's account is {more} bytes too small; extend it first")
        return found

    def _chunks(self) -> list[int]:
        return list(range(0, len(self._binary), CHUNK_BYTES))

    def _missing(self, found: AccountData | None) -> list[int]:
        if found is None:
            return self._chunks()
        authority, content = loader.read_buffer(found.data)
        if authority != self._keys.authority.pubkey() or len(content) != len(self._binary):
            raise NotDeployable(
                f"{self._buffer(found.lamports)}, and is of another deployment (its authority is"
                f" {authority or 'nobody'}); get the SOL back with `solana program close"
                f" {found.address}`, then remove {self._buffer_key} to start with a new buffer"
            )
        return [
            at
            for at in self._chunks()
            if content[at : at + CHUNK_BYTES] != self._binary[at : at + CHUNK_BYTES]
        ]

    def _buffer(self, lamports: int) -> str:
        address = self._keys.buffer.pubkey()
        return f"the buffer {address} ({self._buffer_key}) holds {lamports / 1e9:.4f} SOL"

    @property
    def _buffer_key(self) -> str:
        return f"key file {self._keys.buffer_file or 'of the caller'}"

    def _fees(self, writes: int, *, creates: bool, is_new: bool) -> int:
        """What landing everything once costs; a write that is lost is paid for again."""
        writers = len(_distinct([self._keys.payer, self._keys.authority]))
        signatures = writers * writes + (2 if creates else 0) + writers + (1 if is_new else 0)
        units = WRITE_UNITS * (writes + creates) + DEPLOY_UNITS
        return LAMPORTS_PER_SIGNATURE * signatures - (-units * self._unit_price // 1_000_000)

    @property
    def _room(self) -> int:
        return len(self._binary) * ROOM_PERCENT // 100

    async def _rent(self, space: int) -> int:
        return await self._rpc.rent_minimum(space)

    def _message(self, instructions: Sequence[Instruction], recent: str, units: int) -> bytes:
        return build_message(
            self._keys.payer.pubkey(),
            instructions,
            recent,
            unit_limit=units,
            unit_price=self._unit_price,
        )

    async def _send(
        self, instructions: Sequence[Instruction], keys: Sequence[Keypair], units: int
    ) -> None:
        recent = await self._rpc.latest_blockhash(_CONFIRMED)
        wire = sign(self._message(instructions, recent.hash, units), keys)
        try:
            signature = await self._rpc.send(wire)
        except TransactionRejected as refusal:
            raise NotDeployable(_refused(refusal.err or str(refusal), refusal.logs)) from refusal
        deadline, again_at = time.monotonic() + LANDING_S_MAX, time.monotonic() + 2
        while time.monotonic() < deadline:
            (state,) = await self._rpc.statuses([signature])
            if state is not None and state.err is not None:
                raise NotDeployable(f"{_refused(state.err)} ({signature})")
            if state is not None and state.commitment is not _PROCESSED:
                return
            if time.monotonic() > again_at:
                await self._rpc.send(wire, preflight=False)
                again_at += 2
            await asyncio.sleep(0.2)
        raise NotDeployable(f"{signature} did not land; run the same command again to go on")


def _refused(err: object, logs: list[str] | None = None) -> str:
    failure = failure_of(err, load_program(), logs)
    told = "".join(f"\n  {line}" for line in logs or ())
    return f"refused: {failure.message if failure else err}{told}"


def _distinct(keys: Sequence[Keypair]) -> list[Keypair]:
    return list({key.pubkey(): key for key in keys}.values())
