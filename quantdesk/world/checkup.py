"""Examines what runs: pieces of this world and servers of others that settings name."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from quantdesk.settings import Settings
from quantdesk.world.finding import Finding
from quantdesk.world.home import Home
from quantdesk.world.status import PieceStatus, read_status

BEAT_LATE_MS = 5_000
RESTARTS_MANY = 3
CONNECT_TIMEOUT_S = 3.0
DEFAULT_PORTS = {
    "postgres": 5432,
    "postgresql": 5432,
    "redis": 6379,
    "rediss": 6379,
    "http": http.client.HTTP_PORT,
    "https": http.client.HTTPS_PORT,
}


def check_pieces(home: Home) -> Iterator[Finding]:
    """What is wrong with the pieces of the running world."""
    pieces = read_status(home)
    if not pieces:
        yield Finding("QuantDesk does not run here now; start it with `quantdesk up`")
        return
    sick = [finding for piece in pieces for finding in _check_piece(piece)]
    yield from sick
    if not sick:
        total = sum(piece.pss_bytes for piece in pieces) / 2**20
        yield Finding(f"{len(pieces)} pieces run and answer; {total:.0f} MB together")


def check_addresses(settings: Settings) -> Iterator[Finding]:
    """Whether the servers that the environment names accept connections."""
    named = {
        "DATABASE_URL": [settings.database_url],
        "REDIS_URL": [settings.redis_url],
        "SUPABASE_URL": [settings.supabase_url],
        "SOLANA_RPC_URLS": list(settings.solana_rpc_urls),
        "PYTH_HERMES_URL": [settings.pyth_hermes_url],
    }
    for name, addresses in named.items():
        for address in filter(None, addresses):
            yield _check_address(name, address)


def _check_piece(piece: PieceStatus) -> Iterator[Finding]:
    look = f"read `quantdesk logs {piece.name}`; its last lines say why"
    if piece.state == "waiting":
        yield Finding(f"{piece.name} has ended {piece.restarts + 1} times and is retried", look)
    elif piece.state == "starting":
        yield Finding(f"{piece.name} runs but does not answer yet", f"wait a moment, then {look}")
    elif piece.restarts >= RESTARTS_MANY:
        yield Finding(f"{piece.name} was restarted {piece.restarts} times", look)
    if piece.pid and piece.beat_age_ms is not None and piece.beat_age_ms > BEAT_LATE_MS:
        age_s = piece.beat_age_ms / 1000
        yield Finding(
            f"{piece.name} has not beaten for {age_s:.0f} s; it hangs",
            f"kill {piece.pid}: the supervisor starts it again; then {look}",
        )


def _check_address(name: str, address: str) -> Finding:
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    try:
        with socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S):
            return Finding(f"{name}: {host}:{port} accepts connections")
    except OSError as error:
        return Finding(
            f"{name}: {host}:{port} does not accept connections ({error})",
            f"start that server, correct {name}, or unset it to use the one of this world",
        )
