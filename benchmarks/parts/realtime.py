"""Plays a storm in real time: a local Tickets API in a separate process, and a Deliverer in this one."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.parts.processes import free_port, running, wait_until
from benchmarks.parts.storms import Arrival
from tickets.client import TicketsClient
from worker.delivery.deliverer import Deliverer
from worker.delivery.rules import Rules
from worker.ledger import Ledger
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics
from worker.settings import ApiSettings, TimingSettings

PATIENCE_S = 600.0
DISPATCH_S = 1.0
KEY = "ak_test_local"


def play(arrivals: Sequence[Arrival], ledger: Ledger, folder: Path, api: ApiSettings) -> None:
    """Record everything at its moment and deliver it; `api` gives the limits, its URL is not used."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api/v1"
    command = [sys.executable, "-m", "worker.cli", "tickets-api", "--listen", f"127.0.0.1:{port}"]
    command += ["--database", f"sqlite:///{folder / 'tickets.db'}", "--limit", "production"]
    with running(command, folder / "tickets-api.txt"):
        wait_until(lambda: _answers(f"{url}/health"), "a Tickets API that answers")
        deliverer = _deliverer(ledger, api.model_copy(update={"url": httpx.URL(url)}), url)
        try:
            _arrive(arrivals, ledger, deliverer)
            wait_until(lambda: _is_idle(ledger, deliverer), "all delivered", PATIENCE_S)
        finally:
            deliverer.stop(5)


def _arrive(arrivals: Sequence[Arrival], ledger: Ledger, deliverer: Deliverer) -> None:
    began = time.monotonic()
    for each in arrivals:
        time.sleep(max(0.0, began + each.at - time.monotonic()))
        for kind in sorted(ledger.record(each.deliveries)[1]):
            deliverer.deliver(kind)


def _is_idle(ledger: Ledger, deliverer: Deliverer) -> bool:
    """True if everything is delivered; otherwise wait, then deliver due work, as a worker's dispatch does.

    A call that must be repeated, for example after a time-out, sends no wake-up when its time comes.
    """
    if set(ledger.overview().cases) <= {"idle"}:
        return True
    time.sleep(DISPATCH_S)
    deliverer.deliver(None)
    return False


def _deliverer(ledger: Ledger, api: ApiSettings, url: str) -> Deliverer:
    """Return a started Deliverer that receives its own wake-ups at once."""
    made: list[Deliverer] = []

    def wake(kinds: Collection[Kind]) -> None:
        for kind in sorted(kinds):
            made[0].deliver(kind)

    deliverer = Deliverer(
        ledger,
        lambda: TicketsClient(url, KEY),
        Rules(api, TimingSettings()),
        owner="one",
        wake=wake,
        fraction=lambda: 1.0,
        metrics=Metrics(),
    )
    made.append(deliverer)
    deliverer.start()
    return deliverer


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    return False
