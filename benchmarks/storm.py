"""Measures the wait of urgent tickets in a storm, the use of the budget, and the number of 429 answers.

    python -m benchmarks.storm [--operations N] [--database KIND] [--real N] [--urgent SHARE]

A storm of alerts, far over the budget of 100 a minute and 20 a second, is played to the real ledger on a simulated
clock, once for each way in which a service may count (`tickets/server/limits.py`). A smaller storm is played twice: on
a simulated clock, and in real time by a Deliverer to a local Tickets API. The simulation is valid if both agree.
docs/benchmarks.md has more. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import func, select

from benchmarks.parts.processes import BenchmarkError, end_cleanly
from benchmarks.parts.realtime import play
from benchmarks.parts.servers import new_database, postgresql_server
from benchmarks.parts.simulation import SimulatedClock, Simulation, most_in
from benchmarks.parts.storms import storm
from tickets.server.limits import WINDOWS, Limit, Window
from worker.ledger import Ledger, Limits, Terms
from worker.ledger.queue.budget import URGENT
from worker.ledger.schema.tables import attempts, operations
from worker.settings import ApiSettings, TimingSettings

PRODUCTION = Limit.named("production")
PER_MINUTE = PRODUCTION.per_minute or 0
BUDGET = Limits(PRODUCTION.per_minute, PRODUCTION.per_second)
WORTH_COMPARING_S = 3.0  # waits of a rank below this are left to chance
IN_MEMORY = Path("/dev/shm")  # noqa: S108 — the cost of a disk is not measured here


@dataclass(frozen=True, slots=True)
class Sent:
    """A sent operation: its rank, and the seconds from intake's commit to the claim that sent it."""

    case_id: int
    seq: int
    rank: int
    wait: float
    recorded: float
    """Time of intake's commit, in seconds since 1970."""


@contextmanager
def ledger_on(database: str, clock: SimulatedClock | None = None) -> Iterator[Ledger]:
    """Open a new ledger in memory, or in a separate PostgreSQL."""
    with ExitStack() as stack:
        folder = IN_MEMORY if IN_MEMORY.is_dir() else None
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketrelay-bench-", dir=folder)))
        url = f"sqlite:///{place / 'ledger.db'}"
        if database == "postgresql":
            url = new_database(stack.enter_context(postgresql_server()))
        ledger = stack.enter_context(closing(Ledger(url, clock=clock)))
        ledger.upgrade()
        yield ledger


def sent(ledger: Ledger) -> list[Sent]:
    """Return the sent operations. Raises BenchmarkError unless each is done, or joined into one that is done."""
    with ledger.database.read() as connection:
        rows = connection.execute(select(operations)).all()
    if left := [row for row in rows if row.state not in ("done", "folded")]:
        raise BenchmarkError(f"{len(left)} operations were not done")
    return [
        Sent(
            row.case_id,
            row.seq,
            row.rank,
            (row.last_sent_at - row.created_at).total_seconds(),
            row.created_at.timestamp(),
        )
        for row in rows
        if row.state == "done"
    ]


def simulate(ledger: Ledger, clock: SimulatedClock, window: Window, operations: int, urgent: int) -> Simulation:
    """Play a storm to a service that counts with this kind of window."""
    timing = TimingSettings()
    terms = Terms(
        lease=timedelta(seconds=timing.lease),
        key_window=timedelta(seconds=timing.key_window),
        probe_interval=timedelta(seconds=timing.probe_interval),
        limits=BUDGET,
    )
    chance = random.Random(WINDOWS.index(window))  # noqa: S311 — no secret
    simulation = Simulation(ledger, clock, Limit.named("production", window), terms, chance)
    simulation.play(storm(operations, urgent, PER_MINUTE))
    return simulation


