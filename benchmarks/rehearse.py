"""Compares the cost of a rehearsal per stored delivery with only reading the delivery from the ledger and parsing it.

    python -m benchmarks.rehearse [--deliveries N] [--rounds N]

Alerts that fire and end are stored once. Each round reads them as `rehearse` does, through the present configuration
and through another one with routes, a template and groups; then it only reads and parses them. CPU time of this
process; medians over the rounds. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery, Ledger
from worker.rehearsal.tickets import Rehearsal, read
from worker.settings import Settings, Source, load

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
PAGE = 200
ROUTES: list[dict[str, object]] = [
    {
        "name": "core",
        "match": 'labels.team =~ "core|web"',
        "priority": {"critical": "urgent", "warning": "low"},
        "subject": "[{{ labels.team|upper }}] {{ subject }}",
        "group_by": ["labels.team", "labels.alertname"],
        "continue": True,
    },
    {"name": "rest", "category": "monitoring", "reopen_window": "4h"},
]


def settings(*routes: dict[str, object]) -> Settings:
    environ = {"TICKETRELAY_API__URL": "http://127.0.0.1:9/api/v1", "TICKETRELAY_API__KEY": "ak_bench"}
    sources = {"prom": {"kind": "alertmanager", "secret": "bench"}}
    return load(environ, overrides={"sources": sources, "routes": list(routes)})


def body(number: int, *, ends: bool) -> bytes:
    begins = BEGAN + timedelta(seconds=number)
    labels = {"alertname": f"disk-{number % 48}", "team": ("core", "web", "db")[number % 3], "severity": "critical"}
    alert = {
        "status": "resolved" if ends else "firing",
        "labels": labels,
        "annotations": {"summary": f"Disk {number} is full", "description": "Less than 3% is free on /var."},
        "startsAt": begins.isoformat(),
        "endsAt": (begins + timedelta(minutes=10)).isoformat() if ends else "0001-01-01T00:00:00Z",
        "fingerprint": f"{number:016x}",
    }
    return json.dumps({"version": "4", "alerts": [alert]}).encode()


def store(ledger: Ledger, number: int) -> None:
    """Store deliveries in the order of their arrival: each alert fires, and ends ten minutes later."""
    lasts = timedelta(minutes=10)
    found = [Inbound("prom", BEGAN + timedelta(seconds=each), body(each, ends=False)) for each in range(number // 2)]
    found += [
        Inbound("prom", BEGAN + timedelta(seconds=each) + lasts, body(each, ends=True)) for each in range(number // 2)
    ]
    ledger.record([Delivery(each, Parsed()) for each in sorted(found, key=lambda each: each.received_at)])


def stored(ledger: Ledger, take: Callable[[int, Inbound], None]) -> int:
    """Pass every stored delivery to `take`; returns their number."""
    after = number = 0
    while page := ledger.stored_deliveries(since=BEGAN, source=None, after=after, limit=PAGE):
        after = page[-1].id
        for each in page:
            if each.arrived is not None:
                take(each.id, each.arrived)
                number += 1
    return number


def both(source: Source, old: Rehearsal, new: Rehearsal, number: int, arrived: Inbound) -> None:
    """Rehearse a delivery in both configurations, as `rehearse` does if both read the delivery alike."""
    parsed = read(source, arrived)
    old.take(number, arrived, parsed)
    new.take(number, arrived, parsed)


def alone(source: Source, _: int, arrived: Inbound) -> None:
    """Read the delivery only."""
    read(source, arrived)


def cpu(act: Callable[[], object]) -> float:
    """Return the CPU seconds of this process for `act`."""
    began = time.process_time()
    act()
    return time.process_time() - began


def measure(deliveries: int, rounds: int) -> dict[str, object]:
    before, after = settings(), settings(*ROUTES)
    rehearsed: list[float] = []
    read_only: list[float] = []
    counts: dict[str, int] = {}
    with (
        tempfile.TemporaryDirectory(prefix="ticketrelay-bench-") as folder,
        closing(Ledger(f"sqlite:///{Path(folder) / 'ledger.db'}")) as ledger,
    ):
        ledger.upgrade()
        store(ledger, deliveries)
        for _ in range(rounds):
            old, new = Rehearsal(before.sources), Rehearsal(after.sources)
            rehearsed.append(cpu(partial(stored, ledger, partial(both, before.sources["prom"], old, new))))
            read_only.append(cpu(partial(stored, ledger, partial(alone, before.sources["prom"]))))
            counts = {"before": len(old.tickets), "after": len(new.tickets)}
    return {
        "benchmark": "rehearse",
        "deliveries": deliveries,
        "rounds": rounds,
        "cpu_ms_per_delivery": round(statistics.median(rehearsed) / deliveries * 1000, 3),
        "cpu_ratio_vs_reading": round(statistics.median(a / b for a, b in zip(rehearsed, read_only, strict=True)), 3),
        "tickets": counts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="What does a rehearsal cost for each stored delivery?")
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found = measure(given.deliveries, given.rounds)
    print(f"{'CPU of a delivery, both configurations':<42} {found['cpu_ms_per_delivery']} ms")
    print(f"{'compared with reading and parsing it':<42} {found['cpu_ratio_vs_reading']}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
