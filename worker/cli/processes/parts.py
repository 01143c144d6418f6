"""Shared by the long-running commands: listeners, probes, signals, and reloading."""

from __future__ import annotations

import gc
import os
import queue
import signal
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from socket import socket

import click

from worker.broker.publisher import Publisher
from worker.cli.operate.byhand import exit_with_reason
from worker.cli.shell.common import F, fail, split_address
from worker.intake.http import Edge
from worker.intake.imap.supervisor import ImapSupervisor
from worker.intake.intake import Intake
from worker.intake.listener import FEW, HttpThread, limits_of
from worker.intake.socket_mode.supervisor import SocketSupervisor
from worker.jobs.alarm_loop import AlarmLoop
from worker.ledger import Ledger, LedgerAway, Role, why_away
from worker.reloading import Reloader
from worker.reloading.control import Control, control_app, unix_listener, unix_path
from worker.runtime.health import Parts, health_app
from worker.runtime.heartbeat import Heartbeat
from worker.runtime.metrics import Metrics
from worker.runtime.starting import listen_or_exit
from worker.settings import Settings, SettingsError
from worker.settings.current import Current
from worker.settings.lints import is_loopback
from worker.settings.planning_digest import PlanningDigest
from worker.settings.problems import variable


def health_option(command: F) -> F:
    """Add `--listen` for a process that has no other HTTP listener."""
    return click.option(
        "--listen",
        metavar="HOST:PORT",
        help="The address of /livez, /readyz and /metrics (port 0: any free one). By default the one in "
        "TICKETRELAY_SERVER__HEALTH_LISTEN.",
    )(command)


def imap_supervisor(ledger: Ledger, intake: Intake, current: Current) -> ImapSupervisor:
    """Return the reader of the currently configured mailboxes; not started yet."""
    lease = timedelta(seconds=current().timing.lease)
    return ImapSupervisor(ledger, intake, lambda: current().sources, lease)


def socket_supervisor(intake: Intake, ledger: Ledger, current: Current, metrics: Metrics) -> SocketSupervisor:
    """Return the supervisor of connections that we open to senders; not started yet."""
    supervisor = SocketSupervisor(intake, ledger, lambda: current().sources, current().server.max_body)
    metrics.add_gauges(supervisor.gauges)
    return supervisor


def http_edge(intake: Intake, ledger: Ledger, current: Current, metrics: Metrics, host: str) -> Edge:
    """Return the edge that takes messages in over HTTP, for a listener on this host."""
    max_body = current().server.max_body
    return Edge(
        intake,
        ledger,
        lambda: current().sources,
        metrics,
        max_body,
        lambda: datetime.now(UTC),
        is_loopback=is_loopback(host),
    )


def health_thread(listener: socket, ledger: Ledger, metrics: Metrics, parts: Parts, settings: Settings) -> HttpThread:
    """Return a server of probes for a process that has no other HTTP listener; not started yet."""
    return HttpThread([(listener, health_app(ledger, metrics, parts))], limits_of(settings.server, FEW))


def shows_metrics(settings: Settings) -> bool:
    """Return whether the listener of `run` has `/metrics`: for this machine alone, or where that is asked for."""
    return settings.server.metrics or is_loopback(split_address(settings.server.listen)[0])


def upgrade_or_exit(ledger: Ledger) -> None:
    """Bring the tables to this version's schema; end the command with exit code 1 while the ledger cannot be used."""
    try:
        ledger.upgrade()
    except LedgerAway as error:
        exit_with_reason(why_away(error))


def heartbeat_and_alarms(
    role: Role, ledger: Ledger, publisher: Publisher, current: Current
) -> tuple[Heartbeat, AlarmLoop]:
    """Return the heartbeat of a process that does not deliver, and its look at the alarms; not started yet."""
    heartbeat = Heartbeat(ledger, role, publisher.check, PlanningDigest(current))
    return heartbeat, AlarmLoop(ledger, current, delivers=False)


ENDS = (signal.SIGTERM, signal.SIGINT)


class Signals:
    """The signals to this process. SIGHUP is handled from the start; create and wait in the main thread."""

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[int] = queue.SimpleQueue()  # its `put` may interrupt itself
        self._had_terminal = os.isatty(0)
        if os.name == "posix":
            self._hear(signal.SIGHUP)

    def hear_ends(self) -> None:
        """Keep SIGTERM and SIGINT for `wait` from now on, so that a process that is ready ends in order."""
        for each in ENDS:
            self._hear(each)

    def wait(self, reloader: Reloader) -> str:
        """Reload at each SIGHUP; return at SIGTERM, at SIGINT, and when the terminal of the start is gone.

        Returns the name of the signal, or that the terminal is gone.
        """
        gc.freeze()  # what the start made lives as long as the process: collections need not look at it again
        self.hear_ends()
        while True:
            try:
                told = self._told.get(timeout=1)
            except queue.Empty:
                continue
            if told in ENDS:
                return signal.Signals(told).name
            if self._had_terminal and not os.isatty(0):
                return "the terminal is gone"
            with suppress(SettingsError):  # logged and counted, and nothing has changed
                reloader.reload()

    def _hear(self, number: int) -> None:
        signal.signal(number, lambda told, _: self._told.put(told))


def control_of(reloader: Reloader) -> Control | None:
    """Return the control listener of the settings, not started yet; None without one.

    Ends the command with exit code 2 when the address is not available.
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
            fail([f"cannot listen on {path}: {error.strerror}; set another path with {name}"])
    token = server.control_token
    app = control_app(reloader, token.get_secret_value() if token is not None else None)
    return Control(listener, app, limits_of(server, FEW))
