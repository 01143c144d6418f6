"""`ticketrelay dead`: dead letters, and the four ways to decide about them: retry, edit, skip, bind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import click

from tickets.invisible import escaped
from worker.actions import bulk, dead_letters, edits
from worker.actions.same_settings import require_same
from worker.cli.operate.bulk import DELIVERY, DeadLetterChoice, do_to, selection_options
from worker.cli.operate.byhand import (
    as_option,
    exit_with_reason,
    ledger_and_loaded,
    ledger_and_settings,
    output_option,
    with_these_settings_option,
)
from worker.cli.shell.common import data_option, fail
from worker.cli.shell.completion import dead_letters as dead_letter_ids
from worker.cli.shell.output import (
    Column,
    Fact,
    Table,
    cell,
    lines_option,
    named_request,
    notice,
    print_document,
    print_list,
    show_facts,
    time_text,
)
from worker.cli.shell.words import ATTEMPTS, in_words
from worker.documents.dead_letters import DeadLetterBound, DeadLetterEdited, DeadLetterGroup, DeadLetterShown
from worker.ledger import DeadLetter, DeadLetterInFull, Ledger
from worker.runtime.terminal import echo, secho
from worker.settings import Settings
from worker.wording import age, counted

LARGEST_BODY_SHOWN = 20_000  # characters
LARGEST_EDIT = 4 * 1024 * 1024  # bytes
_NONE = "There is no dead letter."

_FACTS: tuple[Fact[DeadLetterShown], ...] = (
    Fact("subject", lambda found: cell(found.letter.subject)),
    Fact("from", lambda found: cell(found.letter.sender)),
    Fact("priority", lambda found: found.letter.priority),
    Fact("ticket", lambda found: found.letter.ticket_id),
    Fact("since", lambda found: time_text(found.letter.since)),
    Fact("reason", lambda found: cell(found.letter.reason)),
    Fact("request id", lambda found: cell(found.letter.request_id)),
    Fact("act", lambda found: found.letter.next_step),
    Fact("holds up", lambda found: f"{counted(found.letter.holds_up, 'operation')} waiting for its ticket"
         if found.letter.holds_up else None),
    Fact("key", lambda found: found.idempotency_key),
    Fact("careful", lambda found: "an earlier call may have been executed: look in the ticket system before a retry"
         if found.may_have_been_executed else None),
    Fact("tried", lambda found: [
        f"{time_text(each.at)}  {in_words(ATTEMPTS, each.outcome)}  {each.status or ''}  "
        f"{cell(each.error)}{named_request(each.request_id)}".rstrip()
        for each in found.tries
    ]),
)  # fmt: skip


@click.group()
def dead() -> None:
    """List and decide on dead letters: rejected operations (op-CASE-SEQ) and unreadable deliveries (in-NUMBER)."""


@dead.command("list")
@click.option(
    "--by", type=click.Choice(["reason", "kind", "source"]), help="Show groups of dead letters with their sizes."
)
@data_option
@lines_option
def list_(by: str | None, data: Path, output: str) -> None:
    """List all dead letters, the oldest first, each with the operations that it holds up.

    \b
    Example: ticketrelay dead list --by reason
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.reading.dead()
        if by is not None:
            groups = dead_letters.grouped(by, found)
            print_list("dead-groups", groups, output, _GROUPS)
        else:
            print_list("dead-list", found, output, _DeadLetters(ledger.reading.now()))


class _DeadLetters:
    """Shows each dead letter as a row, and below it why it is dead, what a person can do, and what it holds up."""

    def __init__(self, now: datetime) -> None:
        self._table: Table[DeadLetter] = Table(
            (
                Column("ID", 8, lambda each: each.id),
                Column("AGE", 6, lambda each: age(now - each.since) if each.since else ""),
                Column("SOURCE", 12, lambda each: each.source),
                Column("WHAT", 13, lambda each: each.what),
                Column("PRIORITY", 8, lambda each: each.priority),
                Column("TICKET", 8, lambda each: each.ticket_id),
                Column("SUBJECT", 24, lambda each: each.subject, grows=1),
            )
        )

    def show(self, rows: Iterable[DeadLetter]) -> None:
        is_empty = True
        for each in rows:
            if is_empty:
                self._table.show_titles()
            is_empty = False
            self._table.show_row(each)
            for title, text in _below(each):
                echo(f"{'':<10}{title:<5}{cell(text)}")
        if is_empty:
            echo(_NONE)


