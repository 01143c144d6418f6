"""Fixtures for ledgers on SQLite and PostgreSQL, with a clock that only the test moves."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
import structlog
from structlog._config import BoundLoggerLazyProxy

from tests.servers import empty_database
from worker.ledger import Ledger
from worker.ledger.schema.tables import metadata

from .builders import ManualClock

MakeLedger = Callable[..., Ledger]


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """Log without colours: drawing the traceback of an expected error takes seconds.

    A command that ran in this process left its own configuration, and loggers that keep it.
    """
    for name, module in list(sys.modules.items()):
        log = getattr(module, "log", None) if name.startswith("worker.") else None
        if isinstance(log, BoundLoggerLazyProxy):
            vars(log).pop("bind", None)
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture(scope="session")
def _migrated_postgresql() -> Iterator[str]:
    """One database for all tests of a run: making one takes longer than most tests."""
    with empty_database() as url:
        ledger = Ledger(url)
        ledger.upgrade()
        ledger.close()
        yield url


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to copy: a copy takes a tenth of the time of a new database."""
    path = tmp_path_factory.mktemp("migrated") / "ledger.db"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.upgrade()
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DELETE_EVERYTHING)
    return path


DELETE_EVERYTHING = "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))  # noqa: S608
"""Deletes every row, including those that `upgrade` wrote, which belong to one database.

One message to the server: a statement for each table costs a test more than most tests cost.
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind with empty tables."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_migrated_sqlite"), tmp_path / "ledger.db")
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    url: str = request.getfixturevalue("_migrated_postgresql")
    yield url
    plain = sqlalchemy.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute(DELETE_EVERYTHING)


@pytest.fixture
def make_ledger(database_url: str, clock: ManualClock) -> Iterator[MakeLedger]:
    """Makes ledgers on the test's database, each as in a process of its own."""
    with ExitStack() as stack:

        def make(**options: Any) -> Ledger:
            ledger = Ledger(database_url, **({"clock": clock} | options))
            stack.callback(ledger.close)
            return ledger

        yield make


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    """A ledger with its tables."""
    made = make_ledger()
    made.upgrade()
    return made


@pytest.fixture
def sqlite_ledger(_migrated_sqlite: Path, tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    """A ledger on SQLite, for tests that do not depend on the kind of database."""
    shutil.copyfile(_migrated_sqlite, tmp_path / "own.db")
    made = Ledger(f"sqlite:///{tmp_path / 'own.db'}", clock=clock)
    made.upgrade()
    yield made
    made.close()
