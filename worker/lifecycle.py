"""Given what is known of a case, and what its source says now: which calls must be made?

`plan` is the whole decision, as a pure function. It reads the *planned* state of the case, which is what its ticket
will be once every operation before has been delivered, so that it never waits for the Tickets API.

What happens, by phase of the case and event:

    phase    Opened                                     Resolved        Commented                  Changed
    new      create_ticket                              tombstone       as it says: create_ticket, nothing
             (nothing when a tombstone covers it)                       wait, or quarantine
    open     nothing, or a note when it began anew      close_ticket    add_note                   update_ticket,
                                                                                                   add_note
    closed   began after the end, within the window:    tombstone       within the window:         nothing
             reopen_ticket, add_note; later:                            reopen_ticket, add_note;
             create_ticket; not after the end: add_note                 later: create_ticket

A repeat of a known event plans nothing. A known event with other content plans a note while its episode is open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from connectors.events import Changed, Commented, Event, Opened, Priority, Resolved, Unknown, digest
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket

Kind = Literal["create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"]
KINDS: tuple[Kind, ...] = ("create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket")

Phase = Literal["new", "open", "closed"]
Request = CreateTicket | AddNote | UpdateTicket | CloseTicket

PRIVATE_SUBJECT = "A private message from {source}"
PRIVATE_TEXT = "The text of this message is private. It is in the private notes of this ticket."


class Sighting(StrEnum):
    """What the ledger knows of an event's source message id."""

    NEW = "new"
    """Never seen."""
    REPEAT = "repeat"
    """Seen with this very content."""
    CHANGED = "changed"
    """Seen with other content."""


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
    unknown: Unknown | None = None
    """`wait` or `quarantine`: its case is not known, and this is what it does about that."""


def idempotency_key(source: str, case_key: str, episode: int, source_message_id: str, intent: Intent) -> str:
    """The key of an operation: the same for every replay of its message, and different for everything else."""
    return "tr1-" + digest(source, case_key, str(episode), source_message_id, intent.kind, intent.ordinal)


def derived_key(idempotency_key: str, *what: str) -> str:
    """The key of what takes the place of an operation: another request, hence another key.

    `what` tells it apart: its kind; and its text, where that does not follow from the operation alone.
    """
    return "tr1-" + digest(idempotency_key, *what)


def rank(kind: Kind, priority: Priority) -> int:
    """The order in which waiting operations get the budget: 0 first."""
    if kind in ("create_ticket", "reopen_ticket"):
        return {"urgent": 0, "high": 1, "medium": 2, "low": 3}[priority]
    return 5 if kind == "add_note" else 4


def plan(
    source: str,
    case: CaseState,
    event: Event,
    sighting: Sighting,
    policy: Policy,
    *,
    episode: int | None = None,
    standing: Standing = WELCOME,
) -> Plan:
    """What must be done about `event`.

    `episode` is the one that a known event was recorded in; None for a new one.
    """
    if sighting is Sighting.REPEAT:
        return Plan(case, reason="a repeat: this message is known")
    if sighting is Sighting.CHANGED:
        return _content_changed(source, case, event, policy, episode)
    match event:
        case Opened():
            return _opened(source, case, event, policy)
        case Resolved():
            return _resolved(source, case, event, standing)
        case Commented():
            return _commented(source, case, event, policy, standing)
        case Changed():
            return _changed(source, case, event)
    raise TypeError(f"an event of unknown kind: {type(event).__name__}")


def _opened(source: str, case: CaseState, event: Event, policy: Policy) -> Plan:
    over = case.ended_at is not None and event.started_at <= case.ended_at
    if case.phase == "new":
        if over:
            return Plan(case, reason="it was resolved before its opening arrived")
        return _create(source, case, event)
    if case.phase == "open":
        if case.started_at is not None and event.started_at > case.started_at:
            if case.lost:
                return _create(source, case, event)
            anew = replace(case, started_at=event.started_at)
            return Plan(
                anew,
                (_note(event, f"Opened again at {_time(event.started_at)}; no end was seen.\n\n{event.text}"),),
            )
        return Plan(case, reason="its ticket is open, with this episode or a later one")
    if over:
        return Plan(case, (_note(event, f"An opening of an episode that is over arrived late.\n\n{event.text}"),))
    within = case.ended_at is not None and event.started_at - case.ended_at <= policy.reopen_window
    if within and not case.lost:
        reopened = replace(_begin(case, event), priority=case.priority)
        text = f"Opened again at {_time(event.started_at)}.\n\n{event.text}"
        return Plan(reopened, (_reopen(source, event), _note(event, text)))
    return _create(source, case, event)


