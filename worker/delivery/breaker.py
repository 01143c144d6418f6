"""A circuit breaker for the Tickets API, by the failure rate of the latest calls, and by failures in a row.

The breaker opens on a rate of failures over a window. A small team makes too few calls for a rate; so it also opens
when calls failed in a row for a while, with no answer in between, however long ago the first of them was. Each process
counts its own calls, and closes the gate for all. From then on the gate lets one call at a time through, of another
case each time, until a call is answered.

A call counts as failed when it was not executed or its outcome is unknown. A rejected call was answered. A 429 has a
gate of its own.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from worker.ledger import Claim, CloseGate, Settlement
from worker.settings import ApiSettings, TimingSettings

FAILURES = frozenset({"not executed", "unknown"})
TOO_MANY_REQUESTS = 429


class Breaker:
    """The latest calls of one process."""

    def __init__(self, api: ApiSettings, timing: TimingSettings) -> None:
        self._window = timedelta(seconds=timing.breaker_window)
        self._pause = timedelta(seconds=timing.probe_interval)
        self._least = api.breaker_calls
        self._rate = api.breaker_rate
        self._latest: deque[tuple[datetime, bool]] = deque()
        self._failures = 0
        self._row = _Row(api.breaker_in_a_row, timedelta(seconds=timing.breaker_after))

    def look_at(self, claim: Claim, settlement: Settlement, now: datetime) -> CloseGate | None:
        """Count one attempt. Returns a gate to close for all, or None."""
        if settlement.latency is None:  # no call was made
            return None
        if settlement.status == TOO_MANY_REQUESTS:
            self._row.end()
            return None
        has_failed = settlement.outcome in FAILURES
        if claim.probes == "breaker":
            self._row.end()
            return CloseGate(now + self._pause, "breaker", probed=True) if has_failed else None
        self._count(has_failed, now)
        if not (self._rate_is_reached() or self._row.is_complete(now)):
            return None
        # The failures that closed the gate must not close it again after it was opened.
        self._latest.clear()
        self._failures = 0
        self._row.end()
        return CloseGate(now + self._pause, "breaker")

    def _count(self, has_failed: bool, now: datetime) -> None:
        self._latest.append((now, has_failed))
        self._failures += has_failed
        while self._latest and self._latest[0][0] <= now - self._window:
            self._failures -= self._latest.popleft()[1]
        if has_failed:
            self._row.add(now)
        else:
            self._row.end()

    def _rate_is_reached(self) -> bool:
        return len(self._latest) >= self._least and self._failures >= self._rate * len(self._latest)


class _Row:
    """Calls that failed one after the other."""

    def __init__(self, least: int, shortest: timedelta) -> None:
        self._least = least
        self._shortest = shortest
        self._number = 0
        self._since: datetime | None = None

    def add(self, now: datetime) -> None:
        self._number += 1
        self._since = self._since or now

    def end(self) -> None:
        self._number, self._since = 0, None

    def is_complete(self, now: datetime) -> bool:
        return self._since is not None and self._number >= self._least and now - self._since >= self._shortest
