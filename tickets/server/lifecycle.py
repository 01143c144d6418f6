"""Rules for changes of a ticket: pure functions from a ticket and a request to the changed ticket, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from tickets.assumptions import CLOSE_ON_CLOSED, NOTE_ON_CLOSED_ALLOWED, STATUS_TRANSITIONS, UPDATE_ON_CLOSED_ALLOWED
from tickets.server.errors import Refusal, conflict, invalid

EffectKind = Literal["create_ticket", "update_ticket", "add_note", "close_ticket", "reopen_ticket", "reset_sandbox"]
"""Effect of a call, whichever call it was: a PUT that closes is a close_ticket, a PUT that reopens a reopen_ticket."""

EVENT_OF: Mapping[EffectKind, str] = MappingProxyType(
    {
        "create_ticket": "ticket.created",
        "update_ticket": "ticket.updated",
        "add_note": "ticket.note_added",
        "close_ticket": "ticket.closed",
        "reopen_ticket": "ticket.reopened",
    }
)
"""The webhook event of each effect; the reset of a sandbox has none."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with the fields of both revisions; times in microseconds since 1970."""

    seq: int
    uuid: str
    subject: str
    description: str
    status: str
    priority: str
    category: str | None
    metadata: Mapping[str, Any]
    requester_email: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """The ticket after the request; `kind` is None if nothing changed."""

    kind: EffectKind | None
    ticket: Ticket


def kind_of_update(before: str, after: str) -> EffectKind:
    """Return the effect of a PUT, from the status before and after it."""
    if before == after:
        return "update_ticket"
    if after == "closed":
        return "close_ticket"
    return "reopen_ticket" if before == "closed" else "update_ticket"


def update(ticket: Ticket, fields: Mapping[str, Any], now: int) -> Change | Refusal:
    """Set `fields` (any attributes of the ticket); a refusal names the transition that is not allowed."""
    status = fields.get("status", ticket.status)
    if status not in STATUS_TRANSITIONS[ticket.status]:
        return invalid("status", f"cannot go from {ticket.status} to {status}; reopen the ticket first")
    if ticket.status == "closed" and "status" not in fields and not UPDATE_ON_CLOSED_ALLOWED:
        return conflict("the ticket is closed; reopen it first")
    after = replace(ticket, **fields)
    if after == ticket:
        return Change(None, ticket)
    return Change(kind_of_update(ticket.status, status), replace(after, updated_at=now))


def close(ticket: Ticket, now: int, on_closed: str) -> Change | Refusal:
    """Close the ticket, from any state; `on_closed` (`accept` or `conflict`) decides the answer for a closed ticket."""
    if ticket.status == "closed":
        if CLOSE_ON_CLOSED[on_closed] == 409:
            return conflict("the ticket is closed already")
        return Change(None, ticket)
    return Change("close_ticket", replace(ticket, status="closed", updated_at=now))


def note(ticket: Ticket, now: int) -> Change | Refusal:
    """Return the ticket after a note, in any state."""
    if ticket.status == "closed" and not NOTE_ON_CLOSED_ALLOWED:
        return conflict("the ticket is closed; reopen it first")
    return Change("add_note", replace(ticket, updated_at=now))
