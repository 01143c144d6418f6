"""What becomes of tests that need an absent server? They are deselected and counted; under CI its absence fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.own_servers import postgresql_can_be_started, rabbitmq_can_be_started, redis_can_be_started
from tests.servers import (
    Broker,
    empty_database,
    own_queue,
    postgresql_is_there,
    rabbitmq_is_there,
    redis_is_there,
)

SERVERS: dict[str, Callable[[], bool]] = {
    "postgresql": postgresql_is_there,
    "redis": redis_is_there,
    "rabbitmq": rabbitmq_is_there,
    "own_postgresql": postgresql_can_be_started,
    "own_redis": redis_can_be_started,
    "own_rabbitmq": rabbitmq_can_be_started,
}


def pytest_configure(config: pytest.Config) -> None:
    """SIGTERM ends the tests as Ctrl-C does: what they started is ended, which runs in sessions of its own."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


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


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    with empty_database() as url:
        yield url


@pytest.fixture
def redis_queue() -> Iterator[Broker]:
    """A queue of the test's own at Redis."""
    with own_queue("redis") as broker:
        yield broker


@pytest.fixture
def rabbitmq_queue() -> Iterator[Broker]:
    """A queue of the test's own at RabbitMQ."""
    with own_queue("rabbitmq") as broker:
        yield broker
