"""Sign-in messages: the Sign-In-With-Solana text, written and read by one strict grammar.

Only the exact form that this server writes is read back; every deviation is named. The text is
data until a signature over its very bytes has been checked.
Source: phantom/sign-in-with-solana, README, "Sign-In Input Fields" (ABNF).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime

HEADER = " wants you to sign in with your Solana account:"
STATEMENT = "Sign in to QuantDesk. This costs nothing and moves no funds."
VERSION = "1"
LENGTH_MAX = 1024

_LABELS = {
    "uri": "URI",
    "version": "Version",
    "chain_id": "Chain ID",
    "nonce": "Nonce",
    "issued_at": "Issued At",
    "expiration_time": "Expiration Time",
}
_PATTERNS = {
    "domain": r"[a-z0-9.\-]{1,253}(:[0-9]{1,5})?",
    "address": r"[1-9A-HJ-NP-Za-km-z]{32,44}",
    "statement": r"[\x20-\x7e]{1,200}",
    "uri": r"https?://[a-z0-9.\-]{1,253}(:[0-9]{1,5})?",
    "version": r"[0-9]{1,2}",
    "chain_id": r"mainnet|testnet|devnet|localnet",
    "nonce": r"[A-Za-z0-9]{22,64}",
    "issued_at": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "expiration_time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
}


class MessageFault(Exception):
    """The text is no sign-in message; `field` says where the grammar broke."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMessage:
    """The fields a wallet shows and signs; all of them are present, none is optional."""

    domain: str
    address: str
    uri: str
    chain_id: str
    nonce: str
    issued_at: str
    expiration_time: str
    statement: str = STATEMENT
    version: str = VERSION

    def __post_init__(self) -> None:
        for name, pattern in _PATTERNS.items():
            if re.fullmatch(pattern, getattr(self, name), re.ASCII) is None:
                raise MessageFault(name, f"text that matches {pattern}")

    @property
    def text(self) -> str:
        """The exact text, LF line ends, no line end after the last field."""
        advanced = [f"{label}: {getattr(self, name)}" for name, label in _LABELS.items()]
        head = f"{self.domain}{HEADER}\n{self.address}\n\n{self.statement}\n\n"
        return head + "\n".join(advanced)

    def first_difference(self, other: SignInMessage) -> str | None:
        """The name of the first field in which two messages differ."""
        for field in fields(self):
            if getattr(self, field.name) != getattr(other, field.name):
                return field.name
        return None


def read(message: bytes) -> SignInMessage:
    """The message in `message`. Raises MessageFault unless its bytes are exactly our form."""
    if len(message) > LENGTH_MAX:
        raise MessageFault("message", f"at most {LENGTH_MAX} bytes, found {len(message)}")
    try:
        text = message.decode("ascii")
    except UnicodeDecodeError:
        raise MessageFault("message", "ASCII text") from None
    lines = text.split("\n")
    if len(lines) != 5 + len(_LABELS):
        raise MessageFault("message", f"{5 + len(_LABELS)} lines, found {len(lines)}")
    first, address, blank_one, statement, blank_two, *advanced = lines
    if not first.endswith(HEADER):
        raise MessageFault("domain", f"a first line that ends with “{HEADER.strip()}”")
    if blank_one or blank_two:
        raise MessageFault("statement", "one blank line before and after it")
    found = SignInMessage(
        domain=first.removesuffix(HEADER),
        address=address,
        statement=statement,
        **_advanced(advanced),
    )
    if found.text.encode() != message:
        raise MessageFault("message", "the canonical form")
    return found


def _advanced(lines: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for (name, label), line in zip(_LABELS.items(), lines, strict=True):
        prefix = f"{label}: "
        if not line.startswith(prefix):
            raise MessageFault(name, f"a line that starts with “{prefix}”")
        values[name] = line.removeprefix(prefix)
    return values


def written_time(at_ms: int) -> str:
    """A moment as sign-in messages write it: ISO 8601, UTC, milliseconds."""
    moment = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"
