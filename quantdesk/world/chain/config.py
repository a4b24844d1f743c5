"""Where the local chain lives and how its time runs."""

from dataclasses import dataclass, field
from pathlib import Path

from quantdesk.world.chain.faults import Faults

FIRST_SLOT = 1_000
"""Slot of a new chain: late enough that a full window of blockhashes lies behind it."""

BLOCKHASH_WINDOW = 150
"""Blocks for which a blockhash may be used, as on Solana."""

SLOTS_IN_EPOCH = 432_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietInstruction:
    """Instructions that repeat for ever and tell nothing later: prices, above all."""

    program: str
    prefix: bytes = b""
    """First bytes of the instruction data; empty: every instruction of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """Everything `serve` needs; `rpc_port + 1` is the WebSocket, as Solana clients expect."""

    home: Path
    rpc_port: int
    host: str = "127.0.0.1"
    slot_ms: int = 400
    confirmed_slots: int = 1
    finalized_slots: int = 32
    history_limit: int = 200_000
    quiet_history_slots: int = 9_000
    """How long transactions made of `quiet` instructions only are remembered."""
    quiet: tuple[QuietInstruction, ...] = ()
    programs: tuple["ProgramFile", ...] = ()
    faults: Faults = field(default_factory=Faults)
    is_breakable: bool = False
    """Whether `POST /fault` exists, by which tests in other processes switch faults on."""

    @property
    def database(self) -> Path:
        """The chain's only file."""
        return self.home / "ledger.sqlite3"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFile:
    """A program to keep deployed: its address, its binary and who may upgrade it."""

    address: str
    binary: Path
    upgrade_authority: str
