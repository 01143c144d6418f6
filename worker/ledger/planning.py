"""Which case does each event of a batch belong to, and what follows? All of it under the locks of those cases.

    1  resolve   by the names that the ledger knew before, which case each event goes to (worker.ledger.naming)
    2  lock      insert the cases that are new, sorted; lock all cases by id; then insert names, sorted; an alert that
                 is open by itself or in a group stays there, whatever the routes say today (worker.grouping)
    3  plan      event by event, in order, with what earlier ones of the batch left; an opening takes along the comments
                 that waited for it, before what follows it
    4  write     what is remembered, the operations, the cases

Every process takes these locks in this order. Whatever another process committed between 1 and 2 and would have
changed the answer of 1 is noticed in 2, and the batch begins again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Row, func, select

from connectors.events import Commented, Event, Exchange, Opened, Resolved, TicketChanged, digest
from tickets.marks import marker
from tickets.models import CreateTicket, Revision, encode
from worker.exchange import Talk, counted, gathered, passes
from worker.grouping import Grouped, Rate, is_group, latest, plan_member
from worker.ledger import bulk, damping, exchanges, members, naming, receipts, restoring, tickets, waiting
from worker.ledger.database import Database
from worker.ledger.members import Member, Place
from worker.ledger.naming import Destination, Key, Name
from worker.ledger.tables import cases, operations, seen
from worker.ledger.tickets import Known
from worker.ledger.waiting import Waiting
from worker.lifecycle import (
    CaseState,
    Group,
    Intent,
    Kind,
    Left,
    Phase,
    Plan,
    Policy,
    Request,
    Sighting,
    Standing,
    Treatment,
    derived_key,
    idempotency_key,
    plan,
    plan_ticket,
    rank,
)

COPIED = "copied"
"""In place of a content digest: copies of the message go round whose words differ, as those of a mailing list."""

USED_AGAIN = "message_id_reused: its id is known of another message of its sender"

CLOCKS_APART = timedelta(minutes=5)  # a source's clock and the ledger's


class BeginAgain(Exception):
    """The ledger moved between look-up and lock: begin again in a new transaction, with these cases locked too."""

    def __init__(self, ids: frozenset[int]) -> None:
        super().__init__("begin again")
        self.ids = ids


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event and the delivery that it came with."""

    source: str
    event: Event
    inbound_id: int
    treatment: Treatment | None = None
    """What was decided about it; None: what is usual."""
    occasion: str | None = None
    """Tells one telling of the event from another; None for one that was told before."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event led to."""

    event: Event
    operations: tuple[Kind, ...]
    sighting: Sighting
    reason: str | None
    quarantine: bool = False
    """A person must decide what it belongs to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What planning is done by."""

    policy: Policy
    """Of an event about which nothing else was decided."""
    revision: Revision
    marker_key: bytes
    now: datetime
    restored_at: datetime | None = None
    """When the ledger was restored from a backup: what its events did after that was taken is not known."""
    rests_until: datetime | None = None
    """Nothing is sent before: a worker of the time before the restore may have something under way."""
    may_damp: bool = False
    """Openings of some events wait before they are sent."""
    may_group: bool = False
    """Some events share a ticket with others, or did."""


@dataclass(slots=True)
class _Case:
    """A locked row, as it will be written back."""

    id: int
    source: str
    key: str
    state: CaseState
    opener: str | None
    delivery: str
    kind: Kind | None
    rank: int
    run_at: datetime
    next_seq: int
    head_seq: int
    create_seq: int | None
    open_members: int
    heard_at: datetime | None
    changed: bool = False
    woken: bool = False
    taken_back: list[int] = field(default_factory=list)
    """The creates whose episodes are not sent any more."""


@dataclass(frozen=True, slots=True)
class _Telling:
    """An event as it is told, and what the ledger knows of it."""

    event: Event
    sighting: Sighting
    episode: int | None
    destination: Destination
    occasion: str | None


@dataclass(frozen=True, slots=True)
class _Decided:
    """What follows from an event for a case."""

    case: _Case
    treatment: Treatment
    plan: Plan
    grouped: Grouped | None = None
    """Where the case is a group's."""


