"""`ticketrelay interventions`: lists what people did by hand."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from worker.cli.operate.byhand import Moment, ledger_and_settings
from worker.cli.shell.common import data_option
from worker.cli.shell.output import Column, Table, lines_option, print_list, time_text
from worker.ledger import Intervention


@click.group()
def interventions() -> None:
    """List the interventions of people: who did what, when, to what, and why."""


@interventions.command("list")
@click.option("--since", type=Moment(), metavar="DURATION|TIME", help="Only those since then: 24h, 7d, or a time.")
@click.option(
    "--subject", metavar="ID", help="Only what was done to this: op-4-1, in-7, ticket:1042, a source, ledger."
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Show only the latest N.",
    metavar="N",
)
@data_option
@lines_option
def list_(since: datetime | None, subject: str | None, number: int, data: Path, output: str) -> None:
    """List the interventions of people, the oldest first.

    \b
    Example: ticketrelay interventions list --since 7d
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.list_interventions(since=since, subject=subject, limit=number)
    print_list("interventions-list", found, output, _TABLE)


def line(each: Intervention) -> str:
    """Return one intervention in one line."""
    return f"{time_text(each.at)}  {each.who}  {each.what}  {each.subject}  {_detail(each)}".rstrip()


def _detail(each: Intervention) -> str:
    return "  ".join(f"{name}: {_plain(value)}" for name, value in each.detail.items())


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_TABLE: Table[Intervention] = Table(
    (
        Column("WHEN (UTC)", 19, lambda each: each.at),
        Column("WHO", 20, lambda each: each.who),
        Column("WHAT", 12, lambda each: each.what),
        Column("TO WHAT", 12, lambda each: each.subject),
        Column("DETAIL", 1, _detail),
    ),
    nothing="There is no intervention.",
)
