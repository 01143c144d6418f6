"""Compares the cost of a delivered operation with a plain Celery task and with a loop that only posts.

    python -m benchmarks.delivery [--operations N] [--rounds N] [--latency MS] [--pools LIST] [--workers N]

Creates on distinct cases go to a stand-in of the Tickets API, which is not included in any cost. Measured are the CPU
seconds of workers, broker and database, and the seconds from the first request's arrival to the last one's, at no
latency and at one of 20 ms. Rounds measure one contender after the other, every second round in reverse; a ratio is the
median over the rounds. docs/benchmarks.md explains the comparison and its fairness. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.parts.contenders import Contender, Pool, Setting, bare, default_prefork, embedded, ours, plain
from benchmarks.parts.figures import per_operation, ratio, spent
from benchmarks.parts.processes import BenchmarkError, Noise, end_cleanly, frozen, wait_until
from benchmarks.parts.servers import postgresql_server, redis_server
from benchmarks.parts.standin import StandIn, stand_in

POOLS = "prefork:2,prefork:8,prefork:16,threads:8,threads:32,threads:64,threads:32x2,gevent:64,gevent:64x2"
WARM_UP = 100  # operations, for everything that is imported, opened and compiled only once
SECONDS_OF_A_PLAIN_RUN = 4  # at latency: enough operations for each pool
PATIENCE_S = 300.0

Open = Callable[[str], AbstractContextManager[Contender]]
"""Starts a contender that delivers to this URL."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: operations, seconds from the first arrival to the last, CPU seconds of each part."""

    name: str
    operations: int
    seconds: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        """Operations per second."""
        return (self.operations - 1) / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per operation."""
        return spent(self.cpu) * 1000 / self.operations


@dataclass
class Arrived:
    """Numbers of ordered and arrived operations in the whole run, printed to show that they are equal."""

    operations: int = 0
    requests: int = 0
    keys: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """Measures contenders at one latency; `arrived` is shared by all latencies."""

    service: StandIn
    arrived: Arrived = field(default_factory=Arrived)

    def measure(self, open_contender: Open, operations: int) -> Measured:
        """Start a contender, warm it up, and measure. Raises BenchmarkError unless each arrives exactly once."""
        with open_contender(self.service.url) as contender:
            self._deliver(contender, min(WARM_UP, operations))
            return self._deliver(contender, operations)

    def _deliver(self, contender: Contender, operations: int) -> Measured:
        self.service.reset()
        with frozen(contender.held):
            before = contender.cpu() if not contender.can_be_held else {}
            contender.stage(operations)
            before = before or contender.cpu()
        wait_until(lambda: self.service.tally().requests >= operations, f"{operations} arrived", PATIENCE_S)
        wait_until(contender.is_idle, "idle", PATIENCE_S)
        cpu = {name: after - before[name] for name, after in contender.cpu().items()}
        tally = self.service.tally()
        self.arrived.operations += operations
        self.arrived.requests += tally.requests
        self.arrived.keys += tally.keys
        if not tally.requests == tally.keys == operations:
            raise BenchmarkError(f"{contender.name}: {operations} operations, but {tally}")
        return Measured(contender.name, operations, tally.seconds, cpu)


def rounds(bench: Bench, number: int, contenders: Sequence[tuple[Open, int]]) -> list[list[Measured]]:
    """Measure the contenders alternately; returns a list for each contender, with a measurement for each round."""
    found: list[list[Measured]] = [[] for _ in contenders]
    for turn in range(number):
        order = range(len(contenders)) if turn % 2 == 0 else reversed(range(len(contenders)))
        for position in order:
            found[position].append(said(bench.measure(*contenders[position])))
    return found


def said(measured: Measured) -> Measured:
    """Print a measurement as a line of the table."""
    figures = f"{measured.operations:>7}{measured.rate:>9.0f}{measured.cpu_ms:>9.2f}"
    print(f"{measured.name:<26}{figures}  {per_operation(measured.cpu, measured.operations)}", flush=True)
    return measured


def rates(measured: Iterable[Measured]) -> list[float]:
    return [each.rate for each in measured]


def cpus(measured: Iterable[Measured]) -> list[float]:
    return [each.cpu_ms for each in measured]


def scan(
    bench: Bench, setting: Setting, pools: Iterable[Pool], operations: Callable[[Pool], int]
) -> dict[Pool, Measured]:
    """Measure each pool of the plain task once."""
    return {pool: said(bench.measure(partial(plain, setting, pool=pool), operations(pool))) for pool in pools}


def at_no_latency(bench: Bench, setting: Setting, options: argparse.Namespace, pools: list[Pool]) -> dict[str, object]:
    """Measure the cost of an operation."""
    _head("at no latency")
    many = options.operations
    scanned = scan(bench, setting, pools, lambda _: max(many // 2, 1))
    cheapest = min(scanned, key=lambda pool: scanned[pool].cpu_ms)
    us: Open = partial(ours, setting, workers=options.workers)
    usual: Open = partial(plain, setting, pool=default_prefork())
    least: Open = partial(plain, setting, pool=cheapest)
    contenders = [(each, many) for each in (us, usual, least, partial(bare, setting))]
    mine, theirs, leasts, bares = rounds(bench, options.rounds, contenders)
    said(bench.measure(partial(embedded, setting), many))
    return {
        "cpu_ms": round(statistics.median(cpus(mine)), 3),
        "cpu_ratio_vs_plain": ratio(cpus(theirs), cpus(mine)),
        "cpu_ratio_vs_cheapest_plain": ratio(cpus(leasts), cpus(mine)),
        "cheapest_plain": str(cheapest),
        "cpu_ratio_vs_bare": ratio(cpus(mine), cpus(bares)),
    }


def at_latency(bench: Bench, setting: Setting, options: argparse.Namespace, pools: list[Pool]) -> dict[str, object]:
    """Measure the throughput with a slow Tickets API."""
    _head(f"at {options.latency:g} ms")

    def enough(pool: Pool) -> int:
        """Return the most operations that the pool's slots can do in the time of a run."""
        at_best = pool.slots * SECONDS_OF_A_PLAIN_RUN * 1000 / options.latency
        return min(int(options.operations), int(at_best))

    scanned = scan(bench, setting, pools, enough)
    best = max(scanned, key=lambda pool: scanned[pool].rate)
    default = default_prefork()
    mine, theirs, bests = rounds(
        bench,
        options.rounds,
        [
            (partial(ours, setting, workers=options.workers), options.operations),
            (partial(plain, setting, pool=default), enough(default)),
            (partial(plain, setting, pool=best), enough(best)),
        ],
    )
    return {
        "rate": round(statistics.median(rates(mine)), 1),
        "rate_ratio_vs_default_prefork": ratio(rates(mine), rates(theirs)),
        "rate_ratio_vs_best_plain": ratio(rates(mine), rates(bests)),
        "best_plain": str(best),
    }


