"""Fixtures for servers; tests of absent servers are deselected and counted, and an absent server fails under CI."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.checkouts import version_before_is_there
from tests.own_mail import dovecot_can_be_started
from tests.own_monitoring import prometheus_can_be_started
from tests.own_postfix import postfix_can_be_started
from tests.own_servers import postgresql_can_be_started, rabbitmq_can_be_started, redis_can_be_started
from tests.servers import (
    Broker,
    empty_database,
    own_queue,
    postgresql_is_there,
    rabbitmq_is_there,
    redis_is_there,
)
from tests.xdist_slots import XDIST_SLOTS

SERVERS: dict[str, Callable[[], bool]] = {
    "postgresql": postgresql_is_there,
    "redis": redis_is_there,
    "rabbitmq": rabbitmq_is_there,
    "own_postgresql": postgresql_can_be_started,
    "own_redis": redis_can_be_started,
    "own_rabbitmq": rabbitmq_can_be_started,
    "own_prometheus": prometheus_can_be_started,
    "own_dovecot": dovecot_can_be_started,
    "own_postfix": postfix_can_be_started,
    "version_before": version_before_is_there,
}


def pytest_configure(config: pytest.Config) -> None:
    """Let SIGTERM end the tests as Ctrl-C does, so that processes in sessions of their own are ended too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that cannot run here, and count them."""
    absent: dict[str, list[pytest.Item]] = {}
    for item in items:
        for name, is_there in SERVERS.items():
            if item.get_closest_marker(name) and not is_there():
                absent.setdefault(name, []).append(item)
    if not absent:
        return
    if os.environ.get("CI") == "true":
        if hasattr(config, "workerinput"):
            return  # an error here would be an error of pytest-xdist itself; each worker fails by itself
        raise pytest.UsageError(f"under CI these servers must be there: {', '.join(sorted(absent))}")
    left_out = {id(item) for each in absent.values() for item in each}
    deselected = [item for item in items if id(item) in left_out]
    items[:] = [item for item in items if id(item) not in left_out]
    config.hook.pytest_deselected(items=deselected)
    config.stash[_ABSENT] = {name: len(each) for name, each in absent.items()}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exempt the collected tests and their modules, which stay until the end, from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, is_there in SERVERS.items():
        if item.get_closest_marker(name) and not is_there():
            pytest.fail(f"under CI this server must be there: {name}", pytrace=False)


_ABSENT = pytest.StashKey[dict[str, int]]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return two processes for each core, because half of the tests' time is waiting; at most the xdist slots."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min(2 * (os.cpu_count() or 1), XDIST_SLOTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over the count of absent servers: each process collected all tests, and deselected the same ones."""
    if (absent := getattr(node, "workeroutput", {}).get("absent")) is not None:
        node.config.stash[_ABSENT] = absent


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["absent"] = session.config.stash.get(_ABSENT, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, count in config.stash.get(_ABSENT, {}).items():
        terminalreporter.write_line(f"deselected {count} tests that need {name}: no server found")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database that only this test uses."""
    with empty_database() as url:
        yield url


@pytest.fixture
def redis_queue() -> Iterator[Broker]:
    """A Redis queue that only this test uses."""
    with own_queue("redis") as broker:
        yield broker


@pytest.fixture
def rabbitmq_queue() -> Iterator[Broker]:
    """A RabbitMQ queue that only this test uses."""
    with own_queue("rabbitmq") as broker:
        yield broker
