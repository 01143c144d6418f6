"""The values that planning takes and gives: what is known of a case, what was decided about an event, a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from connectors.contract.events import (
    Priority,
    Unknown,
)
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket

Kind = Literal["create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"]


KINDS: tuple[Kind, ...] = ("create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket")


Phase = Literal["new", "open", "closed"]


Left = Literal["resolved", "closed", "wont_fix", "gone"]


OnResolve = Literal["close", "resolve", "note", "nothing"]


Request = CreateTicket | AddNote | UpdateTicket | CloseTicket


class Sighting(StrEnum):
    """What the ledger knows of an event's source message id."""

    NEW = "new"
    """Never seen."""
    REPEAT = "repeat"
    """Seen with this very content."""
    CHANGED = "changed"
    """Seen with other content."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What is known of an event's message."""

    sighting: Sighting
    episode: int | None = None
    """The episode in which a known message was recorded; None for a new one."""
    occasion: str | None = None
    """Tells this observation of the event from others; None where it was observed on this occasion before, or is read
    again."""


UNSEEN = Recognition(Sighting.NEW)
"""A message that is read for the first time, without an occasion."""


@dataclass(frozen=True, slots=True)
class CaseState:
    """What planning knows of a case."""

    episode: int = 0
    """How often it was opened."""
    phase: Phase = "new"
    started_at: datetime | None = None
    """When the latest episode began, by the source's clock."""
    ended_at: datetime | None = None
    """The latest end known, by the source's clock: the tombstone of whatever began before it and is still under way."""
    priority: Priority | None = None
    ticket_id: str | None = None
    """Of its latest ticket, where that is known already."""
    lost: bool = False
    """Its latest ticket could not be created, and a person must decide: a new episode gets a ticket of its own."""
    damped: bool = False
    """Its opening waits, and nothing of it was sent."""
    left: Left | None = None
    """How others left its ticket, although it is not over, or although we did not close it so."""
    left_at: datetime | None = None
    changed_at: datetime | None = None
    """When it got its priority, by the source's clock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an event stands to the case that it came to."""

    authorized: bool = True
    """Its author may do with the case what the event says."""
    turned_away_from: str | None = None
    """What names the case that its author had no part in."""


WELCOME = Standing()


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens where users may choose."""

    reopen_window: timedelta = timedelta(hours=1)
    note_on_change: bool = True
    damping: timedelta = timedelta(0)
    """How long an opening waits before it is sent."""
    on_resolve: OnResolve = "close"
    note_on_repeat: bool = False
    check_on_repeat: bool = False
    """A repeat of what goes on brings back the ticket that a person closed meanwhile."""
    note_on_comment: bool = True
    expires: bool = False
    """It is recorded when the source said last that it goes on."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a ticket is worded, where that is decided otherwise than by the event's own words."""

    subject: str | None = None
    description: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    remark: str | None = None
    """A line below the description: what about the wording went wrong."""


AS_SAID = Wording()


@dataclass(frozen=True, slots=True)
class Group:
    """Whom an event's ticket is shared with."""

    key: str
    """Of the group's case."""
    title: str
    """What its members have in common, in a line."""


@dataclass(frozen=True, slots=True)
class Storm:
    """When new incidents are gathered in one ticket, and in which."""

    above: int
    """Of more new incidents in a minute than these, the others are gathered."""
    group: Group


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was decided about an event before it was planned."""

    policy: Policy
    wording: Wording = AS_SAID
    group: Group | None = None
    """None: it has a ticket of its own."""
    storm: Storm | None = None
    """None: each new incident gets its ticket, however many there are."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One call that must be made; it becomes an operation when the ledger gives it a place in the case's sequence."""

    kind: Kind
    request: Request
    ordinal: str = "0"
    """Tells apart the operations of one kind that one event causes in one episode."""
    instead: CreateTicket | None = None
    """Of a reopening: what is created where there is no ticket that could be reopened."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from one event."""

    case: CaseState
    intents: tuple[Intent, ...] = ()
    reason: str | None = None
    """Why there is nothing to do; None when there is."""
    takes_back: bool = False
    """Nothing of the episode is sent any more."""
    unknown: Unknown | None = None
    """`wait` or `quarantine`: its case is not known, and this is what it does about that."""


Place = tuple[int, str]
"""The id of a group's case, and the key of a member."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a group."""

    source: str
    state: CaseState
    subject: str
    """The subject of its latest event."""
    heard_at: datetime | None = None
    """When its source said last that it goes on, where that is asked for."""
