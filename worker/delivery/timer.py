"""Delivers again when the next token of the budget comes back, from a thread that waits for that moment.

No wake-up announces a token. Until then nobody need claim: claims in between would query the database in vain. When
tokens are reserved for urgent work, a wake-up may be for just that work, so the pause before the next claim is short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from worker.delivery.sending import Clock
from worker.ledger import Claimed
from worker.runtime.threads import Loop

URGENT_PAUSE_S = 0.05  # between two claims of urgent work while the others are paced


@dataclass(frozen=True, slots=True)
class Rest:
    """Moments, in seconds of one clock."""

    quiet_until: float
    """No claim before this moment."""
    wake_at: float
    """A claim at this moment, with or without a wake-up."""


def rest_after(claimed: Claimed, now: float) -> Rest | None:
    """Return the pause after this claim; None when no work waits for tokens."""
    if claimed.wait is None:
        return None
    wait = claimed.wait.total_seconds()
    return Rest(now + (min(wait, URGENT_PAUSE_S) if claimed.only_urgent else wait), now + wait)


class WakeTimer:
    """Calls `wake` at the earliest requested moment, from a thread of its own."""

    def __init__(self, wake: Callable[[], object], clock: Clock) -> None:
        self._wake = wake
        self._clock = clock
        self._at: float | None = None
        self._lock = threading.Lock()
        self._loop = Loop("timer", self._look, self._left, pauses_first=True)
        self.start, self.stop = self._loop.start, self._loop.stop

    def is_alive(self) -> bool:
        return self._loop.lives

    def at(self, moment: float) -> None:
        """Wake at this moment of the clock, or at an earlier one that was requested."""
        with self._lock:
            if self._at is not None and moment >= self._at:
                return
            self._at = moment
        self._loop.wake()

    def _left(self) -> float | None:
        """Return the seconds until the requested moment; None without a request."""
        with self._lock:
            return None if self._at is None else max(0.0, self._at - self._clock())

    def _look(self) -> None:
        with self._lock:
            if self._at is None or self._at > self._clock():
                return
            self._at = None
        self._wake()
