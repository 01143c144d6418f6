"""The API call of each kind of operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tickets.client import TicketsClient
from tickets.models import Ticket
from worker.delivery.outcomes import CallResult
from worker.ledger import Claim
from worker.planning.model import Kind


async def make(client: TicketsClient, claim: Claim) -> CallResult:
    """Make the call of a claim, once. Raises TicketsError."""
    return await _CALLS[claim.kind](client, claim, claim.ticket_id or "")


async def _create(client: TicketsClient, claim: Claim, _: str) -> CallResult:
    return _about(await client.create_ticket(claim.request, idempotency_key=claim.idempotency_key))


async def _add_note(client: TicketsClient, claim: Claim, ticket_id: str) -> CallResult:
    note = await client.add_note(ticket_id, claim.request, idempotency_key=claim.idempotency_key)
    return CallResult(text=f"note {note.id}" if note.id else "note")


async def _update(client: TicketsClient, claim: Claim, ticket_id: str) -> CallResult:
    return _about(await client.update_ticket(ticket_id, claim.request))


async def _close(client: TicketsClient, claim: Claim, ticket_id: str) -> CallResult:
    ticket = await client.close_ticket(ticket_id, claim.request, idempotency_key=claim.idempotency_key)
    return CallResult(ticket_status="closed", text="was closed already") if ticket is None else _about(ticket)


async def _reopen(client: TicketsClient, _: Claim, ticket_id: str) -> CallResult:
    return _about(await client.reopen_ticket(ticket_id))


def _about(ticket: Ticket) -> CallResult:
    return CallResult(ticket_id=ticket.id, ticket_status=ticket.status, text=f"ticket {ticket.id} {ticket.status}")


_CALLS: Mapping[Kind, Callable[[TicketsClient, Claim, str], Awaitable[CallResult]]] = {
    "create_ticket": _create,
    "add_note": _add_note,
    "update_ticket": _update,
    "close_ticket": _close,
    "reopen_ticket": _reopen,
}