@dataclass(slots=True)
class _Batch:
    """What one transaction is about to write."""

    by_id: dict[int, _Case]
    by_key: dict[Key, _Case]
    seen: dict[tuple[str, bytes], tuple[bytes, int, int]]
    new_seen: list[dict[str, Any]] = field(default_factory=list)
    new_operations: list[dict[str, Any]] = field(default_factory=list)
    new_participants: list[dict[str, Any]] = field(default_factory=list)
    promised: set[tuple[int, str, str]] = field(default_factory=set)
    """Case, source and target of what is to be told."""
    waiting: list[dict[str, Any]] = field(default_factory=list)
    opened: list[_Case] = field(default_factory=list)
    """Cases that the event just planned opened for the first time."""
    told: set[tuple[str, str, str]] = field(default_factory=set)
    """Source, source message id and occasion: what one delivery says twice is told once."""
    names: dict[Name, int] = field(default_factory=dict)
    """Names that became known with this batch, and the cases that have them."""
    members: dict[Place, Member] = field(default_factory=dict)
    """Of the groups, those whom the events of the batch are about."""
    open_in: dict[Key, int] = field(default_factory=dict)
    """The groups in which they are open."""
    changed_members: dict[Place, Member] = field(default_factory=dict)
    tickets: dict[str, Known] = field(default_factory=dict)
    """Those that the events of the batch tell of."""
    told_tickets: list[tuple[TicketChanged, Known]] = field(default_factory=list)
    """What was told of tickets, each with what was known of it before."""
    rates: dict[int, Rate] = field(default_factory=dict)
    """Of the cases in which storms are gathered."""
    changed_rates: dict[int, Rate] = field(default_factory=dict)
    talks: dict[Name, Talk] = field(default_factory=dict)
    """Of the exchanges that its events belong to, locked."""
    changed_talks: dict[Name, Talk] = field(default_factory=dict)

    def case(self, destination: Destination) -> _Case | None:
        where = destination.case
        if where is None:
            return None
        return self.by_id[where] if isinstance(where, int) else self.by_key[where]


def plan_arrivals(
    db: Database, connection: Connection, arrivals: Sequence[Arrival], rules: Rules, also_lock: frozenset[int]
) -> tuple[list[Effect], frozenset[Kind]]:
    """What each event leads to, in order, and the kinds of operation that became due; written to the ledger.

    Raises BeginAgain.
    """
    if not arrivals:
        return [], frozenset()
    pairs = [(each.source, each.event) for each in arrivals]
    destinations = naming.resolve(connection, pairs)
    of_tickets = tickets.cases_of(connection, [event for _, event in pairs])
    destinations = [tickets.destination(*each, of_tickets) for each in zip(arrivals, destinations, strict=True)]
    rests_until = max(rules.now, rules.rests_until or rules.now)
    keys: set[Key] = set()
    if rules.may_group:
        keys = {(each.source, each.event.case_key) for each in arrivals}
        destinations = [led_to_its_group(each, where) for each, where in zip(arrivals, destinations, strict=True)]
        also_lock |= _may_be_met(connection, keys)
    batch = _lock(db, connection, pairs, destinations, rests_until, also_lock, _storms_of(arrivals))
    _find_members(connection, batch, keys, also_lock)
    _find_talks(connection, batch, arrivals, rules.now, also_lock)
    batch.tickets = tickets.known(connection, of_tickets)
    _find_damped(connection, batch, rules)
    names = _names_to_be(batch, pairs, destinations) | keys
    waited_for = waiting.waited_for(connection, names)
    effects = []
    for arrival, destination in zip(arrivals, destinations, strict=True):
        effects.append(_apply(batch, arrival, destination, rules))
        if batch.opened:
            _take_along(db, connection, batch, waited_for, rules)
    waiting.keep(db, connection, batch.waiting)
    _write(db, connection, batch, rules.now)
    _skip_superseded(connection, batch, rules)
    return effects, _due(batch)


def led_to_its_group(arrival: Arrival, destination: Destination) -> Destination:
    """The event's group in place of the case of its own."""
    group = arrival.treatment.group if arrival.treatment is not None else None
    if group is None or destination.case != (arrival.source, arrival.event.case_key):
        return destination
    return replace(destination, case=(arrival.source, group.key))


def _storms_of(arrivals: Sequence[Arrival]) -> set[Key]:
    """The keys of the cases in which these would be gathered."""
    storms = ((each.source, each.treatment.storm) for each in arrivals if each.treatment is not None)
    return {(source, storm.group.key) for source, storm in storms if storm is not None}


def _may_be_met(connection: Connection, keys: set[Key]) -> frozenset[int]:
    """The cases in which alerts of these keys may be: their own, and groups."""
    groups = {group for group, _ in members.read(connection, keys)}
    return frozenset(members.own_cases(connection, keys) | groups)


def _find_members(connection: Connection, batch: _Batch, keys: set[Key], also: frozenset[int]) -> None:
    """What is known of the keys in the groups, which are locked; begin again where one was opened meanwhile."""
    known = members.read(connection, keys)
    batch.members = {place: each for place, each in known.items() if place[0] in batch.by_id}
    batch.open_in = members.open_in(known)
    if elsewhere := set(batch.open_in.values()) - batch.by_id.keys():
        raise BeginAgain(also | elsewhere)


