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
    effects_option,
    emit_many,
    lines_option,
    named_request,
    notice,
    output_option,
    print_document,
    print_list,
    progress,
    request_of,
    ticket_of,
    time_text,
    without_names,
)
from worker.cli.shell.words import (
    ATTEMPTS,
    CASES,
    DELIVERIES,
    HISTORIES,
    OPERATIONS,
    PHASES,
    and_what_to_do,
    in_words,
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
from worker.wording import age, counted


def _table(now: datetime) -> Table[DeliveryLine]:
    return Table(
        (
            Column("DELIVERY", 8, lambda each: each.id),
            Column("RECEIVED (UTC)", 19, lambda each: each.received_at),
            Column("AGE", 6, lambda each: age(now - each.received_at)),
            Column("SOURCE", 12, lambda each: each.source),
            Column("OUTCOME", 13, _outcome, colour=lambda each: colour_of(each.outcome)),
            Column("PRIORITY", 8, lambda each: each.priority),
            Column("TICKET", 14, lambda each: ticket_of(each.ticket_id, each.ticket_status)),
            Column("SUBJECT", 24, lambda each: each.subject, grows=2),
            Column("FROM", 10, lambda each: each.sender, grows=1),
            Column("REASON", 10, _reason, grows=1),
        ),
        nothing="There is no such delivery.",
    )


def _outcome(each: DeliveryLine) -> str:
    """Return what followed from a delivery."""
    if each.outcome != ACCEPTED:
        return and_what_to_do(DELIVERIES, each.outcome)
    if each.dead_because is not None:
        return and_what_to_do(OPERATIONS, "dead")
    if each.operations:
        return counted(each.operations, "operation")
    return "a repeat" if each.duplicate_of else "no operation"


def _reason(each: DeliveryLine) -> str:
    """Return why an operation of a delivery is dead, else why the delivery, or a part of it, had no effect."""
    if each.dead_because is None:
        return without_names(each.reason)
    return each.dead_because + named_request(each.request_id)


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
@effects_option
@counted_option
@data_option
@lines_option
def list_(
    source: str | None, outcome: str | None, since: datetime | None, effects: bool, limit: int, data: Path, output: str
) -> None:
    """List deliveries, the newest first, each with its outcome.

    \b
    Examples:
      ticketrelay events list --source prom --since 1h --effects
      ticketrelay events list --limit 0 -o jsonl > all.jsonl
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.reading.deliveries(DeliveryFilter(source, outcome, since, effects), limit or None)
        print_list("events-list", found, output, _table(ledger.reading.now()))


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
    phase, state = in_words(PHASES, story.phase), and_what_to_do(CASES, story.state)
    about = [cell(story.subject), f"from {cell(story.opener)}" if story.opener else "", story.priority or ""]
    lines = [f"case-{story.id} of {story.source}: {ticket}; {phase}, episode {story.episode}; {state}"]
    lines += [f"  {'  '.join(filter(None, about))}"] if any(about) else []
    if story.last_error:
        lines.append(f"  last error: {cell(story.last_error)}")
    for each in story.operations:
        ended = time_text(each.ended_at)
        shown = and_what_to_do(OPERATIONS, each.state)
        lines.append(f"  {each.id:<10} {each.kind:<14} {shown:<16}  from in-{each.inbound_id}  {ended}".rstrip())
        if each.why:
            lines.append(f"             {cell(each.why)}{request_of(each)}")
        for one in each.tries:
            latency = f"{one.latency_ms} ms" if one.latency_ms is not None else ""
            error = cell(one.error) + named_request(one.request_id)
            tried = f"{one.at:%H:%M:%S}  {and_what_to_do(ATTEMPTS, one.outcome)}  {one.status or ''} {error} {latency}"
            lines.append(f"             {tried}".rstrip())
    lines += [f"  by hand    {line(done)}" for done in story.interventions]
    return "\n".join([*lines, f"  key        {cell(story.key)}"])


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
        about = "; ".join(filter(None, (cell(case.subject), case.priority, ticket, f"key {cell(case.key)}")))
        echo(f"{case.id} of {case.source}: {about}")
    if found.is_cut:
        notice("This history is long. Only its latest operations are shown.")
    for each in found.steps:
        echo(_step(each))
    outcome = and_what_to_do(HISTORIES, found.outcome)
    echo(f"outcome: {click.style(outcome, fg=colour_of(found.outcome), bold=True)}")


def _step(each: Step) -> str:
    at = column_time(each.at)
    status = f"{_step_outcome(each)} {each.status or ''}".strip()
    shown = click.style(status, fg=colour_of(each.outcome or ""))
    wait = f"  then waits {each.wait_s:g} s" if each.wait_s is not None else ""
    took = f"  {each.latency_ms} ms" if each.latency_ms is not None else ""
    text = f"{': ' if status else ''}{cell(each.text)}{named_request(each.request_id)}"
    return f"{at:<19}  {each.what:<10}  {each.subject:<12} {shown}{text}{took}{wait}"


def _step_outcome(each: Step) -> str:
    table = {"attempted": ATTEMPTS, "ended": OPERATIONS}.get(each.what, DELIVERIES)
    return and_what_to_do(table, each.outcome or "")


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
