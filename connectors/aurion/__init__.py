"""Webhooks of the Aurion Tickets API: changes by people to the tickets that we opened.

A webhook reports a ticket's current state, but not its author: our own calls cause webhooks too.
`worker.planning.people.plan_ticket` has the record of our calls and decides whether somebody else changed the state.

Source: the API's documentation, "Webhooks" (`X-Aurion-Signature`, `ticket.*`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from connectors.contract.connector import Connector
from connectors.contract.durations import Seconds
from connectors.contract.events import TicketChanged, TicketStatus, digest
from connectors.contract.messages import Inbound, Parsed
from connectors.contract.polling import WHOLE, Pace, Polling
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Hmac
from connectors.toolbox.reading import of_object
from connectors.toolbox.reasons import MISSING, one_of, unexpected, without_effect
from connectors.toolbox.rendering import attributes, subject_line
from connectors.toolbox.strict_json import read_id, read_time, text_at, within
from connectors.toolbox.text import one_line

HEADER = "X-Aurion-Signature"

TOLD: Mapping[str, bool] = {
    "ticket.created": False,
    "ticket.updated": True,
    "ticket.closed": True,
    "ticket.reopened": True,
    "ticket.note_added": False,
}
"""Webhook types, and whether each reports a state."""

STATUSES: tuple[TicketStatus, ...] = ("open", "pending", "resolved", "closed")
"""The states that webhooks report. A webhook never reports that a ticket is gone."""


def _condition(written: str) -> str:
    name, equals, value = written.partition("=")
    if not equals or not value.strip() or not (name == "category" or name.startswith("metadata.")):
        raise ValueError("must be category=VALUE or metadata.NAME=VALUE")
    return written


Condition = Annotated[str, AfterValidator(_condition)]


class Settings(SourceSettings):
    """A source of kind `aurion`."""

    wont_fix: tuple[Condition, ...] = ()
    """Conditions that mark a closed ticket as "won't fix": `category=VALUE` or `metadata.NAME=VALUE`; one is enough.
    The ticket's alert opens no ticket any more, until somebody reopens the ticket."""
    poll: Seconds | None = None
    """For a relay that webhooks cannot reach: how often each ticket of an open incident is polled, as far as the budget
    allows. None: no polling."""
    poll_per_minute: int = Field(default=10, ge=1, le=60)
    """Maximum requests per minute for polling. Polling comes last in the budget."""


@of_object
def parse(payload: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event.

    Raises UnreadableMessage if the ticket, its state or the time is missing.
    """
    told = text_at(payload, "type")
    if not TOLD.get(told, False):
        why = "it reports no new state" if told in TOLD else "this type of webhook is unknown"
        return Parsed(ignored=(without_effect("type", payload.get("type", MISSING), why),))
    return Parsed((_event(payload, settings),))


def _event(payload: Mapping[str, Any], settings: Settings) -> TicketChanged:
    ticket = _ticket(payload)
    ticket_id = read_id(ticket, "id")
    status: Any = text_at(ticket, "status")
    if status not in STATUSES:
        raise unexpected(ticket, "status", one_of(STATUSES))
    at = read_time(payload, "timestamp")
    title = one_line(text_at(ticket, "subject"))
    return TicketChanged(
        case_key=f"ticket:{ticket_id}",
        source_message_id=read_id(payload, "id"),
        occurred_at=at.time,
        started_at=at.time,
        subject=subject_line(f"Ticket {ticket_id} is {status}" + (f": {title}" if title else ""), ""),
        text="",
        content_digest=digest(ticket_id, status, at.text),
        category=settings.category,
        private=settings.private,
        attributes=attributes({"labels.ticket": ticket_id, "labels.status": status}),
        ticket_id=ticket_id,
        status=status,
        wont_fix=status in ("closed", "resolved") and _will_not_be_fixed(ticket, settings),
    )


def _ticket(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ticket in `data` itself or in its field `ticket`.

    The documentation's `"data": {ticket}` can be read both ways.
    """
    data = within(payload, "data")
    return within(data, "ticket") if "ticket" in data else data


def _will_not_be_fixed(ticket: Mapping[str, Any], settings: Settings) -> bool:
    facts = {"category": text_at(ticket, "category")}
    metadata = ticket.get("metadata")
    if isinstance(metadata, dict):
        facts |= {f"metadata.{name}": value for name, value in metadata.items() if isinstance(value, str)}
        facts["category"] = facts["category"] or text_at(metadata, "category")
    return any(facts.get(name) == value for name, _, value in (each.partition("=") for each in settings.wont_fix))


def pace(settings: Settings) -> Pace | None:
    """Return how often open tickets are polled; None if they are not."""
    return None if settings.poll is None else Pace(settings.poll, settings.poll_per_minute)


def polled(ticket: Mapping[str, Any], asked_at: datetime, by: str) -> bytes:
    """Return the delivery that a webhook would have sent for this ticket, as requested at `asked_at` by `by`."""
    body = {
        "id": f"{by}-{ticket['id']}-{ticket['status']}-{_written(asked_at)}",
        "type": "ticket.updated",
        "timestamp": _written(asked_at - WHOLE),
        "data": {"ticket": ticket},
    }
    return json.dumps(body).encode()


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


CONNECTOR = Connector(
    kind="aurion",
    title="Aurion Tickets",
    settings=Settings,
    proof=Hmac(HEADER, prefix="sha256="),
    parse=parse,
    polling=Polling(pace, polled),
    attributes={"labels.*": "labels.ticket, the ticket's id; labels.status, its new state"},
)
