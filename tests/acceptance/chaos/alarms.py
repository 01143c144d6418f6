"""Watches the alarms of a deployment, as Prometheus does, but more often.

Each fault may name an alarm that must come up because of it. At the end none may be up.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable

import httpx

from tests.no_tls import NO_TLS

INTERVAL_S = 0.1
PATIENCE_S = 150.0
"""Until an alarm is up, or over. With a limit, sending rests for a minute after a step of the clock."""

_UP = re.compile(r'^ticketrelay_alarm\{alarm="(\w+)"\} 1(?:\.0)?$', re.MULTILINE)


def up_in(metrics: str) -> frozenset[str]:
    """Return the names of the alarms that are up, from the text of `/metrics`."""
    return frozenset(_UP.findall(metrics))


class AlarmWatch:
    """Reads the alarms again and again, in a thread of its own, until it is stopped."""

    def __init__(self, intake: str) -> None:
        self._url = f"{intake}/metrics"
        self._raised: Counter[str] = Counter()
        self._up: frozenset[str] = frozenset()
        self._seen: dict[str, int] = {}
        self._begun = self._read = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms")
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def raised(self) -> dict[str, int]:
        """Return how often each alarm came up."""
        with self._changed:
            return dict(sorted(self._raised.items()))

    def comes_up(self, name: str, patience: float = PATIENCE_S) -> bool:
        """Wait until a reading that begins from now on finds the alarm up. Returns False when that takes too long."""
        return self._wait(lambda before: self._seen.get(name, 0) > before, patience)

    def is_over(self, name: str, patience: float = PATIENCE_S) -> bool:
        """Wait until a reading that begins from now on does not find the alarm."""
        return self._wait(lambda before: self._read > before and name not in self._up, patience)

    def left(self, patience: float = PATIENCE_S) -> frozenset[str]:
        """Return the alarms that are still up when none should be, after a while."""
        self._wait(lambda before: self._read > before and not self._up, patience)
        with self._changed:
            return self._up

    def _wait(self, holds: Callable[[int], bool], patience: float) -> bool:
        """Wait until something holds; it is told the number of the last reading that has begun by now."""
        with self._changed:
            before = self._begun
            return self._changed.wait_for(lambda: holds(before), patience)

    def _run(self) -> None:
        with httpx.Client(timeout=10, trust_env=False, verify=NO_TLS) as http:
            while not self._stopping.wait(INTERVAL_S):
                with self._changed:
                    self._begun += 1
                    number = self._begun
                try:
                    text = http.get(self._url).raise_for_status().text
                except httpx.HTTPError:  # the process is being killed
                    continue
                # Without its ledger, a process has no alarms to show.
                if "\nticketrelay_ledger_up 1" in text:
                    self._note(up_in(text), number)

    def _note(self, up: frozenset[str], number: int) -> None:
        with self._changed:
            self._raised.update(up - self._up)
            self._up, self._read = up, number
            self._seen |= dict.fromkeys(up, number)
            self._changed.notify_all()
