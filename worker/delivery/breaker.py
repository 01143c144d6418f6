"""When is the Tickets API left alone? When too many of the latest calls failed, whatever they were about.

It opens on a rate of failures over a window, in each process by what it saw itself, and closes the gate for all. From
then on the gate lets one call at a time through, of another case each time, until one is answered.

A call fails when it was not executed or its outcome is not known. One that is rejected was answered; a 429 has a gate
of its own.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from worker.ledger import Claim, CloseGate, Settlement
from worker.settings import ApiSettings, TimingSettings

FAILURES = frozenset({"not executed", "unknown"})
TOO_MANY_REQUESTS = 429


class Breaker:
    """What one process saw of the latest calls."""

    def __init__(self, api: ApiSettings, timing: TimingSettings) -> None:
        self._window = timedelta(seconds=timing.breaker_window)
        self._pause = timedelta(seconds=timing.probe_interval)
        self._least = api.breaker_calls
        self._rate = api.breaker_rate
        self._latest: deque[tuple[datetime, bool]] = deque()
        self._failures = 0

    def look_at(self, claim: Claim, settlement: Settlement, now: datetime) -> CloseGate | None:
        """Count one attempt; gives what it means for all others."""
        if settlement.status == TOO_MANY_REQUESTS or settlement.latency is None:  # no call was made
            return None
        has_failed = settlement.outcome in FAILURES
        if claim.probes == "breaker":
            return CloseGate(now + self._pause, "breaker", probed=True) if has_failed else None
        self._count(has_failed, now)
        if len(self._latest) < self._least or self._failures < self._rate * len(self._latest):
            return None
        # What led to a closed gate must not close it again when it was opened.
        self._latest.clear()
        self._failures = 0
        return CloseGate(now + self._pause, "breaker")

    def _count(self, has_failed: bool, now: datetime) -> None:
        self._latest.append((now, has_failed))
        self._failures += has_failed
        while self._latest and self._latest[0][0] <= now - self._window:
            self._failures -= self._latest.popleft()[1]
