"""Contenders that deliver: Ticketrelay, the code a user would write instead, and a loop that only posts.

All are real processes, and all are used the same way: work is queued while the processes are stopped; the cost is
measured from the moment they continue until no work is left.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
from celery import Celery

from benchmarks.parts import plain as tasks
from benchmarks.parts.alerts import AUTHORIZATION, SECRET, alerts, body
from benchmarks.parts.processes import BenchmarkError, cpu_seconds, free_port, module, run, running, serves
from benchmarks.parts.servers import Server, emptied, new_database

STAGE_TIMEOUT_S = 120.0
OPEN = re.compile(r"^ticketrelay_operations_open\S* (\S+)$", re.MULTILINE)

_alerts = alerts()
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Setting:
    """Servers and output folder shared by the contenders."""

    folder: Path
    redis: Server
    postgresql: Server

    def output(self, name: str) -> Path:
        return self.folder / f"{name}-{next(_numbers)}.txt"


@dataclass(frozen=True, slots=True)
class Contender:
    """A contender: a function that queues work for it, and the processes that it consists of."""

    name: str
    stage: Callable[[int], None]
    is_idle: Callable[[], bool]
    """Called after everything has arrived; true once everything is also recorded or acknowledged."""
    parts: Mapping[str, Collection[int]]
    """The first processes of each part: `worker`, and `broker` and `database` if they exist."""
    can_be_held: bool = True

    @property
    def held(self) -> Collection[int]:
        """Return the processes that are stopped while work is queued."""
        return self.parts["worker"] if self.can_be_held else ()

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each part since its start."""
        return {name: cpu_seconds(pids) for name, pids in self.parts.items()}


def settings(setting: Setting, api_url: str) -> dict[str, str]:
    """Return the environment of a fleet without limits of its own, on an empty ledger."""
    environment = {
        "TICKETRELAY_LEDGER__URL": new_database(setting.postgresql),
        "TICKETRELAY_BROKER__URL": setting.redis.url,
        **_to(api_url),
    }
    run(module("worker.cli", "db", "upgrade"), environment)
    return environment


def _to(api_url: str) -> dict[str, str]:
    return {
        "TICKETRELAY_API__URL": api_url,
        "TICKETRELAY_API__KEY": "ak_test_benchmark",
        "TICKETRELAY_API__PER_MINUTE": "",
        "TICKETRELAY_API__PER_SECOND": "",
        "TICKETRELAY_SERVER__MAX_BODY": str(16 * 1024 * 1024),
        "TICKETRELAY_SERVER__METRICS": "true",
        "TICKETRELAY_SERVER__GAUGES_EVERY": "0",
        "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": SECRET,
    }


@contextmanager
def ours(setting: Setting, api_url: str, workers: int) -> Iterator[Contender]:
    """Start the workers of a fleet on PostgreSQL and Redis; intake only plans the operations, and is not counted."""
    emptied(setting.redis)
    environment = settings(setting, api_url)
    intake = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        stack.enter_context(
            running(module("worker.cli", "serve", "--listen", intake), setting.output("serve"),
                    environment=environment, is_ready=serves)
        )  # fmt: skip
        started = [
            stack.enter_context(
                running(module("worker.cli", "worker", "--listen", "127.0.0.1:0"), setting.output("worker"),
                        environment=environment, is_ready=lambda said: "Delivering to" in said)
            )
            for _ in range(workers)
        ]  # fmt: skip
        parts = {
            "worker": [each.pid for each in started],
            "broker": [setting.redis.pid],
            "database": [setting.postgresql.pid],
        }
        yield Contender(f"ticketrelay x{workers}", *_through(intake), parts)


@contextmanager
def embedded(setting: Setting, api_url: str) -> Iterator[Contender]:
    """Start `ticketrelay run` on SQLite; intake runs in the same process, so its cost is counted too."""
    intake = f"127.0.0.1:{free_port()}"
    data = setting.folder / f"embedded-{next(_numbers)}"
    command = module("worker.cli", "run", "--no-demo", "--smtp", "off", "--listen", intake, "--data", str(data))
    with running(command, setting.output("run"), environment=_to(api_url)) as process:
        yield Contender("ticketrelay run, SQLite", *_through(intake), {"worker": [process.pid]}, can_be_held=False)


