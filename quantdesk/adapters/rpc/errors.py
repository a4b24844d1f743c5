"""What asking a node can end in, as port errors."""

from typing import Any

from quantdesk.services.ports import ExchangeUnavailable, PortError

PREFLIGHT_FAILURE = -32002
NODE_TROUBLE = frozenset({429, -32603, -32005, -32004, -32014, -32016})
"""Codes that say something about this node now, not about the request."""


class RpcUnavailable(ExchangeUnavailable):
    """No node answered within the budget."""


class NodeFailed(Exception):
    """One node did not give an answer; `rest_s` is how long it asked to be left alone."""

    def __init__(self, reason: str, *, rest_s: float = 0.0) -> None:
        super().__init__(reason)
        self.rest_s = rest_s


class RpcRefused(PortError):
    """A node answered with an error about the request itself."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class TransactionRejected(RpcRefused):
    """Preflight ran the transaction and it failed; `err` and `logs` say how."""

    @property
    def err(self) -> Any:
        """The transaction error in JSON form."""
        return self.data.get("err") if isinstance(self.data, dict) else None

    @property
    def logs(self) -> list[str]:
        """What the programs printed before it failed."""
        found = self.data.get("logs") if isinstance(self.data, dict) else None
        return list(found or ())

    @property
    def is_already_processed(self) -> bool:
        """The same bytes have landed before: for the sender that is success."""
        return bool(self.err == "AlreadyProcessed")
