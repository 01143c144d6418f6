"""Limits the connections and mails of each peer of the mail listener. A peer over its limit may come again later."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from ssl import SSLContext

WINDOW_S = 60.0
REMEMBERED = 10_000  # peers; the one that was silent for the longest is forgotten first


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a mail listener; None for no limit."""

    per_minute: int | None = None
    """Mails of one peer in any 60 s."""
    connections: int = 200
    """Connections open at once."""
    per_peer: int = 50
    """Connections open at once from one peer."""
    keep_free: int | None = None
    """Bytes that stay free on the disk of the ledger, when the ledger is a file."""
    tls: SSLContext | None = None
    """The TLS context for STARTTLS; None: STARTTLS is not offered."""


def has_room(ledger: Path | None, keep_free: int | None, mail: int) -> bool:
    """Return True when `keep_free` bytes stay free on the ledger's disk after `mail` bytes, or when there is no limit.

    A `ledger` of None has no file, and no limit.
    """
    if ledger is None or keep_free is None:
        return True
    try:
        return disk_usage(ledger.parent).free - mail >= keep_free
    except OSError:
        return True  # the ledger itself reports the problem


class Peers:
    """The connections and mails of each peer, for one event loop."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._mails: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, peer: str) -> bool:
        """Return True when the peer may have one more connection, which is then counted until it leaves."""
        if self._open.total() >= self._limits.connections or self._open[peer] >= self._limits.per_peer:
            return False
        self._open[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        self._open[peer] -= 1
        if self._open[peer] <= 0:
            del self._open[peer]

    def may_send(self, peer: str) -> bool:
        """Return True when the peer may begin one more mail now, which is then counted."""
        if self._limits.per_minute is None:
            return True
        now = self._clock()
        times = self._mails.setdefault(peer, deque())
        self._mails.move_to_end(peer)
        if len(self._mails) > REMEMBERED:
            self._mails.popitem(last=False)
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if len(times) >= self._limits.per_minute:
            return False
        times.append(now)
        return True