def _find_talks(
    connection: Connection, batch: _Batch, arrivals: Sequence[Arrival], now: datetime, also: frozenset[int]
) -> None:
    """Lock the exchanges; begin again where a case is not locked that is to get a note about one that does not stop."""
    limits: dict[Name, Exchange] = {}
    numbers: Counter[Name] = Counter()
    for each in arrivals:
        if each.event.exchange is not None:
            name = (each.source, each.event.exchange.name)
            limits[name] = each.event.exchange
            numbers[name] += 1
    batch.talks = exchanges.lock(connection, limits.keys(), now)
    noted = {
        talk.case_id
        for name, talk in batch.talks.items()
        if talk.case_id is not None and not passes(talk, limits[name], now, numbers[name])
    }
    if noted - batch.by_id.keys():
        raise BeginAgain(also | noted)


def _due(batch: _Batch) -> frozenset[Kind]:
    return frozenset(case.kind for case in batch.by_id.values() if case.woken and case.kind is not None)


def pair_known(db: Database, connection: Connection, rules: Rules) -> frozenset[Kind]:
    """Plan the comments whose case was recorded at the same moment as they were, so that neither saw the other.

    Gives the kinds of operation that became due. Raises BeginAgain.
    """
    known = waiting.cases_of_known(connection)
    if not known:
        return frozenset()
    rows = connection.execute(
        select(cases).where(cases.c.id.in_(sorted(set(known.values())))).order_by(cases.c.id).with_for_update()
    )
    batch = _Batch({row.id: _case(row) for row in rows}, {}, {})
    _find_damped(connection, batch, rules)
    found = waiting.take(connection, set(known))
    _plan_waiting(
        db, connection, batch, [(each, batch.by_id[known[each.source, each.wanted]]) for each in found], rules
    )
    _write(db, connection, batch, rules.now)
    _skip_superseded(connection, batch, rules)
    return _due(batch)


def _skip_superseded(connection: Connection, batch: _Batch, rules: Rules) -> None:
    """In a ledger that was restored, what is planned now may supersede what is in doubt."""
    changed = {row["case_id"] for row in batch.new_operations if row["kind"] in restoring.SETS_STATE}
    if rules.restored_at is not None and changed:
        restoring.skip_superseded(connection, rules.now, changed)


def seen_digest(source: str, source_message_id: str, content: str | None = None) -> bytes:
    """The digest under which an event is remembered; with `content`, one of its later versions."""
    return bytes.fromhex(digest(source, source_message_id, *([content] if content is not None else [])))


def _lock(
    db: Database,
    connection: Connection,
    pairs: list[tuple[str, Event]],
    destinations: list[Destination],
    rests_until: datetime,
    also: frozenset[int],
    storms: set[Key],
) -> _Batch:
    keys = sorted({each.case for each in destinations if isinstance(each.case, tuple)} | storms)
    ids = {each.case for each in destinations if isinstance(each.case, int)} | also
    new = bulk.insert_new(connection, cases, [_new_case(*key, rests_until) for key in keys])
    others = set(keys) - {(row.source, row.key) for row in new}
    by_id = {row.id: _case(row) for row in (*new, *_locked(connection, ids, others))}
    batch = _Batch(by_id, {(case.source, case.key): case for case in by_id.values()}, {})
    batch.rates = members.rates(connection, [batch.by_key[each].id for each in storms])
    _name(db, connection, batch, pairs, destinations)
    batch.seen = _read_seen(connection, _digests(pairs))
    if elsewhere := {case_id for _, case_id, _ in batch.seen.values()} - by_id.keys():
        raise BeginAgain(also | elsewhere)
    return batch


def _locked(connection: Connection, ids: Iterable[int], keys: Iterable[Key]) -> Sequence[Row[Any]]:
    """The cases with these ids or keys, locked in the order of their ids."""
    wanted: list[dict[str, Any]] = [{"id": each, "source": None, "key": None} for each in ids]
    wanted += [{"id": None, "source": source, "key": key} for source, key in keys]
    if not wanted:
        return ()
    return connection.execute(_to_lock(is_sqlite=bulk.is_sqlite(connection)), bulk.packed(wanted)).all()


