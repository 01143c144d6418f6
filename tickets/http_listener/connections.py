"""The open connections of a process's HTTP listeners, and the choice of those that give way.

    a new connection, and                                it
    there is a place                                     gets that place
    none, but a connection that waits for no answer      gets the place of the one that has waited longest
    none at all                                          is on probation until its head has come

On probation, a head that is a probe's is answered, and so is any other if there is a place again. The rest is refused
with 503. If too many are on probation, the oldest is refused before its head has come. So a probe is answered if its
head comes before `ON_PROBATION` more connections do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tickets.http_listener.limits import ON_PROBATION, Limits


class Connection(Protocol):
    """A connection, as `Connections` sees it. Each call ends it, at once or soon."""

    def give_way(self) -> None:
        """Close; no request is under way."""

    def turn_away(self) -> None:
        """Answer 503, and close."""


class Connections:
    """Counts connections. Used on one event loop."""

    def __init__(self, limits: Limits, tell_full: Callable[[], None] = lambda: None) -> None:
        """`tell_full` is called for each connection that found no place."""
        self.limits = limits
        self._tell_full = tell_full
        self._placed: set[Connection] = set()
        # Dicts, because they keep the order: the first has waited longest.
        self._idle: dict[Connection, None] = {}
        self._on_probation: dict[Connection, None] = {}

    def enter(self, connection: Connection) -> None:
        """Give a new connection a place, or put it on probation."""
        if self._take_place(connection):
            return
        self._tell_full()
        if len(self._on_probation) >= ON_PROBATION:
            oldest = next(iter(self._on_probation))
            del self._on_probation[oldest]
            oldest.turn_away()
        self._on_probation[connection] = None

    def is_placed(self, connection: Connection) -> bool:
        """Return True for a connection with a place. One on probation gets a place that is free by now."""
        if connection in self._placed:
            return True
        if not self._take_place(connection):
            return False
        self._on_probation.pop(connection, None)
        return True

    def idle(self, connection: Connection) -> None:
        """Note that a connection waits for the next request."""
        if connection in self._placed:
            self._idle[connection] = None

    def busy(self, connection: Connection) -> None:
        """Note that a connection has a request."""
        self._idle.pop(connection, None)

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self._placed.discard(connection)
        self._idle.pop(connection, None)
        self._on_probation.pop(connection, None)

    def make_room(self) -> None:
        """Close all connections that wait for the next request: the process has too many open files."""
        for each in [*self._idle]:
            self.leave(each)
            each.give_way()

    def _take_place(self, connection: Connection) -> bool:
        if len(self._placed) >= self.limits.connections:
            if not self._idle:
                return False
            longest = next(iter(self._idle))
            self.leave(longest)
            longest.give_way()
        self._placed.add(connection)
        return True
