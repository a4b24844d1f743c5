"""A node's address as settings give it: where it is, how often it may be asked, how it is called.

`#rps=N` behind a URL is the plan bought from its provider; it never leaves this process. Keys stand
in paths and queries, so words about a node name its host and port only.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urldefrag, urlsplit

PUBLIC_RATE_PER_S = 4.0
"""Solana's own public nodes allow 40 requests of one kind in 10 s from one address."""
PUBLIC_SUFFIX = ".solana.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAddress:
    """`rate_per_s` None: as often as we like."""

    url: str
    name: str
    rate_per_s: float | None

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse a URL of SOLANA_RPC_URLS; raises ValueError for a rate that is none."""
        url, fragment = urldefrag(text)
        parts = urlsplit(url)
        host = parts.hostname or ""
        rate = PUBLIC_RATE_PER_S if host.endswith(PUBLIC_SUFFIX) else None
        if asked := parse_qs(fragment).get("rps"):
            rate = float(asked[-1])
            if not 0 < rate < float("inf"):
                raise ValueError(f"#rps={asked[-1]} is no number of requests a second")
        return cls(url=url, name=f"{host}:{parts.port}" if parts.port else host, rate_per_s=rate)