def _below(each: DeadLetter) -> Iterator[tuple[str, str]]:
    yield "why", each.reason + named_request(each.request_id)
    yield "act", each.next_step
    holds = f"; holds up {counted(each.holds_up, 'operation')}" if each.holds_up else ""
    yield "also", f"{each.about}{holds}"


_GROUPS: Table[DeadLetterGroup] = Table(
    (
        Column("LETTERS", 7, lambda each: each.letters),
        Column("HOLD UP", 7, lambda each: each.holds_up or ""),
        Column("SUCH AS", 8, lambda each: each.first),
        Column("REASON", 1, lambda each: each.group),
    ),
    nothing=_NONE,
)


@dead.command()
@click.argument("letter", metavar="ID", shell_complete=dead_letter_ids)
@data_option
@output_option
def show(letter: str, data: Path, output: str) -> None:
    """Show a dead letter in full: its bytes, its reason, its attempts, and the operations that it holds up.

    \b
    Example: ticketrelay dead show op-4-1
    """
    with ledger_and_settings(data) as (ledger, _):
        found = dead_letters.show(ledger, letter)
    print_document("dead-show", found, output, _print)


def _print(found: DeadLetterShown) -> None:
    secho(f"{found.letter.id}  {found.letter.what}  {found.letter.source}  {cell(found.letter.about)}", bold=True)
    show_facts(_FACTS, found)
    body = escaped(found.body)
    echo(body if len(body) <= LARGEST_BODY_SHOWN else f"{body[:LARGEST_BODY_SHOWN]}… ({len(body)} characters)")


@dead.command()
@click.argument("dead_letters", nargs=-1, metavar="[ID]...", shell_complete=dead_letter_ids)
@selection_options
@with_these_settings_option
@as_option
@data_option
@lines_option
def retry(choice: DeadLetterChoice, with_these: bool, who: str, data: Path, output: str) -> None:
    """Send operations again with the same bytes and keys; read deliveries in quarantine again.

    Name dead letters, or select many with options: then the plan is shown first, and you are asked. Operations that
    wait for a ticket are sent after the operation that creates it. A command that was stopped can be run again. Exits 1
    when a dead letter could not be retried, and 2 when a delivery would be read with settings that are not those of the
    live processes.

    \b
    Example: ticketrelay dead retry --reason "400 bad_request" --kind create_ticket
    """
    with ledger_and_loaded(data) as (ledger, loaded):
        sources = loaded.settings.sources
        other = cache(lambda: require_same(ledger, loaded, with_these=with_these))
        if choice.has_deliveries(ledger):
            other()  # before anything is done; operations are sent with the bytes that they have

        def act(letter: str) -> bulk.DeadLetterResult:
            other_settings = other() if letter.startswith(DELIVERY) else []
            return bulk.retry_one(ledger, sources, letter, by=who, other_settings=other_settings)

        do_to(
            ledger, choice, "retry", act, output,
            lambda quarantined, bar: bulk.forecast_reading(ledger, sources, quarantined, bar),
        )  # fmt: skip


@dead.command()
@click.argument("dead_letters", nargs=-1, metavar="[ID]...", shell_complete=dead_letter_ids)
@click.option("--why", required=True, help="The reason, which is kept with the intervention.")
@selection_options
@as_option
@data_option
@lines_option
def skip(choice: DeadLetterChoice, why: str, who: str, data: Path, output: str) -> None:
    """Give dead letters up. Operations that wait for the ticket of a skipped create_ticket are given up with it.

    The next opening of the case creates a ticket. Name dead letters, or select many with options: then the plan is
    shown first, and you are asked.

    \b
    Example: ticketrelay dead skip op-4-1 --why "a test alert"
    """
    with ledger_and_settings(data) as (ledger, _):
        do_to(ledger, choice, "skip", lambda each: bulk.skip_one(ledger, each, why, by=who), output)


