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

An opening that is damped waits a while before it is sent. An end in that time takes back everything; a comment ends the
wait, since somebody wrote what must arrive.

A repeat of a known event plans nothing. A known event with other content plans a note while its episode is open.

What people did to the ticket comes before that (`left`), until the next episode or until they reopen it:

    left         Opened anew        repeat, with `check`  changed     Resolved       stale    Commented
    resolved,    as closed: reopen, reopen_ticket, note   a note      close_ticket   a note   reopen_ticket, add_note,
    closed       or create_ticket                                                             or create_ticket
    wont_fix     nothing            nothing               nothing     nothing        nothing  add_note
    gone         create_ticket      create_ticket         nothing     nothing        nothing  create_ticket

That is the default. A policy may have a note in place of an end's `close_ticket`, or the status resolved, or nothing;
none for comments and changes; and one for repeats of an opening. The case is closed for planning in any case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from connectors.events import Changed, Commented, Event, Opened, Priority, Resolved, TicketStatus, Unknown, digest
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket

Kind = Literal["create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"]
KINDS: tuple[Kind, ...] = ("create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket")

Phase = Literal["new", "open", "closed"]
Left = Literal["resolved", "closed", "wont_fix", "gone"]
OnResolve = Literal["close", "resolve", "note", "nothing"]
Request = CreateTicket | AddNote | UpdateTicket | CloseTicket

PRIVATE_SUBJECT = "A private message from {source}"
PRIVATE_TEXT = "The text of this message is private. It is in the private notes of this ticket."


WONT_FIX = "its ticket was closed as one that will not be fixed"
GONE = "its ticket is gone"


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


def idempotency_key(source: str, case_key: str, episode: int, source_message_id: str, intent: Intent) -> str:
    """The key of an operation: the same for every replay of its message, and different for everything else."""
    return "tr1-" + digest(source, case_key, str(episode), source_message_id, intent.kind, intent.ordinal)


def derived_key(idempotency_key: str, *what: str) -> str:
    """The key of what takes the place of an operation: another request, hence another key.

    `what` tells it apart: its kind; and its text, where that does not follow from the operation alone.
    """
    return "tr1-" + digest(idempotency_key, *what)


RANKS = {
    0: "urgent creates",
    1: "high creates",
    2: "medium creates",
    3: "low creates",
    4: "closes, updates",
    5: "notes",
}
"""What each rank is, in words; a reopening counts as a create."""


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
    wording: Wording = AS_SAID,
    occasion: str | None = None,
) -> Plan:
    """What must be done about `event`.

    `episode` is the one that a known event was recorded in; None for a new one. `occasion` tells one telling of a
    message from another one; None for one that was told before, which is read again.
    """
    if sighting is Sighting.REPEAT:
        return _repeated(source, case, event, policy, episode, occasion)
    if sighting is Sighting.CHANGED:
        return _content_changed(source, case, event, policy, episode)
    match event:
        case Opened():
            return _opened(source, case, event, policy, wording)
        case Resolved():
            return _resolved(source, case, event, policy, standing)
        case Commented():
            return _commented(source, case, event, policy, standing, wording)
        case Changed():
            return _changed(source, case, event, policy)
    raise TypeError(f"an event of unknown kind: {type(event).__name__}")


def _repeated(
    source: str, case: CaseState, event: Event, policy: Policy, episode: int | None, occasion: str | None
) -> Plan:
    goes_on = isinstance(event, Opened) and case.phase == "open" and episode == case.episode
    if not (occasion and goes_on):
        return Plan(case, reason="a repeat: this message is known")
    if policy.check_on_repeat and case.left in ("resolved", "closed", "gone"):
        back = replace(case, left=None, left_at=None)
        ordinal = f"repeat:{occasion}"
        if case.left == "gone":
            return Plan(back, (Intent("create_ticket", _ticket(source, event, AS_SAID), ordinal),))
        text = f"It goes on, says {source}, though this ticket is {case.left}.\n\n{event.text}"
        return Plan(back, (replace(_reopen(source, event, AS_SAID), ordinal=ordinal), _note(event, text, ordinal)))
    if not policy.note_on_repeat or case.left in ("wont_fix", "gone"):
        return Plan(case, reason="a repeat: this message is known")
    return Plan(case, (_note(event, f"It goes on: {source} said so again at {occasion}.", f"repeat:{occasion}"),))


