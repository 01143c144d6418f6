"""Looks up whether an operation of unknown outcome was executed, where its idempotency key cannot show that.

    create_ticket   its marker is searched for. The ticket is adopted if it is the only one that ends with the marker
                    and is younger than the first send (the ledger refuses one that belongs to another case). It is
                    absent only when the search has surely seen every ticket that the last send could have created
    close, reopen   the ticket's state is requested; an earlier request has had its effect by now, since an operation of
                    unknown outcome waits for its ghost

A ticket that quotes our marker, and ends with another marker of ours, is another ticket of ours. A ticket that holds
the marker and ends otherwise may be ours, edited by somebody: a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tickets.client import TicketsClient
from tickets.errors import AskPerson, TicketsError
from tickets.markers import word_in_request, word_of
from tickets.models import Ticket
from worker.delivery.outcomes import is_gone
from worker.ledger import Claim, Settlement
from worker.settings import TimingSettings

PAGE = 100  # tickets in one search; more than one needs a person anyway
CLOCKS_APART = timedelta(minutes=5)  # the service's clock and ours


async def look_up(client: TicketsClient, claim: Claim, now: datetime, timing: TimingSettings) -> Settlement:
    """Look the operation up, once. Raises TicketsError."""
    if claim.kind == "create_ticket":
        word = word_in_request(claim.request)
        if word is None:
            return _ask_person("the request has no marker to search for")
        page = await client.list_tickets(search=word, limit=PAGE)
        return found(claim, word, page.data, page.total, now, timing)
    try:
        ticket = await client.get_ticket(claim.ticket_id or "")
    except AskPerson as error:
        if is_gone(error):
            return gone(claim, error)
        raise
    return state(claim, ticket, now)


def found(
    claim: Claim, word: str, tickets: Sequence[Ticket], total: int, now: datetime, timing: TimingSettings
) -> Settlement:
    """Return the settlement for the tickets that a search for the marker found; `total` is their number."""
    ours = [each for each in tickets if word_of(each.description) == word]
    edited = [each for each in tickets if word in (each.description or "") and word_of(each.description) is None]
    if total > len(tickets) or len(ours) > 1:
        return _ask_person(f"{max(total, len(ours))} tickets have its marker")
    if ours:
        (ticket,) = ours
        if not claim.unproven and ticket.created_at < claim.first_sent_at.replace(microsecond=0) - CLOCKS_APART:
            return _ask_person(f"ticket {ticket.id} has its marker, but is older than the first call")
        text = f"found ticket {ticket.id}, which an earlier attempt created"
        return Settlement(
            "done", "adopted", ticket_id=ticket.id, ticket_status=ticket.status, response=text, reads=True
        )
    if edited:
        return _ask_person(f"ticket {edited[0].id} has its marker, but not at the end")
    # The last send may have left at any moment of its lease.
    seen_by_then = timedelta(seconds=timing.lease + timing.request_life + timing.search_settles)
    surely_seen = (claim.last_sent_at or claim.first_sent_at) + seen_by_then
    if now < surely_seen:
        return Settlement("again", "not found yet", again_at=surely_seen, reads=True)
    return Settlement("again", "absent", again_at=now, absent=True, reads=True)


def state(claim: Claim, ticket: Ticket, now: datetime) -> Settlement:
    """Return the settlement for the state of a ticket that is to be closed or reopened."""
    # A route may end a case with the status resolved. A ticket that is still resolved was not reopened.
    wanted = ("closed",) if claim.kind == "close_ticket" else ("open", "pending")
    if ticket.status in wanted:
        text = f"ticket {ticket.id} is {ticket.status} already"
        return Settlement("done", "done", ticket_id=ticket.id, ticket_status=ticket.status, response=text, reads=True)
    return Settlement("again", "absent", again_at=now, absent=True, ticket_status=ticket.status, reads=True)


def gone(claim: Claim, error: TicketsError) -> Settlement:
    """Return the settlement for a missing ticket: it needs no closing, and cannot be reopened."""
    if claim.kind == "close_ticket":
        text = "there is no such ticket any more"
        return Settlement("done", "done", ticket_status="gone", response=text, status=error.status, reads=True)
    return Settlement(
        "dead",
        "rejected",
        ticket_status="gone",
        error=error.in_full,
        request_id=error.request_id,
        status=error.status,
        reads=True,
    )


def _ask_person(why: str) -> Settlement:
    error = f"the call may have been executed: {why}. Look in the ticket system, then `dead bind` or `dead retry`"
    return Settlement("dead", "undecided", error=error, reads=True)
