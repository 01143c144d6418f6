"""The server's only clock, which tests can advance.

Whole microseconds since 1970, because sums of floating-point seconds are not exact and Retry-After must be.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
"""Microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(us: int) -> str:
    """Format a time as in the contract, whole seconds in UTC: `2026-02-20T14:30:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(us // SECOND))


class Clock:
    """A clock on the machine's monotonic clock, from its start time on; `ticking=False` moves only by `advance`."""

    def __init__(self, start: datetime | None = None, *, ticking: bool = True) -> None:
        first = time.time_ns() // 1000 if start is None else (start - _EPOCH) // timedelta(microseconds=1)
        self._ticking = ticking
        self._offset = first - self._monotonic()
        self._lock = threading.Lock()

    def _monotonic(self) -> int:
        return time.monotonic_ns() // 1000 if self._ticking else 0

    def us(self) -> int:
        """Return microseconds since 1970; never decreases."""
        return self._monotonic() + self._offset

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`. Raises ValueError for a negative number."""
        if not 0 <= seconds < 1e10:
            raise ValueError(f"seconds must be 0 or more, not {seconds}")
        with self._lock:
            self._offset += round(seconds * SECOND)