def _opened(source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording) -> Plan:
    if case.left == "wont_fix":
        return Plan(case, reason=WONT_FIX)
    over = case.ended_at is not None and event.started_at <= case.ended_at
    if case.phase == "new":
        if over:
            return Plan(case, reason="it was resolved before its opening arrived")
        return _damped(_create(source, case, event, wording), policy)
    if case.phase == "open":
        return _opened_while_open(source, case, event, policy, wording)
    if over:
        if case.left == "gone":
            return Plan(case, reason=GONE)
        return Plan(case, (_note(event, f"An opening of an episode that is over arrived late.\n\n{event.text}"),))
    return _begun_again(source, case, event, policy, wording, case.ended_at)


def _opened_while_open(source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording) -> Plan:
    is_new = event.start_known and case.started_at is not None and event.started_at > case.started_at
    if not is_new:
        return Plan(case, reason="its ticket is open, with this episode or a later one")
    if case.lost or case.left == "gone":
        return _create(source, case, event, wording)
    if case.left is not None:
        return _begun_again(source, case, event, policy, wording, case.left_at)
    anew = replace(case, started_at=event.started_at)
    text = f"Opened again at {_time(event.started_at)}; no end was seen.\n\n{event.text}"
    return Plan(anew, (_note(event, text),))


def _begun_again(
    source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording, since: datetime | None
) -> Plan:
    """Another episode, of a case whose ticket is closed since then."""
    within = since is not None and event.started_at - since <= policy.reopen_window
    if not within or case.lost or case.left == "gone":
        return _damped(_create(source, case, event, wording), policy)
    reopened = replace(_begin(case, event), priority=case.priority)
    text = f"Opened again at {_time(event.started_at)}.\n\n{event.text}"
    return Plan(reopened, (_reopen(source, event, wording), _note(event, text)))


def _damped(plan: Plan, policy: Policy) -> Plan:
    return replace(plan, case=replace(plan.case, damped=policy.damping > timedelta(0)))


def _commented(
    source: str, case: CaseState, event: Commented, policy: Policy, standing: Standing, wording: Wording
) -> Plan:
    if case.phase == "new":
        if event.unknown != "open":
            return Plan(case, reason="its case is not known", unknown=event.unknown)
        other = standing.turned_away_from
        about = f"It answers {other}, which its sender has no part in." if other else None
        return _create(source, case, event, wording, about)
    if not policy.note_on_comment:
        return Plan(case, reason="comments are not noted")
    note = Intent("add_note", AddNote(body=event.text, private=event.private and not event.public_note))
    case = replace(case, damped=False)
    is_closed = case.phase != "open" or case.left in ("resolved", "closed")
    if case.left != "gone" and (not is_closed or not event.reopens):
        return Plan(case, (note,))
    if case.left == "gone" and not event.reopens:
        return Plan(case, reason=GONE)
    since = case.ended_at if case.phase != "open" else case.left_at
    within = since is None or event.occurred_at - since <= policy.reopen_window
    if within and not case.lost and case.left != "gone":
        reopened = replace(_begin(case, event), priority=case.priority)
        return Plan(reopened, (_reopen(source, event, wording), note))
    return _create(source, case, event, wording, f"It follows ticket {case.ticket_id}." if case.ticket_id else None)


