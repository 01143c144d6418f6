"""What do the long-running commands share? Listeners, the metrics of the ledger, signals, and how they reload."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from socket import socket

import click

from tickets.listening import listen
from worker.cli.shell.common import F, fail, split_address
from worker.intake.imap.keeper import ImapKeeper
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread
from worker.intake.socket_mode.keeper import SocketKeeper
from worker.ledger import ALARMS, Ledger, LedgerAway, Overview, alarms
from worker.reloading import Reloader
from worker.reloading.control import Control, control_app, unix_listener, unix_path
from worker.runtime.health import Parts, health_app
from worker.runtime.metrics import Metrics
from worker.settings import Settings, SettingsError
from worker.settings.current import Current
from worker.settings.problems import variable


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


def imap_keeper(ledger: Ledger, intake: Intake, current: Current) -> ImapKeeper:
    """What reads the mailboxes that are configured at the moment; not started yet."""
    lease = timedelta(seconds=current().timing.lease)
    return ImapKeeper(ledger, intake, lambda: current().sources, lease)


def socket_keeper(intake: Intake, ledger: Ledger, current: Current, metrics: Metrics) -> SocketKeeper:
    """What listens for the sources that are reached on connections of ours; not started yet."""
    keeper = SocketKeeper(intake, ledger, lambda: current().sources, current().server.max_body)
    metrics.add_gauges(keeper.gauges)
    return keeper


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
        yield from _of_mailboxes(now)
        up = {each.name for each in alarms(now, timedelta(seconds=settings.timing.stall_alarm))}
        for name in ALARMS:
            yield "alarm", "1 while a person should look at it", {"alarm": name}, name in up

    metrics = Metrics()
    metrics.add_gauges(gauges)
    return metrics


def _of_mailboxes(now: Overview) -> Iterator[tuple[str, str, dict[str, str], float]]:
    for each in now.mailboxes:
        labels = {"source": each.source, "mailbox": each.mailbox}
        age = (now.at - max(each.polled_at or each.since, each.since)).total_seconds()
        yield "mailbox_poll_age_seconds", "How long ago a mailbox was read to its end", labels, age
        yield "mailbox_unaccounted_uids", "Mails on the server that are not in the ledger", labels, each.unaccounted
        if each.token_ends_at is not None:
            left = (each.token_ends_at - now.at).total_seconds()
            yield "mailbox_token_left_seconds", "How long the refresh token is good for", labels, left


class Signals:
    """What this process is told, from now on for SIGHUP; made and waited for in the main thread."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[int] = queue.SimpleQueue()  # its `put` may interrupt itself
        self._had_terminal = os.isatty(0)
        if os.name == "posix":
            self._hear(signal.SIGHUP)

    def wait(self, reloader: Reloader) -> None:
        """Reload at each SIGHUP; return at SIGTERM, at SIGINT, and when the terminal is gone that this began in."""
        ends = (signal.SIGTERM, signal.SIGINT)
        for each in ends:
            self._hear(each)
        while True:
            try:
                told = self._told.get(timeout=1)
            except queue.Empty:
                continue
            if told in ends or (self._had_terminal and not os.isatty(0)):
                return
            with suppress(SettingsError):  # logged and counted, and all is as it was
                reloader.reload()

    def _hear(self, number: int) -> None:
        signal.signal(number, lambda told, _: self._told.put(told))


def control_of(reloader: Reloader) -> Control | None:
    """The control listener that the settings name, not started yet; None where they name none.

    Ends the command with exit code 2 where the address cannot be had.
    """
    server = reloader.current().server
    if server.control is None:
        return None
    path = unix_path(server.control)
    if path is None:
        listener = listen_or_exit(*split_address(server.control), variable("server", "control"))
    else:
        try:
            listener = unix_listener(path)
        except OSError as error:
            name = variable("server", "control")
            fail([f"cannot listen on {path}: {error.strerror}; name another path with {name}"])
    token = server.control_token
    return Control(listener, control_app(reloader, token.get_secret_value() if token is not None else None))
