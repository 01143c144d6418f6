"""A home for consecutive simulations: one database, one service and one time that goes on.

Simulations share the database's engine, because it keeps the compiled statements: compiling takes longer than running.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, event, insert

from tests.engine.service import Service
from tests.engine.times import Time
from worker.ledger import Ledger
from worker.ledger.engine.facts import MARKER_KEY
from worker.ledger.schema.tables import answers, facts, gate, metadata
from worker.settings import TimingSettings

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (a simulation syncs thousands of times, and no machine crashes in it)
BETWEEN_S = 48 * 3600.0


class Home:
    """The ledger's database, empty at the beginning of each simulation, and the service."""

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url
        self.time = Time()
        first = Ledger(url, clock=self.time.ledger_clock)
        first.upgrade()
        self._engine = first.database.engine
        if first.database.is_sqlite:
            event.listen(self._engine, "connect", _do_not_sync)
        self._engine.dispose()
        self.service = Service(directory / "service.db", self.time)

    def close(self) -> None:
        self.service.close()
        self._engine.dispose()

    @property
    def can_be_backed_up(self) -> bool:
        return self.url.startswith("sqlite")

    @contextmanager
    def slow_commits(self, seconds: Callable[[], float]) -> Iterator[None]:
        """Let every commit of a write take so long, by the simulated time."""

        def take(_: Connection) -> None:
            self.time.advance(seconds())

        event.listen(self._engine, "commit", take)
        try:
            yield
        finally:
            event.remove(self._engine, "commit", take)

    def begin(self) -> None:
        """Reset database and service, at a later time."""
        self.time.advance(BETWEEN_S)
        self.time.set_by = timedelta(0)
        self.service.reset()
        with self._engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                kept = table is facts
                connection.execute(table.delete().where(table.c.name != MARKER_KEY) if kept else table.delete())
            connection.execute(insert(gate), [{"id": 1}, {"id": 2}])
            connection.execute(insert(answers), [{"id": 1}])

    def open_ledger(self, timing: TimingSettings) -> Ledger:
        """Open a ledger as another process would."""
        made = Ledger(self.url, timing=timing, clock=self.time.ledger_clock)
        made.close()
        made.database.engine = self._engine
        return made

    def back_up(self) -> None:
        _copy(self.directory / "ledger.db", self.directory / "backup.db")

    def restore(self) -> None:
        """Restore the backup; the database must not be in use."""
        self._engine.dispose()
        _copy(self.directory / "backup.db", self.directory / "ledger.db")


@contextmanager
def home(postgresql: str | None = None) -> Iterator[Home]:
    """A home on a SQLite file, in memory if the platform supports that, or on this PostgreSQL database."""
    place = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with TemporaryDirectory(prefix="ticketrelay-engine-", dir=place) as name:
        made = Home(Path(name), postgresql or f"sqlite:///{name}/ledger.db")
        try:
            yield made
        finally:
            made.close()


def _copy(source: Path, target: Path) -> None:
    """Replace the target's content by the current content of the source."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _do_not_sync(raw: sqlite3.Connection, _record: object) -> None:
    """Turn off syncs: only processes are killed here, not machines."""
    raw.execute("PRAGMA synchronous=OFF").close()
