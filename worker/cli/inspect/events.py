"""`ticketrelay events`: finds messages, and shows their effects."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from worker.actions import history
from worker.cli.operate.byhand import Moment, ledger_and_settings
from worker.cli.operate.interventions import line
from worker.cli.shell.common import data_option
from worker.cli.shell.completion import sources
from worker.cli.shell.output import (
    Column,
    Lines,
    Table,
    cell,
    colour_of,
    column_time,
    counted_option,
    emit_many,
    lines_option,
    notice,
    output_option,
    print_document,
    print_list,
    progress,
    ticket_of,
    time_text,
)
from worker.ledger import (
    ACCEPTED,
    QUARANTINED,
    SKIPPED,
    CaseStory,
    DeliveryFilter,
    DeliveryLine,
    Ledger,
    Step,
    Timeline,
)
from worker.runtime.terminal import echo

_TABLE: Table[DeliveryLine] = Table(
    (
        Column("DELIVERY", 12, lambda each: each.id),
        Column("RECEIVED (UTC)", 19, lambda each: each.received_at),
        Column("SOURCE", 16, lambda each: each.source),
        Column("OUTCOME", 12, lambda each: each.outcome),
        Column("OPS", 4, lambda each: each.operations),
        Column("REASON", 1, lambda each: each.reason),
    ),
    nothing="There is no such delivery.",
)


@click.group()
def events() -> None:
    """List, find, show and export messages, each with its outcome.

    \b
    Examples:
      ticketrelay events list --outcome quarantined --since 24h
      ticketrelay events find "printer is on fire"
      ticketrelay events show in-7
    """


@events.command("list")
@click.option("--source", metavar="ID", shell_complete=sources, help="Only deliveries of this source.")
@click.option(
    "--outcome", type=click.Choice([ACCEPTED, QUARANTINED, SKIPPED]), help="Only deliveries with this outcome."
)
@click.option(
    "--since", type=Moment(), metavar="DURATION|TIME", help="Only deliveries since then: 90m, 24h, 7d, or a time."
)
@counted_option
@data_option
@lines_option
def list_(source: str | None, outcome: str | None, since: datetime | None, limit: int, data: Path, output: str) -> None:
    """List deliveries, the newest first, each with its outcome.

    \b
    Examples:
      ticketrelay events list --source prom --since 1h
      ticketrelay events list --limit 0 -o jsonl > all.jsonl
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.reading.deliveries(DeliveryFilter(source, outcome, since), limit or None)
        print_list("events-list", found, output, _TABLE)


@events.command()
@click.argument("text")
@click.option(
    "--since", type=Moment(), metavar="DURATION|TIME", help="Search only the text of operations planned since then."
)
@data_option
@lines_option
def find(text: str, since: datetime | None, data: Path, output: str) -> None:
    """Find a message: by its source message id, case key (an alert's fingerprint), alias, ticket, sender or text.

    An exact name is found at once. Otherwise senders and the texts of all requests are searched, the newest first, for
    at most 20 cases. Exits 1 when no message is found.

    \b
    Examples:
      ticketrelay events find 1042
      ticketrelay events find ada@customer.example
      ticketrelay events find "printer is on fire" --since 7d
    """
    with ledger_and_settings(data) as (ledger, _):
        found = history.find(ledger, text)
        stories = found.stories if found.is_known else _searched(ledger, text, since)
    print_list("events-find", stories, output, Lines(_story))
    if not stories:
        notice(
            f"The message {text} has no case. `ticketrelay events show {text}` says why."
            if found.is_known
            else f"No message is found for {text}: it never arrived, or has another id."
        )
    sys.exit(0 if stories or found.is_known else 1)


def _searched(ledger: Ledger, text: str, since: datetime | None) -> list[CaseStory]:
    if not text.strip():
        return []
    with progress("searching", ledger.reading.operations(since)) as bar:
        found = ledger.reading.search(text, since, history.MOST_FOUND, bar.update)
    if len(found) == history.MOST_FOUND:
        notice(f"These are the newest {len(found)} cases with that text. There may be more: search for a longer text.")
    return ledger.reading.stories(found)


