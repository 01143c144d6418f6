"""`ticketrelay worker`: a delivering process of a fleet."""

from __future__ import annotations

import click

from worker.app import Relay, WorkerThread
from worker.cli.common import fleet_settings, log_option, log_to_stderr, upgraded_ledger
from worker.cli.parts import health_option, health_thread, listen_at, metrics_of, wait_for_signal


@click.command()
@health_option
@log_option("info")
def worker(listen: str | None, log_level: str) -> None:
    """Deliver to the Tickets API. Start as many as there are cores; they share the work and the budget."""
    log_to_stderr(log_level)
    settings = fleet_settings(needs_api=True)
    ledger = upgraded_ledger(settings)
    listener, address = listen_at(listen or settings.server.health_listen)
    metrics = metrics_of(ledger, settings)
    relay = Relay(settings, ledger, metrics)
    thread = WorkerThread(relay)
    thread.start()
    health = health_thread(listener, ledger, metrics, thread.parts())
    health.start()
    click.echo(f"delivering to {settings.api.url}; health at http://{address}/livez /readyz /metrics")
    wait_for_signal()
    thread.stop()
    health.stop()
    relay.publisher.close()
    ledger.close()
