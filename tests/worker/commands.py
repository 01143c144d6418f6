"""Runs commands of the command line on the test's database, in this process or in a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import Any

import click
from click.testing import CliRunner, Result

from tickets.client import TicketsClient
from worker.cli import COMMANDS, main
from worker.cli import command as loaded
from worker.delivery import calls, outcomes
from worker.ledger import Ledger
from worker.ledger.schema.tables import metadata

from .builders import LATENCY, claim, rows

KEY = "ak_test_local"


def environment(database_url: str, api: str | None = None, **more: str) -> dict[str, str]:
    """Return the settings of a command: this ledger, and this Tickets API."""
    own = {"TICKETRELAY_LEDGER__URL": database_url}
    if api is not None:
        own |= {"TICKETRELAY_API__URL": api, "TICKETRELAY_API__KEY": KEY}
    return own | more


def command(
    database_url: str, *arguments: str, api: str | None = None, typed: str | None = None, **more: str
) -> Result:
    """Run a command in this process, with these settings only."""
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    own = {**none, "VISUAL": None, "EDITOR": None, **environment(database_url, api, **more)}
    result = CliRunner().invoke(main, list(arguments), env=own, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def begun(database_url: str, *arguments: str, api: str | None = None) -> subprocess.Popen[str]:
    """Begin a command as a person does; the caller ends it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TICKETRELAY_")}
    return subprocess.Popen(
        [sys.executable, "-m", "worker.cli", *arguments],
        env=others | environment(database_url, api),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_hears_interrupts,
    )  # fmt: skip


def _hears_interrupts() -> None:
    """Restore the default action of SIGINT, as in a person's terminal.

    The background job of a shell ignores SIGINT and passes that on to its child processes.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def in_a_process(
    database_url: str, *arguments: str, api: str | None = None, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does."""
    process = begun(database_url, *arguments, api=api)
    try:
        output, errors = process.communicate(typed, timeout=120)
    finally:
        process.kill()
        process.wait()
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def _leaves(group: click.Command, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Return every command below a group, by its words."""
    if not isinstance(group, click.Group):
        return {path: group}
    found: dict[tuple[str, ...], click.Command] = {}
    for name, each in group.commands.items():
        found |= _leaves(each, (*path, name))
    return found


def every_command() -> dict[tuple[str, ...], click.Command]:
    return {path: each for name in COMMANDS for path, each in _leaves(loaded(name), (name,)).items()}


def said(result: Result) -> Any:
    """Parse the output of a command with `-o json`."""
    return json.loads(result.stdout)


def every_row(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    """Return every row of the ledger, by table."""
    return {table.name: rows(ledger, table) for table in metadata.sorted_tables}


def deliver(ledger: Ledger, api: str) -> list[str]:
    """Make the calls at the Tickets API until none is due; return their kinds."""

    async def run() -> list[str]:
        made: list[str] = []
        async with TicketsClient(api, KEY) as client:
            while due := ledger.due_kinds():
                for each in [each for kind in sorted(due) for each in claim(ledger, kind)]:
                    answer = await calls.make(client, each)
                    ledger.settle([(each, outcomes.done(answer, LATENCY))])
                    made.append(each.kind)
        return made

    return asyncio.run(run())
