"""`ticketrelay worker`: a delivering process of a fleet."""

from __future__ import annotations

import click

from worker.app import Relay, WorkerThread
from worker.cli.common import fleet_settings, log_option, log_to_stderr, upgraded_ledger
from worker.cli.parts import wait_for_signal


@click.command()
@log_option("info")
def worker(log_level: str) -> None:
    """Deliver to the Tickets API. Start as many as there are cores; they share the work and the budget."""
    log_to_stderr(log_level)
    settings = fleet_settings(needs_api=True)
    ledger = upgraded_ledger(settings)
    relay = Relay(settings, ledger)
    thread = WorkerThread(relay)
    thread.start()
    click.echo(f"delivering to {settings.api.url}")
    wait_for_signal()
    thread.stop()
    relay.publisher.close()
    ledger.close()
