"""What do the commands share by which a person intervenes? Their name, moments of the past, asking, and the API."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from tickets.client import TicketsClient
from worker.cli.shell.common import F, local_settings, upgraded_ledger
from worker.cli.shell.output import output_option as output_option  # what asks a person answers likewise
from worker.delivery.node import open_client
from worker.ledger import CannotBeDone, Ledger, LedgerAway, NoSuchDeadLetter
from worker.settings import Settings

T = TypeVar("T")

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def operator() -> str:
    """Who runs this command: USER@HOST."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def as_option(command: F) -> F:
    """`--as`: who is recorded as having done it."""
    return click.option(
        "--as", "who", default=operator, show_default="USER@HOST", metavar="NAME", help="Who is recorded as doing it."
    )(command)


class Moment(click.ParamType[datetime]):
    """A time of the past: so long ago (`90m`, `24h`, `7d`), or a time of day with a date, in UTC unless it says."""

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
                f"{value!r} is neither a duration such as 24h nor a time such as 2026-02-20T12:00:00Z", param, ctx
            )
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if moment > now:
            self.fail(f"{value!r} is in the future", param, ctx)
        return moment


class DeliveryId(click.ParamType[int]):
    """The number of a delivery: `in-7`."""

    name = "delivery"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"in-(\d{1,18})", value)
        if match is None:
            self.fail(f"{value!r} is not the id of a delivery, such as in-7", param, ctx)
        return int(match[1])


@contextmanager
def opened(data: Path) -> Iterator[tuple[Ledger, Settings]]:
    """The ledger and the settings; what cannot be done is said, and ends the command with exit code 1."""
    settings = local_settings(data)
    try:
        ledger = upgraded_ledger(settings)
        try:
            yield ledger, settings
        finally:
            ledger.close()
    except (NoSuchDeadLetter, CannotBeDone) as error:
        refuse(str(error))
    except LedgerAway as error:
        refuse(f"the ledger cannot be used: {getattr(error, 'orig', None) or error}".strip())


def refuse(why: str) -> NoReturn:
    """Say why not, and end with exit code 1."""
    click.echo(f"Error: {why}", err=True)
    sys.exit(1)


def ask(question: str, *, yes: bool) -> None:
    """Go on if a person agrees; end with exit code 1 where they do not, or where nobody can be asked."""
    if not yes:
        click.confirm(question, abort=True, err=True)


def print_json(value: Any) -> None:
    """One document; times in RFC 3339."""
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def with_client(settings: Settings, act: Callable[[TicketsClient], Awaitable[T]]) -> T:
    """Ask the Tickets API that the settings name. Raises what `act` raises."""

    async def run() -> T:
        async with open_client(settings) as client:
            return await act(client)

    return asyncio.run(run())
