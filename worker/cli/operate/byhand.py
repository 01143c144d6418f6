"""Shared by the commands for interventions: the operator's name, moments of the past, errors, and questions."""

from __future__ import annotations

import getpass
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from worker.actions.errors import Refused, WrongInput
from worker.actions.same_settings import FLAG, differing, named, says_how_to_plan
from worker.cli.shell.common import F, fail, loaded_without_api, local, upgraded_ledger
from worker.cli.shell.output import output_option as output_option  # re-exported for the commands of interventions
from worker.ledger import CannotBeDone, Ledger, LedgerAway, NoSuchDeadLetter, why_away
from worker.runtime.terminal import echo
from worker.settings import Settings
from worker.settings.loader import Loaded

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def operator() -> str:
    """Return the user that runs this command: USER@HOST."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def as_option(command: F) -> F:
    """Add `--as`: the name recorded with the intervention."""
    return click.option(
        "--as",
        "who",
        default=operator,
        show_default="USER@HOST",
        metavar="NAME",
        help="The name that is recorded with the intervention.",
    )(command)


class Moment(click.ParamType[datetime]):
    """A past time: a duration ago (`90m`, `24h`, `7d`), or a date with a time, in UTC unless it has an offset."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        if match := _DURATION.fullmatch(value):
            return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither a duration such as 24h nor a time such as 2026-02-20T12:00:00Z.", param, ctx
            )
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if moment > now:
            self.fail(f"{value!r} is in the future.", param, ctx)
        return moment


class DeliveryId(click.ParamType[int]):
    """The number of a delivery: `in-7`."""

    name = "delivery"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"in-(\d{1,18})", value)
        if match is None:
            self.fail(f"{value!r} is not the id of a delivery, such as in-7.", param, ctx)
        return int(match[1])


@contextmanager
def ledger_and_settings(
    data: Path, *, needs_api: bool = False, says_other: bool = True
) -> Iterator[tuple[Ledger, Settings]]:
    """Open the ledger and the settings. An error of an action is printed, and ends the command.

    Without `needs_api`, the settings need no key of the Tickets API, and may have a stand-in for it. With `says_other`,
    a line says if the settings are not those of the live processes.
    """
    with ledger_and_loaded(data, needs_api=needs_api) as (ledger, loaded):
        if says_other:
            say_other_settings(ledger, loaded)
        yield ledger, loaded.settings


@contextmanager
def ledger_and_loaded(data: Path, *, needs_api: bool = False) -> Iterator[tuple[Ledger, Loaded]]:
    """Open the ledger and the settings with their origins, and say nothing about settings that differ."""
    loaded = local(data) if needs_api else loaded_without_api(data)
    with exit_on_error(), closing(upgraded_ledger(loaded.settings)) as ledger:
        yield ledger, loaded


def say_other_settings(ledger: Ledger, loaded: Loaded) -> None:
    """Print a line if the settings are not those of the live processes. A shell may have the ledger's URL only."""
    if says_how_to_plan(loaded) and (found := differing(ledger, loaded)):
        echo(f"Note: the live processes have other settings; these differ: {named(found)}.", err=True)


def with_these_settings_option(command: F) -> F:
    """Add `--with-these-settings`: plan although the settings are not those of the live processes."""
    return click.option(
        FLAG,
        "with_these",
        is_flag=True,
        help="Plan with the settings of this command, although the live processes have others. It is recorded.",
    )(command)


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print the error of an action, and end the command: with exit code 2 for a wrong input, else with 1."""
    try:
        yield
    except WrongInput as error:
        fail([str(error)])
    except (Refused, NoSuchDeadLetter, CannotBeDone) as error:
        exit_with_reason(str(error))
    except LedgerAway as error:
        exit_with_reason(why_away(error))


def exit_with_reason(why: str) -> NoReturn:
    """Print the reason, and exit with code 1."""
    echo(f"Error: {why}", err=True)
    sys.exit(1)


def ask_or_exit(question: str, *, yes: bool) -> None:
    """Return if a person agrees; exit with code 1 when they do not, or when nobody can be asked."""
    if not yes:
        click.confirm(question, abort=True, err=True)
