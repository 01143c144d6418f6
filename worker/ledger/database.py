"""How is the database reached? The same statements on PostgreSQL and SQLite; what differs between them stands here.

SQLite: WAL, `synchronous=FULL` (custody is promised before the answer), every write transaction begins IMMEDIATE and
waits for its turn inside this process on a lock, since SQLite's own waiting is polling.

PostgreSQL: READ COMMITTED; a server that does not answer within seconds is an error, not a hang. A session that may
only read belongs to a primary that is none any more: it counts as lost, and new ones are opened.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

from worker.ledger.room import Room, left_beside, look_by_writing

Clock = Callable[[], datetime]

_MIGRATIONS = Path(__file__).parent / "migrations"
WAL_TRIES, WAL_PAUSE_S = 200, 0.02
_READ_ONLY = "25006"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_UPGRADE_LOCK = 0x7469636B  # an arbitrary number of ours for pg_advisory_xact_lock


class Database:
    """An engine, its transactions and the time.

    `clock` is for tests; without one the time is PostgreSQL's, so that all processes share it, or for SQLite this
    machine's.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.url = sqlalchemy.make_url(url)
        if self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._clock = clock
        self._turn = threading.Lock()
        self.engine: Engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        self.room = Room(self._look_for_room, is_free=self.is_sqlite)
        event.listen(self.engine, "handle_error", self._judge, retval=True)

    def _look_for_room(self) -> str | None:
        return left_beside(Path(self.url.database or "")) if self.is_sqlite else look_by_writing(self.engine)

    def _judge(self, context: ExceptionContext) -> OperationalError | None:
        """Whatever shows that the database cannot be used now is an OperationalError, as its other absences are."""
        error = context.sqlalchemy_exception
        self.room.note(error)
        if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True
        if not context.is_disconnect or not isinstance(error, DBAPIError) or isinstance(error, OperationalError):
            return None
        return OperationalError(error.statement, error.params, error.orig or error, hide_parameters=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end, rolled back by any exception."""
        with self._turn if self.is_sqlite else nullcontext(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection = connection.execution_options(ticketrelay_read_only=True)
            yield connection

    def now(self, connection: Connection) -> datetime:
        """The current time in UTC."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def other_sessions(self) -> int:
        """How many other connections to this database there are, of whatever program; 0 where that cannot be told."""
        if self.is_sqlite:
            return 0
        with self.read() as connection:
            return int(connection.execute(text(_OTHERS)).scalar_one())

    def insert_or_ignore(self, table: Table, *conflict: str) -> Any:
        """INSERT that leaves an existing row with these columns as it is."""
        dialect = sqlite if self.is_sqlite else postgresql
        return dialect.insert(table).on_conflict_do_nothing(index_elements=list(conflict))

    def upgrade(self) -> None:
        """Bring the tables to this version's shape; several processes may do so at once."""
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.write() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADE_LOCK})
            command.upgrade(self._alembic(connection), "head")

    def is_current(self) -> bool:
        """True when the tables are there, in this version's shape."""
        if self.is_sqlite and not Path(self.url.database or "").exists():
            return False
        head = ScriptDirectory.from_config(self._alembic(None)).get_current_head()
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head

    def is_usable(self) -> bool:
        """True when the tables are there, in this version's shape or a later one's: upgrades only add."""
        if self.is_sqlite and not Path(self.url.database or "").exists():
            return False
        scripts = ScriptDirectory.from_config(self._alembic(None))
        with self.read() as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
        older = {each.revision for each in scripts.walk_revisions()} - {scripts.get_current_head()}
        return revision is not None and revision not in older

    def _alembic(self, connection: Connection | None) -> Config:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        return config

    def close(self) -> None:
        self.engine.dispose()


def _sqlite(url: sqlalchemy.URL) -> Engine:
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": 30, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: Any) -> None:
        _use_wal(raw)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            raw.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("ticketrelay_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _use_wal(raw: Any) -> None:
    """Switch a new file over; unlike everything else, that does not wait while another process does the same."""
    for left in reversed(range(WAL_TRIES)):
        try:
            raw.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(WAL_PAUSE_S)
        else:
            return


def _postgresql(url: sqlalchemy.URL) -> Engine:
    return sqlalchemy.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=5,
        connect_args={
            "connect_timeout": 3,
            "options": "-c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10000,
        },
    )