def _through(intake: str) -> tuple[Callable[[int], None], Callable[[], bool]]:
    """Return two functions: stage alerts in one delivery (one transaction), and check that no operation is open."""

    def stage(number: int) -> None:
        content = body(islice(_alerts, number))
        answer = httpx.post(f"http://{intake}/in/alertmanager", content=content, headers=AUTHORIZATION,
                            timeout=STAGE_TIMEOUT_S, trust_env=False)  # fmt: skip
        if answer.status_code != 200 or answer.json()["planned"] != number:
            raise BenchmarkError(f"intake did not plan {number} operations: {answer.text[:500]}")

    return stage, lambda: open_operations(intake) == 0


def open_operations(address: str) -> int:
    """Return the number of open operations in the ledger of the process at this address."""
    said = httpx.get(f"http://{address}/metrics", timeout=30, trust_env=False).raise_for_status().text
    return int(sum(map(float, OPEN.findall(said))))


@dataclass(frozen=True, slots=True)
class Pool:
    """A Celery pool: its kind, the slots of each worker, and the number of workers; `threads:32x2` has 64 slots."""

    kind: str
    size: int
    workers: int = 1

    @classmethod
    def parse(cls, text: str) -> Pool:
        kind, _, numbers = text.partition(":")
        size, _, workers = numbers.partition("x")
        return cls(kind, int(size), int(workers or 1))

    def __str__(self) -> str:
        return f"{self.kind}:{self.size}" + (f"x{self.workers}" if self.workers > 1 else "")

    @property
    def slots(self) -> int:
        return self.size * self.workers

    @property
    def is_possible(self) -> bool:
        return self.kind != "gevent" or importlib.util.find_spec("gevent") is not None


def default_prefork() -> Pool:
    """Return the default of `celery worker`: a process for each core."""
    return Pool("prefork", os.cpu_count() or 1)


@contextmanager
def plain(setting: Setting, api_url: str, pool: Pool) -> Iterator[Contender]:
    """Start workers that run a Celery task for each ticket."""
    client = emptied(setting.redis)
    environment = {tasks.BROKER: setting.redis.url, tasks.API: api_url}
    command = ["-A", "benchmarks.parts.plain", "worker", "--pool", pool.kind, "--concurrency", str(pool.size)]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"]
    producer = Celery("producer", broker=setting.redis.url, set_as_current=False)

    def stage(number: int) -> None:
        with producer.producer_pool.acquire(block=True) as publisher:
            for alert in islice(_alerts, number):
                publish(publisher, alert)

    def publish(publisher: Any, alert: dict[str, Any]) -> None:
        ticket = {
            "subject": alert["annotations"]["summary"],
            "description": f"{alert['annotations']['description']}\n\n{alert['labels']}",
            "priority": "urgent",
        }
        name = tasks.create_ticket.name
        producer.send_task(name, (ticket, alert["fingerprint"]), queue=tasks.QUEUE, producer=publisher)

    def is_idle() -> bool:
        return not client.llen(tasks.QUEUE) and not client.hlen("unacked")

    with ExitStack() as stack:
        stack.callback(producer.close)
        stack.callback(client.close)
        started = [
            stack.enter_context(
                running(module("celery", *command, "--hostname", f"plain{number}@%h"), setting.output("plain"),
                        environment=environment, waits=False)
            )
            for number in range(pool.workers)
        ]  # fmt: skip
        parts = {"worker": [each.pid for each in started], "broker": [setting.redis.pid]}
        yield Contender(f"plain {pool}", stage, is_idle, parts)


@contextmanager
def bare(setting: Setting, api_url: str) -> Iterator[Contender]:
    """Start an event loop that only posts."""
    with running(module("benchmarks.parts.bare", api_url), setting.output("bare")) as process:

        def stage(number: int) -> None:
            assert process.stdin is not None
            process.stdin.write(f"{number}\n")
            process.stdin.flush()

        yield Contender("bare loop", stage, lambda: True, {"worker": [process.pid]})
