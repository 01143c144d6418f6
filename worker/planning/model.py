"""Inputs and outputs of planning: the state of a case, the treatment of an event, a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from connectors.contract.events import (
    Priority,
    Unknown,
)
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket

Kind = Literal["create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"]


KINDS: tuple[Kind, ...] = ("create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket")


Phase = Literal["new", "open", "closed"]


TicketStateByOthers = Literal["resolved", "closed", "wont_fix", "gone"]


OnResolve = Literal["close", "resolve", "note", "nothing"]


Request = CreateTicket | AddNote | UpdateTicket | CloseTicket


class Recurrence(StrEnum):
    """The relation of an event to a known message with its source message id."""

    FIRST = "new"
    """Never seen."""
    REPEAT = "repeat"
    """Seen with the same content."""
    CHANGED = "changed"
    """Seen with other content."""


class Recognition(NamedTuple):
    """Tells if the message of an event is known, and from which episode."""

    recurrence: Recurrence
    episode: int | None = None
    """The episode in which a known message was recorded; None for a new message."""
    observation: str | None = None
    """The time at which the delivery was received, as a text: it tells apart two reports of one event.

    None if the same delivery reported the event before, or is read again.
    """


UNSEEN = Recognition(Recurrence.FIRST)
"""A message that is read for the first time, without an observation."""


@dataclass(frozen=True, slots=True)
class CaseState:
    """The planning state of a case."""

    episode: int = 0
    """How often the case was opened."""
    phase: Phase = "new"
    started_at: datetime | None = None
    """When the latest episode began, by the source's clock."""
    ended_at: datetime | None = None
    """The latest known end, by the source's clock. An opening that began before it and arrives later opens nothing."""
    priority: Priority | None = None
    ticket_id: str | None = None
    """The id of its latest ticket, if it is already known."""
    create_dead: bool = False
    """True if the create of its latest ticket is dead, so a person must decide. A new episode gets its own ticket."""
    delayed: bool = False
    """True if the opening of the case is delayed, and none of its calls was sent."""
    ticket_state_by_others: TicketStateByOthers | None = None
    """The state in which others left the ticket, where it differs from the state that Ticketrelay would leave.

    For example, they closed the ticket while the case is open, or the ticket is gone.
    """
    ticket_state_by_others_at: datetime | None = None
    changed_at: datetime | None = None
    """When the latest opening or change happened that set its priority, by the source's clock."""


UNOPENED = CaseState()
"""The state of a case before its first opening."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The rights of an event's author in the case."""

    authorized: bool = True
    """True if the author may do what the event requests. Only an end depends on it."""
    turned_away_from: str | None = None
    """The name of the case in which its author takes no part."""


WELCOME = Standing()


@dataclass(frozen=True, slots=True)
class Policy:
    """Choices of the user about the effects of events."""

    reopen_window: timedelta = timedelta(hours=1)
    note_on_change: bool = True
    damping: timedelta = timedelta(0)
    """How long an opening waits before it is sent."""
    on_resolve: OnResolve = "close"
    note_on_repeat: bool = False
    check_on_repeat: bool = False
    """True if a repeat of an ongoing alert reopens the ticket that a person closed meanwhile."""
    note_on_comment: bool = True
    expires: bool = False
    """True if an alert can expire. Then the time of its source's latest report that it goes on is recorded."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The wording of a ticket, where it differs from the event's own."""

    subject: str | None = None
    description: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    remark: str | None = None
    """A line below the description about problems with the wording."""


AS_SAID = Wording()


@dataclass(frozen=True, slots=True)
class Group:
    """The group with which an event shares its ticket."""

    key: str
    """The key of the group's case."""
    title: str
    """The common attributes of its members, in one line."""


@dataclass(frozen=True, slots=True)
class Storm:
    """The rate above which new incidents are gathered in one ticket, and the group that gathers them."""

    above: int
    """The number of new incidents in a minute beyond which further incidents are gathered."""
    group: Group


@dataclass(frozen=True, slots=True)
class Treatment:
    """The decisions of the routes about an event, made before it is planned."""

    policy: Policy
    wording: Wording = AS_SAID
    group: Group | None = None
    """None: the event has a ticket of its own."""
    storm: Storm | None = None
    """None: each new incident gets its ticket, however many there are."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One call that must be made; it becomes an operation when the ledger gives it a place in the case's sequence."""

    kind: Kind
    request: Request
    ordinal: str = "0"
    """Distinguishes operations of one kind that one event causes in one episode."""
    instead: CreateTicket | None = None
    """For a reopening: the ticket to create if there is no ticket to reopen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan for one event."""

    case: CaseState
    intents: tuple[Intent, ...] = ()
    reason: str | None = None
    """Why no call follows; None if calls follow."""
    takes_back: bool = False
    """True if all calls of the episode are dropped; none of them was sent."""
    unknown: Unknown | None = None
    """`wait` or `quarantine`: what happens to the event while its case is not known. None if its case is known."""


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
    """When the source last reported that the member goes on. Recorded only if alerts of the member can expire."""
