"""Was it executed? Asked before an operation of unknown outcome is sent again, where its key cannot answer.

    create_ticket   its marker is searched for. The ticket is adopted if it is the only one that ends with the marker
                    and is younger than the first send (the ledger refuses one that belongs to another case). It is
                    absent only when the search has surely seen whatever the last send could have created
    close, reopen   the ticket's state is asked for; what an earlier request could have done, it has done by now, since
                    an operation of unknown outcome waits for its ghost

What quotes our marker above another last line of ours is another ticket of ours. What ends otherwise but holds the
marker may be our ticket after somebody edited it: a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tickets.client import TicketsClient
from tickets.errors import AskPerson, TicketsError
from tickets.marks import word_in_request, word_of
from tickets.models import Ticket
from worker.delivery.outcomes import is_gone
from worker.ledger import Claim, Settlement
from worker.settings import TimingSettings

PAGE = 100  # tickets that one search looks at; more than one is a person's matter anyway
CLOCKS_APART = timedelta(minutes=5)  # the service's clock and ours


async def look(client: TicketsClient, claim: Claim, now: datetime, timing: TimingSettings) -> Settlement:
    """Ask, once. Raises TicketsError."""
    if claim.kind == "create_ticket":
        word = word_in_request(claim.request)
        if word is None:
            return _ask_person("it bears no marker to look for")
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
    """What follows from the tickets that a search for the marker gave; `total` is how many there are."""
    ours = [each for each in tickets if word_of(each.description) == word]
    edited = [each for each in tickets if word in (each.description or "") and word_of(each.description) is None]
    if total > len(tickets) or len(ours) > 1:
        return _ask_person(f"{max(total, len(ours))} tickets bear its marker")
    if ours:
        (ticket,) = ours
        if not claim.unproven and ticket.created_at < claim.first_sent_at.replace(microsecond=0) - CLOCKS_APART:
            return _ask_person(f"ticket {ticket.id} bears its marker, but is older than its first send")
        text = f"found ticket {ticket.id}, which an earlier attempt created"
        return Settlement(
            "done", "adopted", ticket_id=ticket.id, ticket_status=ticket.status, response=text, reads=True
        )
    if edited:
        return _ask_person(f"ticket {edited[0].id} holds its marker, but does not end with it")
    # The last send left at any moment of its lease.
    seen_by_then = timedelta(seconds=timing.lease + timing.request_life + timing.search_settles)
    surely_seen = (claim.last_sent_at or claim.first_sent_at) + seen_by_then
    if now < surely_seen:
        return Settlement("again", "not found yet", again_at=surely_seen, reads=True)
    return Settlement("again", "absent", again_at=now, absent=True, reads=True)


def state(claim: Claim, ticket: Ticket, now: datetime) -> Settlement:
    """What follows from the state of the ticket that is to be closed, or reopened."""
    # A route may end a case with the status resolved: one that is still so was not reopened.
    wanted = ("closed",) if claim.kind == "close_ticket" else ("open", "pending")
    if ticket.status in wanted:
        text = f"ticket {ticket.id} is {ticket.status}: nothing is left to do"
        return Settlement("done", "done", ticket_id=ticket.id, ticket_status=ticket.status, response=text, reads=True)
    return Settlement("again", "absent", again_at=now, absent=True, ticket_status=ticket.status, reads=True)


def gone(claim: Claim, error: TicketsError) -> Settlement:
    """There is no such ticket any more: it needs no closing, and cannot be reopened."""
    if claim.kind == "close_ticket":
        text = "there is no such ticket any more"
        return Settlement("done", "done", ticket_status="gone", response=text, status=error.status, reads=True)
    return Settlement("dead", "rejected", ticket_status="gone", error=str(error), status=error.status, reads=True)


def _ask_person(why: str) -> Settlement:
    error = f"whether it was executed is not known: {why}. Look in the ticket system, then `dead bind` or `dead retry`"
    return Settlement("dead", "undecided", error=error, reads=True)
