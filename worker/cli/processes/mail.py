"""`ticketrelay mail`: a fleet's listeners for mail, and the readers of its mailboxes; with `mail audit` beside it."""

from __future__ import annotations

from socket import socket

import click

from worker.broker.relay import Relay
from worker.cli.operate.mail_audit import audit
from worker.cli.processes.mailing import endpoint, lmtp_listener, mail_thread, smtp_listener
from worker.cli.processes.parts import Signals, control_of, health_thread, heartbeat_and_alarms, imap_supervisor
from worker.cli.shell.common import (
    DEFAULT_SMTP,
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
from worker.intake.imap.supervisor import configured
from worker.intake.intake import Intake
from worker.intake.smtp import boxes_of, mailboxes
from worker.jobs import alarm_loop
from worker.reloading import Reloader, needing
from worker.runtime import lifetime, weak_secrets
from worker.runtime.gauges import metrics_of
from worker.runtime.health import threads
from worker.runtime.heartbeat import THREAD
from worker.runtime.starting import listen_or_exit, require_good_secrets
from worker.runtime.terminal import echo
from worker.settings import Settings
from worker.settings.current import Current

NO_MAILBOX = "no source takes mail: set TICKETRELAY_SOURCES__<ID>__KIND=email, and its __ADDRESS and __SECRET_FILE"


@click.group(invoke_without_command=True)
@config_option
@click.option(
    "--smtp",
    default=DEFAULT_SMTP,
    show_default=True,
    metavar="HOST:PORT",
    help="The address of the SMTP listener (off: none).",
)
@click.option("--lmtp", metavar="HOST:PORT|unix:PATH", help="The address of the LMTP listener. None by default.")
@click.option("--listen", metavar="HOST:PORT", help="The address of /livez, /readyz and /metrics. By default the one "
              "in TICKETRELAY_SERVER__HEALTH_LISTEN.")  # fmt: skip
@log_option("info")
@click.pass_context
def mail(ctx: click.Context, smtp: str, lmtp: str | None, listen: str | None, log_level: str) -> None:
    """Take mail in over SMTP and LMTP, and read mailboxes over IMAP, for workers elsewhere to deliver.

    All processes must share one ledger and one broker. With COMMAND, no mail is taken in.

    \b
    Example: ticketrelay mail --config ticketrelay.yaml --smtp 127.0.0.1:8025
    """
    if ctx.invoked_subcommand is None:
        _serve(smtp, lmtp, listen, log_level)


mail.add_command(audit)


def _mail_sockets(smtp: str, lmtp: str | None, settings: Settings) -> list[tuple[socket, bool]]:
    """Return the listening sockets for mail, each with True for LMTP."""
    sockets = [(smtp_listener(smtp, settings), False)] if smtp != "off" else []
    return sockets + ([(lmtp_listener(lmtp), True)] if lmtp is not None else [])


def _serve(smtp: str, lmtp: str | None, listen: str | None, log_level: str) -> None:
    log_to_stderr(log_level)
    file, current = config_file(), Current(fleet(needs_api=False))
    settings = current()
    boxes = mailboxes(settings.sources)
    if not boxes:
        fail([NO_MAILBOX])
    if smtp == "off" and lmtp is None and not configured(settings.sources):
        fail(["--smtp off: no mail could come in: give --lmtp, or set a mailbox to read over IMAP"])
    signals = Signals()
    ledger = ledger_when_there(settings)
    require_good_secrets(current.loaded, ledger)
    ledger.follow(current)
    mail_sockets = _mail_sockets(smtp, lmtp, settings)
    health_socket = listen_or_exit(*split_address(listen or settings.server.health_listen))
    relay = Relay(settings, ledger)
    wake_ups = WakeUps(relay.publisher.publish)
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, wake_ups.send, metrics, settings.server.max_waiting, settings.ledger.intake_patience)
    edge_names = ("lmtp" if is_lmtp else "smtp" for _, is_lmtp in mail_sockets)
    needed = threads(*edge_names, "imap", "intake", "bell", THREAD, *alarm_loop.THREADS)
    health = health_thread(health_socket, ledger, metrics, needed, settings)
    edges = [
        mail_thread(listener, intake, lambda: boxes_of(current()), settings, lmtp=is_lmtp)
        for listener, is_lmtp in mail_sockets
    ]
    read = needing(
        lambda: read_fleet(file, needs_api=False), lambda new: bool(mailboxes(new.settings.sources)), NO_MAILBOX
    )
    reloader = Reloader(current, weak_secrets.reloading(read, ledger), metrics)
    supervisor = imap_supervisor(ledger, intake, current)
    told = heartbeat_and_alarms("mail", ledger, relay.publisher, current)
    found = (*told, wake_ups, intake, *edges, supervisor, health, control_of(reloader))
    parts = [each for each in found if each is not None]
    signals.hear_ends()
    for part in parts:
        part.start()
    if addresses := " and ".join(endpoint(each) for each, _ in mail_sockets):
        echo(f"Taking mail in at {addresses} for: {', '.join(sorted(boxes))}")
    if read_over_imap := configured(settings.sources):
        echo(f"Reading over IMAP: {', '.join(sorted(map(str, read_over_imap)))}")
    listens = [f"{'lmtp' if is_lmtp else 'smtp'} {endpoint(each)}" for each, is_lmtp in mail_sockets]
    listens.append("health {}:{}".format(*health_socket.getsockname()[:2]))
    lifetime.started("mail", current.loaded, ledger, listens)
    reason = signals.wait(reloader)
    for part in reversed(parts):
        part.stop()
    relay.publisher.close()
    ledger.close()
    lifetime.stopped("mail", reason)
