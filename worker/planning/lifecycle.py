"""The lifecycle of a case: decides which calls an event requires, given the planned state of its case.

`plan` is the whole decision, as a pure function. The *planned* state is the state of the ticket after all earlier
operations were delivered. So planning never waits for the Tickets API.

A *tombstone* is the time of an end (`CaseState.ended_at`). It is kept so that an opening from before that time creates
no ticket when it arrives later. The *window* is `Policy.reopen_window`, counted from the end.

The result, by phase of the case and event (a comment's field `unknown` decides for a new case):

    phase    Opened                                     Resolved        Commented                  Changed
    new      create_ticket                              tombstone       `unknown`: create_ticket,  nothing
             (nothing when a tombstone covers it)                       wait, or quarantine
    open     nothing, or a note when it began anew      close_ticket    add_note                   update_ticket,
                                                                                                   add_note
    closed   began after the end, within the window:    tombstone       within the window:         nothing
             reopen_ticket, add_note; later:                            reopen_ticket, add_note;
             create_ticket; not after the end: add_note                 later: create_ticket

A delayed opening waits a while before it is sent (`Policy.damping`). An end in that time takes back all calls of the
episode. A comment ends the wait, so that a person's text is never taken back.

A comment on a closed case that does not reopen (`Commented.reopens` is false) is a note. If the create is dead, the
next episode begins with a create, whatever the table says.

By default, a repeat of a known event plans nothing. A known event with other content plans a note while its episode is
open, and update_ticket if its priority differs. A known end with other content plans nothing.

What people did to the ticket comes first (`ticket_state_by_others`), until the next episode or until they reopen the
ticket. *With `check`*: `Policy.check_on_repeat`. *changed*: a change, or a known event with other content; another
priority also plans update_ticket. *stale*: an opening that began before the end, in a closed case; in an open case it
plans nothing. In a closed case, a comment after wont_fix is planned as after closed:

    by others    Opened anew        repeat, with `check`  changed     Resolved       stale    Commented
    resolved,    as closed: reopen, reopen_ticket, note   a note      close_ticket   a note   reopen_ticket, add_note,
    closed       or create_ticket                                                             or create_ticket
    wont_fix     nothing            nothing               nothing     nothing        nothing  add_note
    gone         create_ticket      create_ticket         nothing     nothing        nothing  create_ticket

That is the default. For an end, a policy may replace `close_ticket` by a note, by the status resolved, or by no call. A
policy may omit notes for comments and changes, and add notes for repeats of an opening. After an end, the case is
closed for planning under every policy. Only an end during the opening delay makes it new.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.contract.events import (
    Changed,
    Commented,
    Event,
    Opened,
    Resolved,
)
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket
from worker.planning.model import (
    AS_SAID,
    WELCOME,
    CaseState,
    Intent,
    OnResolve,
    Plan,
    Policy,
    Recognition,
    Recurrence,
    Standing,
    Wording,
)

PRIVATE_SUBJECT = "A private message from {source}"
PRIVATE_TEXT = "The text of this message is private. It is in the private notes of this ticket."


WONT_FIX = "the ticket was closed as won't fix"
GONE = "the ticket was deleted"


def plan(
    source: str,
    case: CaseState,
    event: Event,
    recognition: Recognition,
    policy: Policy,
    *,
    standing: Standing = WELCOME,
    wording: Wording = AS_SAID,
) -> Plan:
    """Decide which calls must be made about `event`."""
    if recognition.recurrence is Recurrence.REPEAT:
        return _repeated(source, case, event, policy, recognition)
    if recognition.recurrence is Recurrence.CHANGED:
        return _content_changed(source, case, event, policy, recognition.episode)
    match event:
        case Opened():
            return _opened(source, case, event, policy, wording)
        case Resolved():
            return _resolved(source, case, event, policy, standing)
        case Commented():
            return _commented(source, case, event, policy, standing, wording)
        case Changed():
            return _changed(case, event, policy)
    raise TypeError(f"an event of unknown kind: {type(event).__name__}")


def not_in_the_future(event: Event, case: CaseState, now: datetime) -> Event:
    """Return the event; an end that a wrong clock put into the future is set to now, or to a later start of its case.

    An end in the future would make every opening until then count as over.
    """
    latest_end = max(now, case.started_at or now)
    is_ahead = isinstance(event, Resolved) and event.occurred_at > latest_end
    return replace(event, occurred_at=latest_end) if is_ahead else event


def _repeated(source: str, case: CaseState, event: Event, policy: Policy, recognition: Recognition) -> Plan:
    observation = recognition.observation
    goes_on = isinstance(event, Opened) and case.phase == "open" and recognition.episode == case.episode
    if not (observation and goes_on):
        return Plan(case, reason="a repeat: this message is known")
    if policy.check_on_repeat and case.ticket_state_by_others in ("resolved", "closed", "gone"):
        back = replace(case, ticket_state_by_others=None, ticket_state_by_others_at=None)
        ordinal = f"repeat:{observation}"
        if case.ticket_state_by_others == "gone":
            return Plan(back, (Intent("create_ticket", _ticket(source, event, AS_SAID), ordinal),))
        text = f"This goes on, says {source}, although the ticket is {case.ticket_state_by_others}.\n\n{event.text}"
        return Plan(back, (replace(_reopen(source, event, AS_SAID), ordinal=ordinal), _note(event, text, ordinal)))
    if not policy.note_on_repeat or case.ticket_state_by_others in ("wont_fix", "gone"):
        return Plan(case, reason="a repeat: this message is known")
    return Plan(
        case, (_note(event, f"This goes on: {source} repeated the message at {observation}.", f"repeat:{observation}"),)
    )


def _opened(source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording) -> Plan:
    if case.ticket_state_by_others == "wont_fix":
        return Plan(case, reason=WONT_FIX)
    over = case.ended_at is not None and event.started_at <= case.ended_at
    if case.phase == "new":
        if over:
            return Plan(case, reason="the end arrived before the opening")
        return _delayed(_create(source, case, event, wording), policy)
    if case.phase == "open":
        return _opened_while_open(source, case, event, policy, wording)
    if over:
        if case.ticket_state_by_others == "gone":
            return Plan(case, reason=GONE)
        return Plan(case, (_note(event, f"This opening arrived late: what it reports is over.\n\n{event.text}"),))
    return _begun_again(source, case, event, policy, wording, case.ended_at)


def _opened_while_open(source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording) -> Plan:
    is_new = event.start_known and case.started_at is not None and event.started_at > case.started_at
    if not is_new:
        return Plan(case, reason="the case is open already, with this opening or a later one")
    if case.create_dead or case.ticket_state_by_others == "gone":
        return _create(source, case, event, wording)
    if case.ticket_state_by_others is not None:
        return _begun_again(source, case, event, policy, wording, case.ticket_state_by_others_at)
    anew = replace(case, started_at=event.started_at)
    text = f"Opened again at {_time(event.started_at)}. No end was received before.\n\n{event.text}"
    return Plan(anew, (_note(event, text),))


def _begun_again(
    source: str, case: CaseState, event: Opened, policy: Policy, wording: Wording, since: datetime | None
) -> Plan:
    """Plan another episode of a case whose ticket was closed at `since`."""
    within = since is not None and event.started_at - since <= policy.reopen_window
    if not within or case.create_dead or case.ticket_state_by_others == "gone":
        return _delayed(_create(source, case, event, wording), policy)
    reopened = replace(_begin(case, event), priority=case.priority)
    text = f"Opened again at {_time(event.started_at)}.\n\n{event.text}"
    return Plan(reopened, (_reopen(source, event, wording), _note(event, text)))


def _delayed(plan: Plan, policy: Policy) -> Plan:
    delayed = policy.damping > timedelta(0)
    return plan if plan.case.delayed == delayed else replace(plan, case=replace(plan.case, delayed=delayed))


def _commented(
    source: str, case: CaseState, event: Commented, policy: Policy, standing: Standing, wording: Wording
) -> Plan:
    if case.phase == "new":
        if event.unknown != "open":
            return Plan(case, reason="the case is not known", unknown=event.unknown)
        other = standing.turned_away_from
        about = f"This message answers {other}, in which its sender takes no part." if other else None
        return _create(source, case, event, wording, about)
    if not policy.note_on_comment:
        return Plan(case, reason="comments add no note (note_on_comment)")
    note = Intent("add_note", AddNote(body=event.text, private=event.private and not event.public_note))
    case = replace(case, delayed=False)
    is_closed = case.phase != "open" or case.ticket_state_by_others in ("resolved", "closed")
    if case.ticket_state_by_others != "gone" and (not is_closed or not event.reopens):
        return Plan(case, (note,))
    if case.ticket_state_by_others == "gone" and not event.reopens:
        return Plan(case, reason=GONE)
    since = case.ended_at if case.phase != "open" else case.ticket_state_by_others_at
    within = since is None or event.occurred_at - since <= policy.reopen_window
    if within and not case.create_dead and case.ticket_state_by_others != "gone":
        reopened = replace(_begin(case, event), priority=case.priority)
        return Plan(reopened, (_reopen(source, event, wording), note))
    return _create(
        source, case, event, wording, f"This ticket follows ticket {case.ticket_id}." if case.ticket_id else None
    )


def _resolved(source: str, case: CaseState, event: Event, policy: Policy, standing: Standing) -> Plan:
    if not standing.authorized:
        return Plan(
            case, reason="the author may not close the case: only its opener may, and people whom the settings name"
        )
    if case.phase != "open":
        # The opening that belongs to this end may arrive later. It must create no ticket.
        latest = event.occurred_at if case.ended_at is None else max(case.ended_at, event.occurred_at)
        nothing = "the case was never opened" if case.phase == "new" else "the case is closed already"
        return Plan(replace(case, ended_at=latest), reason=nothing)
    if case.started_at is not None and event.occurred_at < case.started_at:
        return Plan(case, reason="the end of an earlier episode than the open one")
    if case.delayed:
        over = replace(case, phase="new", ended_at=event.occurred_at, delayed=False)
        return Plan(over, reason="the case ended within the opening delay, so no ticket is created", takes_back=True)
    closed = replace(case, phase="closed", ended_at=event.occurred_at)
    if case.ticket_state_by_others in ("wont_fix", "gone"):
        return Plan(closed, reason=WONT_FIX if case.ticket_state_by_others == "wont_fix" else GONE)
    intents = _ending(source, event, policy.on_resolve)
    return Plan(closed, intents, None if intents else "an end has no effect on the ticket (on_resolve)")


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


def _changed(case: CaseState, event: Event, policy: Policy) -> Plan:
    if case.phase != "open" or case.ticket_state_by_others in ("wont_fix", "gone"):
        return Plan(case, reason="the case has no open ticket")
    intents = [_note(event, event.text)] if event.text and policy.note_on_change else []
    if case.changed_at is not None and event.occurred_at < case.changed_at:
        # The event is older than a known change, so its priority is outdated.
        return Plan(case, tuple(intents), None if intents else "a later change is known already")
    if event.priority != case.priority:
        intents.insert(0, Intent("update_ticket", UpdateTicket(priority=event.priority)))
    return Plan(
        replace(case, priority=event.priority, changed_at=event.occurred_at),
        tuple(intents),
        None if intents else "the change has no effect on the ticket",
    )


def _content_changed(source: str, case: CaseState, event: Event, policy: Policy, episode: int | None) -> Plan:
    if isinstance(event, Resolved):
        return Plan(case, reason="a repeat: this end is known, with another text")
    if case.phase != "open" or episode != case.episode:
        return Plan(case, reason="a change of an episode that is over")
    if case.ticket_state_by_others in ("wont_fix", "gone"):
        return Plan(case, reason=WONT_FIX if case.ticket_state_by_others == "wont_fix" else GONE)
    if not policy.note_on_change:
        return Plan(case, reason="changes add no note (note_on_change)")
    update: tuple[Intent, ...] = ()
    if event.priority != case.priority:
        # The content is the ordinal: one message may change many times, and each change needs its own key.
        update = (Intent("update_ticket", UpdateTicket(priority=event.priority), event.content_digest),)
    event = replace(event, private=event.private or event.private_change)
    note = _note(event, f"Changed at {source}.\n\n{event.text}", event.content_digest)
    return Plan(replace(case, priority=event.priority), (*update, note))


def _create(source: str, case: CaseState, event: Event, wording: Wording, about: str | None = None) -> Plan:
    create = Intent("create_ticket", _ticket(source, event, wording, about))
    if not event.private:
        return Plan(_begin(case, event), (create,))
    subject, text = _worded(event, wording, about)
    return Plan(_begin(case, event), (create, _note(event, f"{subject}\n\n{text}")))


def _worded(event: Event, wording: Wording, about: str | None) -> tuple[str, str]:
    """Return subject and description of the event's ticket."""
    said = event.text if wording.description is None else wording.description
    text = "\n\n".join(each for each in (said, about, wording.remark) if each is not None)
    return event.subject if wording.subject is None else wording.subject, text


def _ticket(source: str, event: Event, wording: Wording, about: str | None = None) -> CreateTicket:
    """Return the ticket of an event; a private event gets generic subject and description, which are public."""
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
        create_dead=False,
        delayed=False,
        ticket_state_by_others=None,
        ticket_state_by_others_at=None,
        changed_at=event.occurred_at,
    )


def _note(event: Event, body: str, ordinal: str = "0") -> Intent:
    return Intent("add_note", AddNote(body=body, private=event.private), ordinal)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
