"""Inputs and results of planning for a single event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.contract.events import Event
from tickets.models import Revision
from worker.planning.keys import idempotency_key
from worker.planning.model import Intent, Kind, Policy, Recurrence, Treatment

PATIENCE = timedelta(minutes=10)
"""How long a comment waits for its case."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event and the delivery that it came with."""

    source: str
    event: Event
    inbound_id: int
    treatment: Treatment | None = None
    """The decisions of the routes about the event; None: the default policy."""
    observation: str | None = None
    """The time at which the delivery was received, as a text; None for a delivery that is read again.

    It tells apart two reports of one event.
    """


class Rules(NamedTuple):
    """Values from the settings and from the ledger that planning depends on, besides the events."""

    policy: Policy
    """Default policy for events that no route decided about."""
    revision: Revision
    marker_key: bytes
    now: datetime
    restored_at: datetime | None = None
    """When the ledger was restored from a backup. What the lost ledger did after the backup is not known."""
    rests_until: datetime | None = None
    """No call is made before this time: a worker from before the restore may have a call under way."""
    may_delay: bool = False
    """True if the policy or a route delays openings."""
    may_group: bool = False
    """True if the policy or a route makes events share a ticket, or if events shared one earlier."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A comment that waits for its case."""

    source: str
    wanted: str
    """The alias, or the case key, that the comment waits for."""
    event: Event
    inbound_id: int
    treatment: Treatment | None = None
    """The decisions about the comment when it arrived. They stay, whatever the settings are when its case comes."""
    id: int | None = None
    """The number of its row; None for a comment that is not stored yet."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one event."""

    arrival: Arrival
    recurrence: Recurrence
    reason: str | None
    """Why no call follows; None if calls follow."""
    case_id: int | None = None
    """The case of the event; None while it is not known."""
    case_key: str = ""
    episode: int = 0
    """The episode in the keys of its operations."""
    intents: tuple[Intent, ...] = ()
    ends: bool = False
    """True if the episode of the case was open before the event, and is over now."""
    takes_back: bool = False
    """True if all calls of the episode are dropped; none of them was sent."""
    quarantine: bool = False
    """True if a person must decide which case the event belongs to."""
    waited: bool = False
    """True if the event is a comment that waited until an event of this batch opened its case."""

    @property
    def event(self) -> Event:
        return self.arrival.event

    @property
    def operations(self) -> tuple[Kind, ...]:
        """The kinds of the calls that follow, in their order."""
        return tuple(intent.kind for intent in self.intents)

    def key(self, intent: Intent) -> str:
        """Return the idempotency key of an operation that follows."""
        message = self.event.source_message_id
        return idempotency_key(self.arrival.source, self.case_key, self.episode, message, intent)


def name_of(event: Event) -> str:
    """Return the name that a comment waits for: its best reference, else its case key."""
    return event.references[0].alias if event.references else event.case_key