def _story(story: CaseStory) -> str:
    ticket = ticket_of(f"ticket {story.ticket_id}" if story.ticket_id else None, story.ticket_status, "no ticket yet")
    state = f"{ticket}; {story.phase}, episode {story.episode}, {story.state}"
    lines = [f"case {cell(story.key)} of {story.source}: {state}"]
    if story.last_error:
        lines.append(f"  last error: {cell(story.last_error)}")
    for each in story.operations:
        ended = time_text(each.ended_at)
        lines.append(f"  {each.id:<10} {each.kind:<14} {each.state:<8} from in-{each.inbound_id}  {ended}")
        if each.why:
            lines.append(f"             {cell(each.why)}")
        for one in each.tries:
            latency = f"{one.latency_ms} ms" if one.latency_ms is not None else ""
            error = cell(one.error)
            lines.append(f"             {one.at:%H:%M:%S}  {one.outcome}  {one.status or ''} {error} {latency}")
    return "\n".join([*lines, *(f"  by hand    {line(done)}" for done in story.interventions)])


@events.command()
@click.argument("name", metavar="ID")
@data_option
@output_option
def show(name: str, data: Path, output: str) -> None:
    """Show the history of ID, step by step: received, verified, read, correlated, planned, sent, answered.

    ID is in-7, op-4-1, case-4, ticket:1042, a source message id, a case key, an alias or a ticket's id.
    Exits 1 when the ID is unknown.

    \b
    Examples:
      ticketrelay events show in-7
      ticketrelay events show 1042 -o json | jq '.steps[] | select(.what == "attempted")'
    """
    with ledger_and_settings(data) as (ledger, _):
        found = history.timeline(ledger, name)
    print_document("events-show", found, output, _print_timeline)


def _print_timeline(found: Timeline) -> None:
    for case in found.cases:
        ticket = ticket_of(f"ticket {case.ticket_id}" if case.ticket_id else None, case.ticket_status, "no ticket yet")
        echo(f"{case.id} of {case.source}: {cell(case.key)}; {ticket}")
    if found.is_cut:
        notice("This history is long. Only its latest operations are shown.")
    for each in found.steps:
        echo(_step(each))
    echo(f"outcome: {click.style(found.outcome, fg=colour_of(found.outcome), bold=True)}")


def _step(each: Step) -> str:
    at = column_time(each.at)
    status = f"{each.outcome or ''} {each.status or ''}".strip()
    shown = click.style(status, fg=colour_of(each.outcome or ""))
    wait = f"  then waits {each.wait_s:g} s" if each.wait_s is not None else ""
    took = f"  {each.latency_ms} ms" if each.latency_ms is not None else ""
    return f"{at:<19}  {each.what:<10}  {each.subject:<12} {shown}{' ' if status else ''}{cell(each.text)}{took}{wait}"


@events.command()
@click.argument("name", metavar="ID")
@click.option("--redact", is_flag=True, help="Replace secrets, mail addresses, phone numbers and IP addresses.")
@data_option
@lines_option
def export(name: str, redact: bool, data: Path, output: str) -> None:
    """Print the deliveries of ID as they arrived, as JSON: headers and body, for a test or a report.

    With --redact, the same text has the same replacement everywhere in this export, and attachments of a mail are left
    out. The settings must hold the API key, so that the key is replaced too. Names of people and other words stay: read
    the export before you hand it on.

    ID is in-7, op-4-1 or a source message id. Exits 1 when no body is kept any more.

    \b
    Examples:
      ticketrelay events export in-7 --redact > samples/one.json      # for `test` and `explain`
      ticketrelay events export in-7 --redact -o json | jq -r '.[0].body' > body.json
    """
    with ledger_and_settings(data, needs_api=redact) as (ledger, settings):
        exported = history.export(ledger, settings, name, redact=redact)
    if not redact:
        notice("The messages are printed as they arrived, with private data. Use --redact before you hand them on.")
    emit_many("events-export", exported, "jsonl" if output == "jsonl" else "json")
