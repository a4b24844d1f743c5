"""Ports: loopback only, below Linux's ephemeral range, probed and then claimed.

A claim is an abstract Unix socket named after the port. It ends with the process that holds it,
so two worlds that start in the same instant never choose the same port.
"""

import socket
import sys

HIGHEST = 32767
ATTEMPTS = 400


class NoFreePort(Exception):
    """No port was free near the wanted one."""


class PortClaims:
    """The ports that this supervisor holds."""

    def __init__(self) -> None:
        self._claims: list[socket.socket] = []

    def take(self, name: str, wanted: int, *, width: int = 1) -> int:
        """The first of `width` neighbouring free ports, at `wanted` or above."""
        for port in range(wanted, min(wanted + ATTEMPTS, HIGHEST - width + 2)):
            if all(is_free(port + offset) for offset in range(width)) and self._claim(port, width):
                return port
        raise NoFreePort(
            f"no free port for {name} from {wanted} up; stop what listens there, "
            f"or set QD_{name.upper()}_PORT to a free port below {HIGHEST + 1}"
        )

    def _claim(self, port: int, width: int) -> bool:
        if sys.platform != "linux":
            return True
        taken: list[socket.socket] = []
        for offset in range(width):
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                claim.bind(f"\0quantdesk-port-{port + offset}")
            except OSError:
                for held in (*taken, claim):
                    held.close()
                return False
            taken.append(claim)
        self._claims += taken
        return True


def is_free(port: int) -> bool:
    """True when a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        # As servers do: a connection of the past in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True
