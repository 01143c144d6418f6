"""The database: one interface over PostgreSQL and SQLite. All differences between the two are in this module.

SQLite: WAL and `synchronous=FULL`, because recording is promised before the sender is answered. Every write transaction
begins IMMEDIATE. Writers of this process wait on a lock, since SQLite's own waiting is polling. A writer has the
patience of its caller: intake gives up soon, since its sender waits for the answer; all others wait long.

PostgreSQL: READ COMMITTED. A server that does not answer within seconds is an error, not a hang. A session that may
only read belongs to a former primary: it counts as lost, and new sessions are opened.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tickets.private_files import make_file, make_folder
from worker.ledger.engine.room import Room, left_beside, look_by_writing, says_full
from worker.ledger.engine.writes import IN_THE_WAY, Writes, locked, role_only_reads, says_in_use, says_locked
from worker.outage import Outage

Clock = Callable[[], datetime]

PATIENCE_S = 30.0  # for SQLite's lock, where the caller says nothing else
PROBE_PATIENCE_S = 0.5
_LOCK_TIMEOUT = "3s"
_UPGRADE_TRIES, _UPGRADE_PAUSE_S = 20, 0.5
_MIGRATIONS = Path(__file__).parent.parent / "migrations"
WAL_TRIES, WAL_PAUSE_S = 200, 0.02
_READ_ONLY = "25006"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_IS_READ_ONLY = "SELECT current_setting('transaction_read_only')"
_IN_ORDER = text("SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)")
_OPTIONS = {
    "statement_timeout": "15000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
    # The rows of a batch are looked up by their keys. Reading a whole table instead only looks cheap to the planner.
    # PostgreSQL also keeps a plan made while a table was small, for example the plan of a foreign key. During a storm
    # such a plan took four to eleven times the CPU.
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",  # a query that can only read a whole table would count as costly enough to compile
}
_UPGRADE_LOCK = 0x7469636B  # an arbitrary number of this project, for pg_advisory_xact_lock


class Database:
    """An engine, its transactions and its clock.

    `clock` is for tests. Without it, PostgreSQL provides the time, so that all processes share it. For SQLite, this
    machine provides it.
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
        self._writes = Writes()
        self.outage = Outage()
        event.listen(self.engine, "handle_error", self._judge, retval=True)

    def _look_for_room(self) -> str | None:
        return left_beside(Path(self.url.database or "")) if self.is_sqlite else look_by_writing(self.engine)

    def _judge(self, context: ExceptionContext) -> OperationalError | None:
        """Turn every error that shows an unusable database into an OperationalError."""
        error = context.sqlalchemy_exception
        self.room.note(error)
        if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
            context.is_disconnect = True
        is_unusable = context.is_disconnect or context.connection is None  # it could not even connect
        if not is_unusable or not isinstance(error, DBAPIError) or isinstance(error, OperationalError):
            return None
        return OperationalError(error.statement, error.params, error.orig or error, hide_parameters=True)

    @contextmanager
    def write(self, patience: float = PATIENCE_S) -> Iterator[Connection]:
        """Open a transaction that may write; it is committed at the end, and rolled back by any exception.

        `patience` is how many seconds it waits for SQLite's lock.
        """
        try:
            with self._begun(patience) as connection:
                yield connection
        except (OperationalError, PoolTimeout) as error:
            self._writes.failed(error)
            self._note(error, write=True)
            raise
        self._writes.committed()
        self.outage.succeeded()

    def _note(self, error: OperationalError | PoolTimeout, *, write: bool) -> None:
        if not says_in_use(error):
            self.outage.failed(write=write)

    @contextmanager
    def _begun(self, patience: float) -> Iterator[Connection]:
        until = time.monotonic() + patience
        with self._in_turn(patience), self.engine.connect() as connection:
            if self.is_sqlite:
                left = max(until - time.monotonic(), 0.0)
                connection.execution_options(ticketrelay_patience_ms=int(left * 1000))
            with connection.begin():
                yield connection

    @contextmanager
    def _in_turn(self, patience: float) -> Iterator[None]:
        """Let one writer of this process at a time to SQLite."""
        if not self.is_sqlite:
            yield
        elif not self._turn.acquire(timeout=max(patience, 0.0)):
            raise OperationalError(None, None, locked())
        else:
            try:
                yield
            finally:
                self._turn.release()

    def write_problem(self) -> str | None:
        """Return why writes fail at present; None when they succeed. Raises when the database cannot be reached.

        A failure that no check confirms, such as a locked table of PostgreSQL, counts for ten seconds.
        """
        if self._writes.are_fresh():
            return None
        failure = self._writes.latest_failure()
        if says_full(failure) and (problem := self.room.problem(look=True)):
            return problem
        if failure is not None and not says_locked(failure):
            return f"the latest write failed: {getattr(failure, 'orig', None) or failure}"
        try:
            with self._begun(PROBE_PATIENCE_S) as connection:
                is_read_only = not self.is_sqlite and connection.execute(text(_IS_READ_ONLY)).scalar_one() == "on"
        except OperationalError as error:
            if not says_locked(error):
                raise
            return None if self._writes.are_fresh() else "another process, or a long transaction, holds its lock"
        if is_read_only:
            return "it takes no writes: it is a standby, or set to read only"
        self.outage.succeeded()
        return None

    def role_only_reads(self) -> bool:
        """Return True when this role of PostgreSQL is set to read only, and other roles may write."""
        if self.is_sqlite:
            return False
        with self.read() as connection:
            return role_only_reads(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        try:
            with self.engine.connect() as connection:
                yield connection.execution_options(ticketrelay_read_only=True)
        except (OperationalError, PoolTimeout) as error:
            self._note(error, write=False)
            raise
        self.outage.succeeded(write=False)

    def read_in_order(self, connection: Connection) -> None:
        """Make the rest of this transaction read through an index in its order, without sorting.

        During a storm PostgreSQL's statistics lag behind. The planner then expects a handful of ready rows, and reads
        and sorts all of them to find the best few.
        """
        if not self.is_sqlite:
            connection.execute(_IN_ORDER)

    def now(self, connection: Connection) -> datetime:
        """Return the current time in UTC."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def other_sessions(self) -> int:
        """Count the other connections to this database, from any program; 0 for SQLite, which cannot count them."""
        if self.is_sqlite:
            return 0
        with self.read() as connection:
            return int(connection.execute(text(_OTHERS)).scalar_one())

    def insert_or_ignore(self, table: Table, *conflict: str) -> Any:
        """Return an INSERT that leaves an existing row with the same `conflict` columns unchanged."""
        dialect = sqlite if self.is_sqlite else postgresql
        return dialect.insert(table).on_conflict_do_nothing(index_elements=list(conflict))

    def insert_or_update(self, table: Table, conflict: str, columns: Iterable[str]) -> Any:
        """Return an INSERT that gives an existing row with the same `conflict` column the other values."""
        dialect = sqlite if self.is_sqlite else postgresql
        statement = dialect.insert(table)
        others = {name: statement.excluded[name] for name in columns if name != conflict}
        return statement.on_conflict_do_update(index_elements=[conflict], set_=others)

    def upgrade(self, patience: float = PATIENCE_S) -> None:
        """Bring the tables to this version's schema; several processes may do so at once.

        Each migration of tables in use has its own transaction, so that its locks are released before the next
        migration. After a failure the finished migrations stay, and the next call continues from there.
        """
        there, head = self.revisions()
        if there == head:
            return
        if self.is_sqlite and self.url.database:
            try:
                make_folder(Path(self.url.database).parent)
            except OSError as error:
                raise OperationalError(None, None, error) from error
        for step in _steps(there):
            self._upgrade_to(step, patience)

    def _upgrade_to(self, step: str, patience: float) -> None:
        """Run one migration in its own transaction.

        A migration locks several tables in another order than planning and claims do. On PostgreSQL one of the two may
        be ended because of a deadlock. The migration waits `_LOCK_TIMEOUT` for a lock, so that nobody waits longer
        behind it. Then it begins again, `_UPGRADE_TRIES` times in all.
        """
        for tries_left in reversed(range(_UPGRADE_TRIES)):
            try:
                with self.write(patience) as connection:
                    if not self.is_sqlite:
                        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _UPGRADE_LOCK})
                        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
                    _migrate(connection, step)
            except OperationalError as error:
                if not tries_left or getattr(error.orig, "sqlstate", None) not in IN_THE_WAY:
                    raise
                time.sleep(_UPGRADE_PAUSE_S)
            else:
                return

    def is_current(self) -> bool:
        """Return True when the tables exist with this version's schema."""
        there, head = self.revisions()
        return there == head

    def revisions(self) -> tuple[str | None, str]:
        """Return the revision of the tables (None if they are missing), and the revision of this version."""
        if self.is_sqlite and not Path(self.url.database or "").exists():
            return None, _known()[-1]
        with self.read() as connection:
            return _revision(connection), _known()[-1]

    def is_usable(self) -> bool:
        """Return True when the tables have this version's schema or a later one; upgrades only add."""
        there, _ = self.revisions()
        return there is not None and there not in _known()[:-1]

    def close(self) -> None:
        self.engine.dispose()


def _known() -> list[str]:
    """Return the revisions of this version in order. They form a chain, and their file names begin with them."""
    return sorted(each.name.partition("_")[0] for each in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _revision(connection: Connection) -> str | None:
    """Return the revision that Alembic stored in the database; None if the tables are missing."""
    if not sqlalchemy.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def _steps(there: str | None) -> list[str]:
    """Return the revisions to migrate to, in order; new tables, which no process uses yet, are made in one step."""
    known = _known()
    return known[known.index(there) + 1 :] if there in known else ["head"]


def _migrate(connection: Connection, revision: str) -> None:
    """Migrate up to this revision; do nothing if the tables are already beyond it."""
    # Imported only here: loading Alembic is a quarter of a process's start, and most processes need no migration.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _sqlite(url: sqlalchemy.URL) -> Engine:
    connect_args: dict[str, Any] = {"timeout": PATIENCE_S, "isolation_level": None}
    engine = sqlalchemy.create_engine(url, connect_args=connect_args, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def _make_private(*_: object) -> None:
        if url.database:
            try:
                make_file(Path(url.database))
            except OSError as error:
                raise sqlite3.OperationalError(str(error)) from error

    @event.listens_for(engine, "connect")
    def _configure(raw: Any, _record: Any) -> None:
        _use_wal(raw)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            raw.execute(f"PRAGMA {pragma}").close()
        raw.create_function("decode", 2, _decode, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _only_reads(connection):
            connection.exec_driver_sql("BEGIN")
            return
        _be_patient(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _only_reads(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("ticketrelay_read_only", False))


def _be_patient(connection: Connection) -> None:
    """Make SQLite wait for its lock as long as the transaction may; the connection remembers its present patience."""
    wanted = connection.get_execution_options().get("ticketrelay_patience_ms", int(PATIENCE_S * 1000))
    if connection.info.get("patience_ms") != wanted:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout={wanted}").close()
        connection.info["patience_ms"] = wanted


def _decode(value: str | None, _base64: str) -> bytes | None:
    """Stand in for PostgreSQL's function `decode`, as far as it is used here."""
    return None if value is None else a2b_base64(value)


def _use_wal(raw: Any) -> None:
    """Switch a new file to WAL; SQLite does not wait here while another process does the same, so this retries."""
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
        hide_parameters=True,  # parameters contain what people write
        pool_pre_ping=True,
        pool_size=8,
        pool_use_lifo=True,  # few connections are used often, so their prepared statements are used again
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
        if _only_reads(connection):  # a reading transaction may have to read whole tables
            connection.exec_driver_sql("SET LOCAL enable_seqscan = on")

    return engine