@dataclass(frozen=True, slots=True)
class TicketSeen:
    """A ticket as the Tickets API tells of it, and what we did to it ourselves."""

    status: TicketStatus
    at: datetime
    wont_fix: bool = False
    is_current: bool = True
    """It is the one that its case is about now."""
    begun_at: datetime | None = None
    """When the latest call that opened it was done; None while that is not done."""
    told_at: datetime | None = None
    """Of what was known before, when that was so; a telling that is older changes nothing."""


def plan_ticket(case: CaseState, seen: TicketSeen) -> tuple[CaseState, str | None]:
    """The case, when its ticket is so; and why that is of no consequence, where it is of none.

    Calls of our own are told of too. While the source says that it goes on, we close nothing: so who closed it since
    we opened it was a person. A ticket that is gone is left as that, in every phase: what its case says next gets
    another one.
    """
    if not seen.is_current:
        return case, "its case has another ticket by now"
    known_at = seen.told_at if case.left != "gone" else max(filter(None, (seen.told_at, case.left_at)), default=None)
    if known_at is not None and seen.at < known_at:
        return case, "something later is known of its ticket"
    if seen.status == "gone":
        return replace(case, left="gone", left_at=seen.at), None
    if case.left == "gone":
        brought_back, _ = plan_ticket(replace(case, left=None, left_at=None), seen)
        return brought_back, None
    if seen.status in ("open", "pending"):
        return (replace(case, left=None, left_at=None), None) if case.left else (case, "its ticket was not left")
    if seen.wont_fix:
        return replace(case, left="wont_fix", left_at=seen.at), None
    if case.phase != "open":
        return case, "it is over, so its ticket is closed"
    # The Tickets API tells whole seconds.
    if seen.begun_at is None or seen.at < seen.begun_at.replace(microsecond=0):
        return case, "it was so before its ticket was opened again"
    return replace(case, left="closed" if seen.status == "closed" else "resolved", left_at=seen.at), None


def plan_answer(case: CaseState, status: TicketStatus | None, at: datetime, *, is_new: bool) -> CaseState:
    """The case, when the answer to a call of ours showed its ticket in this state (None: in none).

    An answer does not tell who brought the ticket there, so nothing but its absence is concluded from it. `is_new`: the
    call created the ticket, so nobody has left it yet.
    """
    if is_new:
        case = replace(case, left=None, left_at=None)
    return replace(case, left="gone", left_at=at) if status == "gone" else case


def _resolved(source: str, case: CaseState, event: Event, policy: Policy, standing: Standing) -> Plan:
    if not standing.authorized:
        return Plan(case, reason="its author may not close it: neither its opener nor somebody who is allowed to")
    if case.phase != "open":
        # It may be the end of an episode whose opening is still under way: that one must open nothing.
        latest = event.occurred_at if case.ended_at is None else max(case.ended_at, event.occurred_at)
        nothing = "it was resolved, and nothing was open" if case.phase == "new" else "its ticket is closed already"
        return Plan(replace(case, ended_at=latest), reason=nothing)
    if case.started_at is not None and event.occurred_at < case.started_at:
        return Plan(case, reason="it ends an earlier episode than the open one")
    if case.damped:
        over = replace(case, phase="new", ended_at=event.occurred_at, damped=False)
        return Plan(over, reason="it ended before its opening was sent: neither is", takes_back=True)
    closed = replace(case, phase="closed", ended_at=event.occurred_at)
    if case.left in ("wont_fix", "gone"):
        return Plan(closed, reason=WONT_FIX if case.left == "wont_fix" else GONE)
    intents = _ending(source, event, policy.on_resolve)
    return Plan(closed, intents, None if intents else "it ended, and ends of this kind do nothing")


def _ending(source: str, event: Event, on_resolve: OnResolve) -> tuple[Intent, ...]:
    ended = f"Resolved at {_time(event.occurred_at)}, says {source}."
    whole = f"{ended}\n\n{event.text}"
    match on_resolve:
        case "close":
            return (Intent("close_ticket", CloseTicket(resolution_notes=ended if event.private else whole)),)
        case "resolve":
            return (_note(event, whole), Intent("update_ticket", UpdateTicket(status="resolved")))
        case "note":
            return (_note(event, whole),)
        case "nothing":
            return ()


