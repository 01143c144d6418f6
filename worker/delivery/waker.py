"""Who claims when the next token of the budget comes back? No ring says so; a thread waits for that moment.

Until then nobody need look: rings in between would ask the database for what cannot be had. Where tokens are kept for
what is urgent, a ring may be for just that, so that the rest is short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from worker.delivery.sending import Clock
from worker.ledger import Claimed
from worker.runtime.threads import Loop

URGENT_PAUSE_S = 0.05  # between two looks for something urgent while the others are paced


@dataclass(frozen=True, slots=True)
class Rest:
    """Moments, in seconds of one clock."""

    quiet_until: float
    """Nobody looks before."""
    wake_at: float
    """Somebody looks then, whether it rings or not."""


def rest_after(claimed: Claimed, now: float) -> Rest | None:
    """How long to leave it after this claim; None when nothing waits for tokens."""
    if claimed.wait is None:
        return None
    wait = claimed.wait.total_seconds()
    return Rest(now + (min(wait, URGENT_PAUSE_S) if claimed.only_urgent else wait), now + wait)


class Waker:
    """Calls `wake` at the earliest moment that it was asked for, from a thread of its own."""

    def __init__(self, wake: Callable[[], object], clock: Clock) -> None:
        self._wake = wake
        self._clock = clock
        self._at: float | None = None
        self._lock = threading.Lock()
        self._loop = Loop("waker", self._look, self._left, pauses_first=True)
        self.start, self.stop = self._loop.start, self._loop.stop

    def is_alive(self) -> bool:
        return self._loop.lives

    def at(self, moment: float) -> None:
        """Wake then, by the clock, or earlier if somebody asked for that."""
        with self._lock:
            if self._at is not None and moment >= self._at:
                return
            self._at = moment
        self._loop.wake()

    def _left(self) -> float | None:
        """Seconds until it is time; None while nobody asked."""
        with self._lock:
            return None if self._at is None else max(0.0, self._at - self._clock())

    def _look(self) -> None:
        with self._lock:
            if self._at is None or self._at > self._clock():
                return
            self._at = None
        self._wake()
