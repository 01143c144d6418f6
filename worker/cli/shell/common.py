"""Shared options and settings of commands, with local defaults for a single process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from connectors import kinds
from worker.runtime.starting import (
    DEFAULT_LISTEN,
    fail,
    fail_settings,
    fleet_settings,
    ledger_when_there,
    log_to_stderr,
    read_fleet,
    split_address,
    upgraded_ledger,
)
from worker.settings import Settings, SettingsError
from worker.settings.layers import CONFIG
from worker.settings.loader import STAND_IN_KEY, Given, Loaded, Tree, gather, judge
from worker.settings.secretfiles import DEV_SECRET

__all__ = [  # re-exported from below the commands, because a process that Celery starts needs these too
    "DEFAULT_LISTEN",
    "fail",
    "fail_settings",
    "ledger_when_there",
    "log_to_stderr",
    "read_fleet",
    "split_address",
    "upgraded_ledger",
]

LOCAL_KEY = "ak_test_local"
DEFAULT_SMTP = "127.0.0.1:8025"
DEFAULT_DATA = Path("var")
LOCK = "lock"
LEVELS = ("debug", "info", "warning", "error")

# The local Tickets API dies with the process that serves it and answers within seconds, so its ghosts are short-lived.
LOCAL_TIMING = {"http_timeout": 5.0, "margin": 1.0, "lease": 10.0, "request_life": 5.0, "ghost_wait": 5.0}

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """Add `--config`: the configuration file. The command's context keeps it for reading the settings."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        envvar=CONFIG,
        show_envvar=True,
        expose_value=False,
        callback=_keep_config,
        help="The configuration file. The environment takes precedence over it.",
    )(command)


def _keep_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None or CONFIG not in ctx.meta:  # a group's option holds for its commands
        ctx.meta[CONFIG] = value


def config_file() -> Path | None:
    """Return the configuration file of the running command."""
    found: Path | None = click.get_current_context().meta.get(CONFIG)
    return found


def data_option(command: F) -> F:
    """Add `--data`, the folder of everything that must survive, and `--config`."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        show_default=True,
        help="The folder of the ledger (unless TICKETRELAY_LEDGER__URL is set) and of the local Tickets API.",
    )(config_option(command))


def log_option(default: str) -> Callable[[F], F]:
    """Add `--log-level`."""
    return click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default=default,
        show_default=True,
        help="The lowest level of events to log. They go to standard error, as JSON.",
    )


def settings_without_api(data: Path) -> Settings:
    """Return the settings for a command that never calls the Tickets API, and so needs no key.

    Ends the command with exit code 2 when a setting is wrong.
    """
    return loaded_without_api(data).settings


def loaded_without_api(data: Path) -> Loaded:
    """Return the settings as `settings_without_api` does, with their origins."""
    try:
        return read_without_api(config_file(), data)
    except SettingsError as error:
        fail_settings(error)


def read_without_api(file: Path | None, data: Path) -> Loaded:
    """Read the settings as `loaded_without_api` does, without ending the process. Raises SettingsError."""
    given = with_local_defaults(gather(os.environ, file), data)
    return judge(given.below({"api": {"key": STAND_IN_KEY}}))


def local(data: Path, *, listen: str | None = None) -> Loaded:
    """Return the settings with local defaults below file and environment.

    The defaults are: the ledger in `data`, the local Tickets API, and sources that accept the development secret.
    Ends the command with exit code 2 when a setting is wrong.
    """
    try:
        return read_local(config_file(), data, listen=listen)
    except SettingsError as error:
        fail_settings(error)


def read_local(file: Path | None, data: Path, *, listen: str | None = None) -> Loaded:
    """Read the settings as `local` does, without ending the process. Raises SettingsError."""
    return judge(with_local_defaults(gather(os.environ, file), data, listen=listen))


def with_local_defaults(given: Given, data: Path, *, listen: str | None = None) -> Given:
    """Lay the configuration over the defaults of a single process. A flag takes precedence over all."""
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
    """Return the settings of a fleet's process, in which no essential setting has a default.

    Ends the command with exit code 2 when one is wrong or missing.
    """
    return fleet_settings(config_file(), needs_api=needs_api)


def lock(file: TextIO) -> bool:
    """Lock the file of a data folder for this process alone, until it is closed; False when another one has it."""
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def is_locked(data: Path) -> bool:
    """Return True while a `run` uses this data folder."""
    try:
        with (data / LOCK).open("r") as file:
            return not lock(file)
    except FileNotFoundError:
        return False
