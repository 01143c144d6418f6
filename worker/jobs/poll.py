"""Looks up open tickets for changes that people made, where the Tickets API's webhooks cannot reach us.

Tickets are looked up one at a time, evenly, with the budget that delivery leaves over. The ticket with the oldest
look-up comes first. An unknown change becomes the delivery that a webhook would have sent. Its time is the time of the
request, so that our own changes since then are later.

Only two sorts of tickets are looked up: those with an open incident, and those that will not be fixed, which mute their
alert until somebody reopens them. A firing alert reopens any other ticket of its own, whatever the ticket's state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.contract.events import TicketChanged
from connectors.contract.messages import Inbound
from connectors.contract.polling import Polling
from connectors.contract.settings import SourceSettings
from tickets.errors import TicketsError
from tickets.models import Ticket
from worker.delivery.node import open_client
from worker.delivery.outcomes import is_gone
from worker.intake import internal
from worker.jobs.job import Job, JobFailed, State, Surroundings, read_found
from worker.ledger import Limits
from worker.settings import Settings, Source

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
BY = "poll"


@dataclass(frozen=True, slots=True)
class Poll:
    """A source that is polled, and how."""

    source: Source
    settings: Settings
    again_after: timedelta
    """The shortest time between two look-ups of the same ticket."""
    polling: Polling[SourceSettings]


def job_of(source: Source, settings: Settings) -> Job | None:
    """Return the job of a source; None when the source relies on webhooks."""
    polling = source.connector.polling
    pace = None if polling is None else polling.pace(source.settings)
    if polling is None or pace is None:
        return None
    poll = Poll(source, settings, timedelta(seconds=pace.again_after_s), polling)
    return Job(f"poll:{source.id}", MINUTE / pace.per_minute, partial(_run, poll))


def _run(poll: Poll, state: State, around: Surroundings) -> State:
    due = around.now - poll.again_after
    ticket = around.job_store.ticket_to_look_at(before=due)
    limits = Limits(poll.settings.api.per_minute, poll.settings.api.per_second)
    if ticket is None or not around.job_store.take_spare_token(limits):
        return state
    try:
        arrived = observed(poll.source.id, poll.polling, asyncio.run(_ask(poll.settings, ticket.id)), around.now)
    except TicketsError as error:
        if not is_gone(error):
            # The ticket stays due, and the others come first: perhaps only this one cannot be looked up.
            around.job_store.note_look(ticket.id, due - INSTANT)
            raise JobFailed(f"ticket {ticket.id}: {error.in_full}") from error
        gone = internal.ticket_changed(ticket.id, "gone", around.now, BY)
        arrived = internal.found(poll.source.id, BY, [gone], around.now)
    events = read_found(poll.source, arrived).parsed.events
    if any(around.job_store.is_news(each) for each in events if isinstance(each, TicketChanged)):
        around.take_in(poll.source, arrived)
    around.job_store.note_look(ticket.id, around.now)
    return state


async def _ask(settings: Settings, ticket_id: str) -> Ticket:
    async with open_client(settings) as client:
        return await client.get_ticket(ticket_id)


def observed(source_id: str, polling: Polling[SourceSettings], ticket: Ticket, asked_at: datetime) -> Inbound:
    """Return the delivery that a webhook would have sent."""
    return as_webhook(source_id, polling, ticket.model_dump(mode="json", exclude_none=True), asked_at, BY)


def as_webhook(
    source_id: str, polling: Polling[SourceSettings], ticket: Mapping[str, Any], asked_at: datetime, by: str
) -> Inbound:
    """Return the delivery that a webhook about this ticket would have sent; `by` names the finder of the change."""
    return Inbound(source_id, asked_at, polling.delivery(ticket, asked_at, by))