@cache
def _to_lock(*, is_sqlite: bool) -> Any:
    rows = bulk.given({name: cases.c[name] for name in ("id", "source", "key")}, is_sqlite=is_sqlite)
    named = cases.alias("named")
    has_key = (named.c.source == rows.c.source) & (named.c.key == rows.c.key)
    by_key = select(named.c.id).where(has_key).correlate(rows).scalar_subquery()
    these = select(func.coalesce(rows.c.id, by_key))
    return select(cases).where(cases.c.id.in_(these)).order_by(cases.c.id).with_for_update()


def _name(
    db: Database,
    connection: Connection,
    batch: _Batch,
    pairs: list[tuple[str, Event]],
    destinations: list[Destination],
) -> None:
    """Make the new names known; begin again where somebody else was quicker and meant another case."""
    wanted: dict[Name, int] = {}
    for (source, _), destination in zip(pairs, destinations, strict=True):
        case = batch.case(destination)
        if case is not None:
            wanted.update({(source, name): case.id for name in destination.new_names})
    if naming.register(db, connection, wanted) != wanted:
        raise BeginAgain(frozenset())
    batch.names |= wanted


def _digests(pairs: Iterable[tuple[str, Event]]) -> list[tuple[str, bytes]]:
    found = set()
    for source, event in pairs:
        name, content = event.source_message_id, event.content_digest
        found |= {(source, seen_digest(source, name)), (source, seen_digest(source, name, content))}
        if event.other_words != "change":
            own = digest(name, content)
            found |= {(source, seen_digest(source, name, COPIED)), (source, seen_digest(source, own))}
    return sorted(found)


def _read_seen(
    connection: Connection, digests: list[tuple[str, bytes]]
) -> dict[tuple[str, bytes], tuple[bytes, int, int]]:
    wanted = ({"source": source, "digest": digest} for source, digest in digests)
    rows = bulk.find(connection, (seen.c.source, seen.c.digest), wanted)
    return {(row.source, bytes(row.digest)): (bytes(row.content), row.case_id, row.episode) for row in rows}


def _new_case(source: str, key: str, run_at: datetime) -> dict[str, Any]:
    return {
        "source": source, "key": key, "episode": 0, "phase": "new", "state": "idle", "rank": 9, "run_at": run_at,
        "head_seq": 1, "next_seq": 1, "epoch": 0, "attempts": 0,
    }  # fmt: skip


def _case(row: Row[Any]) -> _Case:
    phase = cast(Phase, row.phase)
    return _Case(
        id=row.id,
        source=row.source,
        key=row.key,
        state=CaseState(
            row.episode,
            phase,
            row.started_at,
            row.ended_at,
            row.priority,
            row.ticket_id,
            lost=row.lost,
            left=cast(Left | None, row.left),
            left_at=row.left_at,
            changed_at=row.changed_at,
        ),
        opener=row.opener,
        delivery=row.state,
        kind=row.kind,
        rank=row.rank,
        run_at=row.run_at,
        next_seq=row.next_seq,
        head_seq=row.head_seq,
        create_seq=row.create_seq,
        open_members=row.open_members,
        heard_at=row.heard_at,
    )


def _apply(batch: _Batch, arrival: Arrival, destination: Destination, rules: Rules) -> Effect:
    if isinstance(arrival.event, TicketChanged):
        return _apply_to_ticket(batch, arrival, arrival.event)
    arrival, destination, used_again = _with_its_own_name(batch, arrival, destination)
    event = destination.read_as or arrival.event
    case, sighting, episode = _recognise(batch, arrival.source, event, _met(batch, arrival, destination))
    if case is None:
        return _without_case(batch, arrival, cast(Commented, event), rules.now)
    telling = _Telling(event, sighting, episode, destination, _first_time(batch, arrival))
    treatment = arrival.treatment or Treatment(rules.policy)
    made = _decide(batch, case, treatment, telling, rules.now)
    if (storm := _storm(batch, arrival, made, rules.now)) is not None:
        made = _decide(batch, storm[0], replace(treatment, group=storm[1]), telling, rules.now)
    case, decided = made.case, made.plan
    if sighting is Sighting.NEW and (stopped := _stopped(batch, arrival, made, rules.now)) is not None:
        case, decided = stopped
        event = replace(event, joins=False)
        made = _Decided(case, treatment, decided)
    if decided.unknown is not None:
        return _without_case(batch, arrival, cast(Commented, event), rules.now)
    if made.grouped is not None and sighting is Sighting.NEW:
        _change_member(batch, case, event, made.grouped)
    if not case.state.episode and decided.case.episode:
        case.opener = event.author
        batch.opened.append(case)
        batch.names[arrival.source, case.key] = case.id
    case.changed |= decided.case != case.state or bool(decided.intents)
    was_damped, case.state = case.state.damped, decided.case
    if decided.takes_back:
        _take_back(case)
    elif was_damped and not case.state.damped:
        case.run_at, case.woken = rules.now, True
    if treatment.policy.expires and telling.occasion is not None and isinstance(event, Opened):
        _hear(batch, case, event, rules.now)
    if sighting is not Sighting.REPEAT:
        _remember(batch, arrival, sighting, case)
        if decided.intents:
            _let_in(batch, event, case)
        if event.answer is not None and any(each.kind in tickets.OPENS for each in decided.intents):
            batch.promised.add((case.id, arrival.source, event.answer))
    _enqueue(batch, arrival, event, case, decided, episode, rules, treatment.policy.damping)
    reason = decided.reason or used_again
    return Effect(arrival.event, tuple(intent.kind for intent in decided.intents), sighting, reason)