def _changed(source: str, case: CaseState, event: Event, policy: Policy) -> Plan:
    if case.phase != "open" or case.left in ("wont_fix", "gone"):
        return Plan(case, reason="no ticket of its is open")
    intents = [_note(event, event.text)] if event.text and policy.note_on_change else []
    if case.changed_at is not None and event.occurred_at < case.changed_at:
        # It was said before something that is known already: what it says of the priority is over.
        return Plan(case, tuple(intents), None if intents else "something later is known of it")
    if event.priority != case.priority:
        intents.insert(0, Intent("update_ticket", UpdateTicket(priority=event.priority)))
    return Plan(
        replace(case, priority=event.priority, changed_at=event.occurred_at),
        tuple(intents),
        None if intents else f"{source} changed nothing",
    )


def _content_changed(source: str, case: CaseState, event: Event, policy: Policy, episode: int | None) -> Plan:
    if isinstance(event, Resolved):
        return Plan(case, reason="a repeat: this end is known, though its words differ")
    if case.phase != "open" or episode != case.episode:
        return Plan(case, reason="it changed after its episode was over")
    if case.left in ("wont_fix", "gone"):
        return Plan(case, reason=WONT_FIX if case.left == "wont_fix" else GONE)
    if not policy.note_on_change:
        return Plan(case, reason="changes are not noted")
    update: tuple[Intent, ...] = ()
    if event.priority != case.priority:
        # The content is the ordinal: one message may change many times, and each change has a key of its own.
        update = (Intent("update_ticket", UpdateTicket(priority=event.priority), event.content_digest),)
    event = replace(event, private=event.private or event.private_change)
    note = _note(event, f"It changed at {source}.\n\n{event.text}", event.content_digest)
    return Plan(replace(case, priority=event.priority), (*update, note))


def _create(source: str, case: CaseState, event: Event, wording: Wording, about: str | None = None) -> Plan:
    create = Intent("create_ticket", _ticket(source, event, wording, about))
    subject, text = _worded(event, wording, about)
    notes = (_note(event, f"{subject}\n\n{text}"),) if event.private else ()
    return Plan(_begin(case, event), (create, *notes))


def _worded(event: Event, wording: Wording, about: str | None) -> tuple[str, str]:
    """Subject and description of the event's ticket."""
    said = event.text if wording.description is None else wording.description
    text = "\n\n".join(each for each in (said, about, wording.remark) if each is not None)
    return event.subject if wording.subject is None else wording.subject, text


def _ticket(source: str, event: Event, wording: Wording, about: str | None = None) -> CreateTicket:
    """The ticket of an event; of a private one it says nothing, since subject and description are public."""
    subject, description = _worded(event, wording, about)
    if event.private:
        subject, description = PRIVATE_SUBJECT.format(source=source), PRIVATE_TEXT
    return CreateTicket(
        subject=subject,
        description=description,
        priority=event.priority,
        category=event.category,
        metadata=dict(wording.metadata),
    )


def _reopen(source: str, event: Event, wording: Wording) -> Intent:
    return Intent("reopen_ticket", UpdateTicket(status="open"), instead=_ticket(source, event, wording))


def _begin(case: CaseState, event: Event) -> CaseState:
    return replace(
        case,
        episode=case.episode + 1,
        phase="open",
        started_at=event.started_at,
        priority=event.priority,
        lost=False,
        damped=False,
        left=None,
        left_at=None,
        changed_at=event.occurred_at,
    )


def _note(event: Event, body: str, ordinal: str = "0") -> Intent:
    return Intent("add_note", AddNote(body=body, private=event.private), ordinal)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
