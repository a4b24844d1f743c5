"""The keys of a local world, as Solana keypair files that only their owner may read."""

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path

from solders.keypair import Keypair

from quantdesk.adapters.chain.faucet import read_key


class KeyFileBroken(Exception):
    """A file does not hold a Solana key; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldKeys:
    """Who is who: each field is the file `<name>.json`."""

    admin: Keypair
    guardian: Keypair
    keeper: Keypair
    faucet: Keypair
    publisher: Keypair
    usdc_mint: Keypair


def ensure_keys(directory: Path) -> WorldKeys:
    """Load every key, creating the missing ones. Raises KeyFileBroken or OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return WorldKeys(**{each.name: _ensure(directory, each.name) for each in fields(WorldKeys)})


def usdc_mint(directory: Path) -> str:
    """Address of the world's test USDC, known before the chain has started."""
    return str(ensure_keys(directory).usdc_mint.pubkey())


def _ensure(directory: Path, name: str) -> Keypair:
    path = directory / f"{name}.json"
    if not path.exists():
        _write_once(path, Keypair())
    try:
        return read_key(path)
    except (ValueError, TypeError) as problem:
        raise KeyFileBroken(
            f"{path} is not a Solana key file (64 numbers); put the right one back"
        ) from problem


def _write_once(path: Path, key: Keypair) -> None:
    """Create the file whole or not at all; the first of two writers wins."""
    draft = path.with_suffix(f".{os.getpid()}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(list(bytes(key)), file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody else's key stands
    finally:
        draft.unlink()
