"""Counts of all requests and a log of the last ones, without bodies and API keys."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

LOG_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request; `at` in microseconds since 1970."""

    at: int
    method: str
    path: str
    status: int
    """Status of the answer, also if a fault cut the connection; 0 if no answer was due."""
    api_key: str | None
    """A digest; None if the key is unknown or missing."""
    idempotency_key: str | None


@dataclass(slots=True)
class Record:
    """The requests of one server since its start or the last reset; may be used from any thread."""

    _log: deque[Entry] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))
    _counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, template: str, entry: Entry) -> None:
        with self._lock:
            self._counts[entry.method, template, entry.status] += 1
            self._log.append(entry)

    def clear(self) -> None:
        with self._lock:
            self._log.clear()
            self._counts.clear()

    def counts(self) -> dict[tuple[str, str, int], int]:
        """(method, path template, status) → number of requests."""
        with self._lock:
            return dict(self._counts)

    def log(self) -> list[Entry]:
        """Return the last requests, the oldest first."""
        with self._lock:
            return list(self._log)
