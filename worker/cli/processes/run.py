"""`ticketrelay run`: everything in one process, with nothing else installed."""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from starlette.routing import Mount
from starlette.types import ASGIApp

from tickets.http_listener import Limits
from tickets.private_files import make_file, make_folder
from tickets.server import SCOPES, AbortableProtocol, Limit, LocalTicketsApi, Options
from tickets.server.control import control_app as tickets_control
from worker.broker.relay import Relay
from worker.broker.worker import WorkerThread
from worker.cli.processes.demo import SCENARIO_KEY, play
from worker.cli.processes.mailing import bind_smtp, endpoint, lmtp_listener, mail_thread
from worker.cli.processes.parts import (
    Signals,
    control_of,
    http_edge,
    imap_supervisor,
    shows_metrics,
    socket_supervisor,
    upgrade_or_exit,
)
from worker.cli.processes.tickets_api import LimitOption, control_address
from worker.cli.shell.common import (
    DEFAULT_LISTEN,
    DEFAULT_SMTP,
    LOCAL_KEY,
    LOCK,
    config_file,
    data_option,
    fail,
    local,
    lock,
    log_option,
    log_to_stderr,
    read_local,
    split_address,
)
from worker.delivery.dispatch import WakeUps
from worker.intake.http import intake_app
from worker.intake.imap.supervisor import configured
from worker.intake.intake import Intake
from worker.intake.listener import HttpThread, limits_of
from worker.intake.smtp import Boxes, SmtpThread, boxes_of
from worker.intake.socket_mode.supervisor import configured as on_connections_of_ours
from worker.ledger import Ledger, open_ledger
from worker.reloading import Reloader, needing
from worker.runtime import lifetime, weak_secrets
from worker.runtime.gauges import metrics_of
from worker.runtime.health import threads
from worker.runtime.heartbeat import THREAD, Heartbeat
from worker.runtime.starting import listen_or_exit, require_good_secrets
from worker.runtime.terminal import echo, secho
from worker.settings import Settings
from worker.settings.current import Current
from worker.settings.lints import is_loopback
from worker.settings.loader import Loaded
from worker.settings.planning_digest import PlanningDigest
from worker.settings.secretfiles import DEV_SECRET
from worker.settings.secrets import Development
from worker.wording import counted


@dataclass(frozen=True, slots=True)
class Running:
    """The parts that `run` started."""

    settings: Settings
    has_sources: bool
    """A source is configured."""
    ledger: Ledger
    api: LocalTicketsApi | None
    reloader: Reloader
    taken_back: int
    """Calls of an earlier process that were not settled."""
    smtp: str | None = None
    """The address of the SMTP listener."""
    lmtp: str | None = None
    """The address of the LMTP listener."""


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    help="The address of the HTTP listener (port 0: any free one). By default TICKETRELAY_SERVER__LISTEN, else "
    f"{DEFAULT_LISTEN}.",
)
@click.option(
    "--smtp",
    metavar="HOST:PORT",
    help=f"The address of the SMTP listener (off: none). By default {DEFAULT_SMTP}, if that is free.",
)
@click.option("--lmtp", metavar="HOST:PORT|unix:PATH", help="The address of the LMTP listener. None by default.")
@data_option
@click.option("--once", is_flag=True, help="Play the scenario, then exit: 0 if every step went as expected, else 1.")
@click.option("--no-demo", is_flag=True, help="Do not play the scenario.")
@click.option("--api-limit", type=LimitOption(), default="production", show_default=True,
              help="The rate limit of the local Tickets API, and so the budget.")  # fmt: skip
@click.option("--api-control", metavar="HOST:PORT", help="Serve the local Tickets API's inspection and faults there.")
@click.option("--api-control-token", envvar="TICKETRELAY_TEST_API_CONTROL_TOKEN",
              help="The bearer token of that listener. By default a random one.")  # fmt: skip
