"""Compares the alerts taken in per CPU second with an endpoint that only calls `task.delay()`.

    python -m benchmarks.intake [--requests N] [--rounds N]

`ticketrelay serve` on PostgreSQL commits each alert with its plan before it answers; the plain endpoint (Starlette,
under uvicorn) queues a task in Redis. Both get one alert in each request, over the same 32 connections. Counted are the
CPU seconds of server, database and broker, not those of the load generator. Rounds measure one endpoint after the
other, every second round in reverse; a ratio is the median over the rounds. Then both get half of the rate that the
slower one can take, and latency is measured at the sender. docs/benchmarks.md explains why this is fair. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.parts import plain as tasks
from benchmarks.parts.alerts import SECRET
from benchmarks.parts.contenders import Setting, open_operations, settings
from benchmarks.parts.figures import per_operation, ratio, spent
from benchmarks.parts.load import Load, load
from benchmarks.parts.processes import (
    BenchmarkError,
    Noise,
    cpu_seconds,
    end_cleanly,
    free_port,
    module,
    running,
    serves,
)
from benchmarks.parts.servers import emptied, postgresql_server, redis_server

WARM_UP = 200  # requests
SECONDS_AT_HALF_LOAD = 5
NOBODY = "http://127.0.0.1:9/api/v1"  # deliveries to this address fail: this benchmark measures only intake


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that takes alerts: its port, the first processes of its parts, the number of alerts it holds now."""

    name: str
    port: int
    parts: dict[str, int]
    held: Callable[[], int]

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds of each part since its start."""
        return {name: cpu_seconds([pid]) for name, pid in self.parts.items()}


Open = Callable[[], AbstractContextManager[Endpoint]]


@contextmanager
def ours(setting: Setting) -> Iterator[Endpoint]:
    """Start `ticketrelay serve`; the endpoint's count is the number of planned operations."""
    emptied(setting.redis).close()
    environment = settings(setting, NOBODY)
    address = f"127.0.0.1:{(port := free_port())}"
    command = module("worker.cli", "serve", "--listen", address)
    with running(command, setting.output("serve"), environment=environment, is_ready=serves) as process:
        parts = {"server": process.pid, "broker": setting.redis.pid, "database": setting.postgresql.pid}
        yield Endpoint("ticketrelay serve", port, parts, partial(open_operations, address))


@contextmanager
def bare_delay(setting: Setting) -> Iterator[Endpoint]:
    """Start an endpoint that queues a task; the endpoint's count is the number of messages in Redis."""
    client = emptied(setting.redis)
    environment = {tasks.BROKER: setting.redis.url, tasks.SECRET: SECRET}
    port = free_port()
    command = module("uvicorn", "benchmarks.parts.plain:endpoint", "--port", str(port), "--no-access-log")
    with running(
        command, setting.output("delay"), environment=environment, is_ready=lambda said: "running on" in said
    ) as process:
        parts = {"server": process.pid, "broker": setting.redis.pid}
        yield Endpoint("Starlette and delay()", port, parts, lambda: int(str(client.llen(tasks.QUEUE))))
    client.close()


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: the load as seen by the senders, and the CPU seconds of each part."""

    name: str
    load: Load
    cpu: dict[str, float]

    @property
    def per_cpu_second(self) -> float:
        """Requests per CPU second."""
        return self.load.accepted / spent(self.cpu)


@dataclass
class Arrived:
    """Numbers of alerts sent and alerts stored, in the whole run."""

    requests: int = 0
    held: int = 0


def measure(open_endpoint: Open, requests: int, arrived: Arrived, rate: float = 0.0) -> Measured:
    """Start an endpoint, warm it up, and measure. Raises BenchmarkError unless it holds each alert exactly once."""
    with open_endpoint() as endpoint:
        warm = min(WARM_UP, requests)
        load(endpoint.port, warm)
        before = endpoint.cpu()
        found = load(endpoint.port, requests, rate)
        cpu = {name: after - before[name] for name, after in endpoint.cpu().items()}
        held = endpoint.held()
        arrived.requests += warm + requests
        arrived.held += held
        if held != warm + requests:
            raise BenchmarkError(f"{endpoint.name}: {warm + requests} requests were accepted, {held} alerts are held")
        return said(Measured(endpoint.name, found, cpu))


def said(measured: Measured) -> Measured:
    """Print a measurement as a line of the table."""
    number = measured.load.accepted
    figures = f"{measured.load.rate:>9.0f}{measured.per_cpu_second:>11.0f}"
    latency = f"{measured.load.p50_ms:>9.1f}{measured.load.p99_ms:>9.1f}"
    print(f"{measured.name:<24}{number:>8}{figures}{latency}  {per_operation(measured.cpu, number)}", flush=True)
    return measured


def run(options: argparse.Namespace) -> dict[str, object]:
    """Run every measurement; returns the line of JSON."""
    arrived, noise = Arrived(), Noise()
    found: dict[str, object] = {"benchmark": "intake", "requests": options.requests, "rounds": options.rounds}
    print(f"{'':<24}{'requests':>8}{'per s':>9}{'per CPU s':>11}{'p50 ms':>9}{'p99 ms':>9}  CPU ms of each request")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketrelay-bench-")))
        redis = stack.enter_context(redis_server(folder))
        setting = Setting(folder, redis, stack.enter_context(postgresql_server()))
        us, them = partial(ours, setting), partial(bare_delay, setting)
        mine: list[Measured] = []
        theirs: list[Measured] = []
        for turn in range(options.rounds):
            pairs: list[tuple[Open, list[Measured]]] = [(us, mine), (them, theirs)]
            for open_endpoint, results in pairs if turn % 2 == 0 else reversed(pairs):
                results.append(measure(open_endpoint, options.requests, arrived))
        half = min(statistics.median(each.load.rate for each in side) for side in (mine, theirs)) / 2
        number = min(options.requests, int(half * SECONDS_AT_HALF_LOAD))
        print(f"at {half:.0f} requests a second, half of what the slower one takes:")
        calm = {"ours": measure(us, number, arrived, half), "bare_delay": measure(them, number, arrived, half)}
    return found | {
        "cores": os.cpu_count(),
        "per_cpu_second": round(statistics.median(each.per_cpu_second for each in mine), 1),
        "rate_ratio_vs_bare_delay": ratio(
            [each.per_cpu_second for each in mine], [each.per_cpu_second for each in theirs]
        ),
        "wall_rate_ratio_vs_bare_delay": ratio([each.load.rate for each in mine], [each.load.rate for each in theirs]),
        "half_load": {
            "rate": round(half, 1),
            **{name: {"p50_ms": each.load.p50_ms, "p99_ms": each.load.p99_ms} for name, each in calm.items()},
        },
        "cpu_share_of_others": noise.share(),
        "arrived": asdict(arrived),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=3000, help="requests of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements")
    options = parser.parse_args()
    end_cleanly()
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
