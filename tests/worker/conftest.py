"""A ledger for every test, on SQLite and on PostgreSQL, at a time that only the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from worker.ledger import Ledger

from .builders import ManualClock

MakeLedger = Callable[..., Ledger]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def make_ledger(database_url: str, clock: ManualClock) -> Iterator[MakeLedger]:
    """Makes ledgers on the test's database: each as a process of its own would have one."""
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
def sqlite_ledger(tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    """For what has nothing to do with the kind of database."""
    made = Ledger(f"sqlite:///{tmp_path / 'own.db'}", clock=clock)
    made.upgrade()
    yield made
    made.close()
