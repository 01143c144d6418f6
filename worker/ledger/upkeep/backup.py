"""Copies a ledger while other processes write to it.

SQLite: with its own backup, which reads one state of the database however long that takes, while writers go on
(https://www.sqlite.org/backup.html). A read transaction is held, since the copy would begin again after every write.
PostgreSQL: with its `pg_dump`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from tickets.private_files import make_file

PAGES = 1024  # between two reports of the progress


class BackupBroken(Exception):
    """The copy is not whole, and was removed."""


def copy_sqlite(source: Path, target: Path, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
    """Copy the database into a new file, which then needs no other file beside it. Raises BackupBroken.

    `progress` receives the number of copied pages, and of all pages.
    """
    make_file(target)
    try:
        with closing(sqlite3.connect(source, isolation_level=None)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.execute("BEGIN")
            origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
            origin.backup(copy, pages=PAGES, progress=lambda _status, left, every: progress(every - left, every))
            origin.execute("ROLLBACK")
            copy.execute("PRAGMA journal_mode=DELETE").fetchone()
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupBroken(f"the ledger cannot be copied: {error}") from error
    if said != "ok":
        raise BackupBroken(f"the copy is not whole: {said}")


def pg_dump(url: URL, target: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command that copies a PostgreSQL database, and its environment. The command contains no password.

    https://www.postgresql.org/docs/current/app-pgdump.html
    """
    plain = url.set(drivername="postgresql").set(password=None)
    command = ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={plain.render_as_string(False)}"]
    return command, {"PGPASSWORD": str(url.password)} if url.password else {}
