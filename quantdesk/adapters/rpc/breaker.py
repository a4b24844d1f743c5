"""A circuit breaker: after some failures in a row a node rests, then one probe decides."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Times are seconds of any steady clock."""

    failures_max: int = 3
    rest_s: float = 1.0
    rest_max_s: float = 30.0
    _failures: int = 0
    _closed_until_s: float = 0.0
    _is_probing: bool = False

    def admits(self, now_s: float) -> bool:
        """Whether a request may go to this node now; a resting node admits one probe at a time."""
        if now_s < self._closed_until_s:
            return False
        if self._failures < self.failures_max:
            return True
        if self._is_probing:
            return False
        self._is_probing = True
        return True

    def wakes_at(self) -> float:
        """When the node may be asked again."""
        return self._closed_until_s

    def succeeded(self) -> None:
        """The node answered."""
        self._failures, self._closed_until_s, self._is_probing = 0, 0.0, False

    def abandoned(self) -> None:
        """A request was given up because another node was faster; it says nothing."""
        self._is_probing = False

    def failed(self, now_s: float, *, rest_s: float = 0.0) -> None:
        """The node did not answer, or asked for `rest_s` seconds of rest."""
        self._failures += 1
        self._is_probing = False
        pause = rest_s
        if self._failures >= self.failures_max:
            doubled = self.rest_s * 2 ** (self._failures - self.failures_max)
            pause = max(pause, min(self.rest_max_s, doubled))
        self._closed_until_s = max(self._closed_until_s, now_s + pause)
