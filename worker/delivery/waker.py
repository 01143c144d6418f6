"""Who claims when the next token of the budget comes back? No ring says so; a thread waits for that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from worker.delivery.sending import Clock


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