@log_option("warning")
def run(
    listen: str | None,
    smtp: str | None,
    lmtp: str | None,
    data: Path,
    once: bool,
    no_demo: bool,
    api_limit: Limit,
    api_control: str | None,
    api_control_token: str | None,
    log_level: str,
) -> None:
    """Run intake, delivery and a local Tickets API in this process, and play a short scenario.

    State is kept in --data and survives restarts and crashes: unfinished work is finished at the next start. With
    TICKETRELAY_API__URL and __KEY set, tickets go there instead of to the local Tickets API.

    \b
    Example: ticketrelay run --config ticketrelay.yaml --no-demo
    """
    if once and no_demo:
        fail(["--once plays the scenario, and --no-demo leaves it out: remove one of the two flags"])
    log_to_stderr(log_level)
    control = control_address(api_control, api_control_token or (secrets.token_urlsafe(16) if api_control else None))
    signals = Signals()
    with _only_one(data):
        listener, loaded = _bind(listen, data)
        mail_listener = bind_smtp(smtp, loaded)
        mail_listeners = [(mail_listener, False)] if mail_listener is not None else []
        mail_listeners += [(lmtp_listener(lmtp), True)] if lmtp is not None else []
        current = Current(_with_limit(loaded, api_limit))
        read = _reader(current, config_file(), data, api_limit)
        if no_demo:  # Ctrl-C ends the scenario at once
            signals.hear_ends()
        with _started(listener, mail_listeners, current, read, data, api_limit, control) as running:
            reason = _serve(running, signals, control, once=once, no_demo=no_demo)
        lifetime.stopped("run", reason)


def _serve(
    running: Running, signals: Signals, control: tuple[str, int, str] | None, *, once: bool, no_demo: bool
) -> str:
    """Say where it listens, play the scenario, and wait for the end; returns why the process ends."""
    _say_where(running, control)
    if not no_demo:
        expected = play(running.settings, running.ledger, running.api, running.smtp)
        if once:
            sys.exit(0 if expected else 1)
    _say_what_next(running)
    reason = signals.wait(running.reloader)
    echo("Stopping. Calls under way are finished first.")
    return reason


def _bind(listen: str | None, data: Path) -> tuple[socket.socket, Loaded]:
    """Return the listening socket, and the settings with its actual address."""
    loaded = local(data, listen=listen)
    settings = loaded.settings
    host, port = split_address(settings.server.listen)
    if not loaded.has("sources") and not is_loopback(host):
        fail(
            [
                f"--listen {settings.server.listen}: no source is configured, so every source accepts the public "
                f"secret {DEV_SECRET!r}, which is allowed on a loopback address only; set "
                "TICKETRELAY_SOURCES__<ID>__SECRET_FILE"
            ]
        )
    if settings.broker.url != "memory://":
        fail(["TICKETRELAY_BROKER__URL: `run` is one process and takes no broker; use `serve` and `worker` instead"])
    listener = listen_or_exit(host, port)
    address = f"{settings.server.listen.rpartition(':')[0]}:{listener.getsockname()[1]}"
    return listener, local(data, listen=address)


def _with_limit(loaded: Loaded, api_limit: Limit) -> Loaded:
    """Return the settings with the local Tickets API's budget, unless another API is configured."""
    if loaded.has("api", "url"):
        return loaded
    settings = loaded.settings
    budget = settings.api.model_copy(update={"per_minute": api_limit.per_minute, "per_second": api_limit.per_second})
    return replace(loaded, settings=settings.model_copy(update={"api": budget}))


