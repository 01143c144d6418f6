"""Does the ledger's disk have room for another delivery?

Of SQLite's, the file system says how much is left, and the alarm is up before the disk is full. PostgreSQL's can only
be asked by writing: that is done by who asks to look (`status`), and by a process whose statement was refused for want
of room, until it is no more. What is written for that is rolled back, and belongs to none of the tables.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

NEEDED = 16 * 1024 * 1024  # bytes; less is an alarm, since a single mail may be larger
PROBED = 32_000  # rows of 32 bytes or more, so that their table needs about one MiB
REMEMBERED_S = 10.0  # so long after a refusal the alarm stays up, whatever a look finds

_SQLITE_CODES = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)
_DISK_FULL = "53100"  # https://www.postgresql.org/docs/current/errcodes-appendix.html

_TABLESPACE = "SELECT set_config('temp_tablespaces', current_setting('default_tablespace'), true)"
_PROBE = f"CREATE TEMPORARY TABLE ticketrelay_room AS SELECT generate_series(1, {PROBED}) AS number"


def says_full(error: BaseException | None) -> bool:
    """True when the database refused something because its disk is full."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", None) in _SQLITE_CODES
    return getattr(original, "sqlstate", None) == _DISK_FULL


def left_beside(path: Path) -> str | None:
    """What is wrong where the file system of that file has little room left, else None."""
    try:
        there = os.statvfs(path.parent)
    except OSError:
        return None
    left = there.f_bavail * there.f_frsize
    return f"the disk of the ledger has {left // 1024} KiB left: make room" if left < NEEDED else None


def look_by_writing(engine: Engine) -> str | None:
    """What is wrong where PostgreSQL has no room, else None; what else may be wrong is not said here."""
    try:
        with engine.connect() as connection:  # and rolled back
            connection.execute(text(_TABLESPACE))
            connection.execute(text(_PROBE))
    except DBAPIError as error:
        return "the disk of PostgreSQL is full: nothing is taken in until it has room" if says_full(error) else None
    return None


class Room:
    """What one process knows about the room of the ledger's disk. May be used from any thread."""

    def __init__(self, look: Callable[[], str | None], *, is_free: bool) -> None:
        self._look = look
        self._is_free = is_free
        self._refused_at: float | None = None

    def note(self, error: BaseException | None) -> None:
        """Remember an error of the database, where it says that the disk is full."""
        if says_full(error):
            self._refused_at = time.monotonic()

    def problem(self, *, look: bool = False) -> str | None:
        """What is wrong, None when nothing is known to be; `look` asks the database where it has to be asked."""
        refused_at = self._refused_at
        if refused_at is None and not (look or self._is_free):
            return None
        found = self._look()
        if found is None and refused_at is not None:
            if time.monotonic() - refused_at < REMEMBERED_S:
                return "the disk of the ledger was full a moment ago"
            self._refused_at = None
        return found
