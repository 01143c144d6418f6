"""Which case does each event of a batch belong to, and what follows? All of it under the locks of those cases.

    1  resolve   by the names that the ledger knew before, which case each event goes to (worker.ledger.naming)
    2  lock      insert the cases that are new, sorted; lock all cases by id; then insert names, sorted
    3  plan      event by event, in order, with what earlier ones of the batch left; an opening takes along the comments
                 that waited for it, before what follows it
    4  write     what is remembered, the operations, the cases

Every process takes these locks in this order. Whatever another process committed between 1 and 2 and would have
changed the answer of 1 is noticed in 2, and the batch begins again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, insert, select, tuple_, update

from connectors.events import Commented, Event, Resolved, digest
from tickets.marks import marker
from tickets.models import CreateTicket, Revision, encode
from worker.ledger import naming, restoring, waiting
from worker.ledger.database import Database
from worker.ledger.naming import Destination, Key, Name
from worker.ledger.tables import cases, operations, seen
from worker.ledger.waiting import Waiting
from worker.lifecycle import (
    CaseState,
    Intent,
    Kind,
    Phase,
    Plan,
    Policy,
    Request,
    Sighting,
    Standing,
    derived_key,
    idempotency_key,
    plan,
    rank,
)

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
    revision: Revision
    marker_key: bytes
    now: datetime
    restored_at: datetime | None = None
    """When the ledger was restored from a backup: what its events did after that was taken is not known."""
    rests_until: datetime | None = None
    """Nothing is sent before: a worker of the time before the restore may have something under way."""


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
    changed: bool = False
    woken: bool = False


@dataclass(slots=True)
class _Batch:
    """What one transaction is about to write."""

    by_id: dict[int, _Case]
    by_key: dict[Key, _Case]
    seen: dict[tuple[str, bytes], tuple[bytes, int, int]]
    new_seen: list[dict[str, Any]] = field(default_factory=list)
    new_operations: list[dict[str, Any]] = field(default_factory=list)
    new_participants: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    opened: list[_Case] = field(default_factory=list)
    """Cases that the event just planned opened for the first time."""
    names: dict[Name, int] = field(default_factory=dict)
    """Names that became known with this batch, and the cases that have them."""

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
    rests_until = max(rules.now, rules.rests_until or rules.now)
    batch = _lock(db, connection, pairs, destinations, rests_until, also_lock)
    waited_for = waiting.waited_for(connection, _names_to_be(batch, pairs, destinations))
    effects = []
    for arrival, destination in zip(arrivals, destinations, strict=True):
        effects.append(_apply(batch, arrival, destination, rules))
        if batch.opened:
            _take_along(db, connection, batch, waited_for, rules)
    waiting.keep(db, connection, batch.waiting)
    _write(db, connection, batch)
    _skip_superseded(connection, batch, rules)
    return effects, _due(batch)


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
    found = waiting.take(connection, set(known))
    _plan_waiting(
        db, connection, batch, [(each, batch.by_id[known[each.source, each.wanted]]) for each in found], rules
    )
    _write(db, connection, batch)
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
) -> _Batch:
    keys = sorted({each.case for each in destinations if isinstance(each.case, tuple)})
    ids = {each.case for each in destinations if isinstance(each.case, int)} | also
    if keys:
        connection.execute(db.insert_or_ignore(cases, "source", "key"), [_new_case(*key, rests_until) for key in keys])
    wanted = tuple_(cases.c.source, cases.c.key).in_(keys) | cases.c.id.in_(sorted(ids))
    rows = connection.execute(select(cases).where(wanted).order_by(cases.c.id).with_for_update())
    by_id = {row.id: _case(row) for row in rows}
    batch = _Batch(by_id, {(case.source, case.key): case for case in by_id.values()}, {})
    _name(db, connection, batch, pairs, destinations)
    batch.seen = _read_seen(connection, _digests(pairs))
    if elsewhere := {case_id for _, case_id, _ in batch.seen.values()} - by_id.keys():
        raise BeginAgain(also | elsewhere)
    return batch


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
        found.add((source, seen_digest(source, event.source_message_id)))
        found.add((source, seen_digest(source, event.source_message_id, event.content_digest)))
    return sorted(found)


def _read_seen(
    connection: Connection, digests: list[tuple[str, bytes]]
) -> dict[tuple[str, bytes], tuple[bytes, int, int]]:
    found = {}
    for start in range(0, len(digests), 5000):  # SQLite takes 32,766 parameters
        wanted = tuple_(seen.c.source, seen.c.digest).in_(digests[start : start + 5000])
        for row in connection.execute(select(seen).where(wanted)):
            found[row.source, bytes(row.digest)] = (bytes(row.content), row.case_id, row.episode)
    return found


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
        state=CaseState(row.episode, phase, row.started_at, row.ended_at, row.priority, row.ticket_id, lost=row.lost),
        opener=row.opener,
        delivery=row.state,
        kind=row.kind,
        rank=row.rank,
        run_at=row.run_at,
        next_seq=row.next_seq,
        head_seq=row.head_seq,
        create_seq=row.create_seq,
    )


def _apply(batch: _Batch, arrival: Arrival, destination: Destination, rules: Rules) -> Effect:
    event = destination.read_as or arrival.event
    case, sighting, episode = _recognise(batch, arrival.source, event, batch.case(destination))
    if case is None:
        return _without_case(batch, arrival, cast(Commented, event), rules.now)
    event = _not_in_the_future(event, case.state, rules.now)
    standing = _standing(destination, case, event)
    decided = plan(arrival.source, case.state, event, sighting, rules.policy, episode=episode, standing=standing)
    if decided.unknown is not None:
        return _without_case(batch, arrival, cast(Commented, event), rules.now)
    if not case.state.episode and decided.case.episode:
        case.opener = event.author
        batch.opened.append(case)
        batch.names[arrival.source, case.key] = case.id
    case.changed |= decided.case != case.state or bool(decided.intents)
    case.state = decided.case
    if sighting is not Sighting.REPEAT:
        _remember(batch, arrival, sighting, case)
        if decided.intents:
            _let_in(batch, event, case)
    _enqueue(batch, arrival, event, case, decided, episode, rules)
    return Effect(arrival.event, tuple(intent.kind for intent in decided.intents), sighting, decided.reason)


def _not_in_the_future(event: Event, case: CaseState, now: datetime) -> Event:
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
    same = content == bytes.fromhex(event.content_digest) or version in batch.seen
    return batch.by_id[case_id], Sighting.REPEAT if same else Sighting.CHANGED, episode


def _standing(destination: Destination, case: _Case, event: Event) -> Standing:
    authorized = destination.authorized
    if event.authority == "opener":
        authorized = event.author is not None and event.author == case.opener
    return Standing(authorized, destination.turned_away_from)


def _without_case(batch: _Batch, arrival: Arrival, event: Commented, now: datetime) -> Effect:
    if event.unknown == "quarantine":
        reason = "the case that it belongs to is not known"
        return Effect(arrival.event, (), Sighting.NEW, reason, quarantine=True)
    batch.waiting.append(waiting.row(arrival.source, event, arrival.inbound_id, now))
    return Effect(arrival.event, (), Sighting.NEW, "it waits for its case")


def _remember(batch: _Batch, arrival: Arrival, sighting: Sighting, case: _Case) -> None:
    event = arrival.event
    version = event.content_digest if sighting is Sighting.CHANGED else None
    name = seen_digest(arrival.source, event.source_message_id, version)
    content = bytes.fromhex(event.content_digest)
    batch.seen[arrival.source, name] = (content, case.id, case.state.episode)
    batch.new_seen.append(
        {
            "source": arrival.source,
            "digest": name,
            "content": content,
            "inbound_id": arrival.inbound_id,
            "case_id": case.id,
            "episode": case.state.episode,
        }
    )


def _let_in(batch: _Batch, event: Event, case: _Case) -> None:
    people = {*event.participants, *([event.author] if event.author else [])}
    batch.new_participants += [{"case_id": case.id, "name": name} for name in sorted(people)]


def _enqueue(
    batch: _Batch, arrival: Arrival, event: Event, case: _Case, decided: Plan, episode: int | None, rules: Rules
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
            _wake(case, intent.kind, row["rank"], rules.now)
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


def _wake(case: _Case, kind: Kind, its_rank: int, now: datetime) -> None:
    if case.delivery in ("idle", "blocked"):
        # One that rests may rest because of a ghost: what died last may still take effect.
        case.delivery, case.kind, case.rank, case.run_at = "ready", kind, its_rank, max(now, case.run_at)
        case.head_seq, case.woken = case.next_seq, case.run_at <= now
    else:
        case.rank = min(case.rank, its_rank)


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
        _apply(batch, Arrival(each.source, each.event, each.inbound_id), Destination(case.id), rules)
    waiting.say_that_they_were_taken(connection, [each.inbound_id for each, _ in found])


def _write(db: Database, connection: Connection, batch: _Batch) -> None:
    if batch.new_seen:
        connection.execute(insert(seen), batch.new_seen)
    if batch.new_operations:
        connection.execute(insert(operations), batch.new_operations)
    if batch.new_participants:
        naming.let_in(db, connection, batch.new_participants)
    changed = [
        {
            "the_id": case.id,
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
        }
        for case in batch.by_id.values()
        if case.changed
    ]
    if changed:
        columns: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name != "the_id"}
        connection.execute(update(cases).where(cases.c.id == bindparam("the_id")).values(columns), changed)
