"""Decisions about one dead letter: edit it, or bind it to a ticket. `bulk` retries and skips."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tickets.errors import AskPerson, TicketsError
from tickets.models import Revision
from worker.actions import edits
from worker.actions.api import with_client
from worker.actions.errors import NotFound, Refused
from worker.delivery.outcomes import is_gone
from worker.documents.dead_letters import DeadLetterBound, DeadLetterEdited, DeadLetterGroup, DeadLetterShown
from worker.ledger import DeadLetter, DeadLetterInFull, Ledger
from worker.settings import Settings

# Parts that differ between dead letters of one reason: quoted values, dates, ids.
_VARIES = re.compile(
    r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\""
    r"|\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{16,}\b|\b\d{4,}\b"
)


def grouped(by: str, dead_letters: Iterable[DeadLetter]) -> list[DeadLetterGroup]:
    """Group dead letters by `reason`, `kind` or `source`, the largest group first."""
    groups: dict[str, DeadLetterGroup] = {}
    for each in dead_letters:
        reason = _VARIES.sub("…", each.reason).removeprefix(f"{each.what}: ")
        name = {"kind": each.what, "source": each.source}.get(by) or f"{each.what}: {reason}"
        so_far = groups.get(name) or DeadLetterGroup(name, 0, 0, each.id)
        groups[name] = replace(so_far, letters=so_far.letters + 1, holds_up=so_far.holds_up + each.holds_up)
    return sorted(groups.values(), key=lambda each: -each.letters)


def show(ledger: Ledger, dead_letter: str) -> DeadLetterShown:
    """Return a dead letter in full. Raises NoSuchDeadLetter."""
    found = ledger.show_dead(dead_letter)
    body = found.body.decode("utf-8", "replace")
    return DeadLetterShown(found.dead_letter, body, found.idempotency_key, found.may_have_been_executed, found.tries)


def operation(ledger: Ledger, dead_letter: str, instead: str) -> DeadLetterInFull:
    """Return a dead letter that is an operation. Raises NoSuchDeadLetter, and Refused with `instead` for a delivery."""
    found = ledger.show_dead(dead_letter)
    if found.dead_letter.what == "quarantined":
        raise Refused(f"{dead_letter} is a delivery{instead}")
    return found


def to_edit(ledger: Ledger, dead_letter: str) -> DeadLetterInFull:
    """Return the operation of that id, to be edited. Raises NoSuchDeadLetter and Refused."""
    return operation(ledger, dead_letter, ", whose bytes cannot be edited: `dead retry` or `dead skip` it")


def edit(
    ledger: Ledger, found: DeadLetterInFull, written: str | bytes, revision: Revision, *, by: str
) -> DeadLetterEdited:
    """Send an operation with the edited body, under a new key. Raises `edits.NotARequest`."""
    new = edits.request(found.dead_letter.what, found.body, written, revision)
    if new is None:
        return DeadLetterEdited(found.dead_letter.id, edited=False, released=0)
    return DeadLetterEdited(
        found.dead_letter.id, edited=True, released=ledger.edit_operation(found.dead_letter.id, new, by=by)
    )


def to_bind(ledger: Ledger, dead_letter: str) -> DeadLetterInFull:
    """Return the operation of that id, to be bound to a ticket. Raises NoSuchDeadLetter and Refused."""
    return operation(ledger, dead_letter, ", which has no ticket: `dead retry` or `dead skip` it")


def bind(ledger: Ledger, settings: Settings, dead_letter: str, ticket: str, *, by: str) -> DeadLetterBound:
    """Bind an operation to an existing ticket. Raises Refused, and NotFound when there is no such ticket."""
    try:
        status = with_client(settings, lambda client: client.get_ticket(ticket)).status
    except AskPerson as error:
        if is_gone(error):
            raise NotFound(f"the Tickets API has no ticket {ticket}") from error
        raise Refused(error.in_full) from error
    except TicketsError as error:
        raise Refused(f"the Tickets API cannot be asked for ticket {ticket}: {error.in_full}") from error
    return DeadLetterBound(dead_letter, ticket, status, ledger.bind(dead_letter, ticket, status, by=by))
