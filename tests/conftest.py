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
from tests.shares import WHOLE, is_whole, left_out, let_the_commit_choose_examples
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--whole", action="store_true", help="try all generated cases, instead of the share that the commit chooses"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the share of generated cases, before the tests are imported.

    SIGTERM ends the tests as Ctrl-C does, so that processes in sessions of their own are ended too.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.pop("COLUMNS", None)  # set by pytest-xdist; commands would cut their lists as at a terminal
    if config.getoption("--whole"):
        os.environ[WHOLE] = "true"
    if not is_whole():
        let_the_commit_choose_examples(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is beyond the share, and the tests that cannot run here, and count both."""
    if not is_whole():
        beyond = left_out(items, ["sqlite", "postgresql"] if postgresql_is_there() else ["sqlite"])
        _deselect(config, items, beyond)
        config.stash[_BEYOND] = len(beyond)
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
    _deselect(config, items, [item for each in absent.values() for item in each])
    config.stash[_ABSENT] = {name: len(each) for name, each in absent.items()}


def _deselect(config: pytest.Config, items: list[pytest.Item], unwanted: list[pytest.Item]) -> None:
    numbers = {id(item) for item in unwanted}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in numbers])
    items[:] = [item for item in items if id(item) not in numbers]


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
_BEYOND = pytest.StashKey[int]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return two processes for each core, because half of the tests' time is waiting; at most the xdist slots."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return min(2 * (os.cpu_count() or 1), XDIST_SLOTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over the counts: each process collected all tests, and deselected the same ones."""
    output = getattr(node, "workeroutput", {})
    if "absent" in output:
        node.config.stash[_ABSENT], node.config.stash[_BEYOND] = output["absent"], output["beyond"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["absent"] = session.config.stash.get(_ABSENT, {})
        output["beyond"] = session.config.stash.get(_BEYOND, 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, count in config.stash.get(_ABSENT, {}).items():
        terminalreporter.write_line(f"deselected {count} tests that need {name}: no server found")
    if beyond := config.stash.get(_BEYOND, 0):
        terminalreporter.write_line(
            f"deselected {beyond} generated cases beyond this commit's share: --whole tries them"
        )


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
