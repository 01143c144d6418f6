"""A circuit breaker for the Tickets API, by the failure rate of the latest calls.

The breaker opens on a rate of failures over a window. Each process counts its own calls, and closes the gate for all.
From then on the gate lets one call at a time through, of another case each time, until a call is answered.

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

    def look_at(self, claim: Claim, settlement: Settlement, now: datetime) -> CloseGate | None:
        """Count one attempt. Returns a gate to close for all, or None."""
        if settlement.status == TOO_MANY_REQUESTS or settlement.latency is None:  # no call was made
            return None
        has_failed = settlement.outcome in FAILURES
        if claim.probes == "breaker":
            return CloseGate(now + self._pause, "breaker", probed=True) if has_failed else None
        self._count(has_failed, now)
        if len(self._latest) < self._least or self._failures < self._rate * len(self._latest):
            return None
        # The failures that closed the gate must not close it again after it was opened.
        self._latest.clear()
        self._failures = 0
        return CloseGate(now + self._pause, "breaker")

    def _count(self, has_failed: bool, now: datetime) -> None:
        self._latest.append((now, has_failed))
        self._failures += has_failed
        while self._latest and self._latest[0][0] <= now - self._window:
            self._failures -= self._latest.popleft()[1]