def _with_its_own_name(
    batch: _Batch, arrival: Arrival, destination: Destination
) -> tuple[Arrival, Destination, str | None]:
    """A message whose sender used a known id again, under a name of its own: it goes to the case of the first."""
    source, event = arrival.source, arrival.event
    known = batch.seen.get((source, seen_digest(source, event.source_message_id)))
    if known is None or event.other_words != "message":
        return arrival, destination, None
    is_copied = (source, seen_digest(source, event.source_message_id, COPIED)) in batch.seen
    renamed = used_again(event, known[0].hex(), is_copied=is_copied)
    if renamed is None:
        return arrival, destination, None
    return replace(arrival, event=renamed), replace(destination, case=known[1], read_as=None), USED_AGAIN


def used_again(event: Event, known_content: str, *, is_copied: bool) -> Event | None:
    """The event under a name of its own, where the message that is known by its name is another one; else None."""
    if event.other_words != "message" or event.content_digest == known_content or is_copied:
        return None
    facts = {each.name: getattr(event, each.name) for each in fields(event)}
    facts["source_message_id"] = digest(event.source_message_id, event.content_digest)
    if isinstance(event, Opened):
        return Commented(**{each.name: facts[each.name] for each in fields(Event)})
    return replace(event, source_message_id=facts["source_message_id"])


def _stopped(batch: _Batch, arrival: Arrival, made: _Decided, now: datetime) -> tuple[_Case, Plan] | None:
    """Where a message goes whose exchange does not stop, and what becomes of it there; None for all others."""
    limit = arrival.event.exchange
    if limit is None or arrival.occasion is None or not made.plan.intents:
        return None
    name = (arrival.source, limit.name)
    talk, verdict = counted(batch.talks[name], limit, made.case.id, now)
    batch.talks[name] = batch.changed_talks[name] = talk
    if verdict == "passes":
        return None
    case = batch.by_id[talk.case_id] if talk.case_id is not None else made.case
    return case, gathered(case.state, arrival.event, limit, verdict)


def _apply_to_ticket(batch: _Batch, arrival: Arrival, event: TicketChanged) -> Effect:
    """What a ticket's state means for its case; no call follows from it."""
    known = batch.tickets.get(event.ticket_id)
    if known is None:
        return Effect(event, (), Sighting.NEW, "it is no ticket of ours")
    case, sighting, _ = _recognise(batch, arrival.source, event, batch.by_id[known.case_id])
    if case is None or sighting is not Sighting.NEW:
        return Effect(event, (), sighting, "a repeat: this message is known")
    state, reason = plan_ticket(case.state, tickets.seen(event, known, case.create_seq))
    case.changed |= state != case.state
    case.state = state
    _remember(batch, arrival, sighting, case)
    batch.told_tickets.append((event, known))
    if known.told_at is None or known.told_at <= event.occurred_at:
        batch.tickets[event.ticket_id] = replace(known, told_at=event.occurred_at, status=event.status)
    return Effect(event, (), sighting, reason or "what it says of its ticket is known now")


def _met(batch: _Batch, arrival: Arrival, destination: Destination) -> _Case | None:
    """The case that the event meets: that in which what it is about is open, by itself or in a group."""
    own = (arrival.source, arrival.event.case_key)
    led_to = batch.case(destination)
    if destination.case not in (None, own) and not (led_to is not None and is_group(led_to.key)):
        return led_to  # it names another case
    if (group := batch.open_in.get(own)) is not None:
        return batch.by_id[group]
    itself = batch.by_key.get(own)
    if itself is not None and itself.state.phase == "open":
        return itself
    if isinstance(arrival.event, Commented) and (itself is None or not itself.state.episode):
        in_groups = ((place, each.state) for place, each in batch.members.items() if place[1] == own[1])
        place = latest(each for each in in_groups if batch.by_id[each[0][0]].source == own[0])
        return led_to if place is None else batch.by_id[place[0]]
    return led_to


