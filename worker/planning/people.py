"""Effects of people's actions on tickets: changes the state of a case by the state of its ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.contract.events import Event, TicketChanged, TicketStatus
from worker.planning.correlation import Destination
from worker.planning.model import CaseState


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A ticket as the Tickets API reports it, and the calls that Ticketrelay made about it."""

    status: TicketStatus
    at: datetime
    wont_fix: bool = False
    is_current: bool = True
    """True if it is the current ticket of its case."""
    begun_at: datetime | None = None
    """When the latest call that opened it was done; None while that call is not done."""
    reported_at: datetime | None = None
    """The time of the latest earlier report; an older report changes nothing."""


def plan_ticket(case: CaseState, seen: TicketSeen) -> tuple[CaseState, str | None]:
    """Return the case after a report of its ticket, and why the report changes nothing, if so.

    The Tickets API also reports calls by Ticketrelay. In an open case, Ticketrelay sends no
    close after the latest call that opened the ticket. So if the ticket was closed since that call, a person closed it.
    A ticket that is gone counts as gone in every phase: a later opening, or comment that reopens, creates another
    ticket.
    """
    if not seen.is_current:
        return case, "the case has another ticket now"
    known_at = (
        seen.reported_at
        if case.ticket_state_by_others != "gone"
        else max(filter(None, (seen.reported_at, case.ticket_state_by_others_at)), default=None)
    )
    if known_at is not None and seen.at < known_at:
        return case, "a later state of the ticket is known already"
    if seen.status == "gone":
        return replace(case, ticket_state_by_others="gone", ticket_state_by_others_at=seen.at), None
    if case.ticket_state_by_others == "gone":
        brought_back, _ = plan_ticket(replace(case, ticket_state_by_others=None, ticket_state_by_others_at=None), seen)
        return brought_back, None
    if seen.status in ("open", "pending"):
        return (
            (replace(case, ticket_state_by_others=None, ticket_state_by_others_at=None), None)
            if case.ticket_state_by_others
            else (case, "the ledger has the ticket as open already")
        )
    if seen.wont_fix:
        return replace(case, ticket_state_by_others="wont_fix", ticket_state_by_others_at=seen.at), None
    if case.ticket_state_by_others == "wont_fix":
        return case, "the ticket is already known as won't fix"
    if case.phase != "open":
        return case, "the case is over, so a closed ticket is right"
    # The Tickets API reports whole seconds.
    if seen.begun_at is None or seen.at < seen.begun_at.replace(microsecond=0):
        return case, "the ticket had this state before it was opened again"
    return replace(
        case,
        ticket_state_by_others="closed" if seen.status == "closed" else "resolved",
        ticket_state_by_others_at=seen.at,
    ), None


def plan_answer(case: CaseState, status: TicketStatus | None, at: datetime, *, is_new: bool) -> CaseState:
    """Return the case after the answer to a call showed its ticket in this state (None: it showed no state).

    An answer does not show who changed the ticket, so only a missing ticket has an effect. `is_new`: the call created
    the ticket, so nobody else can have changed it yet.
    """
    if is_new and (case.ticket_state_by_others, case.ticket_state_by_others_at) != (None, None):
        case = replace(case, ticket_state_by_others=None, ticket_state_by_others_at=None)
    return replace(case, ticket_state_by_others="gone", ticket_state_by_others_at=at) if status == "gone" else case


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """The stored state of a ticket of this ledger."""

    case_id: int
    create_seq: int
    reported_at: datetime | None
    """When the latest state reported by the Tickets API began, by its clock."""
    status: str | None = None
    """The state that was known last."""
    begun_at: datetime | None = None
    """When the latest call that opened the ticket was done; None while such a call is under way."""
    closed_at: datetime | None = None
    """When a call of Ticketrelay closed the ticket, if no create, reopening or close was planned since; else None."""


def seen(event: TicketChanged, ticket: KnownTicket, create_seq: int | None) -> TicketSeen:
    """Return the input of `plan_ticket` for an event; `create_seq` is that of the current ticket of the case."""
    return TicketSeen(
        event.status,
        event.occurred_at,
        event.wont_fix,
        is_current=ticket.create_seq == create_seq,
        begun_at=ticket.begun_at,
        reported_at=ticket.reported_at,
    )


def is_reopened(event: TicketChanged, ticket: KnownTicket) -> bool:
    """Return True if a person reopened the ticket: it was closed, and no call of Ticketrelay opened it since then."""
    if event.status != "open":
        return False
    if ticket.closed_at is not None:
        return event.occurred_at >= ticket.closed_at
    return ticket.status == "closed" and ticket.begun_at is not None and event.occurred_at >= ticket.begun_at


def destination(event: Event, otherwise: Destination, known: Mapping[str, KnownTicket]) -> Destination:
    """Return the case of the ticket that the event reports on; for other events, `otherwise`."""
    if not isinstance(event, TicketChanged):
        return otherwise
    ticket = known.get(event.ticket_id)
    return Destination(None if ticket is None else ticket.case_id)
