"""Notes when a database or a broker is away, and says once when it is back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Outage:
    """The present outage of one server, as this process sees it. May be used from any thread.

    `tell_back` is called once for each outage, with its length in seconds. `clock` counts seconds.
    """

    def __init__(
        self, tell_back: Callable[[float], None] = lambda _: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.tell_back = tell_back
        self._clock = clock
        self._began_at: float | None = None
        self._is_about_writes = False
        self._turn = threading.Lock()

    @property
    def _is_under_way(self) -> bool:
        return self._began_at is not None

    def failed(self, *, write: bool = True) -> None:
        """Note an attempt that failed; the outage began with the first one."""
        with self._turn:
            if self._began_at is None:
                self._began_at, self._is_about_writes = self._clock(), False
            self._is_about_writes = self._is_about_writes or write

    def succeeded(self, *, write: bool = True) -> None:
        """Note an attempt that succeeded. A read that succeeds does not end an outage in which writes failed."""
        if not self._is_under_way:  # nearly always: without the lock
            return
        with self._turn:
            began_at = self._began_at
            if began_at is None or (self._is_about_writes and not write):
                return
            length, self._began_at = self._clock() - began_at, None
        self.tell_back(length)
