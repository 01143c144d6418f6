"""What do all commands share? Where settings come from when nobody configured anything, and how errors are said."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO, TypeVar, cast

import click
import structlog

from connectors import kinds
from worker.ledger import Ledger, open_ledger
from worker.settings import Settings, SettingsError, load
from worker.settings.loader import Tree, configures_sources, variable

LOCAL_KEY = "ak_test_local"
DEV_SECRET = "dev-secret"  # noqa: S105 — public on purpose; accepted without configuration and on loopback only
DEFAULT_LISTEN = "127.0.0.1:8080"
DEFAULT_SMTP = "127.0.0.1:8025"
DEFAULT_DATA = Path("var")
LOCK = "lock"
LAST_PORT = 65535
LEVELS = ("debug", "info", "warning", "error")

# The local Tickets API dies with the process that serves it and answers within seconds, so its ghosts are short-lived.
LOCAL_TIMING = {"http_timeout": 5.0, "margin": 1.0, "lease": 10.0, "request_life": 5.0, "ghost_wait": 5.0}

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """`--data`: the folder of everything that must survive."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        show_default=True,
        help="Folder of the ledger and the local Tickets API, unless TICKETRELAY_LEDGER__URL is set.",
    )(command)


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
    """The settings with local defaults below the environment: ledger in `data`, the local Tickets API, sources that
    accept the development secret. Ends the command with exit code 2 when one is wrong."""
    address = listen or os.environ.get(variable("server", "listen"), DEFAULT_LISTEN)
    defaults: Tree = {
        "ledger": {"url": f"sqlite:///{(data / 'ledger.db').absolute()}"},
    }
    if not configures_api():
        defaults |= {"api": {"url": f"http://{address}/api/v1", "key": LOCAL_KEY}, "timing": LOCAL_TIMING}
    if not configures_sources(os.environ):
        defaults["sources"] = {kind: {"secret": DEV_SECRET} for kind in kinds()}
    return settings_or_exit(defaults, {"server": {"listen": listen}} if listen else {})


def fleet_settings(*, needs_api: bool) -> Settings:
    """The settings of a process of a fleet, where nothing that matters has a default.

    Ends the command with exit code 2 when one is wrong or missing.
    """
    needed = [("ledger", "url"), ("broker", "url")]
    missing = [
        f"{variable(*name)}: is required (one process with everything in it: `ticketrelay run`)"
        for name in needed
        if variable(*name) not in os.environ and f"{variable(*name)}_FILE" not in os.environ
    ]
    if missing:
        fail(missing)
    # Intake does not call the API, and need not be trusted with its key.
    unused: Tree = {} if needs_api else {"api": {"url": "http://127.0.0.1/api/v1", "key": "not-used-by-intake"}}
    settings = settings_or_exit(unused, {})
    if settings.broker.url.startswith("memory"):
        fail([f"{variable('broker', 'url')}: memory:// reaches one process only: name a Redis or a RabbitMQ"])
    return settings


def settings_or_exit(defaults: Tree, overrides: Tree) -> Settings:
    try:
        return load(os.environ, defaults=defaults, overrides=overrides)
    except SettingsError as error:
        fail(error.problems)


def configures_api() -> bool:
    """True when the environment names a Tickets API to deliver to."""
    name = variable("api", "url")
    return name in os.environ or f"{name}_FILE" in os.environ


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


def log_to_stderr(level: str) -> None:
    """Log events as JSON lines; other libraries' warnings as plain lines."""
    number = getattr(logging, level.upper())
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s: %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
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


def is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