def _reader(current: Current, file: Path | None, data: Path, api_limit: Limit) -> Callable[[], Loaded]:
    """Return a reader of the settings as at the start, which refuses to drop all configured sources.

    Without configured sources, `run` accepts messages from everybody.
    """
    listen = current().server.listen

    def is_safe(new: Loaded) -> bool:
        return new.has("sources") or not current.loaded.has("sources")

    problem = (
        f"no source is configured any more, and then every source would accept the public secret {DEV_SECRET!r}: "
        "restart `run` if that is wanted"
    )
    return needing(lambda: _with_limit(read_local(file, data, listen=listen), api_limit), is_safe, problem)


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone, so that leases of an earlier one can be ended at once."""
    try:
        make_folder(data)
        make_file(data / LOCK)
    except OSError as error:
        fail([f"--data {data}: the folder cannot be used: {error.strerror}"])
    with (data / LOCK).open("w") as file:
        if not lock(file):
            fail([f"--data {data}: another `ticketrelay run` uses this folder; stop that one, or give another folder"])
        yield


@contextmanager
def _started(
    listener: socket.socket,
    mail_listeners: list[tuple[socket.socket, bool]],
    current: Current,
    read: Callable[[], Loaded],
    data: Path,
    limit: Limit,
    control: tuple[str, int, str] | None,
) -> Iterator[Running]:
    """Start all parts in the order of their dependence, and stop them in reverse."""
    settings, loaded = current(), current.loaded
    with ExitStack() as stack:
        ledger, taken_back = _opened(current, stack)
        metrics = metrics_of(ledger, settings, sends=True)
        development = _development(settings)
        require_good_secrets(loaded, ledger, development)
        reloader = Reloader(current, weak_secrets.reloading(read, ledger, development), metrics)
        relay = Relay(settings, ledger, metrics, current)
        stack.callback(relay.publisher.close)
        wake_ups = WakeUps(relay.publisher.publish)
        intake = Intake(ledger, wake_ups.send, metrics, settings.server.max_waiting, settings.ledger.intake_patience)
        worker = WorkerThread(relay)
        api = _local_api(data, limit) if not loaded.has("api", "url") else None
        if api is not None:
            stack.callback(api.close)
        sockets = socket_supervisor(intake, ledger, current, metrics)
        edge = http_edge(intake, ledger, current, metrics, split_address(settings.server.listen)[0])
        app = intake_app(
            edge,
            beside=[Mount("", api.app)] if api is not None else [],
            parts={**threads("intake", "bell", "imap", THREAD), **sockets.parts(), **worker.parts()},
            shows_metrics=shows_metrics(settings),
        )
        http = _http(listener, app, api, control, limits_of(settings.server))
        edges = [_edge(each, intake, current, lmtp=is_lmtp) for each, is_lmtp in mail_listeners]
        supervisor = imap_supervisor(ledger, intake, current)
        heartbeat = Heartbeat(ledger, "run", digest=PlanningDigest(current))
        for part in (heartbeat, wake_ups, intake, http, worker, *edges, supervisor, sockets, control_of(reloader)):
            if part is None:
                continue
            part.start()
            stack.callback(part.stop)
        smtp, lmtp = (_address(mail_listeners, lmtp=is_lmtp) for is_lmtp in (False, True))
        lifetime.started("run", loaded, ledger, [f"http {settings.server.listen}"])
        yield Running(settings, loaded.has("sources"), ledger, api, reloader, taken_back, smtp, lmtp)


def _development(settings: Settings) -> Development:
    """Return whether a source may have the public secret: only while nobody else reaches this process."""
    return "taken" if is_loopback(split_address(settings.server.listen)[0]) else "refused"


def _opened(current: Current, stack: ExitStack) -> tuple[Ledger, int]:
    """Return the ledger, and how many calls of an earlier process had not been settled; they are made again.

    Ends the command with exit code 1 while the ledger cannot be used.
    """
    ledger = open_ledger(current())
    stack.callback(ledger.close)
    upgrade_or_exit(ledger)
    ledger.follow(current)
    # The folder's lock proves that no other process works on a ledger in it. It proves nothing about another ledger.
    if not ledger.database.is_sqlite:
        return ledger, 0
    taken_back = ledger.take_all_back(timedelta(seconds=current().timing.ghost_wait))
    ledger.mailboxes.forget_owners()
    return ledger, taken_back


def _http(
    listener: socket.socket,
    app: ASGIApp,
    api: LocalTicketsApi | None,
    control: tuple[str, int, str] | None,
    limits: Limits,
) -> HttpThread:
    """Return the HTTP server: the application, and the local Tickets API's inspection if requested."""
    if api is None:
        return HttpThread([(listener, app)], limits)
    listeners: list[tuple[socket.socket, ASGIApp]] = [(listener, app)]
    if control is not None:
        host, port, token = control
        listeners.append((listen_or_exit(host, port), tickets_control(api, token)))
    # The local API cuts connections when a fault demands it.
    return HttpThread(listeners, limits, start=api.start, stop=api.stop, protocol=AbortableProtocol)


