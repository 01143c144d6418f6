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
    we opened it was a person. A ticket that is gone is left as that, in every phase: what its case says next gets
    another one.
    """
    if not seen.is_current:
        return case, "its case has another ticket by now"
    known_at = seen.told_at if case.left != "gone" else max(filter(None, (seen.told_at, case.left_at)), default=None)
    if known_at is not None and seen.at < known_at:
        return case, "something later is known of its ticket"
    if seen.status == "gone":
        return replace(case, left="gone", left_at=seen.at), None
    if case.left == "gone":
        brought_back, _ = plan_ticket(replace(case, left=None, left_at=None), seen)
        return brought_back, None
    if seen.status in ("open", "pending"):
        return (replace(case, left=None, left_at=None), None) if case.left else (case, "its ticket was not left")
    if seen.wont_fix:
        return replace(case, left="wont_fix", left_at=seen.at), None
    if case.left == "wont_fix":
        return case, "it will not be fixed, and that it is closed says no more"
    if case.phase != "open":
        return case, "it is over, so its ticket is closed"
    # The Tickets API tells whole seconds.
    if seen.begun_at is None or seen.at < seen.begun_at.replace(microsecond=0):
        return case, "it was so before its ticket was opened again"
    return replace(case, left="closed" if seen.status == "closed" else "resolved", left_at=seen.at), None


def plan_answer(case: CaseState, status: TicketStatus | None, at: datetime, *, is_new: bool) -> CaseState:
    """The case, when the answer to a call of ours showed its ticket in this state (None: in none).

    An answer does not tell who brought the ticket there, so nothing but its absence is concluded from it. `is_new`: the
    call created the ticket, so nobody has left it yet.
    """
    if is_new:
        case = replace(case, left=None, left_at=None)
    return replace(case, left="gone", left_at=at) if status == "gone" else case


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """What is known of a ticket of ours."""

    case_id: int
    create_seq: int
    told_at: datetime | None
    """When the latest state began that the Tickets API told of, by its clock."""
    status: str | None = None
    """The state that was known last."""
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
    """True for a ticket that a person opened again: it was closed, and no call of ours opened it since then."""
    if event.status != "open":
        return False
    if ticket.closed_at is not None:
        return event.occurred_at >= ticket.closed_at
    return ticket.status == "closed" and ticket.begun_at is not None and event.occurred_at >= ticket.begun_at


def destination(event: Event, otherwise: Destination, known: Mapping[str, KnownTicket]) -> Destination:
    """The case of the ticket that the event tells of; for other events, where they go otherwise."""
    if not isinstance(event, TicketChanged):
        return otherwise
    ticket = known.get(event.ticket_id)
    return Destination(None if ticket is None else ticket.case_id)
