"""Internal deliveries: events that a job found, such as a quiet source or an alert that its source no longer lists.

No message holds these events. They go the way of every message all the same, so that recording, routes, replay and
rehearsal need no special case for jobs. No sender can send the header that marks such a delivery, because its name
begins with a colon.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from connectors.contract.events import Event, TicketChanged, TicketStatus, digest, from_json, to_json
from connectors.contract.messages import Inbound, Parsed, UnreadableMessage
from connectors.toolbox.rendering import attributes
from worker.ledger import JOB_HEADER, OURS, Delivery


def found(source_id: str, job: str, events: Iterable[Event], now: datetime) -> Inbound:
    """Return the delivery that holds these events of a source."""
    body = json.dumps([json.loads(to_json(each)) for each in events]).encode()
    return Inbound(source_id, now, body, ((JOB_HEADER, job),))


def ticket_changed(ticket_id: str, status: TicketStatus, at: datetime, by: str) -> TicketChanged:
    """Return the event that a ticket is in this state since `at`, as `by` found; times in UTC."""
    written = at.isoformat()
    return TicketChanged(
        case_key=f"ticket:{ticket_id}",
        source_message_id=f"{by}-{ticket_id}-{status}-{written}",
        occurred_at=at,
        started_at=at,
        subject=f"Ticket {ticket_id} is {status}",
        text="",
        content_digest=digest(ticket_id, status, written),
        attributes=attributes({"labels.ticket": ticket_id, "labels.status": status}),
        ticket_id=ticket_id,
        status=status,
    )


def as_delivery(arrived: Inbound, inbound_id: int | None = None) -> Delivery:
    """Return a delivery of the source INTERNAL, ready to be recorded: without routes, with the default treatment."""
    try:
        return Delivery(arrived, parse(arrived), inbound_id=inbound_id)
    except UnreadableMessage as reason:
        return Delivery(arrived, unreadable=str(reason), inbound_id=inbound_id)


def is_internal(arrived: Inbound) -> bool:
    """Return True for a delivery that `found` made."""
    return arrived.header(JOB_HEADER) is not None


def parse(arrived: Inbound) -> Parsed:
    """Return the events of such a delivery. Raises UnreadableMessage."""
    try:
        return Parsed(tuple(from_json(json.dumps(each)) for each in json.loads(arrived.body)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableMessage(f"the stored events of this process cannot be read ({type(error).__name__})") from error


def from_outside(arrived: Inbound) -> Inbound:
    """Return the delivery without headers that only we may set."""
    kept = tuple(each for each in arrived.headers if not each[0].startswith(OURS))
    return arrived if len(kept) == len(arrived.headers) else replace(arrived, headers=kept)
