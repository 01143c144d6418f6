"""Which servers are at hand? Tests that need an absent one are deselected and counted; under CI its absence fails.

A server is named by an environment variable or found at its usual place on this machine:

    TICKETRELAY_TEST_POSTGRESQL   postgresql+psycopg://127.0.0.1:5432/postgres   (may create databases)
    TICKETRELAY_TEST_REDIS        redis://127.0.0.1:6379/0
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from functools import cache

import pytest
import redis
import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

POSTGRESQL = os.environ.get("TICKETRELAY_TEST_POSTGRESQL", "postgresql+psycopg://127.0.0.1:5432/postgres")
REDIS = os.environ.get("TICKETRELAY_TEST_REDIS", "redis://127.0.0.1:6379/0")


@cache
def _postgresql_is_there() -> bool:
    try:
        engine = sqlalchemy.create_engine(POSTGRESQL, connect_args={"connect_timeout": 2})
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
        engine.dispose()
    except SQLAlchemyError:
        return False
    return True


@cache
def _redis_is_there() -> bool:
    try:
        with redis.Redis.from_url(REDIS, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        return False
    return True


SERVERS: dict[str, Callable[[], bool]] = {"postgresql": _postgresql_is_there, "redis": _redis_is_there}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and say how much that is."""
    absent: dict[str, list[pytest.Item]] = {}
    for item in items:
        for name, is_there in SERVERS.items():
            if item.get_closest_marker(name) and not is_there():
                absent.setdefault(name, []).append(item)
    if not absent:
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"under CI these servers must be there: {', '.join(sorted(absent))}")
    left_out = {id(item) for each in absent.values() for item in each}
    deselected = [item for item in items if id(item) in left_out]
    items[:] = [item for item in items if id(item) not in left_out]
    config.hook.pytest_deselected(items=deselected)
    config.stash[_ABSENT] = {name: len(each) for name, each in absent.items()}


_ABSENT = pytest.StashKey[dict[str, int]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, count in config.stash.get(_ABSENT, {}).items():
        terminalreporter.write_line(f"deselected {count} tests that need {name}: no server found")


_numbers = itertools.count(1)


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    name = f"ticketrelay_test_{os.getpid()}_{next(_numbers)}"
    admin = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sqlalchemy.text(f'CREATE DATABASE "{name}"'))
    yield sqlalchemy.make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sqlalchemy.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The URL of a Redis database that is empty before and after the test."""
    url = REDIS.rsplit("/", 1)[0] + "/9"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()
