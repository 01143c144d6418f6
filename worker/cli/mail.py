"""`ticketrelay mail`: the SMTP listener of a fleet."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from worker.app import Relay
from worker.cli.common import (
    DEFAULT_SMTP,
    fail,
    fleet_settings,
    log_option,
    log_to_stderr,
    split_address,
    upgraded_ledger,
)
from worker.cli.parts import listen_or_exit, metrics_of, wait_for_signal
from worker.delivery.dispatch import Bell
from worker.health import health_app, threads
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread
from worker.intake.smtp import SmtpThread, mailboxes


@click.command()
@click.option("--smtp", default=DEFAULT_SMTP, show_default=True, metavar="HOST:PORT", help="Where to take mail in.")
@click.option("--listen", metavar="HOST:PORT", help="Where /livez, /readyz and /metrics are; by default as "
              "TICKETRELAY_SERVER__HEALTH_LISTEN says.")  # fmt: skip
@log_option("info")
def mail(smtp: str, listen: str | None, log_level: str) -> None:
    """Take mail in over SMTP, for workers elsewhere to deliver. Needs a ledger and a broker that all share."""
    log_to_stderr(log_level)
    settings = fleet_settings(needs_api=False)
    boxes = mailboxes(settings.sources)
    if not boxes:
        fail(["no source takes mail: set TICKETRELAY_SOURCES__<ID>__KIND=email, its __ADDRESS and __SECRET_FILE"])
    ledger = upgraded_ledger(settings)
    mail_socket = listen_or_exit(*split_address(smtp))
    health_socket = listen_or_exit(*split_address(listen or settings.server.health_listen))
    relay = Relay(settings, ledger)
    bell = Bell(relay.publisher.publish)
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, bell.ring, metrics, settings.server.max_waiting)
    health = HttpThread([(health_socket, health_app(ledger, metrics, threads("smtp", "intake", "bell")))])
    edge = SmtpThread(mail_socket, intake, settings.sources, clock=lambda: datetime.now(UTC))
    parts = (bell, intake, edge, health)
    for part in parts:
        part.start()
    click.echo(f"taking mail at {smtp} for: {', '.join(sorted(boxes))}")
    wait_for_signal()
    for part in reversed(parts):
        part.stop()
    relay.publisher.close()
    ledger.close()
