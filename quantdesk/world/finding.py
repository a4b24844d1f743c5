"""A finding of the doctor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen and, when it is a problem, how to mend it."""

    seen: str
    fix: str | None = None

    def __str__(self) -> str:
        return f"✓ {self.seen}" if self.fix is None else f"✗ {self.seen}\n    fix: {self.fix}"
