"""What people did to a ticket, and what follows for its case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.contract.events import Event, TicketChanged, TicketStatus
from worker.planning.correlation import Destination
from worker.planning.model import CaseState


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A ticket as the Tickets API tells of it, and what we did to it ourselves."""

    status: TicketStatus
    at: datetime
    wont_fix: bool = False
    is_current: bool = True
    """It is the one that its case is about now."""
    begun_at: datetime | None = None
    """When the latest call that opened it was done; None while that is not done."""
    told_at: datetime | None = None
    """Of what was known before, when that was so; a telling that is older changes nothing."""


def plan_ticket(case: CaseState, seen: TicketSeen) -> tuple[CaseState, str | None]:
    """The case, when its ticket is so; and why that is of no consequence, where it is of none.

    Calls of our own are told of too. While the source says that it goes on, we close nothing: so who closed it since
    we opened it was a person.
    """
    if not seen.is_current:
        return case, "its case has another ticket by now"
    if seen.told_at is not None and seen.at < seen.told_at:
        return case, "something later is known of its ticket"
    if seen.status in ("open", "pending"):
        return (replace(case, left=None, left_at=None), None) if case.left else (case, "its ticket was not left")
    if seen.wont_fix:
        return replace(case, left="wont_fix", left_at=seen.at), None
    if case.phase != "open":
        return case, "it is over, so its ticket is closed"
    # The Tickets API tells whole seconds.
    if seen.begun_at is None or seen.at < seen.begun_at.replace(microsecond=0):
        return case, "it was so before its ticket was opened again"
    return replace(case, left="closed" if seen.status == "closed" else "resolved", left_at=seen.at), None


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """What is known of a ticket of ours."""

    case_id: int
    create_seq: int
    told_at: datetime | None
    """When the latest state began that the Tickets API told of, by its clock."""
    begun_at: datetime | None = None
    """When the latest call that opened the ticket was done; None while one is under way."""
    closed_at: datetime | None = None
    """When a call of ours closed the ticket, if that was the last thing that we did; None otherwise."""


def seen(event: TicketChanged, ticket: KnownTicket, create_seq: int | None) -> TicketSeen:
    """What `plan_ticket` has to know of an event; `create_seq` is the current one of the ticket's case."""
    return TicketSeen(
        event.status,
        event.occurred_at,
        event.wont_fix,
        is_current=ticket.create_seq == create_seq,
        begun_at=ticket.begun_at,
        told_at=ticket.told_at,
    )


def is_reopened(event: TicketChanged, ticket: KnownTicket) -> bool:
    """True for a ticket that is open again after we closed it, and not by us."""
    return event.status == "open" and ticket.closed_at is not None and event.occurred_at >= ticket.closed_at


def destination(event: Event, otherwise: Destination, known: Mapping[str, KnownTicket]) -> Destination:
    """The case of the ticket that the event tells of; for other events, where they go otherwise."""
    if not isinstance(event, TicketChanged):
        return otherwise
    ticket = known.get(event.ticket_id)
    return Destination(None if ticket is None else ticket.case_id)