def _commented(source: str, case: CaseState, event: Commented, policy: Policy, standing: Standing) -> Plan:
    if case.phase == "new":
        if event.unknown != "open":
            return Plan(case, reason="its case is not known", unknown=event.unknown)
        other = standing.turned_away_from
        return _create(source, case, event, f"It answers {other}, which its sender has no part in." if other else None)
    note = _note(event, event.text)
    if case.phase == "open" or not event.reopens:
        return Plan(case, (note,))
    within = case.ended_at is None or event.occurred_at - case.ended_at <= policy.reopen_window
    if within and not case.lost:
        reopened = replace(_begin(case, event), priority=case.priority)
        return Plan(reopened, (_reopen(source, event), note))
    return _create(source, case, event, f"It follows ticket {case.ticket_id}." if case.ticket_id else None)


def _resolved(source: str, case: CaseState, event: Event, standing: Standing) -> Plan:
    if not standing.authorized:
        return Plan(case, reason="its author may not close it: neither its opener nor somebody who is allowed to")
    if case.phase != "open":
        # It may be the end of an episode whose opening is still under way: that one must open nothing.
        latest = event.occurred_at if case.ended_at is None else max(case.ended_at, event.occurred_at)
        nothing = "it was resolved, and nothing was open" if case.phase == "new" else "its ticket is closed already"
        return Plan(replace(case, ended_at=latest), reason=nothing)
    if case.started_at is not None and event.occurred_at < case.started_at:
        return Plan(case, reason="it ends an earlier episode than the open one")
    closed = replace(case, phase="closed", ended_at=event.occurred_at)
    ended = f"Resolved at {_time(event.occurred_at)}, says {source}."
    notes = ended if event.private else f"{ended}\n\n{event.text}"
    return Plan(closed, (Intent("close_ticket", CloseTicket(resolution_notes=notes)),))


def _changed(source: str, case: CaseState, event: Event) -> Plan:
    if case.phase != "open":
        return Plan(case, reason="no ticket of its is open")
    intents = [_note(event, event.text)] if event.text else []
    if event.priority != case.priority:
        intents.insert(0, Intent("update_ticket", UpdateTicket(priority=event.priority)))
    return Plan(
        replace(case, priority=event.priority),
        tuple(intents),
        None if intents else f"{source} changed nothing",
    )


def _content_changed(source: str, case: CaseState, event: Event, policy: Policy, episode: int | None) -> Plan:
    if isinstance(event, Resolved):
        return Plan(case, reason="a repeat: this end is known, though its words differ")
    if case.phase != "open" or episode != case.episode:
        return Plan(case, reason="it changed after its episode was over")
    if not policy.note_on_change:
        return Plan(case, reason="changes are not noted")
    update: tuple[Intent, ...] = ()
    if event.priority != case.priority:
        # The content is the ordinal: one message may change many times, and each change has a key of its own.
        update = (Intent("update_ticket", UpdateTicket(priority=event.priority), event.content_digest),)
    note = _note(event, f"It changed at {source}.\n\n{event.text}", event.content_digest)
    return Plan(replace(case, priority=event.priority), (*update, note))


def _create(source: str, case: CaseState, event: Event, about: str | None = None) -> Plan:
    text = f"{event.text}\n\n{about}" if about else event.text
    create = Intent("create_ticket", _ticket(source, event, text))
    notes = (_note(event, f"{event.subject}\n\n{text}"),) if event.private else ()
    return Plan(_begin(case, event), (create, *notes))


def _ticket(source: str, event: Event, text: str) -> CreateTicket:
    """The ticket of an event; of a private one it says nothing, since subject and description are public."""
    subject, description = event.subject, text
    if event.private:
        subject, description = PRIVATE_SUBJECT.format(source=source), PRIVATE_TEXT
    return CreateTicket(subject=subject, description=description, priority=event.priority, category=event.category)


def _reopen(source: str, event: Event) -> Intent:
    return Intent("reopen_ticket", UpdateTicket(status="open"), instead=_ticket(source, event, event.text))


def _begin(case: CaseState, event: Event) -> CaseState:
    return replace(
        case,
        episode=case.episode + 1,
        phase="open",
        started_at=event.started_at,
        priority=event.priority,
        lost=False,
    )


def _note(event: Event, body: str, ordinal: str = "0") -> Intent:
    return Intent("add_note", AddNote(body=body, private=event.private), ordinal)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
