"""`ticketrelay cases`: incidents and conversations, each with its messages, operations and ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from worker.actions import history
from worker.cli.operate.byhand import ledger_and_settings
from worker.cli.operate.interventions import line
from worker.cli.shell.common import data_option
from worker.cli.shell.completion import sources
from worker.cli.shell.output import (
    Column,
    Fact,
    Table,
    cell,
    column_time,
    counted_option,
    lines_option,
    print_list,
    request_of,
    show_facts,
    ticket_of,
)
from worker.cli.shell.words import CASES, DELIVERIES, OPERATIONS, PHASES, and_what_to_do, in_words
from worker.ledger import CaseFilter, CaseLine, CaseShown
from worker.runtime.terminal import secho
from worker.wording import age

STATES = ("idle", "ready", "leased", "blocked")


def _reason(each: CaseLine) -> str | None:
    """Return why the last call of a case failed; None once the case has nothing to send."""
    return each.last_error if each.state != "idle" else None


def _table(now: datetime) -> Table[CaseLine]:
    return Table(
        (
            Column("CASE", 8, lambda each: each.id),
            Column("AGE", 6, lambda each: age(now - each.started_at) if each.started_at else ""),
            Column("SOURCE", 12, lambda each: each.source),
            Column("PRIORITY", 8, lambda each: each.priority),
            Column("PHASE", 8, lambda each: in_words(PHASES, each.phase)),
            Column("STATE", 16, lambda each: and_what_to_do(CASES, each.state)),
            Column("TICKET", 14, lambda each: ticket_of(each.ticket_id, each.ticket_status)),
            Column("SUBJECT", 24, lambda each: each.subject, grows=2),
            Column("REASON", 10, _reason, grows=1),
            Column("KEY", 10, lambda each: each.key, grows=1),
        ),
        nothing="There is no such case.",
    )


_FACTS: tuple[Fact[CaseShown], ...] = (
    Fact("subject", lambda shown: cell(shown.case.subject)),
    Fact("from", lambda shown: cell(shown.case.opener)),
    Fact("source", lambda shown: shown.case.source),
    Fact("priority", lambda shown: shown.case.priority),
    Fact("ticket", lambda shown: ticket_of(shown.case.ticket_id, shown.case.ticket_status, "none yet")),
    Fact("state", lambda shown: f"{in_words(PHASES, shown.case.phase)}, episode {shown.case.episode}; "
         f"{and_what_to_do(CASES, shown.case.state)}"),
    Fact("last error", lambda shown: cell(shown.case.last_error)),
    Fact("member", lambda shown: [f"{in_words(PHASES, each.phase):<8}  {cell(each.subject)}  {cell(each.key)}"
                                  for each in shown.members]),
    Fact("message", lambda shown: [
        f"{column_time(each.received_at)}  {each.id:<12} {and_what_to_do(DELIVERIES, each.outcome)}{_why(each.reason)}"
        for each in shown.messages
    ]),
    Fact("operation", lambda shown: [
        f"{column_time(each.ended_at) or 'not yet':<19}  {each.id:<12} {each.kind}: "
        f"{and_what_to_do(OPERATIONS, each.state)}{_why(each.why)}{request_of(each)}"
        for each in shown.case.operations
    ]),
    Fact("by hand", lambda shown: map(line, shown.case.interventions)),
    Fact("key", lambda shown: cell(shown.case.key)),
)  # fmt: skip


@click.group()
def cases() -> None:
    """List and show cases: an incident, a conversation by mail or a thread in chat, with its ticket.

    \b
    Examples:
      ticketrelay cases list --state blocked
      ticketrelay cases show 1042
    """


@cases.command("list")
@click.option("--source", metavar="ID", shell_complete=sources, help="Only cases of this source.")
@click.option("--state", type=click.Choice(STATES), help="Only cases in this delivery state.")
@click.option("--ticket/--no-ticket", "has_ticket", default=None, help="Only cases with a ticket, or without one.")
@counted_option
@data_option
@lines_option
def list_(source: str | None, state: str | None, has_ticket: bool | None, limit: int, data: Path, output: str) -> None:
    """List cases, the newest first.

    \b
    Examples:
      ticketrelay cases list --source prom --no-ticket
      ticketrelay cases list --limit 0 -o jsonl | jq -r .key
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.reading.cases(CaseFilter(source, state, has_ticket), limit or None)
        print_list("cases-list", found, output, _table(ledger.reading.now()))


@cases.command()
@click.argument("name", metavar="ID")
@data_option
@lines_option
def show(name: str, data: Path, output: str) -> None:
    """Show a case in full: its messages, its planned and sent operations, its ticket.

    ID is case-4, a ticket's id, a case key, an alias, a source message id, in-7 or op-4-1. Exits 1 when the ID is
    unknown.

    \b
    Example: ticketrelay cases show case-4 -o json
    """
    with ledger_and_settings(data) as (ledger, _):
        found = history.case(ledger, name)
    print_list("cases-show", found, output, _Shown())


class _Shown:
    """Shows each case behind its title."""

    def show(self, rows: Iterable[CaseShown]) -> None:
        for each in rows:
            secho(f"case-{each.case.id}", bold=True)
            show_facts(_FACTS, each)


def _why(text: str | None) -> str:
    return f"  {cell(text)}" if text else ""
