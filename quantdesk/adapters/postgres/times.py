"""Times at the database's edge: milliseconds inside the product, timestamptz in the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(at_ms: int) -> datetime:
    """The moment `at_ms` milliseconds after 1970 UTC."""
    return EPOCH + timedelta(milliseconds=at_ms)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970 UTC, exact to the millisecond below."""
    return (at - EPOCH) // timedelta(milliseconds=1)
