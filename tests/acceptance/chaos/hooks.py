"""Switches of the started processes: how slow the ledger's commits are, and how far their wall clock is off.

The driver writes the switches into a file; `install` has a process read them. So a switch holds at once, for all
processes, and over their restarts. The product knows nothing of this.
"""

from __future__ import annotations

import mmap
import os
import random
import struct
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from sqlalchemy import Connection, Engine, event

import worker.cli.processes.parts
import worker.ledger.engine.database

VARIABLE = "CHAOS_SWITCHES"
"""The environment variable with the path of the file."""
FASTEST_S, SLOWEST_S = 0.1, 3.0
"""A slow commit takes between these."""
TICKETS = "tickets.db"
"""The database of the Tickets API, whose commits stay fast."""

_NUMBER = struct.Struct("d")
_SLOW, _OFF = 0, _NUMBER.size
"""The places of the switches in the file."""


class Switches:
    """The switches in a file, which is made when it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("a+b") as file:
            file.truncate(2 * _NUMBER.size)
            self._memory = mmap.mmap(file.fileno(), 2 * _NUMBER.size)

    @property
    def commits_are_slow(self) -> bool:
        return bool(self._read(_SLOW))

    @commits_are_slow.setter
    def commits_are_slow(self, slow: bool) -> None:
        self._write(_SLOW, float(slow))

    @property
    def clock_is_off_by(self) -> timedelta:
        """Return the time that is added to the wall clock."""
        return timedelta(seconds=self._read(_OFF))

    @clock_is_off_by.setter
    def clock_is_off_by(self, by: timedelta) -> None:
        self._write(_OFF, by.total_seconds())

    def now(self, zone: tzinfo | None = None) -> datetime:
        """Return the time by the wall clock of the processes."""
        return datetime.now(zone) + self.clock_is_off_by

    def _read(self, place: int) -> float:
        number: float = _NUMBER.unpack_from(self._memory, place)[0]
        return number

    def _write(self, place: int, number: float) -> None:
        _NUMBER.pack_into(self._memory, place, number)


class _Clock(datetime):
    """Stands in for `datetime` in the modules that read the wall clock."""

    switches: Switches

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.switches.now(tz)


def install() -> None:
    """Have this process follow the switches; it is called before the command."""
    switches = Switches(Path(os.environ[VARIABLE]))
    _Clock.switches = switches
    # SQLite's ledger has the clock of its process; intake dates deliveries, and checks the times of signatures.
    for module in (worker.ledger.engine.database, worker.cli.processes.parts):
        module.datetime = _Clock  # type: ignore[attr-defined]

    @event.listens_for(Engine, "commit")
    def _pause(connection: Connection) -> None:
        database = connection.engine.url.database or ""
        if switches.commits_are_slow and not database.endswith(TICKETS):
            time.sleep(slow_commit(random.random()))  # noqa: S311


def slow_commit(dice: float) -> float:
    """Return how long a commit takes, in seconds: short pauses are as frequent as long ones, by their magnitude."""
    return FASTEST_S * (SLOWEST_S / FASTEST_S) ** dice  # type: ignore[no-any-return]
