"""`ticketrelay tickets-api`: the local Tickets API, for development and tests."""

from __future__ import annotations

import re
from pathlib import Path

import click

from tickets.private_files import make_folder
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.serve import serve as serve_api
from worker.cli.shell.common import fail, split_address
from worker.runtime.terminal import echo


class LimitOption(click.ParamType[Limit]):
    """A rate limit, by name or by its numbers."""

    name = "production|sandbox|none|minute/second"

    def convert(self, value: str | Limit, param: click.Parameter | None, ctx: click.Context | None) -> Limit:
        if isinstance(value, Limit):
            return value
        numbers = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", value)
        try:
            return Limit(int(numbers[1]), int(numbers[2])) if numbers else Limit.named(value)
        except ValueError as error:
            self.fail(f"{error}; or give the requests of a minute and of a second, such as 100/20.", param, ctx)


def control_address(address: str | None, token: str | None) -> tuple[str, int, str] | None:
    """Return host, port and token of the listener for inspection and faults; None when it was not requested."""
    if address is None:
        return None
    if not token:
        fail(["--api-control needs --api-control-token with a token of your choice"])
    return (*split_address(address), token)


@click.command("tickets-api")
@click.option("--listen", default="127.0.0.1:8090", show_default=True, metavar="HOST:PORT",
              help="The address to listen on.")  # fmt: skip
@click.option("--database", default="sqlite:///var/tickets.db", show_default=True, metavar="URL",
              help="The database with the tickets, on SQLite or PostgreSQL.")  # fmt: skip
@click.option("--limit", type=LimitOption(), default="production", show_default=True, help="The rate limit.")
@click.option("--revision", type=click.Choice(["A", "B"]), default="A", show_default=True,
              help="The revision of the API's documentation to follow.")  # fmt: skip
@click.option("--api-control", metavar="HOST:PORT", help="Serve inspection and faults there (loopback only).")
@click.option("--api-control-token", help="The bearer token of that listener.")
def tickets_api(
    listen: str, database: str, limit: Limit, revision: str, api_control: str | None, api_control_token: str | None
) -> None:
    """Serve the Tickets API on this machine. Its key is ak_test_local. For development and tests only.

    \b
    Example: ticketrelay tickets-api --listen 127.0.0.1:8090 --limit none
    """
    control = control_address(api_control, api_control_token)
    if database.startswith("sqlite:///"):
        try:
            make_folder(Path(database.removeprefix("sqlite:///")).parent)
        except OSError as error:
            fail([f"--database {database}: the folder cannot be made: {error.strerror}"])
    try:
        options = Options(database, revision="B" if revision == "B" else "A", limit=limit)
    except ValueError as error:
        fail([f"--database: {error}"])
    with LocalTicketsApi(options) as api:
        echo(f"The local Tickets API answers at http://{listen}/api/v1 (key ak_test_local)")
        serve_api(api, *split_address(listen), control)