def _head(text: str) -> None:
    print(f"\n{text:<23}{'operations':>10}{'per s':>9}{'CPU ms':>9}  of them", flush=True)


def run(options: argparse.Namespace) -> dict[str, object]:
    """Run every measurement; returns the line of JSON."""
    wanted = [Pool.parse(each) for each in options.pools.split(",")]
    pools = [pool for pool in wanted if pool.is_possible]
    if left_out := [str(pool) for pool in wanted if pool not in pools]:
        print(f"left out, since gevent is not installed: {', '.join(left_out)}", file=sys.stderr)
    arrived, noise = Arrived(), Noise()
    found: dict[str, object] = {"benchmark": "delivery", "operations": options.operations, "rounds": options.rounds}
    found |= {"workers": options.workers, "cores": os.cpu_count()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketrelay-bench-")))
        redis = stack.enter_context(redis_server(folder))
        setting = Setting(folder, redis, stack.enter_context(postgresql_server()))
        for latency, measure in ((0.0, at_no_latency), (options.latency, at_latency)):
            service = stack.enter_context(stand_in(folder, latency))
            found |= measure(Bench(service, arrived), setting, options, pools)
    return found | {"cpu_share_of_others": noise.share(), "arrived": asdict(arrived)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=2000, help="operations of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each contender")
    parser.add_argument("--latency", type=float, default=20, help="milliseconds of the answers in the second part")
    parser.add_argument("--pools", default=POOLS, help="pools of the plain task, the best of which is compared too")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="worker processes of Ticketrelay")
    options = parser.parse_args()
    end_cleanly()
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
