"""The machine's own clock and randomness."""

import secrets
import time


class SystemClock:
    """The port `Clock`."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000


class SystemRandomness:
    """The port `Randomness`."""

    def secret(self, length: int) -> bytes:
        """`length` bytes that nobody can predict."""
        return secrets.token_bytes(length)
