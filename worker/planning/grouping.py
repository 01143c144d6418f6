"""Groups: one ticket for many alerts. A group is a case of its own, and the alerts are its members.

In the table, *alone* is the decision for the alert as if it had a ticket of its own.

Each member has its own state. `lifecycle.plan` decides what the event would mean for the alert alone. That decision is
turned into a plan for the group:

    alone                          the group is open                       it is not
    its ticket is opened           joined: a note                          create_ticket, or reopen_ticket and a note
    its ticket is closed           left: a note; the last one closes it    a tombstone
    a note                         the note                                the note, where there is a ticket
    another priority               update_ticket, where it is higher       nothing

So an end that arrives before its opening, a late opening and a repeat mean the same for a member as for an alert alone.
An open member stays in its group until it ends, whatever the routes decide meanwhile: an end always reaches the group
in which its alert is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from connectors.contract.events import Commented, Event, Opened, Priority, Resolved, digest
from connectors.toolbox.text import cut, one_line
from tickets.models import AddNote, UpdateTicket
from worker.planning.lifecycle import GONE, WONT_FIX, plan
from worker.planning.model import (
    UNSEEN,
    CaseState,
    Group,
    Intent,
    Plan,
    Policy,
    Recognition,
    Recurrence,
    Storm,
    Treatment,
)

RESERVED = "ticketrelay:"
"""The prefix of internal case keys; no source may use it."""
PREFIX = f"{RESERVED}group:"

T = TypeVar("T")

MINUTE = timedelta(minutes=1)
MAX_KEY = 200  # characters; a longer key becomes a digest, which people cannot read
MAX_TITLE = 120  # characters
_HEIGHT: dict[Priority | None, int] = {None: 0, "low": 1, "medium": 2, "high": 3, "urgent": 4}


@dataclass(frozen=True, slots=True)
class Grouped:
    """The result of an event of a member."""

    plan: Plan
    """The plan for the group."""
    member: CaseState
    open_members: int


def is_group(case_key: str) -> bool:
    """Return True for the case key of a group."""
    return case_key.startswith(PREFIX)


def is_conversation(event: Event) -> bool:
    """Return True for messages of a conversation, which are never grouped with other messages."""
    return isinstance(event, Commented) or bool(event.aliases or event.references) or event.authority != "source"


def _is_ours(event: Event) -> bool:
    """Return True for events that jobs report. They have no labels, and are never grouped.

    An end that a job reports goes to the group in which its alert is open.
    """
    return event.case_key.startswith(RESERVED) or event.source_message_id.startswith(RESERVED)


def group_of(event: Event, names: Sequence[str], values: Mapping[str, str]) -> Group | None:
    """Return the group that these attributes of an event make; None if the event is never grouped.

    A missing attribute counts as empty. Comments, answers to other messages, and events that only certain people may
    send are never grouped: they belong to a conversation. Events of jobs are not grouped either.
    """
    if not names or is_conversation(event) or _is_ours(event):
        return None
    pairs = [(name, values.get(name, "")) for name in names]
    key = PREFIX + json.dumps(dict(pairs), ensure_ascii=False)
    if len(key) > MAX_KEY or not key.isprintable():
        key = PREFIX + digest(*(part for pair in pairs for part in pair))
    title = ", ".join(f"{name.partition('.')[2] or name}={one_line(value)}" for name, value in pairs)
    return Group(key, cut(title, MAX_TITLE))


def storm_of(event: Event, source: str, above: int | None, route: str) -> Storm | None:
    """Return where the event is gathered in a storm; None if it never is.

    Never gathered: events without a limit, urgent events, events that open nothing, conversations, events of jobs.
    """
    if above is None or not isinstance(event, Opened) or event.priority == "urgent" or is_conversation(event):
        return None
    if _is_ours(event):
        return None
    named = f"storm of {source}" + (f" ({one_line(route)})" if route else "")
    return Storm(above, Group(PREFIX + (f"storm:{route}" if route.isprintable() else digest("storm", route)), named))


@dataclass(frozen=True, slots=True)
class Rate:
    """The number of incidents that began in the minute since `since`, and in the minute before."""

    since: datetime | None = None
    number: int = 0
    before: int = 0

    def counted(self, now: datetime) -> Rate:
        """Return the rate with one more incident."""
        if self.since is None or now >= self.since + 2 * MINUTE:
            return Rate(now, 1)
        if now >= self.since + MINUTE:
            return Rate(self.since + MINUTE, 1, self.number)
        return replace(self, number=self.number + 1)

    def is_above(self, limit: int) -> bool:
        """Return True during a storm. It lasts until a whole minute has passed with at most `limit` incidents."""
        return self.number > limit or self.before > limit


def latest(places: Iterable[tuple[T, CaseState]]) -> T | None:
    """Return the place in which the member was opened last; None if it never was opened."""
    opened = [(each, state.started_at) for each, state in places if state.episode and state.started_at]
    return max(opened, key=lambda each: each[1])[0] if opened else None


def plan_member(
    source: str,
    group: CaseState,
    open_members: int,
    member: CaseState,
    event: Event,
    recognition: Recognition,
    treatment: Treatment,
) -> Grouped:
    """Decide which calls must be made about an event of a member of this group."""
    policy = treatment.policy
    if recognition.recurrence is not Recurrence.FIRST:
        decided = plan(source, group, _no_lower(event, group), recognition, policy)
        return Grouped(decided, member, open_members)
    alone = plan(source, member, event, recognition, replace(policy, damping=timedelta(0)))
    if alone.unknown is not None:
        return Grouped(alone, member, open_members)
    was_open, is_open = member.phase == "open", alone.case.phase == "open"
    if is_open and not was_open:
        return Grouped(_joined(source, group, open_members + 1, event, treatment), alone.case, open_members + 1)
    if was_open and not is_open:
        return Grouped(_left(source, group, open_members - 1, event, policy), alone.case, open_members - 1)
    return Grouped(_noted(group, event, alone), alone.case, open_members)


def _joined(source: str, group: CaseState, open_members: int, event: Event, treatment: Treatment) -> Plan:
    if group.ticket_state_by_others == "wont_fix":
        return Plan(group, reason=WONT_FIX)
    if group.phase != "open" or group.create_dead or group.ticket_state_by_others is not None:
        before = _as_closed(group)
        title = treatment.group.title if treatment.group is not None else ""
        is_comment = isinstance(event, Commented) and before.phase != "new"
        opening = event if is_comment else _opening(event, before, title)
        return plan(source, before, opening, UNSEEN, treatment.policy, wording=treatment.wording)
    text = f"{event.subject} joined the group. Open now: {open_members}.\n\n{event.text}"
    return _with_notes(group, event, (_note(event, text),))


def _as_closed(group: CaseState) -> CaseState:
    """Return the group as the next opening must see it.

    With a dead create or a missing ticket, the group is new. If people closed its ticket, the group is closed.
    Otherwise the group is unchanged.
    """
    if group.create_dead or group.ticket_state_by_others == "gone":
        return replace(group, phase="new", ended_at=None, create_dead=False, ticket_state_by_others=None)
    if group.phase == "open":
        return replace(group, phase="closed", ended_at=group.ticket_state_by_others_at, ticket_state_by_others=None)
    return group


def _opening(event: Event, group: CaseState, title: str) -> Event:
    """Return the event as it opens the group. Only other members ended before, so the opening is not stale."""
    about = f"One ticket for a group ({title}). The notes say what joins and leaves the group."
    started = event.started_at
    if isinstance(event, Opened) and group.ended_at is not None and started <= group.ended_at:
        started = group.ended_at + timedelta(microseconds=1)
    return replace(
        event,
        started_at=started,
        subject=f"{title}: {event.subject}" if title else event.subject,
        text=f"{about}\n\n{event.subject}\n\n{event.text}",
    )


def _left(source: str, group: CaseState, open_members: int, event: Event, policy: Policy) -> Plan:
    if not open_members:
        last = f"No member of the group is open any more; the last one was {event.subject}.\n\n{event.text}"
        # The end that arrives last may be earlier than the beginning of the group.
        ended = max(event.occurred_at, group.started_at or event.occurred_at)
        return plan(source, group, replace(event, text=last, occurred_at=ended), UNSEEN, policy)
    if group.ticket_state_by_others in ("wont_fix", "gone"):
        return Plan(group, reason=WONT_FIX if group.ticket_state_by_others == "wont_fix" else GONE)
    if policy.on_resolve == "nothing":
        return Plan(group, reason="the member left the group, and an end has no effect on the ticket (on_resolve)")
    text = f"{event.subject} left the group: it is resolved, says {source}. Still open: {open_members}."
    if _is_ours(event):
        text = f"{event.subject} left the group. Still open: {open_members}.\n\n{event.text}"
    return _with_notes(group, event, (_note(event, text),))


def _noted(group: CaseState, event: Event, alone: Plan) -> Plan:
    notes = tuple(each for each in alone.intents if isinstance(each.request, AddNote))
    if group.phase == "new" or group.ticket_state_by_others in ("wont_fix", "gone") or not alone.intents:
        return Plan(group, reason=alone.reason or "the group has no ticket")
    decided = _with_notes(group, event, notes)
    return decided if decided.intents else replace(decided, reason="the group has the same or a higher priority")


def _with_notes(group: CaseState, event: Event, notes: tuple[Intent, ...]) -> Plan:
    """Plan the notes, and the event's priority if it is higher than the group's."""
    delayed = group.delayed and not isinstance(event, Commented)
    higher = not isinstance(event, Resolved) and _HEIGHT[event.priority] > _HEIGHT[group.priority]
    if not higher or group.phase != "open":
        return Plan(group if group.delayed == delayed else replace(group, delayed=delayed), notes)
    update = Intent("update_ticket", UpdateTicket(priority=event.priority))
    return Plan(replace(group, delayed=delayed, priority=event.priority), (update, *notes))


def _no_lower(event: Event, group: CaseState) -> Event:
    """Return the event with the group's priority if that is higher."""
    if group.priority is not None and _HEIGHT[group.priority] > _HEIGHT[event.priority]:
        return replace(event, priority=group.priority)
    return event


def _note(event: Event, body: str) -> Intent:
    return Intent("add_note", AddNote(body=body, private=event.private))
