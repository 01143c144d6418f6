"""`ticketrelay dead`: what a person must decide on, and the four ways to decide: retry, edit, skip, bind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from connectors.contract.events import TicketStatus
from tickets.errors import AskPerson, TicketsError
from worker.actions import edits
from worker.cli.operate.bulk import Selection, act_on, reading_foreseen, retry_one, selection_options, skip_one
from worker.cli.operate.byhand import as_option, opened, output_option, refuse, with_client
from worker.cli.shell.common import data_option, fail
from worker.cli.shell.completion import dead_letters
from worker.cli.shell.output import cell, emit, emit_many, lines_option
from worker.delivery.outcomes import is_gone
from worker.documents.dead_letters import LetterBound, LetterEdited, LetterGroup, LetterShown
from worker.ledger import DeadLetter, DeadLetterInFull
from worker.settings import Settings

LARGEST_BODY_SHOWN = 20_000  # characters
LARGEST_EDIT = 4 * 1024 * 1024  # bytes

# What differs between letters that have one reason: dates, ids.
_VARIES = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{16,}\b|\b\d{4,}\b")


@click.group()
def dead() -> None:
    """Dead letters: operations that were rejected (op-CASE-SEQ), deliveries that could not be read (in-NUMBER)."""


@dead.command("list")
@click.option("--by", type=click.Choice(["reason", "kind", "source"]), help="Show groups with their sizes instead.")
@data_option
@lines_option
def list_(by: str | None, data: Path, output: str) -> None:
    """List all dead letters, the oldest first, each with what it holds up.

    \b
    Example: ticketrelay dead list --by reason
    """
    with opened(data) as (ledger, _):
        letters = ledger.reading.dead()
        if by is not None:
            _print_groups(grouped(by, letters), output)
        elif output != "table":
            emit_many("dead-list", letters, output)
        elif not sum(_print_line(each) for each in letters):
            click.echo("no dead letters")


def _print_line(each: DeadLetter) -> int:
    since = f"{each.since:%Y-%m-%d %H:%M}" if each.since else ""
    about, reason = cell(each.about), cell(each.reason)
    click.echo(f"{each.id:<12} {since}  {each.source:<16} {each.what:<14} {about}\n{'':<12} {reason}")
    if each.holds_up:
        click.echo(f"{'':<12} holds up {_operations(each.holds_up)}")
    return 1


def _print_groups(groups: Sequence[LetterGroup], output: str) -> None:
    if output != "table":
        emit_many("dead-groups", groups, output)
        return
    for each in groups:
        holds = f", holds up {_operations(each.holds_up)}" if each.holds_up else ""
        click.echo(f"{each.letters:>6}  {cell(each.group)}\n{'':>6}  such as {each.first}{holds}")
    if not groups:
        click.echo("no dead letters")


def grouped(by: str, letters: Iterable[DeadLetter]) -> list[LetterGroup]:
    """The groups that letters fall into, the largest first."""
    groups: dict[str, LetterGroup] = {}
    for each in letters:
        reason = _VARIES.sub("…", each.reason).removeprefix(f"{each.what}: ")
        name = {"kind": each.what, "source": each.source}.get(by) or f"{each.what}: {reason}"
        so_far = groups.get(name) or LetterGroup(name, 0, 0, each.id)
        groups[name] = replace(so_far, letters=so_far.letters + 1, holds_up=so_far.holds_up + each.holds_up)
    return sorted(groups.values(), key=lambda each: -each.letters)


@dead.command()
@click.argument("letter", shell_complete=dead_letters)
@data_option
@output_option
def show(letter: str, data: Path, output: str) -> None:
    """Show one in full: its bytes, its reason, what was tried, and what it holds up.

    \b
    Example: ticketrelay dead show op-4-1
    """
    with opened(data) as (ledger, _):
        found = ledger.show_dead(letter)
    if output == "json":
        body = found.body.decode("utf-8", "replace")
        careful = found.may_have_been_executed
        emit("dead-show", LetterShown(found.letter, body, found.idempotency_key, careful, found.tries))
    else:
        _print(found)


def _print(found: DeadLetterInFull) -> None:
    click.echo(f"{found.letter.id}  {found.letter.what}  {found.letter.source}  {found.letter.about}")
    click.echo(f"reason      {found.letter.reason}")
    if found.letter.holds_up:
        click.echo(f"holds up    {_operations(found.letter.holds_up)} that need its ticket")
    if found.idempotency_key:
        click.echo(f"key         {found.idempotency_key}")
    if found.may_have_been_executed:
        click.echo("careful     an earlier send may have been executed: look in the ticket system before a retry")
    for each in found.tries:
        click.echo(
            f"tried       {each.at:%Y-%m-%d %H:%M:%S} UTC  {each.outcome}  {each.status or ''}  {each.error or ''}"
        )
    body = found.body.decode("utf-8", "replace")
    click.echo(body if len(body) <= LARGEST_BODY_SHOWN else f"{body[:LARGEST_BODY_SHOWN]}… ({len(body)} characters)")


@dead.command()
@click.argument("letters", nargs=-1, metavar="[LETTER]...", shell_complete=dead_letters)
@selection_options
@as_option
@data_option
@lines_option
def retry(letters: tuple[str, ...], select: Selection, who: str, data: Path, output: str) -> None:
    """Send operations again with the same bytes and keys; read deliveries in quarantine again.

    Name them, or select many: then it says first what it would do, and asks. What waits for a ticket goes on with
    its create. Stopped half-way, it can be run again. Exits 1 when one of them could not be done.

    \b
    Example: ticketrelay dead retry --reason "400 bad_request" --kind create_ticket
    """
    with opened(data) as (ledger, settings):
        act_on(
            ledger, letters, select, "retry", lambda each: retry_one(ledger, settings, each, who), output,
            lambda quarantined: reading_foreseen(ledger, settings, quarantined),
        )  # fmt: skip


@dead.command()
@click.argument("letters", nargs=-1, metavar="[LETTER]...", shell_complete=dead_letters)
@click.option("--why", required=True, help="What is kept as the reason.")
@selection_options
@as_option
@data_option
@lines_option
def skip(letters: tuple[str, ...], why: str, select: Selection, who: str, data: Path, output: str) -> None:
    """Give dead letters up. What waits for the ticket of a create goes with it; the next opening makes a new one.

    Name them, or select many: then it says first what it would do, and asks.

    \b
    Example: ticketrelay dead skip op-4-1 --why "a test alert"
    """
    with opened(data) as (ledger, _):
        act_on(ledger, letters, select, "skip", lambda each: skip_one(ledger, each, why, who), output)


@dead.command()
@click.argument("letter", shell_complete=dead_letters)
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True),
              help="The new body (- for standard input); without it, $VISUAL or $EDITOR is opened.")  # fmt: skip
@as_option
@data_option
@output_option
def edit(letter: str, file: str | None, who: str, data: Path, output: str) -> None:
    """Send an operation with another body, under a new key. The marker in a description is kept by itself.

    The body is checked before anything is written. What waits for a ticket goes on with its create; where an earlier
    send may have been executed, its ticket is looked for before the new one is created.

    \b
    Example: ticketrelay dead show op-4-1 -o json | jq '.body | fromjson | .priority = "high"' |
    ticketrelay dead edit op-4-1 --file -
    """
    with opened(data) as (ledger, settings):
        found = ledger.show_dead(letter)
        if found.letter.what == "quarantined":
            refuse(f"{letter} is a delivery: its bytes are its sender's, and stay as they are")
        new = _edited(found, file, settings)
        if new is None:
            click.echo(f"nothing is different: {letter} stays as it is", err=True)
            released = None
        else:
            released = ledger.edit_operation(letter, new, by=who)
    if output == "json":
        emit("dead-edit", LetterEdited(letter, released is not None, released or 0))
    elif released is not None:
        click.echo(f"{letter} will be sent with the new body, under a new key{_released(released)}")


def _edited(found: DeadLetterInFull, file: str | None, settings: Settings) -> bytes | None:
    """The bytes of the request that a person wants; None where that is the same. Ends with exit code 1."""
    kind, revision = found.letter.what, settings.api.revision
    if file is not None:
        with click.open_file(file, "rb") as stream:
            try:
                return edits.request(kind, found.body, stream.read(LARGEST_EDIT), revision)
            except edits.NotARequest as error:
                refuse(f"{found.letter.id} stays as it is: {error}")
    if kind not in edits.MODELS:
        refuse(f"{found.letter.id} stays as it is: a {kind} has nothing in it to edit")
    if not (os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        fail(["neither VISUAL nor EDITOR names an editor: set one, or give --file"])
    text = edits.shown(found.body)
    while True:
        written = click.edit(text, extension=".json", require_save=False)
        text = written if written is not None else text
        try:
            return edits.request(kind, found.body, text, revision)
        except edits.NotARequest as error:
            click.echo(f"it cannot be sent so: {error}", err=True)
            click.confirm("edit it again?", default=True, abort=True, err=True)


@dead.command()
@click.argument("letter", shell_complete=dead_letters)
@click.argument("ticket")
@as_option
@data_option
@output_option
def bind(letter: str, ticket: str, who: str, data: Path, output: str) -> None:
    """Let TICKET, which is there already, be the ticket that LETTER is about.

    A create_ticket is done by that, and what waited for its ticket goes on with this one; any other operation is
    sent to it. The Tickets API is asked first whether there is such a ticket.

    \b
    Example: ticketrelay dead bind op-4-1 1042
    """
    with opened(data) as (ledger, settings):
        found = ledger.show_dead(letter)
        if found.letter.what == "quarantined":
            refuse(f"{letter} is a delivery, which has no ticket: `dead retry` or `dead skip` it")
        status = _status_of(settings, ticket)
        going_on = ledger.bind(letter, ticket, status, by=who)
    if output == "json":
        emit("dead-bind", LetterBound(letter, ticket, status, going_on))
        return
    creates = found.letter.what == "create_ticket"
    follows = f"; {_operations(going_on)} that waited for it will be sent to it" if creates and going_on else ""
    follows = follows or ("" if creates else f"; the {found.letter.what} will be sent to it")
    click.echo(f"{letter} is about ticket {ticket} now, which is {status}{follows}")


def _status_of(settings: Settings, ticket: str) -> TicketStatus:
    """The state of a ticket. Ends the command with exit code 1 where the Tickets API knows no such one."""
    try:
        return with_client(settings, lambda client: client.get_ticket(ticket)).status
    except AskPerson as error:
        refuse(f"the Tickets API knows no ticket {ticket}" if is_gone(error) else str(error))
    except TicketsError as error:
        refuse(f"whether there is a ticket {ticket} cannot be asked now: {error}")


def _operations(number: int) -> str:
    return f"{number} operation{'' if number == 1 else 's'}"


def _released(number: int) -> str:
    return f"; {_operations(number)} that waited for its ticket will follow" if number else ""
