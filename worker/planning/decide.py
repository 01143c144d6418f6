"""Decides what follows from the events of a batch. It is the only planner: the ledger and rehearsals both use it.

The events are planned in their order, each against the result of the earlier events of the batch:

    1  recognise   its case, and whether the message is known: new, a repeat, or changed
    2  plan        the calls for that case (`lifecycle`), or for the group that has it as a member (`grouping`)
    3  storm       a new incident beyond the rate is planned for the case that gathers the storm
    4  loop        a looping message becomes one note (`loop_guard`)
    5  carry out   the decision is written to the batch: the case, the records of messages, the calls

After an opening, the comments that waited for its case are planned, before the next event. A `TicketChanged` event
changes the stored state of a ticket, and makes no call (`people`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, cast

from connectors.contract.events import Commented, Event, Opened, TicketChanged, digest
from worker.planning.arrival import Arrival, Effect, Rules, Waiting, name_of
from worker.planning.batch import Batch, Case, Seen
from worker.planning.correlation import Destination, Name, joining, standing_of
from worker.planning.enqueue import end_delay, enqueue, take_back
from worker.planning.grouping import Grouped, Rate, is_group, latest, plan_member
from worker.planning.lifecycle import not_in_the_future, plan
from worker.planning.loop_guard import LoopGuard, counted, gathered
from worker.planning.model import UNOPENED, Member, Plan, Recognition, Recurrence, Treatment
from worker.planning.people import plan_ticket, seen
from worker.planning.reused_ids import COPIED, USED_AGAIN, used_again
from worker.planning.senders import marked, why_not_let_in

OPENS = ("create_ticket", "reopen_ticket")
"""The calls after which a ticket is open."""


class _Observation(NamedTuple):
    """An event whose message and destination are known. Not the `observation` of an arrival, which is a time."""

    arrival: Arrival
    event: Event
    """The event to plan. It differs from the arrived one if an opening is read as a comment, or has a new id."""
    recognition: Recognition
    destination: Destination
    treatment: Treatment
    renamed: str | None
    """Why the event has a new id; None if it keeps the id with which it arrived."""


class _Decision(NamedTuple):
    """The plan of an event for a case."""

    case: Case
    plan: Plan
    grouped: Grouped | None = None
    """Set if the case is a group's."""
    joins: bool = True
    """True if the author takes part in the case from now on, provided that the event allows it."""


def decide(batch: Batch, arrivals: Iterable[tuple[Arrival, Destination]], rules: Rules) -> list[Effect]:
    """Return the effect of each event, in order; effects of waiting comments follow the opening of their case."""
    effects = []
    for arrival, destination in arrivals:
        effects.append(_planned(batch, arrival, destination, rules))
        if batch.opened:
            effects += _take_along(batch, rules)
    return effects


def decide_waiting(batch: Batch, found: Sequence[tuple[Waiting, Case]], rules: Rules) -> list[Effect]:
    """Return the effects of waiting comments with a case that is known by now.

    A comment that was recorded in a case outside the batch had its effect there, and is dropped here.
    """
    effects = []
    here = [(each, case) for each, case in found if not _is_elsewhere(batch, each)]
    for each, case in here:
        for alias in each.event.aliases:
            batch.later_aliases.setdefault((each.source, alias), case.id)
    for each, case in here:
        arrival = Arrival(each.source, each.event, each.inbound_id, each.treatment)
        effects.append(replace(_planned(batch, arrival, Destination(case.id), rules), waited=True))
    batch.taken += [each for each, _ in found]
    batch.paired += [each.inbound_id for each, _ in here]
    return effects


def _planned(batch: Batch, arrival: Arrival, destination: Destination, rules: Rules) -> Effect:
    if isinstance(arrival.event, TicketChanged):
        return _ticket_changed(batch, arrival, arrival.event)
    arrival, destination, renamed = _with_its_own_id(batch, arrival, destination)
    event = destination.read_as or arrival.event
    case, recurrence, episode = _recognised(batch, arrival.source, event, _met(batch, arrival, destination))
    if case is None:
        return _without_case(batch, arrival, cast(Commented, event))
    recognition = Recognition(recurrence, episode, _first_time(batch, arrival))
    treatment = arrival.treatment or Treatment(rules.policy)
    observed = _Observation(arrival, event, recognition, destination, treatment, renamed)
    if (why_not := why_not_let_in(destination, event, recurrence, case, is_renamed=renamed is not None)) is not None:
        is_known = recurrence is Recurrence.REPEAT
        return Effect(arrival, recurrence, why_not, case.id, case.key, episode or 0, quarantine=not is_known)
    decision = _stopped(batch, observed, _gathered(batch, observed, case, rules.now), rules.now)
    if decision.plan.unknown is not None:
        return _without_case(batch, arrival, cast(Commented, event))
    return _carried_out(batch, observed, _marked(batch, observed, decision), rules)


