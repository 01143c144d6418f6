"""`ticketrelay serve`: the intake of a fleet."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from worker.app import Relay
from worker.cli.common import fail, fleet_settings, log_option, log_to_stderr, upgraded_ledger
from worker.cli.parts import listen_at, metrics_of, wait_for_signal
from worker.delivery.dispatch import Bell
from worker.health import threads
from worker.intake.http import intake_app
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; by default as TICKETRELAY_SERVER__LISTEN says.")
@log_option("info")
def serve(listen: str | None, log_level: str) -> None:
    """Take messages in over HTTP, for workers elsewhere to deliver. Needs a ledger and a broker that all share."""
    log_to_stderr(log_level)
    settings = fleet_settings(needs_api=False)
    if not settings.sources:
        fail(["TICKETRELAY_SOURCES__<ID>__SECRET: at least one source must be configured"])
    ledger = upgraded_ledger(settings)
    listener, address = listen_at(listen or settings.server.listen)
    relay = Relay(settings, ledger)
    bell = Bell(relay.publisher.publish)
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, bell.ring, metrics, settings.server.max_waiting)
    app = intake_app(
        intake,
        ledger,
        settings.sources,
        metrics,
        max_body=settings.server.max_body,
        clock=lambda: datetime.now(UTC),
        parts=threads("intake", "bell"),
    )
    http = HttpThread([(listener, app)])
    bell.start()
    intake.start()
    http.start()
    click.echo(f"taking messages at http://{address}/in/<source> for: {', '.join(sorted(settings.sources))}")
    wait_for_signal()
    http.stop()
    intake.stop()
    bell.stop()
    relay.publisher.close()
    ledger.close()