def _address(mail_listeners: list[tuple[socket.socket, bool]], *, lmtp: bool) -> str | None:
    """Return the address at which mail is taken in over SMTP, or over LMTP; None without one."""
    return next((endpoint(each) for each, is_lmtp in mail_listeners if is_lmtp == lmtp), None)


def _edge(listener: socket.socket, intake: Intake, current: Current, *, lmtp: bool) -> SmtpThread:
    """Return the SMTP or LMTP edge; without configuration, it takes mail to every address."""

    def boxes() -> Boxes:
        loaded = current.loaded
        found = boxes_of(loaded.settings)
        return (
            found if loaded.has("sources") else replace(found, of_anybody=next(iter(found.by_address.values()), None))
        )

    return mail_thread(listener, intake, boxes, current(), lmtp=lmtp)


def _local_api(data: Path, limit: Limit) -> LocalTicketsApi:
    keys = {LOCAL_KEY: SCOPES, SCENARIO_KEY: frozenset({"tickets:read"})}
    return LocalTicketsApi(Options(f"sqlite:///{(data / 'tickets.db').absolute()}", limit=limit, keys=keys))


def _say_where(running: Running, control: tuple[str, int, str] | None) -> None:
    listen = running.settings.server.listen
    echo("Ticketrelay is up.")
    for each in sorted(running.settings.sources):
        echo(f"  send to        http://{listen}/in/{each}")
    if read := configured(running.settings.sources):
        echo(f"  reads mail of  {', '.join(sorted(map(str, read)))}  (IMAP)")
    if on_sockets := on_connections_of_ours(running.settings.sources):
        echo(f"  listens for    {', '.join(sorted(on_sockets))}  (Socket Mode)")
    if running.smtp is not None:
        echo(f"  send mail to   {running.smtp}  (SMTP)")
    if running.lmtp is not None:
        echo(f"  send mail to   {running.lmtp}  (LMTP)")
    if running.api is not None:
        echo(f"  Tickets API    http://{listen}/api/v1/tickets  (local; X-API-Key: {LOCAL_KEY})")
    else:
        echo(f"  Tickets API    {running.settings.api.url}")
    shown = " /metrics" if shows_metrics(running.settings) else ""
    echo(f"  health         http://{listen}/livez /readyz{shown}")
    if control is not None:
        echo(f"  inspection     http://{control[0]}:{control[1]}/effects  (Authorization: Bearer {control[2]})")
    if not running.has_sources:
        secho(
            f"  WARNING        no source is configured: every source accepts the public secret {DEV_SECRET!r}, "
            "on this machine only. Set TICKETRELAY_SOURCES__<ID>__SECRET_FILE before others can reach it.",
            fg="yellow",
        )
    if running.taken_back:
        calls = counted(running.taken_back, "call")
        echo(f"  unfinished     {calls} of the last run to make again, with the same keys")


_STOPPING = "Ctrl-C stops the process. No message is lost: the next start goes on where this one stopped."


def _say_what_next(running: Running) -> None:
    listen = running.settings.server.listen
    if running.has_sources:
        echo(f"\n{_STOPPING}")
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    alert = (
        '{"status":"firing","labels":{"alertname":"DiskFull","severity":"critical","instance":"db1"},'
        f'"annotations":{{"summary":"Disk of db1 is full"}},"startsAt":"{now}","endsAt":"0001-01-01T00:00:00Z",'
        f'"fingerprint":"{secrets.token_hex(8)}"}}'
    )
    echo(
        "\nTry next, in another terminal:\n\n"
        f"  curl -sS http://{listen}/in/alertmanager -H 'Authorization: Bearer {DEV_SECRET}' \\\n"
        f'    -d \'{{"version":"4","status":"firing","alerts":[{alert}]}}\'\n\n'
        "and look for its ticket, until it is there:\n\n"
        f"  until curl -sS 'http://{listen}/api/v1/tickets?search=DiskFull' -H 'X-API-Key: {LOCAL_KEY}' |\n"
        "    grep DiskFull; do sleep 1; done\n\n"
        "  .venv/bin/ticketrelay send alertmanager        send a sample alert\n"
        "  .venv/bin/ticketrelay dead list                list what a person must decide on\n"
        "  .venv/bin/ticketrelay status                   show the work under way, and the alarms\n\n"
        f"{_STOPPING}"
    )
