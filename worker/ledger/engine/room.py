"""Checks the free space on the ledger's disk.

| database | how the space is checked |
|---|---|
| SQLite | the file system reports the free space, so the alarm is raised before the disk is full |
| PostgreSQL | by writing a temporary table that is rolled back and touches no table of the ledger |

PostgreSQL is checked on request (`status`). A process also checks after a statement was refused for lack of space,
until there is space again.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

NEEDED = 16 * 1024 * 1024  # bytes; less raises the alarm, since a single mail may be larger
PROBED = 32_000  # rows of 32 bytes or more, so that the table needs about one MiB
REMEMBERED_S = 10.0  # how long the alarm stays after a refusal, whatever a check finds

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
    """Return True when the database refused a statement because its disk is full."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", None) in _SQLITE_CODES
    return getattr(original, "sqlstate", None) == _DISK_FULL


def left_beside(path: Path) -> str | None:
    """Return the problem when the file system of `path` has little space left, else None."""
    try:
        there = os.statvfs(path.parent)
    except OSError:
        return None
    left = there.f_bavail * there.f_frsize
    return f"the disk of the ledger has {left // 1024} KiB left: free some space" if left < NEEDED else None


def look_by_writing(engine: Engine) -> str | None:
    """Return the problem when PostgreSQL has no space, else None; other errors are not reported."""
    try:
        with engine.connect() as connection:  # closing the connection rolls back
            connection.execute(text(_TABLESPACE))
            connection.execute(text(_PROBE))
    except DBAPIError as error:
        return (
            "the disk of PostgreSQL is full: free some space; no message is taken in until then"
            if says_full(error)
            else None
        )
    return None


class Room:
    """The state of the ledger's disk space, as seen by one process. May be used from any thread."""

    def __init__(self, look: Callable[[], str | None], *, is_free: bool) -> None:
        self._look = look
        self._is_free = is_free
        self._refused_at: float | None = None

    def note(self, error: BaseException | None) -> None:
        """Remember a database error that shows a full disk."""
        if says_full(error):
            self._refused_at = time.monotonic()

    def problem(self, *, look: bool = False) -> str | None:
        """Return the known problem or None; `look` also checks databases that can only be checked by writing."""
        refused_at = self._refused_at
        if refused_at is None and not (look or self._is_free):
            return None
        found = self._look()
        if found is None and refused_at is not None:
            if time.monotonic() - refused_at < REMEMBERED_S:
                return "the disk of the ledger was full a moment ago: free some space"
            self._refused_at = None
        return found
