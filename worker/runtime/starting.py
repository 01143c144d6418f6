"""The start of a process: read the settings, set up the log, open the ledger; or print the problem and exit."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any, NoReturn, TextIO, cast

import structlog

from tickets.invisible import escaped_json
from tickets.listening import listen
from worker.ledger import Ledger, LedgerAway, open_ledger, why_away, will_stay_away
from worker.outage import Outage
from worker.runtime import tracebacks
from worker.runtime.terminal import echo
from worker.runtime.weak_secrets import terms
from worker.settings import Settings, SettingsError
from worker.settings.loader import STAND_IN_KEY, Loaded, Tree, gather, judge
from worker.settings.origin import DEFAULT, Place
from worker.settings.problems import Problem, render, variable
from worker.settings.secrets import Development, weak

log = structlog.get_logger()

DEFAULT_LISTEN = "127.0.0.1:8080"
LAST_PORT = 65535


def read_fleet(file: Path | None, *, needs_api: bool) -> Loaded:
    """Read the settings as `fleet_settings` does, without ending the process. Raises SettingsError."""
    # Intake does not call the API, and need not be trusted with its key.
    unused: Tree = {} if needs_api else {"api": {"url": "http://127.0.0.1/api/v1", "key": STAND_IN_KEY}}
    given = gather(os.environ, file)
    missing = tuple(
        Problem("is required here, but not for `ticketrelay run`", DEFAULT, name)
        for name in (("ledger", "url"), ("broker", "url"))
        if not given.has(*name)
    )
    loaded = judge(replace(given, problems=given.problems + missing).below(unused))
    if loaded.settings.broker.url.startswith("memory"):
        path = ("broker", "url")
        message = "memory:// reaches one process only: set the URL of a Redis or a RabbitMQ"
        raise SettingsError([Problem(message, loaded.origin(path), path)], loaded.hidden)
    return loaded


def fleet_settings(file: Path | None, *, needs_api: bool) -> Loaded:
    """Return the settings of a fleet's process. Ends the command with exit code 2 when one is wrong or missing."""
    try:
        return read_fleet(file, needs_api=needs_api)
    except SettingsError as error:
        fail_settings(error)


def upgraded_ledger(settings: Settings) -> Ledger:
    """Open the ledger when its tables have this version's shape; otherwise end the command with exit code 2."""
    ledger = open_ledger(settings)
    try:
        is_current = ledger.is_current()
    except LedgerAway:
        ledger.close()
        raise
    if not is_current:
        ledger.close()
        url = ledger.database.url.render_as_string(hide_password=True)
        fail([f"the ledger {url} has no tables, or those of another version: run `ticketrelay db upgrade` first"])
    return ledger


def ledger_when_there(settings: Settings, *, pause: float = 2.0, say_every: float = 30.0) -> Ledger:
    """Return the ledger as `upgraded_ledger` does, as soon as its database answers.

    Waits as long as that takes, and says so in the log: at once, and then every `say_every` seconds. A signal ends the
    process meanwhile. Ends it with exit code 1 for an error that waiting does not mend, such as a wrong password.
    """
    waits = Outage(lambda seconds: log.warning("ledger.back", away_s=round(seconds, 1)))
    say_at = 0.0
    while True:
        try:
            ledger = upgraded_ledger(settings)
        except LedgerAway as error:
            if will_stay_away(error):
                echo(f"Error: {why_away(error)}: correct {variable('ledger', 'url')}", err=True)
                sys.exit(1)
            waits.failed()
            if time.monotonic() >= say_at:
                log.warning("ledger.waited_for", error=why_away(error))
                say_at = time.monotonic() + say_every
            time.sleep(pause)
        else:
            waits.succeeded()
            return ledger


def require_good_secrets(loaded: Loaded, ledger: Ledger, development: Development = "refused") -> None:
    """Print the warnings about weak secrets. Ends the command with exit code 2 when one is refused."""
    found = weak(loaded, terms(ledger, development))
    if refused := [each for each in found if each.severity == "error"]:
        fail_settings(SettingsError(refused, loaded.hidden))
    for each in found:
        echo(render(each, loaded.hidden), err=True)


def listen_or_exit(host: str, port: int, flag: str = "--listen") -> socket:
    """Return a listening socket. Ends the command with exit code 2 when the address is not available."""
    try:
        return listen(host, port)
    except OSError as error:
        fail([f"cannot listen on {host}:{port}: {error.strerror}; choose another address with {flag}"])


def listen_at(address: str) -> tuple[socket, str]:
    """Return a listening socket for `host:port`, and the address with the actual port.

    Ends the command with exit code 2 when the address is not available.
    """
    listener = listen_or_exit(*split_address(address))
    return listener, f"{address.rpartition(':')[0]}:{listener.getsockname()[1]}"


def split_address(address: str) -> tuple[str, int]:
    """Split `host:port`, without the brackets around an IPv6 host.

    Ends the command with exit code 2 when the address is malformed. A missing host is refused, because it would mean
    every address of the machine.
    """
    host, _, port = address.rpartition(":")
    if not host.strip("[]") or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > LAST_PORT:
        fail([f"{address!r} is not an address: expected HOST:PORT, such as {DEFAULT_LISTEN}"])
    return host.strip("[]"), int(port)


def fail(problems: list[str]) -> NoReturn:
    """Print the problems of a flag or a setting, and exit with code 2."""
    for problem in problems:
        echo(f"Error: {problem}", err=True)
    sys.exit(2)


def fail_settings(error: SettingsError) -> NoReturn:
    """Print the problems of the settings, those in the file in a compiler's format, and exit with code 2."""
    for found, said in zip(error.found, error.problems, strict=True):
        echo(said if isinstance(found.origin, Place) else f"Error: {said}", err=True)
    sys.exit(2)


def log_to_stderr(level: str) -> None:
    """Log events as JSON lines, and other libraries' warnings as plain lines."""
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
            structlog.processors.JSONRenderer(_line_of_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def _line_of_json(event: Any, **options: Any) -> str:
    return escaped_json(json.dumps(event, **options))


class _Unfailing:
    """A stream that drops lines it cannot write: a full disk or a closed pipe must not end the process that logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()