def _marked(batch: Batch, observed: _Observation, decision: _Decision) -> _Decision:
    """Return the decision; its ticket says that the author is not verified, unless it says so already."""
    event, mark = observed.event, (decision.case.id, observed.event.author)
    if event.doubt is None or observed.destination.proven or observed.recognition.recurrence is Recurrence.REPEAT:
        return decision
    planned = decision.plan if mark in batch.known.marked else marked(decision.plan, event.doubt)
    if planned is not decision.plan:
        batch.known.marked.add(mark)
        batch.marked.add(mark)
    return decision._replace(plan=planned)


def _with_its_own_id(
    batch: Batch, arrival: Arrival, destination: Destination
) -> tuple[Arrival, Destination, str | None]:
    """Give a message with a reused id an id of its own; it goes to the case of the first message."""
    source, event = arrival.source, arrival.event
    first = batch.known.seen.get((source, event.source_message_id))
    if first is None:
        return arrival, destination, None
    is_copied = (source, event.source_message_id, COPIED) in batch.known.seen
    renamed = used_again(event, first.content, is_copied=is_copied)
    if renamed is None:
        return arrival, destination, None
    # A stranger is not the sender who used the id before.
    where = destination.case if event.stranger else first.case_id
    return replace(arrival, event=renamed), replace(destination, case=where, read_as=None), USED_AGAIN


def _met(batch: Batch, arrival: Arrival, destination: Destination) -> Case | None:
    """Return the case for which the event is planned.

    That is the other case to which the event refers; else the case in which its alert is open, by itself or in a group;
    else its destination.
    """
    known, own = batch.known, (arrival.source, arrival.event.case_key)
    led_to = known.case(destination)
    if destination.case not in (None, own) and not (led_to is not None and is_group(led_to.key)):
        return led_to  # the event refers to another case
    if (group := known.open_in.get(own)) is not None:
        return known.cases[group]
    itself = known.by_key.get(own)
    if itself is not None and itself.state.phase == "open":
        return itself
    if isinstance(arrival.event, Commented) and (itself is None or not itself.state.episode):
        place = latest((group, each.state) for group, each in known.members.get(own, {}).items())
        return led_to if place is None else known.cases[place]
    return led_to


def _recognised(
    batch: Batch, source: str, event: Event, met: Case | None
) -> tuple[Case | None, Recurrence, int | None]:
    """Return the case of an event: a known event stays in the case in which it was recorded."""
    known = batch.known.seen.get((source, event.source_message_id))
    if known is None:
        return met, Recurrence.FIRST, None
    version = (source, event.source_message_id, event.content_digest)
    same = known.content == event.content_digest or version in batch.known.seen or event.other_words != "change"
    return batch.known.cases[known.case_id], Recurrence.REPEAT if same else Recurrence.CHANGED, known.episode


def _first_time(batch: Batch, arrival: Arrival) -> str | None:
    """Return the arrival's observation; None for the second of two equal events in one delivery."""
    observed = (arrival.source, arrival.event.source_message_id, arrival.observation or "")
    if observed in batch.observed:
        return None
    batch.observed.add(observed)
    return arrival.observation


def _plan(batch: Batch, observed: _Observation, case: Case, treatment: Treatment, now: datetime) -> _Decision:
    """Plan the event for this case, without changing anything."""
    event, recognition = observed.event, observed.recognition
    if is_group(case.key):
        known = batch.known.members.get((case.source, event.case_key), {}).get(case.id)
        member = known.state if known is not None else UNOPENED
        event = not_in_the_future(event, member, now)
        found = plan_member(case.source, case.state, case.open_members, member, event, recognition, treatment)
        return _Decision(case, found.plan, found)
    standing = standing_of(observed.destination, case.opener, event)
    event = not_in_the_future(event, case.state, now)
    planned = plan(
        case.source, case.state, event, recognition, treatment.policy, standing=standing, wording=treatment.wording
    )
    return _Decision(case, planned)


