"""`ticketrelay cases`: incidents and conversations, each with its messages, operations and ticket."""

from __future__ import annotations

from pathlib import Path

import click

from worker.cli.inspect.events import NAMES
from worker.cli.operate.byhand import opened, refuse
from worker.cli.operate.interventions import line
from worker.cli.shell.common import data_option
from worker.cli.shell.completion import sources
from worker.cli.shell.output import Column, cell, emit_many, lines_option, notice, print_table
from worker.ledger import CaseFilter, CaseShown

STATES = ("idle", "ready", "leased", "blocked")
_COLUMNS = (
    Column("CASE", 10), Column("SOURCE", 16), Column("PHASE", 8), Column("STATE", 8), Column("PRIORITY", 8),
    Column("TICKET", 18), Column("BEGAN (UTC)", 19), Column("KEY", 1),
)  # fmt: skip


@click.group()
def cases() -> None:
    """What each ticket is about: an incident, a conversation by mail, a thread in chat.

    \b
    Examples:
      ticketrelay cases list --state blocked
      ticketrelay cases show 1042
    """


@cases.command("list")
@click.option("--source", metavar="ID", shell_complete=sources, help="Only of this source.")
@click.option("--state", type=click.Choice(STATES), help="Only those that delivery sees so.")
@click.option("--ticket/--no-ticket", "has_ticket", default=None, help="Only those with a ticket, or without one.")
@click.option(
    "-n", "--limit", type=click.IntRange(0), default=50, show_default=True, help="The latest so many; 0: all."
)
@data_option
@lines_option
def list_(source: str | None, state: str | None, has_ticket: bool | None, limit: int, data: Path, output: str) -> None:
    """List cases, the newest first.

    \b
    Examples:
      ticketrelay cases list --source prom --no-ticket
      ticketrelay cases list --limit 0 -o jsonl | jq -r .key
    """
    with opened(data) as (ledger, _):
        found = ledger.reading.cases(CaseFilter(source, state, has_ticket), limit or None)
        if output != "table":
            emit_many("cases-list", found, output)
            return
        rows = (
            (each.id, each.source, each.phase, each.state, each.priority,
             f"{each.ticket_id} ({each.ticket_status})" if each.ticket_id else "", each.started_at, each.key)
            for each in found
        )  # fmt: skip
        if not print_table(_COLUMNS, rows):
            notice("no such case")


@cases.command()
@click.argument("name", metavar="ID")
@data_option
@lines_option
def show(name: str, data: Path, output: str) -> None:
    """Show a case in full: its messages, what was planned and sent about it, its ticket.

    ID is case-4, a ticket's id, a case key, an alias, a source message id, in-7 or op-4-1. Exits 1 when nothing is
    known of it.

    \b
    Example: ticketrelay cases show case-4 -o json
    """
    with opened(data) as (ledger, _):
        found = ledger.reading.case(name)
    if not found:
        refuse(f"no case is known as {name}: it is none of {NAMES}")
    if output != "table":
        emit_many("cases-show", found, output)
        return
    for each in found:
        _print(each)


def _print(shown: CaseShown) -> None:
    case = shown.case
    click.secho(f"case-{case.id}  {cell(case.key)}", bold=True)
    ticket = f"{case.ticket_id} ({case.ticket_status})" if case.ticket_id else "none yet"
    click.echo(f"source      {case.source}\nticket      {ticket}")
    click.echo(f"state       {case.phase}, episode {case.episode}; {case.state}")
    if case.last_error:
        click.echo(f"last error  {cell(case.last_error)}")
    for member in shown.members:
        click.echo(f"member      {member.phase:<6}  {cell(member.key)}  {cell(member.subject)}")
    for message in shown.messages:
        reason = f"  {cell(message.reason)}" if message.reason else ""
        click.echo(f"message     {message.received_at:%Y-%m-%d %H:%M:%S}  {message.id:<12} {message.outcome}{reason}")
    for operation in case.operations:
        ended = f"{operation.ended_at:%Y-%m-%d %H:%M:%S}" if operation.ended_at else "not yet"
        why = f"  {cell(operation.why)}" if operation.why else ""
        click.echo(f"operation   {ended:<19}  {operation.id:<12} {operation.kind} {operation.state}{why}")
    for done in case.interventions:
        click.echo(f"by hand     {line(done)}")
