"""What do all commands share? Where settings come from when nobody configured anything, and how errors are said."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar, cast

import click
import structlog

from connectors import kinds
from worker.ledger import Ledger, open_ledger
from worker.runtime import tracebacks
from worker.settings import Settings, SettingsError
from worker.settings.layers import CONFIG
from worker.settings.loader import Given, Loaded, Tree, gather, judge
from worker.settings.origin import DEFAULT, Place
from worker.settings.problems import Problem, variable
from worker.settings.secretfiles import DEV_SECRET

LOCAL_KEY = "ak_test_local"
DEFAULT_LISTEN = "127.0.0.1:8080"
DEFAULT_SMTP = "127.0.0.1:8025"
DEFAULT_DATA = Path("var")
LOCK = "lock"
LAST_PORT = 65535
LEVELS = ("debug", "info", "warning", "error")

# The local Tickets API dies with the process that serves it and answers within seconds, so its ghosts are short-lived.
LOCAL_TIMING = {"http_timeout": 5.0, "margin": 1.0, "lease": 10.0, "request_life": 5.0, "ghost_wait": 5.0}

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`--config`: the configuration file. It is kept in the command's context, from which settings are read."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        envvar=CONFIG,
        show_envvar=True,
        expose_value=False,
        callback=_keep_config,
        help="Configuration file; the environment goes before it.",
    )(command)


def _keep_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None or CONFIG not in ctx.meta:  # a group's option holds for its commands
        ctx.meta[CONFIG] = value


def config_file() -> Path | None:
    """The configuration file of the command that runs."""
    found: Path | None = click.get_current_context().meta.get(CONFIG)
    return found


def data_option(command: F) -> F:
    """`--data`: the folder of everything that must survive; and `--config`, for what else a command must know."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        show_default=True,
        help="Folder of the ledger and the local Tickets API, unless TICKETRELAY_LEDGER__URL is set.",
    )(config_option(command))


def log_option(default: str) -> Callable[[F], F]:
    """`--log-level`."""
    return click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default=default,
        show_default=True,
        help="Events at and above this level go to standard error, as JSON.",
    )


def local_settings(data: Path, *, listen: str | None = None) -> Settings:
    """The settings of `local`, alone."""
    return local(data, listen=listen).settings


def local(data: Path, *, listen: str | None = None) -> Loaded:
    """The settings with local defaults below file and environment: ledger in `data`, the local Tickets API, sources
    that accept the development secret. Ends the command with exit code 2 when one is wrong."""
    try:
        return read_local(config_file(), data, listen=listen)
    except SettingsError as error:
        fail_settings(error)


def read_local(file: Path | None, data: Path, *, listen: str | None = None) -> Loaded:
    """As `local`, at any time of a process. Raises SettingsError."""
    return judge(with_local_defaults(gather(os.environ, file), data, listen=listen))


def with_local_defaults(given: Given, data: Path, *, listen: str | None = None) -> Given:
    """What is configured, laid over the defaults of one process by itself; a flag comes before all."""
    if listen:
        given = given.above({"server": {"listen": listen}})
    defaults: Tree = {"ledger": {"url": f"sqlite:///{(data / 'ledger.db').absolute()}"}}
    if not given.has("api", "url"):
        address = given.text("server", "listen") or DEFAULT_LISTEN
        defaults |= {"api": {"url": f"http://{address}/api/v1", "key": LOCAL_KEY}, "timing": LOCAL_TIMING}
    if not given.has("sources"):
        defaults["sources"] = {kind: {"secret": DEV_SECRET} for kind in kinds()}
    return given.below(defaults)


def fleet(*, needs_api: bool) -> Loaded:
    """The settings of a process of a fleet, where nothing that matters has a default.

    Ends the command with exit code 2 when one is wrong or missing.
    """
    try:
        loaded = read_fleet(config_file(), needs_api=needs_api)
    except SettingsError as error:
        fail_settings(error)
    if loaded.settings.broker.url.startswith("memory"):
        fail([f"{variable('broker', 'url')}: memory:// reaches one process only: name a Redis or a RabbitMQ"])
    return loaded


def read_fleet(file: Path | None, *, needs_api: bool) -> Loaded:
    """As `fleet`, at any time of a process. Raises SettingsError."""
    # Intake does not call the API, and need not be trusted with its key.
    unused: Tree = {} if needs_api else {"api": {"url": "http://127.0.0.1/api/v1", "key": "not-used-by-intake"}}
    given = gather(os.environ, file)
    missing = tuple(
        Problem("is required (one process with everything in it: `ticketrelay run`)", DEFAULT, name)
        for name in (("ledger", "url"), ("broker", "url"))
        if not given.has(*name)
    )
    return judge(replace(given, problems=given.problems + missing).below(unused))


def upgraded_ledger(settings: Settings) -> Ledger:
    """The ledger, once its tables have this version's shape. Ends the command with exit code 2 when they do not."""
    ledger = open_ledger(settings)
    if not ledger.is_current():
        ledger.close()
        fail(["the ledger is not there or not of this version: run `ticketrelay db upgrade` first"])
    return ledger


def fail(problems: list[str]) -> NoReturn:
    """Say what is wrong with a flag or a setting, and end with exit code 2."""
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    sys.exit(2)


def fail_settings(error: SettingsError) -> NoReturn:
    """Say what is wrong with the settings, in the file as a compiler does, and end with exit code 2."""
    for found, said in zip(error.found, error.problems, strict=True):
        click.echo(said if isinstance(found.origin, Place) else f"Error: {said}", err=True)
    sys.exit(2)


def log_to_stderr(level: str) -> None:
    """Log events as JSON lines; other libraries' warnings as plain lines."""
    number = getattr(logging, level.upper())
    others = logging.StreamHandler()
    others.setFormatter(tracebacks.Formatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[others])
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tracebacks.of_event,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class _Unfailing:
    """A stream that loses what it cannot write: a full disk or a reader that is gone must not end who logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def lock(file: TextIO) -> bool:
    """Lock the file of a data folder for this process alone, until it is closed; False where another one has it."""
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def is_locked(data: Path) -> bool:
    """True while a `run` uses this data folder."""
    try:
        with (data / LOCK).open("r") as file:
            return not lock(file)
    except FileNotFoundError:
        return False


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`; brackets around an IPv6 host are taken off.

    Ends the command with exit code 2 when it is not one: a host that was left out would be every address there is.
    """
    host, _, port = address.rpartition(":")
    if not host.strip("[]") or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > LAST_PORT:
        fail([f"{address!r} is not an address HOST:PORT, such as {DEFAULT_LISTEN}"])
    return host.strip("[]"), int(port)