def _gathered(batch: Batch, observed: _Observation, case: Case, now: datetime) -> _Decision:
    """Return the decision for the event's case; in a storm, for the case that gathers new incidents.

    A new incident is counted whether it is gathered or not.
    """
    arrival, treatment = observed.arrival, observed.treatment
    own = _plan(batch, observed, case, treatment, now)
    storm = treatment.storm
    if storm is None or arrival.observation is None:
        return own
    if not any(intent.kind == "create_ticket" for intent in own.plan.intents):
        return own
    gathering = batch.known.by_key[arrival.source, storm.group.key]
    rate = batch.known.rates.get(gathering.id, Rate()).counted(now)
    batch.known.rates[gathering.id] = batch.rates[gathering.id] = rate
    if not rate.is_above(storm.above):
        return own
    return _plan(batch, observed, gathering, replace(treatment, group=storm.group), now)


def _stopped(batch: Batch, observed: _Observation, decision: _Decision, now: datetime) -> _Decision:
    """Return the decision, or for a message that the loop guard stops, a note about the loop or nothing.

    The note is for the case of the latest message that passed.
    """
    arrival, is_new = observed.arrival, observed.recognition.recurrence is Recurrence.FIRST
    limit = arrival.event.exchange
    if limit is None or not is_new or arrival.observation is None or not decision.plan.intents:
        return decision
    name = (arrival.source, limit.name)
    guard, verdict = counted(batch.known.loop_guards.get(name, LoopGuard()), limit, decision.case.id, now)
    batch.known.loop_guards[name] = batch.loop_guards[name] = guard
    if verdict == "passes":
        return decision
    case = batch.known.cases[guard.case_id] if guard.case_id is not None else decision.case
    return _Decision(case, gathered(case.state, arrival.event, limit, verdict), joins=False)


def _carried_out(batch: Batch, observed: _Observation, decision: _Decision, rules: Rules) -> Effect:
    """Apply the decision to the batch."""
    arrival, event, case, decided = observed.arrival, observed.event, decision.case, decision.plan
    recognition, policy, was = observed.recognition, observed.treatment.policy, case.state
    if decision.grouped is not None and recognition.recurrence is Recurrence.FIRST:
        _change_member(batch, case, event, decision.grouped)
    if not was.episode and decided.case.episode:
        case.opener = event.author
        batch.opened.append(case)
        batch.names[arrival.source, case.key] = case.id
    case.changed |= decided.case != was or bool(decided.intents)
    case.state = decided.case
    if decided.takes_back:
        take_back(case)
    elif was.delayed and not case.state.delayed:
        end_delay(case, rules.now)
    if policy.expires and recognition.observation is not None and isinstance(event, Opened):
        _hear(batch, case, event, rules.now)
    if recognition.recurrence is not Recurrence.REPEAT:
        _remember(batch, arrival, recognition.recurrence, case)
        _let_in(batch, observed, decision)
    episode = recognition.episode if recognition.episode is not None else decided.case.episode
    enqueue(batch, arrival, event, case, decided, episode, rules, policy.damping)
    return Effect(
        arrival,
        recognition.recurrence,
        decided.reason or observed.renamed,
        case.id,
        case.key,
        episode,
        decided.intents,
        ends=was.phase == "open" and decided.case.phase != "open",
        takes_back=decided.takes_back,
    )


def _change_member(batch: Batch, case: Case, event: Event, grouped: Grouped) -> None:
    own = (case.source, event.case_key)
    of_key = batch.known.members.setdefault(own, {})
    known = of_key.get(case.id)
    heard_at = known.heard_at if known is not None else None
    member = Member(case.source, grouped.member, event.subject, heard_at)
    of_key[case.id] = batch.members[case.id, event.case_key] = member
    case.changed |= case.open_members != grouped.open_members
    case.open_members = grouped.open_members
    if grouped.member.phase == "open":
        batch.known.open_in[own] = case.id
    else:
        batch.known.open_in.pop(own, None)
    if grouped.member.episode and not (known is not None and known.state.episode):
        batch.opened.append(case)
        batch.names[own] = case.id


def _hear(batch: Batch, case: Case, event: Event, now: datetime) -> None:
    """Record that the source reported the alert as going on."""
    if not is_group(case.key):
        case.heard_at, case.changed = now, True
        return
    of_key = batch.known.members.get((case.source, event.case_key), {})
    if (member := of_key.get(case.id)) is not None:
        of_key[case.id] = batch.members[case.id, event.case_key] = replace(member, heard_at=now)


