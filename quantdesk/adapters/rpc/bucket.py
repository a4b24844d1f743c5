"""A token bucket: how often one node may be asked, so that its provider never has to refuse."""

from dataclasses import dataclass

BURST_S = 2.0
"""A bucket that rested holds as many tokens as come in so many seconds."""


@dataclass(slots=True)
class Bucket:
    """`rate_per_s` requests a second; times are seconds of any steady clock."""

    rate_per_s: float
    _tokens: float = 0.0
    _filled_at_s: float = float("-inf")

    def wait_s(self, now_s: float) -> float:
        """How long until a request may go; 0.0 now."""
        self._fill(now_s)
        return max(0.0, (1.0 - self._tokens) / self.rate_per_s)

    def take(self, now_s: float) -> None:
        """Count a request, even one that could not wait."""
        self._fill(now_s)
        self._tokens -= 1.0

    def give_back(self) -> None:
        """Take a counted request back that was never made."""
        self._tokens += 1.0

    def _fill(self, now_s: float) -> None:
        most = max(1.0, self.rate_per_s * BURST_S)
        grown = self._tokens + max(0.0, now_s - self._filled_at_s) * self.rate_per_s
        self._tokens, self._filled_at_s = min(most, grown), now_s
