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
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(10)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def at(self, moment: float) -> None:
        """Wake then, by the clock, or earlier if somebody asked for that."""
        with self._changed:
            if self._at is None or moment < self._at:
                self._at = moment
                self._changed.notify_all()

    def _run(self) -> None:
        while self._wait():
            self._wake()

    def _wait(self) -> bool:
        """Sleep until it is time; False when it is over."""
        with self._changed:
            while not self._stopping:
                left = None if self._at is None else self._at - self._clock()
                if left is not None and left <= 0:
                    self._at = None
                    return True
                self._changed.wait(left)
            return False