def _remember(batch: Batch, arrival: Arrival, recurrence: Recurrence, case: Case) -> None:
    source, event = arrival.source, arrival.event
    names: list[tuple[str, ...]] = [(source, event.source_message_id)]
    if recurrence is Recurrence.CHANGED:
        names = [(source, event.source_message_id, event.content_digest)]
    elif event.other_words == "copy" and not event.stranger:  # a forged copy must not hide the mail that it forges
        names.append((source, event.source_message_id, COPIED))
    for name in names:
        remembered = Seen(event.content_digest, case.id, case.state.episode)
        batch.known.seen[name] = remembered
        batch.seen[name] = (remembered, arrival.inbound_id)


def _let_in(batch: Batch, observed: _Observation, decision: _Decision) -> None:
    """Let the author of the event take part in its case, and add the receipt that the event asks for."""
    event, case, intents = observed.event, decision.case, decision.plan.intents
    if intents and decision.joins and not observed.destination.is_stranger:
        batch.participants += [(case.id, name) for name in sorted(joining(event))]
    if event.answer is not None and any(each.kind in OPENS for each in intents):
        batch.receipts.add((case.id, observed.arrival.source, event.answer))


def _ticket_changed(batch: Batch, arrival: Arrival, event: TicketChanged) -> Effect:
    """Record the effect of a ticket's state on its case; no call follows from it."""
    known = batch.known.tickets.get(event.ticket_id)
    if known is None:
        return Effect(arrival, Recurrence.FIRST, "the ticket belongs to no case")
    case, recurrence, _ = _recognised(batch, arrival.source, event, batch.known.cases[known.case_id])
    if case is None or recurrence is not Recurrence.FIRST:
        return Effect(arrival, recurrence, "a repeat: this message is known")
    state, reason = plan_ticket(case.state, seen(event, known, case.create_seq))
    case.changed |= state != case.state
    case.state = state
    _remember(batch, arrival, recurrence, case)
    batch.ticket_changes.append((event, known))
    if known.reported_at is None or known.reported_at <= event.occurred_at:
        later = replace(known, reported_at=event.occurred_at, status=event.status)
        batch.known.tickets[event.ticket_id] = later
    return Effect(arrival, recurrence, reason or "the state of the ticket is recorded")


def _without_case(batch: Batch, arrival: Arrival, event: Commented) -> Effect:
    """Let a comment without a known case wait, or leave it to a person: a stranger's does not wait."""
    if event.unknown == "quarantine" or event.stranger:
        reason = "the case is not known"
        return Effect(arrival, Recurrence.FIRST, reason, quarantine=True)
    wanted = (arrival.source, name_of(event))
    version = (event.source_message_id, event.content_digest)
    waiting = batch.known.waiting.setdefault(wanted, {})
    if version not in waiting:
        comment = Waiting(*wanted, event, arrival.inbound_id, arrival.treatment)
        waiting[version] = batch.waiting[arrival.source, *version] = comment
    return Effect(arrival, Recurrence.FIRST, "the comment waits for its case")


def _take_along(batch: Batch, rules: Rules) -> list[Effect]:
    """Plan the comments that waited for the cases that were just opened, in the order of the comments' times."""
    opened = {case.id: case for case in batch.opened}
    batch.opened.clear()
    if not batch.known.waiting:
        return []
    names = {name: opened[case_id] for name, case_id in batch.names.items() if case_id in opened}
    return decide_waiting(batch, taken(batch, names), rules)


def taken(batch: Batch, names: Mapping[Name, Case]) -> list[tuple[Waiting, Case]]:
    """Take the comments that wait for these names, the oldest first, each with its case; they wait no more."""
    found = []
    for name, case in names.items():
        for (message, content), each in batch.known.waiting.pop(name, {}).items():
            batch.waiting.pop((each.source, message, content), None)
            found.append((each, case))
    return sorted(found, key=lambda each: (each[0].event.occurred_at, each[0].inbound_id))


def _is_elsewhere(batch: Batch, comment: Waiting) -> bool:
    """Return True for a comment that was recorded in a case outside the batch.

    It may have been recorded under its own id, or under the new id of `used_again`.
    """
    source, event = comment.source, comment.event
    ids = (event.source_message_id, digest(event.source_message_id, event.content_digest))
    found = (batch.known.seen.get((source, each)) for each in ids)
    return any(each is not None and each.case_id not in batch.known.cases for each in found)
