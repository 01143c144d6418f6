"""`ticketrelay run`: everything in one process, with nothing else installed."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from tickets.server import SCOPES, Limit, LocalTicketsApi, Options
from tickets.server.serve import listen as bind
from worker.app import Relay, WorkerThread
from worker.cli.common import (
    DEFAULT_LISTEN,
    DEFAULT_SMTP,
    DEV_SECRET,
    LOCAL_KEY,
    LOCK,
    configures_api,
    data_option,
    fail,
    is_loopback,
    local_settings,
    lock,
    log_option,
    log_to_stderr,
    split_address,
)
from worker.cli.demo import SCENARIO_KEY, play
from worker.cli.parts import listen_or_exit, metrics_of, wait_for_signal
from worker.cli.tickets_api import LIMITS, control_address, limit_named
from worker.delivery.dispatch import Bell
from worker.health import threads
from worker.intake.http import intake_app
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread
from worker.intake.smtp import SmtpThread, mailboxes
from worker.ledger import Ledger, open_ledger
from worker.settings import Settings
from worker.settings.loader import configures_sources


@dataclass(frozen=True, slots=True)
class Running:
    """What `run` started."""

    settings: Settings
    ledger: Ledger
    api: LocalTicketsApi | None
    taken_back: int
    """How many calls of an earlier process had not been settled."""
    smtp: str | None = None
    """Where mail is taken in."""


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help=f"The HTTP listener (port 0: any free one); TICKETRELAY_SERVER__LISTEN or {DEFAULT_LISTEN} by default.",
)
@click.option(
    "--smtp",
    metavar="HOST:PORT",
    help=f"The SMTP listener (off: none); by default {DEFAULT_SMTP}, where that is free.",
)
@data_option
@click.option("--once", is_flag=True, help="Play the scenario, then exit: 0 when all went as expected, else 1.")
@click.option("--no-demo", is_flag=True, help="Do not play the scenario.")
@click.option("--api-limit", type=click.Choice(LIMITS), default="production", show_default=True,
              help="The rate limit of the local Tickets API, and so our budget.")  # fmt: skip
@click.option("--api-control", metavar="HOST:PORT", help="Serve the local Tickets API's inspection and faults there.")
@click.option("--api-control-token", envvar="TICKETRELAY_TEST_API_CONTROL_TOKEN", help="The token of that listener.")
@log_option("error")
def run(
    listen: str | None,
    smtp: str | None,
    data: Path,
    once: bool,
    no_demo: bool,
    api_limit: str,
    api_control: str | None,
    api_control_token: str | None,
    log_level: str,
) -> None:
    """Run intake, delivery and a local Tickets API in this process, and play a short scenario.

    State is kept in --data and survives restarts and crashes: unfinished work is finished at the next start. With
    TICKETRELAY_API__URL and __KEY set, tickets go there instead of to the local Tickets API.
    """
    if once and no_demo:
        fail(["--once plays the scenario and --no-demo leaves it out; give one of them"])
    log_to_stderr(log_level)
    control = control_address(api_control, api_control_token or (secrets.token_urlsafe(16) if api_control else None))
    with _only_one(data):
        listener, settings = _bind(listen, data, api_limit)
        mail_listener = _bind_smtp(smtp)
        with _started(listener, mail_listener, settings, data, limit_named(api_limit), control) as running:
            _serve(running, control, once=once, no_demo=no_demo)


def _serve(running: Running, control: tuple[str, int, str] | None, *, once: bool, no_demo: bool) -> None:
    _say_where(running, control)
    if not no_demo:
        expected = play(running.settings, running.ledger, running.api, running.smtp)
        if once:
            sys.exit(0 if expected else 1)
    _say_what_next(running)
    wait_for_signal()
    click.echo("stopping: calls under way are finished first")


def _bind(listen: str | None, data: Path, api_limit: str) -> tuple[socket.socket, Settings]:
    """The listening socket, and the settings with the address that it really has."""
    settings = local_settings(data, listen=listen)
    host, port = split_address(settings.server.listen)
    if not configures_sources(os.environ) and not is_loopback(host):
        fail(
            [
                f"--listen {settings.server.listen}: without configured sources whoever knows {DEV_SECRET!r} is "
                "believed, so only a loopback address is served; set TICKETRELAY_SOURCES__<ID>__SECRET_FILE"
            ]
        )
    if settings.broker.url != "memory://":
        fail(["TICKETRELAY_BROKER__URL: `run` is one process and needs no broker; use `serve` and `worker` with one"])
    listener = listen_or_exit(host, port)
    address = f"{settings.server.listen.rpartition(':')[0]}:{listener.getsockname()[1]}"
    settings = local_settings(data, listen=address)
    if configures_api():
        return listener, settings
    limit = limit_named(api_limit)
    budget = settings.api.model_copy(update={"per_minute": limit.per_minute, "per_second": limit.per_second})
    return listener, settings.model_copy(update={"api": budget})


def _bind_smtp(smtp: str | None) -> socket.socket | None:
    if smtp is None:
        try:
            return bind(*split_address(DEFAULT_SMTP))
        except OSError as error:
            click.secho(
                f"  WARNING        no mail is taken in: {DEFAULT_SMTP}: {error.strerror}; see --smtp", fg="yellow"
            )
            return None
    if smtp == "off":
        return None
    host, port = split_address(smtp)
    if not configures_sources(os.environ) and not is_loopback(host):
        fail([f"--smtp {smtp}: without configured sources mail is taken from everybody, so only on a loopback address"])
    return listen_or_exit(host, port, "--smtp")


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone, so that leases of an earlier one can be ended at once."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK).open("w") as file:
        if not lock(file):
            fail([f"--data {data}: another `ticketrelay run` uses this folder"])
        yield


@contextmanager
def _started(
    listener: socket.socket,
    mail_listener: socket.socket | None,
    settings: Settings,
    data: Path,
    limit: Limit,
    control: tuple[str, int, str] | None,
) -> Iterator[Running]:
    """Everything, started in the order of its dependence and stopped in reverse."""
    with ExitStack() as stack:
        ledger = open_ledger(settings)
        stack.callback(ledger.close)
        ledger.upgrade()
        # The lock on the folder proves that nobody else works on a ledger in it; of another one it proves nothing.
        taken_back = ledger.take_back(
            timedelta(seconds=settings.timing.ghost_wait), all_owners_gone=ledger.database.is_sqlite
        )
        metrics = metrics_of(ledger, settings)
        relay = Relay(settings, ledger, metrics)
        stack.callback(relay.publisher.close)
        bell = Bell(relay.publisher.publish)
        intake = Intake(ledger, bell.ring, metrics, settings.server.max_waiting)
        worker = WorkerThread(relay)
        api = _local_api(data, limit) if not configures_api() else None
        beside: list[BaseRoute] = []
        if api is not None:
            stack.callback(api.close)
            beside.append(Mount("", api.app))
        app = intake_app(
            intake,
            ledger,
            settings.sources,
            metrics,
            max_body=settings.server.max_body,
            clock=lambda: datetime.now(UTC),
            beside=beside,
            parts={**threads("intake", "bell"), **worker.parts()},
        )
        listeners: list[tuple[socket.socket, ASGIApp]] = [(listener, app)]
        if api is not None and control is not None:
            host, port, token = control
            listeners.append((listen_or_exit(host, port), api.control(token)))
        http = HttpThread(listeners, start=api.start, stop=api.stop) if api else HttpThread(listeners)
        smtp = _smtp(mail_listener, intake, settings) if mail_listener is not None else None
        parts: list[Bell | Intake | HttpThread | SmtpThread | WorkerThread] = [bell, intake, http, worker]
        for part in [*parts, *([smtp] if smtp else [])]:
            part.start()
            stack.callback(part.stop)
        mail_address = "{}:{}".format(*mail_listener.getsockname()[:2]) if mail_listener is not None else None
        yield Running(settings, ledger, api, taken_back, mail_address)


def _smtp(listener: socket.socket, intake: Intake, settings: Settings) -> SmtpThread:
    """The SMTP edge; while nothing is configured, mail to every address is taken."""
    boxes = mailboxes(settings.sources)
    anybody = None if configures_sources(os.environ) else next(iter(boxes.values()), None)
    clock = lambda: datetime.now(UTC)  # noqa: E731
    return SmtpThread(listener, intake, settings.sources, clock=clock, any_recipient=anybody)


def _local_api(data: Path, limit: Limit) -> LocalTicketsApi:
    keys = {LOCAL_KEY: SCOPES, SCENARIO_KEY: frozenset({"tickets:read"})}
    return LocalTicketsApi(Options(f"sqlite:///{(data / 'tickets.db').absolute()}", limit=limit, keys=keys))


def _say_where(running: Running, control: tuple[str, int, str] | None) -> None:
    listen = running.settings.server.listen
    click.echo("Ticketrelay is up.")
    for each in sorted(running.settings.sources):
        click.echo(f"  send to        http://{listen}/in/{each}")
    if running.smtp is not None:
        click.echo(f"  send mail to   {running.smtp}  (SMTP)")
    if running.api is not None:
        click.echo(f"  Tickets API    http://{listen}/api/v1/tickets  (local; X-API-Key: {LOCAL_KEY})")
    else:
        click.echo(f"  Tickets API    {running.settings.api.url}")
    click.echo(f"  health         http://{listen}/livez /readyz /metrics")
    if control is not None:
        click.echo(f"  inspection     http://{control[0]}:{control[1]}/effects  (Authorization: Bearer {control[2]})")
    if not configures_sources(os.environ):
        click.secho(
            f"  WARNING        no source is configured: every source accepts the public secret {DEV_SECRET!r}, "
            "on this machine only. Set TICKETRELAY_SOURCES__<ID>__SECRET_FILE before others can reach it.",
            fg="yellow",
        )
    if running.taken_back:
        click.echo(f"  unfinished     {running.taken_back} calls of the last run are made again, with the same keys")


def _say_what_next(running: Running) -> None:
    listen = running.settings.server.listen
    if configures_sources(os.environ):
        click.echo("\nCtrl-C stops it; nothing is lost, and it goes on where it was.")
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    alert = (
        '{"status":"firing","labels":{"alertname":"DiskFull","severity":"critical","instance":"db1"},'
        f'"annotations":{{"summary":"Disk of db1 is full"}},"startsAt":"{now}","endsAt":"0001-01-01T00:00:00Z",'
        f'"fingerprint":"{secrets.token_hex(8)}"}}'
    )
    click.echo(
        "\nTry next, in another terminal:\n\n"
        f"  curl -sS http://{listen}/in/alertmanager -H 'Authorization: Bearer {DEV_SECRET}' \\\n"
        f'    -d \'{{"version":"4","status":"firing","alerts":[{alert}]}}\'\n\n'
        f"  curl -sS http://{listen}/api/v1/tickets -H 'X-API-Key: {LOCAL_KEY}'\n\n"
        "  .venv/bin/ticketrelay send alertmanager        a sample alert\n"
        "  .venv/bin/ticketrelay dead list                what a person must decide on\n"
        "  .venv/bin/ticketrelay status\n\n"
        "Ctrl-C stops it; nothing is lost, and it goes on where it was."
    )
