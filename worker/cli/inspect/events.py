"""`ticketrelay events`: what became of a message."""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from worker.actions.redact import CannotRedact, Redactor, known_secrets
from worker.cli.operate.byhand import Moment, opened, refuse
from worker.cli.operate.interventions import line
from worker.cli.shell.common import data_option
from worker.cli.shell.completion import sources
from worker.cli.shell.output import (
    Column,
    cell,
    colour_of,
    emit,
    emit_many,
    lines_option,
    notice,
    output_option,
    print_table,
    progress,
)
from worker.documents.events import Exported
from worker.ledger import CaseStory, Ledger
from worker.ledger.reports.deliveries import Filter, StoredDelivery
from worker.ledger.reports.timeline import Step, Timeline
from worker.ledger.schema.words import ACCEPTED, QUARANTINED, SKIPPED
from worker.settings import Settings

NAMES = "in-7, op-4-1, case-4, ticket:1042, a source message id, a case key, an alias or a ticket's id"
MOST_FOUND = 20  # cases, by their text

_COLUMNS = (
    Column("DELIVERY", 12), Column("RECEIVED (UTC)", 19), Column("SOURCE", 16), Column("OUTCOME", 12),
    Column("OPS", 4), Column("REASON", 1),
)  # fmt: skip


@click.group()
def events() -> None:
    """What became of a message.

    \b
    Examples:
      ticketrelay events list --outcome quarantined --since 24h
      ticketrelay events find "printer is on fire"
      ticketrelay events show in-7
    """


@events.command("list")
@click.option("--source", metavar="ID", shell_complete=sources, help="Only of this source.")
@click.option("--outcome", type=click.Choice([ACCEPTED, QUARANTINED, SKIPPED]), help="Only with this outcome.")
@click.option("--since", type=Moment(), metavar="DURATION|TIME", help="Only since then: 90m, 24h, 7d, or a time.")
@click.option(
    "-n", "--limit", type=click.IntRange(0), default=50, show_default=True, help="The latest so many; 0: all."
)
@data_option
@lines_option
def list_(source: str | None, outcome: str | None, since: datetime | None, limit: int, data: Path, output: str) -> None:
    """List deliveries, the newest first, each with what became of it.

    \b
    Examples:
      ticketrelay events list --source prom --since 1h
      ticketrelay events list --limit 0 -o jsonl > all.jsonl
    """
    with opened(data) as (ledger, _):
        found = ledger.reading.deliveries(Filter(source, outcome, since), limit or None)
        if output != "table":
            emit_many("events-list", found, output)
            return
        rows = ((each.id, each.received_at, each.source, each.outcome, each.operations, each.reason) for each in found)
        if not print_table(_COLUMNS, rows):
            notice("no such delivery")


@events.command()
@click.argument("text")
@click.option("--since", type=Moment(), metavar="DURATION|TIME", help="Search the text of what was planned since then.")
@data_option
@lines_option
def find(text: str, since: datetime | None, data: Path, output: str) -> None:
    """Find a message: by its source message id, case key (an alert's fingerprint), alias, ticket, sender or text.

    A name that is known exactly is found at once. Else senders and the texts of all requests are searched, the newest
    first, for at most 20 cases. Exits 1 when nothing is known of it.

    \b
    Examples:
      ticketrelay events find 1042
      ticketrelay events find ada@customer.example
      ticketrelay events find "printer is on fire" --since 7d
    """
    with opened(data) as (ledger, _):
        stories = ledger.find(text)
        delivery = None if stories else ledger.reading.timeline(text)
        if not stories and delivery is None:
            stories = _searched(ledger, text, since)
    if output != "table":
        emit_many("events-find", stories, output)
    else:
        for each in stories:
            _print(each)
    if not stories:
        notice(
            f"{text} led to no case: `ticketrelay events show {text}` says why"
            if delivery is not None
            else f"nothing is known of {text}: it never arrived, or not under this id"
        )
    sys.exit(0 if stories or delivery is not None else 1)


def _searched(ledger: Ledger, text: str, since: datetime | None) -> list[CaseStory]:
    if not text.strip():
        return []
    with progress("searching", ledger.reading.operations(since)) as bar:
        found = ledger.reading.search(text, since, MOST_FOUND, bar.update)
    if len(found) == MOST_FOUND:
        notice(f"the newest {MOST_FOUND} cases that hold it; there may be more: narrow it down")
    return ledger.reading.stories(found)


