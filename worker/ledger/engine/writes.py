"""Tells why writes fail, and remembers whether this process could write to the database lately."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

REMEMBERED_S = 10.0  # how long a failure counts that no check can confirm
FRESH_S = 1.0  # how long a commit shows that writes succeed
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
IN_THE_WAY = ("40P01", "55P03")
"""SQLSTATE codes of deadlock_detected and lock_not_available.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
_OF_ROLE = """
    SELECT NOT pg_is_in_recovery() AND source IN ('user', 'database user')
    FROM pg_settings WHERE name = 'default_transaction_read_only' AND setting = 'on'
"""
_CANCELED = "57014"  # query_canceled, in the same list: the time of a statement is over


def says_locked(error: BaseException | None) -> bool:
    """Return True when SQLite gave up because another connection or process holds its lock."""
    original = error.orig if isinstance(error, DBAPIError) else error
    # The lowest byte is the primary code: https://www.sqlite.org/rescode.html
    return isinstance(original, sqlite3.Error) and getattr(original, "sqlite_errorcode", 0) & 0xFF in _LOCKED


def says_in_use(error: DBAPIError | PoolTimeout) -> bool:
    """Return True when the database answered, and gave up a statement because others used it: it is not away."""
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    return says_locked(error) or code in (*IN_THE_WAY, _CANCELED)


def role_only_reads(connection: Connection) -> bool:
    """Return True when the present role of PostgreSQL is set to read only, on a server that is not a standby.

    Source: https://www.postgresql.org/docs/current/view-pg-settings.html
    """
    return bool(connection.execute(text(_OF_ROLE)).scalar_one_or_none())


def locked() -> sqlite3.OperationalError:
    """Return the error of SQLite for a lock that did not become free."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


class Writes:
    """The outcome of the latest write transactions of one process. May be used from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: tuple[float, BaseException] | None = None
        self._committed: float | None = None

    def failed(self, error: BaseException) -> None:
        self._failed = (self._clock(), error)

    def committed(self) -> None:
        self._committed, self._failed = self._clock(), None

    def are_fresh(self) -> bool:
        """Return True when the latest write succeeded a moment ago."""
        return self._failed is None and self._committed is not None and self._clock() - self._committed < FRESH_S

    def latest_failure(self) -> BaseException | None:
        """Return the error of the latest write while it counts; None after a later success."""
        if self._failed is None or self._clock() - self._failed[0] >= REMEMBERED_S:
            return None
        return self._failed[1]
