"""Limits of a mail listener: connections and mails of each peer, and the memory of all mails under way.

A peer over a limit may come again later.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from ssl import SSLContext

WINDOW_S = 60.0
MIB = 1024 * 1024  # bytes
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
    unfinished: int = 256 * MIB
    """Bytes of all mails under way: from the first byte of a mail until its answer."""
    data_timeout: float = 600.0
    """Seconds that the content of one mail may take to arrive."""
    idle_timeout: float = 60.0
    """Seconds until the next command, or between two parts of a content."""
    replies: int = 1000
    """Replies in a connection before its first mail is stored, and between two stored mails."""


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


class Unfinished:
    """Counts the bytes of the mails under way in all sessions of one event loop, against a total."""

    def __init__(self, total: int) -> None:
        self._total = total
        self.used = 0

    def has_room(self, own: int, more: int) -> bool:
        """Return True when a mail that holds `own` bytes may hold `more` besides.

        The only mail under way always may: otherwise a mail larger than the total would never be taken.
        """
        return self.used + more <= self._total or self.used == own

    def take(self, more: int) -> None:
        self.used += more

    def release(self, held: int) -> None:
        self.used -= held


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
