"""Rehearses a configuration: the tickets that result from given deliveries, and the calls that they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.contract.events import Event, Priority
from connectors.contract.messages import Inbound, OverLimit, Parsed, UnreadableMessage, Verified
from tickets.models import CreateTicket, UpdateTicket
from worker.intake.reading import parse
from worker.ledger import INTERNAL, Delivery
from worker.planning.arrival import Arrival, Effect
from worker.planning.model import Kind
from worker.rehearsal.memory import Memory
from worker.routing import route
from worker.settings import Source

Message = tuple[str, str]
"""A source id and a source message id."""


@dataclass(slots=True)
class Ticket:
    """A ticket that the configuration would create."""

    source: str
    case_key: str
    episode: int
    """The episode in which it was created."""
    opened_by: int
    """The number of the delivery."""
    subject: str
    priority: Priority
    """The priority that was set last."""
    category: str | None
    private: bool
    messages: dict[str, None] = field(default_factory=dict)
    """The source message ids that opened and joined it, each once, in order."""
    calls: Counter[Kind] = field(default_factory=Counter)


@dataclass(slots=True)
class Times:
    """A count of something that happened, and the number of the first delivery with it."""

    number: int = 0
    first: int = 0

    def count(self, delivery: int) -> None:
        self.first = self.first or delivery
        self.number += 1


@dataclass(frozen=True, slots=True)
class Failed:
    """A template that could not be used."""

    route: str
    template: str
    """`subject`, `description` or `metadata.NAME`."""
    why: str


def read(source: Source | None, arrived: Inbound) -> Parsed | str:
    """Parse a delivery for this source; returns the reason if it cannot be parsed. It was verified on arrival."""
    if arrived.source == INTERNAL:
        return Parsed()  # the delivery holds states of tickets, and no ticket has an id in a rehearsal
    if source is None:
        return f"the source {arrived.source!r} is not configured"
    try:
        return parse(source, Verified(arrived))
    except (UnreadableMessage, OverLimit) as error:
        return str(error)


class Rehearsal:
    """A configuration applied to deliveries, one after the other in the order of their arrival."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._memory = Memory()
        self._current: dict[int, Ticket] = {}
        self._tickets: dict[int, Ticket] = {}
        self.dropped: dict[str, Times] = {}
        """Events, by the reason of the route that drops them."""
        self.dropped_messages: dict[Message, str] = {}
        self.failed: dict[Failed, Times] = {}
        self.unread: dict[str, Times] = {}
        """Deliveries, or parts of a delivery, that cannot be read, by the reason."""

    @property
    def tickets(self) -> list[Ticket]:
        """The tickets so far, in the order of their creation."""
        return list(self._tickets.values())

    def take(self, number: int, arrived: Inbound, parsed: Parsed | str) -> None:
        """Plan a delivery; `parsed` is the result of `read`."""
        if isinstance(parsed, str):
            self.unread.setdefault(parsed, Times()).count(number)
            return
        for remark in parsed.unreadable:
            self.unread.setdefault(remark.reason, Times()).count(number)
        observation = Delivery(arrived, parsed).observation
        arrivals = [
            each for event in parsed.events if (each := self._routed(number, arrived.source, event, observation))
        ]
        for outcome in self._memory.take(arrivals, arrived.received_at):
            self._add(outcome)

    def _routed(self, number: int, source: str, event: Event, observation: str | None) -> Arrival | None:
        routed = route(self._sources[source], event)
        if (why := routed.why_dropped) is not None:
            self.dropped.setdefault(why, Times()).count(number)
            self.dropped_messages[source, event.source_message_id] = why
            return None
        for each in routed.misfits:
            self.failed.setdefault(Failed(each.route, each.what, each.why), Times()).count(number)
        return Arrival(source, routed.event, number, routed.treatment, observation)

    def _add(self, outcome: Effect) -> None:
        if outcome.case_id is None:
            return
        if outcome.takes_back:
            self._forget(outcome.case_id)
            return
        event = outcome.arrival.event
        for intent in outcome.intents:
            if isinstance(intent.request, CreateTicket):
                self._create(outcome, outcome.case_id, intent.request)
        ticket = self._current.get(outcome.case_id)
        if ticket is None or not (outcome.intents or outcome.ends):
            return
        ticket.messages.setdefault(event.source_message_id)
        for intent in outcome.intents:
            ticket.calls[intent.kind] += 1
            if isinstance(intent.request, UpdateTicket) and intent.request.priority is not None:
                ticket.priority = intent.request.priority

    def _create(self, outcome: Effect, case: int, request: CreateTicket) -> None:
        arrival = outcome.arrival
        made = Ticket(
            source=arrival.source, case_key=outcome.case_key, episode=outcome.episode, opened_by=arrival.inbound_id,
            subject=request.subject, priority=request.priority, category=request.category,
            private=arrival.event.private,
        )  # fmt: skip
        self._current[case] = self._tickets[id(made)] = made

    def _forget(self, case: int) -> None:
        """Remove the ticket of a delayed opening, which was never created."""
        del self._tickets[id(self._current.pop(case))]