def _decide(batch: _Batch, case: _Case, treatment: Treatment, telling: _Telling, now: datetime) -> _Decided:
    """What the event would lead to for this case; nothing is changed."""
    event, sighting, episode = telling.event, telling.sighting, telling.episode
    if is_group(case.key):
        known = batch.members.get((case.id, event.case_key))
        member = known.state if known is not None else CaseState()
        found = plan_member(
            case.source,
            case.state,
            case.open_members,
            member,
            not_in_the_future(event, member, now),
            sighting,
            treatment,
            episode=episode,
            occasion=telling.occasion,
        )
        return _Decided(case, treatment, found.plan, found)
    decided = plan(
        case.source,
        case.state,
        not_in_the_future(event, case.state, now),
        sighting,
        treatment.policy,
        episode=episode,
        standing=standing_of(telling.destination, case.opener, event),
        wording=treatment.wording,
        occasion=telling.occasion,
    )
    return _Decided(case, treatment, decided)


def _storm(batch: _Batch, arrival: Arrival, made: _Decided, now: datetime) -> tuple[_Case, Group] | None:
    """The case in which a new incident is gathered when too many begin; it is counted. None: it has its own ticket."""
    storm = made.treatment.storm
    is_new = any(intent.kind == "create_ticket" for intent in made.plan.intents)
    if storm is None or not is_new or arrival.occasion is None:
        return None
    case = batch.by_key[arrival.source, storm.group.key]
    rate = batch.rates.get(case.id, Rate()).counted(now)
    batch.rates[case.id] = batch.changed_rates[case.id] = rate
    return (case, storm.group) if rate.is_above(storm.above) else None


def _change_member(batch: _Batch, case: _Case, event: Event, grouped: Grouped) -> None:
    place, own = (case.id, event.case_key), (case.source, event.case_key)
    known = batch.members.get(place)
    heard_at = known.heard_at if known is not None else None
    batch.members[place] = batch.changed_members[place] = Member(case.source, grouped.member, event.subject, heard_at)
    case.changed |= case.open_members != grouped.open_members
    case.open_members = grouped.open_members
    if grouped.member.phase == "open":
        batch.open_in[own] = case.id
    else:
        batch.open_in.pop(own, None)
    if grouped.member.episode and not (known is not None and known.state.episode):
        batch.opened.append(case)
        batch.names[own] = case.id


def _hear(batch: _Batch, case: _Case, event: Event, now: datetime) -> None:
    """Its source says that it goes on."""
    if not is_group(case.key):
        case.heard_at, case.changed = now, True
    elif (member := batch.members.get((case.id, event.case_key))) is not None:
        place = (case.id, event.case_key)
        batch.members[place] = batch.changed_members[place] = replace(member, heard_at=now)


def _first_time(batch: _Batch, arrival: Arrival) -> str | None:
    """The occasion on which the event is told, when that is not told of a second time."""
    telling = (arrival.source, arrival.event.source_message_id, arrival.occasion or "")
    is_told = telling in batch.told
    batch.told.add(telling)
    return None if is_told else arrival.occasion


def not_in_the_future(event: Event, case: CaseState, now: datetime) -> Event:
    """An end that a wrong clock puts into the future would swallow every opening until then."""
    latest = max(now, case.started_at or now)
    return replace(event, occurred_at=latest) if isinstance(event, Resolved) and event.occurred_at > latest else event


def _recognise(
    batch: _Batch, source: str, event: Event, destination: _Case | None
) -> tuple[_Case | None, Sighting, int | None]:
    """The case that an event belongs to: the one it was recorded in, wherever it would be put today."""
    known = batch.seen.get((source, seen_digest(source, event.source_message_id)))
    if known is None:
        return destination, Sighting.NEW, None
    content, case_id, episode = known
    version = (source, seen_digest(source, event.source_message_id, event.content_digest))
    same = content == bytes.fromhex(event.content_digest) or version in batch.seen or event.other_words != "change"
    return batch.by_id[case_id], Sighting.REPEAT if same else Sighting.CHANGED, episode


def standing_of(destination: Destination, opener: str | None, event: Event) -> Standing:
    """How an event stands to the case that it came to, which was opened by `opener`."""
    authorized = destination.authorized
    if event.authority == "opener":
        authorized = event.author is not None and event.author == opener
    return Standing(authorized, destination.turned_away_from)


