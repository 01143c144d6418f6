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
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

from worker.ledger.engine.room import Room, left_beside, look_by_writing

Clock = Callable[[], datetime]

_LOCK_TIMEOUT = "3s"
_UPGRADE_TRIES, _UPGRADE_PAUSE_S = 20, 0.5
_IN_THE_WAY = ("40P01", "55P03")
"""deadlock_detected, lock_not_available: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_MIGRATIONS = Path(__file__).parent.parent / "migrations"
WAL_TRIES, WAL_PAUSE_S = 200, 0.02
_READ_ONLY = "25006"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_IN_ORDER = text("SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)")
_OPTIONS = {
    "statement_timeout": "15000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    # A batch of rows is looked up one by one, by their keys: to read a whole table for it only looks cheap. And a plan
    # that was made while a table was small, that of the foreign key for one, is kept while a storm fills it: that took
    # four to eleven times the CPU.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",  # where nothing but a whole table can be read, that counts as dear enough to compile it
}
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
            yield connection.execution_options(ticketrelay_read_only=True)

    def read_in_order(self, connection: Connection) -> None:
        """Have the rest of this transaction read by an index in its order, and not sort.

        PostgreSQL's statistics lag behind a storm. It then takes what is ready for a handful of rows, and reads and
        sorts all of them for the best few.
        """
        if not self.is_sqlite:
            connection.execute(_IN_ORDER)

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

    def insert_or_update(self, table: Table, conflict: str, columns: Iterable[str]) -> Any:
        """INSERT that gives an existing row with this column the other values."""
        dialect = sqlite if self.is_sqlite else postgresql
        statement = dialect.insert(table)
        others = {name: statement.excluded[name] for name in columns if name != conflict}
        return statement.on_conflict_do_update(index_elements=[conflict], set_=others)

    def upgrade(self) -> None:
        """Bring the tables to this version's shape; several processes may do so at once.

        Each migration of tables that are in use is a transaction of its own, so that the locks of one are gone while
        the next one reads. What was done before a failure stays, and the next call goes on from there.
        """
        there, head = self.revisions()
        if there == head:
            return
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        for step in _steps(there):
            self._upgrade_to(step)

    def _upgrade_to(self, step: str) -> None:
        """Do one migration in a transaction of its own.

        A migration locks several tables, as planning and claims do, in another order: on PostgreSQL one of the two may
        be ended for a deadlock. The migration waits `_LOCK_TIMEOUT` for a lock, so that nobody waits longer for it, and
        then begins again, `_UPGRADE_TRIES` times in all.
        """
        for tries_left in reversed(range(_UPGRADE_TRIES)):
            try:
                with self.write() as connection:
                    if not self.is_sqlite:
                        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADE_LOCK})
                        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
                    _migrate(connection, step)
            except OperationalError as error:
                if not tries_left or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                    raise
                time.sleep(_UPGRADE_PAUSE_S)
            else:
                return

    def is_current(self) -> bool:
        """True when the tables are there, in this version's shape."""
        there, head = self.revisions()
        return there == head

    def revisions(self) -> tuple[str | None, str]:
        """The revision of the tables, None where there are none; and this version's."""
        if self.is_sqlite and not Path(self.url.database or "").exists():
            return None, _known()[-1]
        with self.read() as connection:
            return _revision(connection), _known()[-1]

    def is_usable(self) -> bool:
        """True when the tables are there, in this version's shape or a later one's: upgrades only add."""
        there, _ = self.revisions()
        return there is not None and there not in _known()[:-1]

    def close(self) -> None:
        self.engine.dispose()


def _known() -> list[str]:
    """The revisions that this version knows, its own last: they are a chain, and their files are named by them."""
    return sorted(each.name.partition("_")[0] for each in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _revision(connection: Connection) -> str | None:
    """That of the tables, as Alembic noted it; None where there are none."""
    if not sqlalchemy.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _steps(there: str | None) -> list[str]:
    """The revisions to migrate to, one after the other; new tables are nobody's yet, and are made in one go."""
    known = _known()
    return known[known.index(there) + 1 :] if there in known else ["head"]


def _migrate(connection: Connection, revision: str) -> None:
    """Migrate up to this revision; nothing where the tables are beyond it already."""
    # Only here: to load it is a quarter of a process's start, and most processes find the tables as they should be.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _sqlite(url: sqlalchemy.URL) -> Engine:
    connect_args: dict[str, Any] = {"timeout": 30, "isolation_level": None}
    engine = sqlalchemy.create_engine(url, connect_args=connect_args, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: Any) -> None:
        _use_wal(raw)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            raw.execute(f"PRAGMA {pragma}").close()
        raw.create_function("decode", 2, _decode, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if _only_reads(connection) else "BEGIN IMMEDIATE")

    return engine


def _only_reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("ticketrelay_read_only", False))


def _decode(value: str | None, _base64: str) -> bytes | None:
    """PostgreSQL's function of that name, as far as it is used."""
    return None if value is None else a2b_base64(value)


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
    engine = sqlalchemy.create_engine(
        url,
        hide_parameters=True,  # what people write is among them
        pool_pre_ping=True,
        pool_size=8,
        pool_use_lifo=True,  # few connections are used much: what they have prepared is used again
        max_overflow=8,
        pool_timeout=5,
        connect_args={
            "connect_timeout": 3,
            "options": " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10000,
        },
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _only_reads(connection):  # who only looks may have to look at everything
            connection.exec_driver_sql("SET LOCAL enable_seqscan = on")

    return engine