@dead.command()
@click.argument("letter", metavar="ID", shell_complete=dead_letter_ids)
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True),
              help="The file of the new body (- for standard input). By default $VISUAL or $EDITOR opens.")  # fmt: skip
@as_option
@data_option
@output_option
def edit(letter: str, file: str | None, who: str, data: Path, output: str) -> None:
    """Send the operation ID with another body, under a new key. The marker in a description is kept automatically.

    The body is checked before anything is written. Operations that wait for a ticket are sent after the operation that
    creates it. When an earlier call may have been executed, its ticket is looked up before a new one is created.

    \b
    Example: ticketrelay dead show op-4-1 -o json | jq '.body | fromjson | .priority = "high"' |
    ticketrelay dead edit op-4-1 --file -
    """
    with ledger_and_settings(data) as (ledger, settings):
        done = _edited(ledger, dead_letters.to_edit(ledger, letter), file, settings, who)
    if not done.edited:
        notice(f"The body is unchanged. {letter} stays as it is.")
    print_document("dead-edit", done, output, _print_edited)


def _edited(
    ledger: Ledger, found: DeadLetterInFull, file: str | None, settings: Settings, who: str
) -> DeadLetterEdited:
    """Send the body that a person wrote. Ends with exit code 1 when it cannot be sent."""
    stays = f"{found.dead_letter.id} stays as it is"
    revision = settings.api.revision
    if file is not None:
        with click.open_file(file, "rb") as stream:
            try:
                return dead_letters.edit(ledger, found, stream.read(LARGEST_EDIT), revision, by=who)
            except edits.NotARequest as error:
                exit_with_reason(f"{stays}: {error}")
    if found.dead_letter.what not in edits.MODELS:
        exit_with_reason(f"{stays}: {edits.cannot_be_edited(found.dead_letter.what)}")
    if not (os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        fail(["no editor is set: set VISUAL or EDITOR, or give --file"])
    text = edits.shown(found.body)
    while True:
        written = click.edit(text, extension=".json", require_save=False)
        text = written if written is not None else text
        try:
            return dead_letters.edit(ledger, found, text, revision, by=who)
        except edits.NotARequest as error:
            notice(f"Error: the body cannot be sent: {error}")
            click.confirm("Edit it again?", default=True, abort=True, err=True)


def _print_edited(done: DeadLetterEdited) -> None:
    follow = f" {_that_waited(done.released)} will follow." if done.released else ""
    if done.edited:
        echo(f"{done.id} will be sent with the new body, under a new key.{follow}")


def _that_waited(number: int) -> str:
    return f"{counted(number, 'operation')} that waited for its ticket"


@dead.command()
@click.argument("letter", metavar="ID", shell_complete=dead_letter_ids)
@click.argument("ticket")
@as_option
@data_option
@output_option
def bind(letter: str, ticket: str, who: str, data: Path, output: str) -> None:
    """Bind the dead letter ID to TICKET, which exists already.

    A create_ticket is done then, and the operations that waited for its ticket are sent to TICKET. Any other operation
    is itself sent to TICKET. The Tickets API is asked first whether the ticket exists.

    \b
    Example: ticketrelay dead bind op-4-1 1042
    """
    with ledger_and_settings(data, needs_api=True) as (ledger, settings):
        kind = dead_letters.to_bind(ledger, letter).dead_letter.what
        done = dead_letters.bind(ledger, settings, letter, ticket, by=who)
    print_document("dead-bind", done, output, lambda bound: _print_bound(bound, kind))


def _print_bound(bound: DeadLetterBound, kind: str) -> None:
    if kind == "create_ticket":
        follows = f" {_that_waited(bound.released)} will be sent to it." if bound.released else ""
    else:
        follows = f" The {kind} will be sent to it."
    echo(f"{bound.id} is bound to ticket {bound.ticket}, which is {bound.status}.{follows}")