def _without_case(batch: _Batch, arrival: Arrival, event: Commented, now: datetime) -> Effect:
    if event.unknown == "quarantine":
        reason = "the case that it belongs to is not known"
        return Effect(arrival.event, (), Sighting.NEW, reason, quarantine=True)
    row = waiting.row(
        Waiting(arrival.source, waiting.name_of(event), event, arrival.inbound_id, arrival.treatment), now
    )
    batch.waiting.append(row)
    return Effect(arrival.event, (), Sighting.NEW, "it waits for its case")


def _remember(batch: _Batch, arrival: Arrival, sighting: Sighting, case: _Case) -> None:
    event = arrival.event
    names: list[tuple[str, ...]] = [(event.source_message_id,)]
    if sighting is Sighting.CHANGED:
        names = [(event.source_message_id, event.content_digest)]
    elif event.other_words == "copy":
        names.append((event.source_message_id, COPIED))
    content = bytes.fromhex(event.content_digest)
    for name in names:
        key = seen_digest(arrival.source, *name)
        batch.seen[arrival.source, key] = (content, case.id, case.state.episode)
        batch.new_seen.append(
            {
                "source": arrival.source,
                "digest": key,
                "content": content,
                "inbound_id": arrival.inbound_id,
                "case_id": case.id,
                "episode": case.state.episode,
            }
        )


def _let_in(batch: _Batch, event: Event, case: _Case) -> None:
    batch.new_participants += [{"case_id": case.id, "name": name} for name in sorted(naming.joining(event))]


def _enqueue(
    batch: _Batch,
    arrival: Arrival,
    event: Event,
    case: _Case,
    decided: Plan,
    episode: int | None,
    rules: Rules,
    damping: timedelta,
) -> None:
    key_episode = episode if episode is not None else case.state.episode
    for intent in decided.intents:
        key = idempotency_key(arrival.source, case.key, key_episode, event.source_message_id, intent)
        if intent.kind == "create_ticket":
            case.create_seq = case.next_seq
        is_held = case.state.lost
        row = _operation(case, intent, key, rules) | {
            "inbound_id": arrival.inbound_id,
            "episode": key_episode,
            "state": "held" if is_held else "open",
            "rank": rank(intent.kind, event.priority),
        }
        if rules.restored_at is not None and event.occurred_at <= rules.restored_at + CLOCKS_APART:
            # Its effect may be there already, from a ledger that is no more.
            row |= {"ambiguous": True, "unproven": True, "last_sent_at": rules.restored_at}
        batch.new_operations.append(row)
        if not is_held:
            _wake(case, intent.kind, row["rank"], rules.now, damping)
        case.next_seq += 1
        if case.delivery in ("idle", "blocked"):
            case.head_seq = case.next_seq


def _operation(case: _Case, intent: Intent, key: str, rules: Rules) -> dict[str, Any]:
    instead = None
    if intent.instead is not None:
        marked = _marked(intent.instead, derived_key(key, "create_ticket"), rules)
        instead = encode(marked, rules.revision)
    return {
        "case_id": case.id,
        "seq": case.next_seq,
        "kind": intent.kind,
        "target": case.create_seq,
        "idempotency_key": key,
        "request": encode(_marked(intent.request, key, rules), rules.revision),
        "instead": instead,
        "created_at": rules.now,
        "last_sent_at": None,
        "ambiguous": False,
        "unproven": False,
        "conflicts": 0,
    }


def _marked(request: Request, key: str, rules: Rules) -> Request:
    if not isinstance(request, CreateTicket):
        return request
    return request.model_copy(update={"marker": marker(rules.marker_key, key)})


def _wake(case: _Case, kind: Kind, its_rank: int, now: datetime, damping: timedelta) -> None:
    if case.delivery in ("idle", "blocked"):
        # One that rests may rest because of a ghost: what died last may still take effect.
        wait = damping if case.state.damped else timedelta(0)
        case.delivery, case.kind, case.rank = "ready", kind, its_rank
        case.run_at = max(now + wait, case.run_at)
        case.head_seq, case.woken = case.next_seq, case.run_at <= now
    else:
        case.rank = min(case.rank, its_rank)
        # What waits behind another call was not the first to be sent: it is as usual.
        case.state = replace(case.state, damped=case.state.damped and case.head_seq == case.create_seq)


def _find_damped(connection: Connection, batch: _Batch, rules: Rules) -> None:
    """Which of the cases wait out their damping? Their creates need not be sent yet, and never were."""
    if not (rules.may_damp or rules.policy.damping):
        return
    waits = [
        (case.id, case.head_seq)
        for case in batch.by_id.values()
        if case.delivery == "ready" and case.run_at > rules.now and case.head_seq == case.create_seq
    ]
    for case_id in damping.never_sent(connection, waits):
        case = batch.by_id[case_id]
        case.state = replace(case.state, damped=True)