def figures(window: Window, number: int, urgent: int, database: str) -> dict[str, object]:
    """Measure one storm on a simulated clock."""
    clock = SimulatedClock()
    with ledger_on(database, clock) as ledger:
        simulation = simulate(ledger, clock, window, number, urgent)
        reached = simulation.reached
        began = clock().timestamp() - clock.seconds
        waits = sorted(
            began + reached[each.case_id, each.seq] - each.recorded for each in sent(ledger) if each.rank == URGENT
        )
    moments = sorted(reached.values())
    while_work_waited = [each for each in moments if each <= simulation.scarce_until]
    return {
        "window": window,
        "operations": number,
        "calls": len(moments),
        "minutes": round(moments[-1] / 60, 1),
        "urgent": len(waits),
        "urgent_p99_s": round(waits[math.ceil(len(waits) * 0.99) - 1], 2),
        "urgent_max_s": round(waits[-1], 2),
        "answers_429": simulation.refused,
        "budget_used": round(len(while_work_waited) / PER_MINUTE / (simulation.scarce_until / 60), 4),
        "most_in_60_s": most_in(moments, 60),
        "most_in_1_s": most_in(moments, 1),
        "claims_per_call": round(simulation.claims / len(moments), 2),
    }


def compare(number: int, urgent: int) -> dict[str, object]:
    """Play the same storm on a simulated clock and in real time."""
    clock = SimulatedClock()
    with ledger_on("sqlite", clock) as ledger:
        simulate(ledger, clock, "sliding", number, urgent)
        simulated = sent(ledger)
    api = ApiSettings.model_validate({"url": "http://127.0.0.1:1", "key": "ak_test_local"})
    with ledger_on("sqlite") as ledger, tempfile.TemporaryDirectory(prefix="ticketrelay-bench-") as folder:
        play(storm(number, urgent, PER_MINUTE), ledger, Path(folder), api)
        real = sent(ledger)
        with ledger.database.read() as connection:
            refusals = select(func.count()).select_from(attempts).where(attempts.c.status == 429)
            refused = connection.execute(refusals).scalar_one()
    waits = {
        rank: {"real": median(real, rank), "simulated": median(simulated, rank)}
        for rank in sorted({each.rank for each in simulated})
    }
    paced = [each for each in waits.values() if each["simulated"] > WORTH_COMPARING_S]
    ratios = [len(real) / len(simulated), *(each["real"] / each["simulated"] for each in paced)]
    worst: float = max(ratios, key=_distance)
    return {
        "operations": number,
        "calls": {"real": len(real), "simulated": len(simulated)},
        "median_wait_s": waits,
        "answers_429": refused,
        "real_vs_simulated": round(worst, 3),
    }


def _distance(ratio: float) -> float:
    return abs(ratio - 1)


def median(calls: Sequence[Sent], rank: int) -> float:
    """Median wait of this rank, in seconds."""
    return round(statistics.median(each.wait for each in calls if each.rank == rank), 2)


def run(options: argparse.Namespace) -> dict[str, object]:
    """Run every measurement; returns the line of JSON."""
    urgent = max(1, round(options.operations * options.urgent))
    with multiprocessing.get_context("spawn").Pool(len(WINDOWS), quiet) as pool:
        found = pool.starmap(figures, [(each, options.operations, urgent, options.database) for each in WINDOWS])
    columns = [name for name in found[0] if name != "window"]
    print(f"{'':<16}" + "".join(f"{name:>16}" for name in columns), flush=True)
    for each in found:
        print(f"{each['window']!s:<16}" + "".join(f"{each[name]!s:>16}" for name in columns), flush=True)
    line: dict[str, object] = {"benchmark": "storm", "database": options.database}
    line |= {str(each.pop("window")).replace("-", "_"): each for each in found}
    if options.real:
        compared = compare(options.real, max(1, options.real // 10))
        print(f"\nin real time, {options.real} operations: {json.dumps(compared)}", flush=True)
        line |= {"real_time": compared, "real_vs_simulated": compared["real_vs_simulated"]}
    return line


def quiet() -> None:
    """Set up a process that prints only figures, and that ends the processes it started."""
    end_cleanly()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--operations", type=int, default=10_000, help="operations of the simulated storms")
    parser.add_argument("--urgent", type=float, default=0.01, help="the share of them that create urgent tickets")
    parser.add_argument(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="of the simulated storms"
    )
    parser.add_argument("--real", type=int, default=200, help="operations of the storm in real time; 0: none")
    options = parser.parse_args()
    quiet()
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
