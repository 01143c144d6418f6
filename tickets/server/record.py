"""What was asked of the server? A count of all requests, and a log of the last ones; no bodies, no API keys."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, field

LOG_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as it was answered; `at` in microseconds since 1970."""

    at: int
    method: str
    path: str
    status: int
    """What was answered, or would have been where a fault cut the connection; 0 where nothing was to be answered."""
    api_key: str | None
    """A digest; None for an unknown key or none."""
    idempotency_key: str | None


@dataclass(slots=True)
class Record:
    """The requests of one server since its start or the last reset; used from any thread."""

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
        """(method, path template, status) → number."""
        with self._lock:
            return dict(self._counts)

    def log(self) -> list[Entry]:
        """The last requests, the oldest first."""
        with self._lock:
            return list(self._log)
