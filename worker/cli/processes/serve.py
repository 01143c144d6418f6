"""`ticketrelay serve`: the intake of a fleet."""

from __future__ import annotations

import click

from worker.broker.relay import Relay
from worker.cli.processes.parts import (
    Signals,
    control_of,
    health_thread,
    heartbeat_and_alarms,
    http_edge,
    socket_supervisor,
)
from worker.cli.shell.common import (
    config_file,
    config_option,
    fail,
    fleet,
    ledger_when_there,
    log_option,
    log_to_stderr,
    read_fleet,
    split_address,
)
from worker.delivery.dispatch import WakeUps
from worker.intake.http import intake_app
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread, limits_of
from worker.intake.socket_mode.supervisor import configured
from worker.jobs import alarm_loop
from worker.reloading import Reloader, needing
from worker.runtime import lifetime, weak_secrets
from worker.runtime.gauges import metrics_of
from worker.runtime.health import threads
from worker.runtime.heartbeat import THREAD
from worker.runtime.starting import listen_at, require_good_secrets
from worker.runtime.terminal import echo
from worker.settings.current import Current

NO_SOURCE = "no source is configured: set TICKETRELAY_SOURCES__<ID>__SECRET_FILE of at least one"


@click.command()
@config_option
@click.option(
    "--listen", metavar="HOST:PORT", help="The address to listen on. By default the one in TICKETRELAY_SERVER__LISTEN."
)
@click.option("--health", metavar="HOST:PORT", help="The address of a second listener, for /livez, /readyz and "
              "/metrics. None by default: then /metrics is shown only with TICKETRELAY_SERVER__METRICS.")  # fmt: skip
@log_option("info")
def serve(listen: str | None, health: str | None, log_level: str) -> None:
    """Take messages in over HTTP, for workers elsewhere to deliver. All processes must share one ledger and one broker.

    \b
    Example: ticketrelay serve --config ticketrelay.yaml --listen 127.0.0.1:8080
    """
    log_to_stderr(log_level)
    file, current = config_file(), Current(fleet(needs_api=False))
    settings = current()
    if not settings.sources:
        fail([NO_SOURCE])
    signals = Signals()
    ledger = ledger_when_there(settings)
    require_good_secrets(current.loaded, ledger)
    ledger.follow(current)
    listener, address = listen_at(listen or settings.server.listen)
    second = listen_at(health) if health is not None else None
    relay = Relay(settings, ledger)
    wake_ups = WakeUps(relay.publisher.publish)
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, wake_ups.send, metrics, settings.server.max_waiting, settings.ledger.intake_patience)
    supervisor = socket_supervisor(intake, ledger, current, metrics)
    edge = http_edge(intake, ledger, current, metrics, split_address(address)[0])
    needed = {**threads("intake", "bell", THREAD, *alarm_loop.THREADS), **supervisor.parts()}
    app = intake_app(edge, parts=needed, shows_metrics=settings.server.metrics)
    http = HttpThread([(listener, app)], limits_of(settings.server))
    probes = health_thread(second[0], ledger, metrics, needed, settings) if second is not None else None
    read = needing(lambda: read_fleet(file, needs_api=False), lambda new: bool(new.settings.sources), NO_SOURCE)
    reloader = Reloader(current, weak_secrets.reloading(read, ledger), metrics)
    told = heartbeat_and_alarms("serve", ledger, relay.publisher, current)
    found = (*told, wake_ups, intake, probes, http, supervisor, control_of(reloader))
    parts = [each for each in found if each is not None]
    signals.hear_ends()
    for part in parts:
        part.start()
    echo(f"Taking messages in at http://{address}/in/<source> for: {', '.join(sorted(settings.sources))}")
    if on_sockets := configured(settings.sources):
        echo(f"Listening over Socket Mode for: {', '.join(sorted(on_sockets))}")
    if second is not None:
        echo(f"Health at http://{second[1]}/livez /readyz /metrics")
    elif not settings.server.metrics:
        echo("No /metrics: give --health HOST:PORT, or set TICKETRELAY_SERVER__METRICS=true")
    listens = [f"http {address}", *([f"health {second[1]}"] if second is not None else [])]
    lifetime.started("serve", current.loaded, ledger, listens)
    reason = signals.wait(reloader)
    for part in reversed(parts):
        part.stop()
    relay.publisher.close()
    ledger.close()
    lifetime.stopped("serve", reason)
