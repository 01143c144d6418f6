"""What do the long-running commands share? A listening socket, the metrics of the ledger, and waiting for a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from socket import socket

import click

from tickets.server.serve import listen
from worker.cli.common import F, fail, split_address
from worker.health import Parts, health_app
from worker.intake.listener import HttpThread
from worker.ledger import Ledger, LedgerAway
from worker.ledger.overview import ALARMS, alarms
from worker.metrics import Metrics
from worker.settings import Settings


def health_option(command: F) -> F:
    """`--listen` of a process that has no other HTTP listener."""
    return click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Where /livez, /readyz and /metrics are answered (port 0: any free one); "
        "TICKETRELAY_SERVER__HEALTH_LISTEN by default.",
    )(command)


def listen_or_exit(host: str, port: int, flag: str = "--listen") -> socket:
    """A listening socket; ends the command with exit code 2 where the address cannot be had."""
    try:
        return listen(host, port)
    except OSError as error:
        fail([f"cannot listen on {host}:{port}: {error.strerror}; choose another address with {flag}"])


def listen_at(address: str) -> tuple[socket, str]:
    """A listening socket for `host:port`, and its address with the port that it really has.

    Ends the command with exit code 2 where the address cannot be had.
    """
    listener = listen_or_exit(*split_address(address))
    return listener, f"{address.rpartition(':')[0]}:{listener.getsockname()[1]}"


def health_thread(listener: socket, ledger: Ledger, metrics: Metrics, parts: Parts) -> HttpThread:
    """Answers probes for a process that has no other HTTP listener; not started yet."""
    return HttpThread([(listener, health_app(ledger, metrics, parts))])


def metrics_of(ledger: Ledger, settings: Settings) -> Metrics:
    """Counters of this process, and gauges read from the ledger when they are asked for."""

    def gauges() -> Iterator[tuple[str, str, dict[str, str], float]]:
        try:
            now = ledger.overview()
        except LedgerAway:
            yield "ledger_up", "1 when the ledger can be used", {}, 0
            return
        yield "ledger_up", "1 when the ledger can be used", {}, 1
        for state, number in now.cases.items():
            yield "cases", "Cases, by delivery state", {"state": state}, number
        for kind, number in now.open_operations.items():
            yield "operations_open", "Operations that wait to be delivered, by kind", {"kind": kind}, number
        yield "dead_letters", "Operations that a person must decide on", {}, now.dead
        yield "quarantined", "Deliveries that could not be read", {}, now.quarantined
        waited = (now.at - now.due_since).total_seconds() if now.due_since else 0
        yield "due_age_seconds", "How long the longest waiting due case has been due", {}, waited
        up = {each.name for each in alarms(now, timedelta(seconds=settings.timing.stall_alarm))}
        for name in ALARMS:
            yield "alarm", "1 while a person should look at it", {"alarm": name}, name in up

    metrics = Metrics()
    metrics.add_gauges(gauges)
    return metrics


def wait_for_signal() -> None:
    """Return at SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    while not told.wait(1):
        pass