def _take_back(case: _Case) -> None:
    """Nothing of the episode is sent: the case waits for its next opening."""
    if case.create_seq is not None:
        case.taken_back.append(case.create_seq)
    case.delivery, case.kind, case.rank, case.head_seq, case.create_seq = "idle", None, 9, case.next_seq, None
    case.woken = False


def _names_to_be(
    batch: _Batch, pairs: list[tuple[str, Event]], destinations: list[Destination]
) -> set[tuple[str, str]]:
    """The names and keys under which a comment may wait for a case that this batch opens."""
    new = {case.id: (case.source, case.key) for case in batch.by_id.values() if not case.state.episode}
    names = set(new.values())
    for (source, _), destination in zip(pairs, destinations, strict=True):
        case = batch.case(destination)
        if case is not None and case.id in new:
            names |= {(source, name) for name in destination.new_names}
    return names


def _take_along(db: Database, connection: Connection, batch: _Batch, waited_for: set[Name], rules: Rules) -> None:
    """Plan the comments that waited for the cases that were just opened, in the order in which they were made."""
    opened = {case.id: case for case in batch.opened}
    batch.opened.clear()
    names = {name: opened[case_id] for name, case_id in batch.names.items() if case_id in opened}
    if not batch.waiting and not waited_for & names.keys():
        return
    waiting.keep(db, connection, batch.waiting)
    batch.waiting.clear()
    found = waiting.take(connection, set(names))
    _plan_waiting(db, connection, batch, [(each, names[each.source, each.wanted]) for each in found], rules)


def _plan_waiting(
    db: Database, connection: Connection, batch: _Batch, found: Sequence[tuple[Waiting, _Case]], rules: Rules
) -> None:
    """Plan comments whose cases are known and locked now; what was recorded elsewhere meanwhile had its effect."""
    known = _read_seen(connection, _digests((each.source, each.event) for each, _ in found))
    elsewhere = {name for name, (_, case_id, _) in known.items() if case_id not in batch.by_id}
    batch.seen |= {name: known[name] for name in known.keys() - elsewhere}
    found = [
        (each, case)
        for each, case in found
        if (each.source, seen_digest(each.source, each.event.source_message_id)) not in elsewhere
    ]
    named = {(each.source, alias): case.id for each, case in found for alias in each.event.aliases}
    naming.register(db, connection, named)
    for each, case in found:
        _apply(batch, Arrival(each.source, each.event, each.inbound_id, each.treatment), Destination(case.id), rules)
    waiting.say_that_they_were_taken(connection, [each.inbound_id for each, _ in found])


def _write(db: Database, connection: Connection, batch: _Batch, now: datetime) -> None:
    bulk.insert(connection, seen, batch.new_seen)
    bulk.insert(connection, operations, batch.new_operations)
    damping.skip(connection, [(case.id, seq) for case in batch.by_id.values() for seq in case.taken_back], now)
    if batch.new_participants:
        naming.let_in(db, connection, batch.new_participants)
    changed = [
        {
            "id": case.id,
            "episode": case.state.episode,
            "phase": case.state.phase,
            "started_at": case.state.started_at,
            "ended_at": case.state.ended_at,
            "priority": case.state.priority,
            "opener": case.opener,
            "state": case.delivery,
            "kind": case.kind,
            "rank": case.rank,
            "run_at": case.run_at,
            "head_seq": case.head_seq,
            "next_seq": case.next_seq,
            "create_seq": case.create_seq,
            "lost": case.state.lost,
            "open_members": case.open_members,
            "left": case.state.left,
            "left_at": case.state.left_at,
            "changed_at": case.state.changed_at,
            "heard_at": case.heard_at,
        }
        for case in batch.by_id.values()
        if case.changed
    ]
    bulk.change(connection, cases, changed)
    members.write(connection, batch.changed_members)
    members.write_rates(connection, batch.changed_rates)
    exchanges.write(connection, batch.changed_talks, now)
    moved = tickets.write(connection, [_observation(batch, *each) for each in batch.told_tickets])
    receipts.promise(connection, batch.promised, now)
    receipts.notice(connection, moved, now)


def _observation(batch: _Batch, event: TicketChanged, known: Known) -> tickets.Observation:
    """What was told of a ticket, with its case as the whole batch leaves it."""
    return tickets.Observation(
        known.case_id,
        event.ticket_id,
        event.status,
        event.occurred_at,
        batch.by_id[known.case_id].state,
        is_told=True,
        is_reopened=tickets.is_reopened(event, known),
    )
