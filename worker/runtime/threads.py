"""A loop in a thread of its own, for every part of a process that works in turns.

    start ─▶ turn ─▶ pause, or until `wake` ─▶ turn ─▶ … ─▶ `stop` ─▶ at_end

A defect ends the thread. The process then fails `/livez`, and its supervisor starts it again.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import structlog

from worker.ledger import LedgerAway, why_away

log = structlog.get_logger()

JOIN_S = 10.0

Pause = float | Callable[[], float | None]
"""Seconds between two turns. A function is called before each pause; its None means: until `wake`."""


@dataclass(frozen=True, slots=True)
class Outlived:
    """Errors that end a turn, but not the loop, such as an unavailable ledger. The next turn finds the same work."""

    errors: tuple[type[Exception], ...]
    event: str
    """Name of the log event, which holds the first line of the error."""


def _nothing() -> None:
    return


class Loop:
    """Takes turns in a thread until the loop is stopped."""

    def __init__(
        self,
        name: str,
        turn: Callable[[], object],
        pause: Pause = 0.0,
        *,
        pauses_first: bool = False,
        outlives: Outlived | None = None,
        at_end: Callable[[], None] = _nothing,
    ) -> None:
        """`turn` does the work that is there now. `at_end` is called in the thread after the last turn."""
        self._turn = turn
        self._pause = pause
        self._pauses_first = pauses_first
        self._outlives = outlives or Outlived((), "")
        self._at_end = at_end
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """End the pause, or leave out the next one. From any thread."""
        self._woken.set()

    def ask_to_stop(self) -> None:
        """Take no further turn, without waiting for the current one. From any thread, and from a turn."""
        self._stopping.set()
        self._woken.set()

    def join(self, patience: float = JOIN_S) -> None:
        """Wait until the thread has ended, for at most `patience` seconds. The thread may never have been started."""
        if self._thread.ident is not None:
            self._thread.join(patience)

    def stop(self, patience: float = JOIN_S) -> None:
        """Take no further turn, and wait for the current one for at most `patience` seconds."""
        self.ask_to_stop()
        self.join(patience)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    @property
    def lives(self) -> bool:
        return self._thread.is_alive()

    def rest(self, seconds: float | None) -> bool:
        """Pause in a turn until `wake`, for at most so many seconds. Returns False when the loop is stopping."""
        # The next turn sees every wake-up from here on: a caller of `wake` stores its work first.
        self._woken.wait(seconds)
        self._woken.clear()
        return not self._stopping.is_set()

    def _run(self) -> None:
        goes_on = not self._pauses_first or self._rested()
        while goes_on and not self._stopping.is_set():
            try:
                self._turn()
            except self._outlives.errors as error:
                why = why_away(error) if isinstance(error, LedgerAway) else type(error).__name__
                log.warning(self._outlives.event, error=why)
            goes_on = self._rested()
        self._at_end()

    def _rested(self) -> bool:
        return self.rest(self._pause() if callable(self._pause) else self._pause)


def backoff_seconds(first: float, failures: int, longest: float) -> float:
    """Return the seconds to wait after `failures` failures and one more: doubled with each, up to `longest`."""
    return min(first * 2.0 ** min(failures, 20), longest)


def process_name() -> str:
    """Return the name of this process in the ledger: host, process id, and a random part."""
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    """Return a name that stays the same. A forked process has another number, and so another name."""
    return f"{socket.gethostname()}:{pid}:{secrets.token_hex(4)}"


def owner_name() -> str:
    """Return a name for the leases of one part of this process, unique among all parts of all processes.

    The name begins with that of the process, by which `worker.ledger` finds what a process holds.
    """
    return f"{process_name()}:{secrets.token_hex(4)}"