def _print(story: CaseStory) -> None:
    ticket = f"ticket {story.ticket_id} ({story.ticket_status})" if story.ticket_id else "no ticket yet"
    click.echo(
        f"case {cell(story.key)} of {story.source}: {ticket}; {story.phase}, episode {story.episode}, {story.state}"
    )
    if story.last_error:
        click.echo(f"  last error: {cell(story.last_error)}")
    for each in story.operations:
        ended = f"{each.ended_at:%Y-%m-%d %H:%M:%S} UTC" if each.ended_at else ""
        click.echo(f"  {each.id:<10} {each.kind:<14} {each.state:<8} from in-{each.inbound_id}  {ended}")
        if each.why:
            click.echo(f"             {cell(each.why)}")
        for one in each.tries:
            latency = f"{one.latency_ms} ms" if one.latency_ms is not None else ""
            error = cell(one.error)
            click.echo(f"             {one.at:%H:%M:%S}  {one.outcome}  {one.status or ''} {error} {latency}")
    for done in story.interventions:
        click.echo(f"  by hand    {line(done)}")


@events.command()
@click.argument("name", metavar="ID")
@data_option
@output_option
def show(name: str, data: Path, output: str) -> None:
    """Show what happened to ID, step by step: received, verified, read, correlated, planned, sent, answered.

    ID is in-7, op-4-1, case-4, ticket:1042, a source message id, a case key, an alias or a ticket's id.
    Exits 1 when nothing is known of it.

    \b
    Examples:
      ticketrelay events show in-7
      ticketrelay events show 1042 -o json | jq '.steps[] | select(.what == "attempted")'
    """
    with opened(data) as (ledger, _):
        found = ledger.reading.timeline(name)
    if found is None:
        refuse(f"nothing is known of {name}: it is none of {NAMES}")
    if output == "json":
        emit("events-show", found)
    else:
        _print_timeline(found)


def _print_timeline(found: Timeline) -> None:
    for case in found.cases:
        ticket = f"ticket {case.ticket_id} ({case.ticket_status})" if case.ticket_id else "no ticket yet"
        click.echo(f"{case.id} of {case.source}: {cell(case.key)}; {ticket}")
    if found.is_cut:
        notice("this story is long: these are its latest operations")
    for each in found.steps:
        click.echo(_step(each))
    click.echo(f"outcome: {click.style(found.outcome, fg=colour_of(found.outcome), bold=True)}")


def _step(each: Step) -> str:
    at = f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at is not None else ""
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

    With --redact, what replaces something is the same wherever that stands, in every delivery of this export. Names of
    people and other words stay: read it before you hand it on. Attachments of a mail are left out.
    ID is in-7, op-4-1 or a source message id. Exits 1 where no body is kept of it.

    \b
    Examples:
      ticketrelay events export in-7 --redact > samples/one.json      # for `test` and `explain`
      ticketrelay events export in-7 --redact -o json | jq -r '.[0].body' > body.json
    """
    with opened(data) as (ledger, settings):
        found = ledger.reading.stored(name)
        if not found:
            refuse(f"no delivery is known as {name}: `ticketrelay events show {name}` says which belong to it")
        redactor = Redactor(known_secrets(settings)) if redact else None
        try:
            exported = [_exported(each, settings, redactor) for each in found if each.body is not None]
        except CannotRedact as error:
            refuse(f"{name} cannot be redacted, so it is not exported: {error}")
    if not exported:
        refuse(f"the body of {found[0].id} is not kept any more (TICKETRELAY_LEDGER__KEEP_BODIES says how long it is)")
    if not redact:
        notice("as it arrived, with what may be private: use --redact before you hand it on")
    emit_many("events-export", exported, "jsonl" if output == "jsonl" else "json")


def _exported(each: StoredDelivery, settings: Settings, redactor: Redactor | None) -> Exported:
    source = settings.sources.get(each.source)
    kind = source.connector.kind if source is not None else None
    if redactor is not None:
        body = redactor.body(each.body or b"")
        headers, query = redactor.headers(each.headers), redactor.query(each.query)
        each = replace(each, body=body, headers=headers, query=query)
    raw = each.body or b""
    try:
        text, encoded = raw.decode(), None
    except UnicodeDecodeError:
        text, encoded = None, base64.b64encode(raw).decode()
    return Exported(
        each.id, each.source, kind, each.received_at, redactor is not None, each.headers, each.query, text, encoded
    )
