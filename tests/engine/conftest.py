"""Fixtures: a ledger and a service for the simulations of a module, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.homes import Home, home
from tests.servers import empty_database


@pytest.fixture(scope="module")
def on_sqlite() -> Iterator[Home]:
    with home() as made:
        yield made


@pytest.fixture(scope="module")
def on_postgresql() -> Iterator[Home]:
    with empty_database() as url, home(url) as made:
        yield made
