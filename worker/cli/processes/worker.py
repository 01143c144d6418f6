"""`ticketrelay worker`: a delivering process of a fleet."""

from __future__ import annotations

import click

from worker.broker.relay import Relay
from worker.broker.worker import WorkerThread
from worker.cli.processes.parts import Signals, control_of, health_option, health_thread
from worker.cli.shell.common import (
    config_file,
    config_option,
    fleet,
    ledger_when_there,
    log_option,
    log_to_stderr,
    read_fleet,
)
from worker.intake.listener import HttpThread
from worker.reloading import Reloader
from worker.reloading.control import Control
from worker.runtime import lifetime, weak_secrets
from worker.runtime.gauges import metrics_of
from worker.runtime.health import threads
from worker.runtime.heartbeat import THREAD, Heartbeat
from worker.runtime.starting import listen_at, require_good_secrets
from worker.runtime.terminal import echo
from worker.settings.current import Current
from worker.settings.planning_digest import PlanningDigest


@click.command()
@config_option
@health_option
@log_option("info")
def worker(listen: str | None, log_level: str) -> None:
    """Deliver to the Tickets API. Start a worker per core. All workers share the work and the budget.

    \b
    Example: ticketrelay worker --config ticketrelay.yaml
    """
    log_to_stderr(log_level)
    file, current = config_file(), Current(fleet(needs_api=True))
    settings = current()
    signals = Signals()
    ledger = ledger_when_there(settings)
    require_good_secrets(current.loaded, ledger)
    ledger.follow(current)
    listener, address = listen_at(listen or settings.server.health_listen)
    metrics = metrics_of(ledger, settings, sends=True)
    relay = Relay(settings, ledger, metrics, current)
    thread = WorkerThread(relay)
    health = health_thread(listener, ledger, metrics, {**thread.parts(), **threads(THREAD)}, settings)
    reloader = Reloader(current, weak_secrets.reloading(lambda: read_fleet(file, needs_api=True), ledger), metrics)
    control = control_of(reloader)
    # Stopped in this order, too: probes are answered until the calls under way have ended.
    heartbeat = Heartbeat(ledger, "worker", relay.publisher.check, PlanningDigest(current))
    found: tuple[WorkerThread | HttpThread | Control | Heartbeat | None, ...] = (thread, health, control, heartbeat)
    parts = [each for each in found if each is not None]
    signals.hear_ends()
    for each in parts:
        each.start()
    echo(f"Delivering to {settings.api.url}. Health at http://{address}/livez /readyz /metrics")
    lifetime.started("worker", current.loaded, ledger, [f"health {address}"])
    reason = signals.wait(reloader)
    for each in parts:
        each.stop()
    relay.publisher.close()
    ledger.close()
    lifetime.stopped("worker", reason)
