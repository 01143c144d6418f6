"""How does a delivery get into the ledger? With its events planned, and all of a batch in one transaction.

The order of locks is the same everywhere: new cases are inserted sorted, then the cases' rows are locked by id. What
planning needs is read after that, so two processes that get the same message at once see each other's work.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, insert, select, tuple_, update

from connectors.base import Inbound, Parsed
from connectors.events import Commented, Event, digest
from connectors.mapping import clean, cut
from tickets.models import Revision, encode
from worker.ledger.database import Database
from worker.ledger.tables import cases, inbound, operations, seen
from worker.lifecycle import CaseState, Kind, Phase, Plan, Policy, Sighting, idempotency_key, plan, rank

ACCEPTED, QUARANTINED, SKIPPED = "accepted", "quarantined", "skipped"

REMARKS_KEPT = 20  # of one delivery
MAX_REASON = 2000  # characters

# They prove who sent it; nobody needs them afterwards, and they would be secrets in a database.
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


class OtherCases(Exception):
    """Messages are known in cases that were not locked, since they would be put elsewhere today: begin again."""

    def __init__(self, ids: frozenset[int]) -> None:
        super().__init__("begin again, with these cases locked too")
        self.ids = ids


@dataclass(frozen=True, slots=True)
class Delivery:
    """One inbound with what it says; `unreadable` is the reason why that is not known."""

    inbound: Inbound
    parsed: Parsed = field(default_factory=Parsed)
    unreadable: str | None = None
    inbound_id: int | None = None
    """Set when it is in custody already and is read again."""

    @property
    def problem(self) -> str | None:
        """Why it belongs in quarantine, whole or in part; None when it does not."""
        if self.unreadable is not None:
            return storable(self.unreadable)
        remarks = [f"{each.item}: {each.reason}" for each in self.parsed.unreadable]
        more = len(remarks) - REMARKS_KEPT
        return storable("; ".join(remarks[:REMARKS_KEPT] + ([f"and {more} more"] if more > 0 else []))) or None


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event led to."""

    event: Event
    operations: tuple[Kind, ...]
    sighting: Sighting
    reason: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one delivery."""

    inbound_id: int
    outcome: str
    reason: str | None
    effects: tuple[Effect, ...]


@dataclass(slots=True)
class _Case:
    """A locked row, as it will be written back."""

    id: int
    source: str
    key: str
    state: CaseState
    delivery: str
    kind: Kind | None
    rank: int
    run_at: datetime
    next_seq: int
    head_seq: int
    changed: bool = False
    woken: bool = False


@dataclass(slots=True)
class _Batch:
    """What one transaction is about to write."""

    by_id: dict[int, _Case]
    by_key: dict[tuple[str, str], _Case]
    seen: dict[tuple[str, bytes], tuple[bytes, int, int]]
    new_seen: list[dict[str, Any]] = field(default_factory=list)
    new_operations: list[dict[str, Any]] = field(default_factory=list)


def record(
    db: Database,
    connection: Connection,
    deliveries: Sequence[Delivery],
    policy: Policy,
    revision: Revision,
    now: datetime,
    also_lock: frozenset[int] = frozenset(),
) -> tuple[list[Recorded], frozenset[Kind]]:
    """Take the deliveries into custody and plan their events.

    Gives what became of each, in order, and the kinds of operation that became due.
    Raises OtherCases when it must be begun again in a new transaction.
    """
    inbound_ids = _take(connection, deliveries)
    events = [(each.inbound.source, event) for each in deliveries for event in each.parsed.events]
    batch = _lock(db, connection, events, now, also_lock)
    recorded = []
    for delivery, inbound_id in zip(deliveries, inbound_ids, strict=True):
        effects = tuple(
            _apply(batch, delivery.inbound.source, event, inbound_id, policy, revision, now)
            for event in delivery.parsed.events
        )
        outcome = QUARANTINED if delivery.problem else ACCEPTED
        reason = delivery.problem or _summary(delivery, effects)
        recorded.append(Recorded(inbound_id, outcome, reason, effects))
    _write(connection, batch)
    _note_outcomes(connection, deliveries, recorded)
    return recorded, frozenset(case.kind for case in batch.by_id.values() if case.woken and case.kind is not None)


def seen_digest(source: str, source_message_id: str, content: str | None = None) -> bytes:
    """The digest under which an event is remembered; with `content`, one of its later versions."""
    return bytes.fromhex(digest(source, source_message_id, *([content] if content is not None else [])))


def storable(reason: str) -> str:
    """A reason as every database and answer takes it: it may quote what a sender wrote."""
    return cut(clean(reason), MAX_REASON)


def _take(connection: Connection, deliveries: Sequence[Delivery]) -> list[int]:
    """Insert the deliveries; unreadable bytes that are in quarantine already are counted there instead."""
    ids = {position: each.inbound_id for position, each in enumerate(deliveries) if each.inbound_id is not None}
    first = {position: position for position in range(len(deliveries))}
    times = dict.fromkeys(first, 1)
    # Counting locks a row, so it is done in one order everywhere.
    for (source, body), positions in sorted(_unreadable(deliveries).items()):
        if (known := _count_in_quarantine(connection, source, body, len(positions))) is not None:
            ids.update(dict.fromkeys(positions, known))
        else:
            first.update(dict.fromkeys(positions, positions[0]))
            times[positions[0]] = len(positions)
    fresh = [position for position in first if first[position] == position and position not in ids]
    if fresh:
        rows = [_inbound_row(deliveries[position], times[position]) for position in fresh]
        statement = insert(inbound).returning(inbound.c.id, sort_by_parameter_order=True)
        new_ids = connection.execute(statement, rows).scalars().all()
        ids.update(zip(fresh, new_ids, strict=True))
    return [ids[first[position]] for position in first]


def _unreadable(deliveries: Sequence[Delivery]) -> dict[tuple[str, str], list[int]]:
    """The positions of new deliveries that belong in quarantine, by source and digest of their bytes."""
    found: dict[tuple[str, str], list[int]] = {}
    for position, each in enumerate(deliveries):
        if each.inbound_id is None and each.problem:
            found.setdefault((each.inbound.source, _body_digest(each.inbound)), []).append(position)
    return found


def _count_in_quarantine(connection: Connection, source: str, body_digest: str, times: int) -> int | None:
    statement = (
        update(inbound)
        .where(
            inbound.c.source == source,
            inbound.c.body_digest == body_digest,
            inbound.c.outcome == QUARANTINED,
        )
        .values(deliveries=inbound.c.deliveries + times)
        .returning(inbound.c.id)
    )
    return connection.execute(statement).scalars().first()


def _inbound_row(delivery: Delivery, times: int) -> dict[str, Any]:
    arrived = delivery.inbound
    kept = [[name, value] for name, value in arrived.headers if name not in CREDENTIALS]
    return {
        "source": arrived.source,
        "received_at": arrived.received_at,
        "outcome": QUARANTINED if delivery.problem else ACCEPTED,
        "headers": json.dumps(kept),
        "query": arrived.query,
        "body": zlib.compress(arrived.body),
        "body_digest": _body_digest(arrived),
        "deliveries": times,
    }


def _body_digest(arrived: Inbound) -> str:
    return digest(arrived.query, arrived.body.decode("latin-1"))


def restore(row: Row[Any]) -> Inbound:
    """The delivery of a row of `inbound`, as it arrived (without its credentials)."""
    return Inbound(
        source=row.source,
        received_at=row.received_at,
        body=zlib.decompress(row.body),
        headers=tuple((name, value) for name, value in json.loads(row.headers)),
        query=row.query,
    )


def _lock(
    db: Database, connection: Connection, events: list[tuple[str, Event]], now: datetime, also: frozenset[int]
) -> _Batch:
    if not events:
        return _Batch({}, {}, {})
    keys = sorted({(source, event.case_key) for source, event in events})
    connection.execute(db.insert_or_ignore(cases, "source", "key"), [_new_case(*key, now) for key in keys])
    wanted = tuple_(cases.c.source, cases.c.key).in_(keys) | cases.c.id.in_(sorted(also))
    rows = connection.execute(select(cases).where(wanted).order_by(cases.c.id).with_for_update())
    by_id = {row.id: _case(row) for row in rows}
    known = _read_seen(connection, _digests(events))
    if elsewhere := {case_id for _, case_id, _ in known.values()} - by_id.keys():
        raise OtherCases(also | elsewhere)
    return _Batch(by_id, {(case.source, case.key): case for case in by_id.values()}, known)


def _digests(events: Iterable[tuple[str, Event]]) -> list[tuple[str, bytes]]:
    found = set()
    for source, event in events:
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


def _new_case(source: str, key: str, now: datetime) -> dict[str, Any]:
    return {
        "source": source, "key": key, "episode": 0, "phase": "new", "state": "idle", "rank": 9, "run_at": now,
        "head_seq": 1, "next_seq": 1, "epoch": 0, "attempts": 0,
    }  # fmt: skip


def _case(row: Row[Any]) -> _Case:
    state = CaseState(row.episode, cast(Phase, row.phase), row.started_at, row.ended_at, row.priority)
    return _Case(
        row.id,
        row.source,
        row.key,
        state,
        row.state,
        row.kind,
        row.rank,
        row.run_at,
        row.next_seq,
        row.head_seq,
    )


def _apply(
    batch: _Batch,
    source: str,
    event: Event,
    inbound_id: int,
    policy: Policy,
    revision: Revision,
    now: datetime,
) -> Effect:
    case, sighting, episode = _recognise(batch, source, event)
    decided = plan(source, case.state, event, sighting, policy, episode=episode)
    changed = decided.case != case.state
    case.state = decided.case
    if sighting is not Sighting.REPEAT and not _waits_for_an_opening(event, decided):
        _remember(batch, source, event, sighting, inbound_id, case)
    for intent in decided.intents:
        key_episode = episode if episode is not None else case.state.episode
        batch.new_operations.append(
            {
                "case_id": case.id,
                "seq": case.next_seq,
                "inbound_id": inbound_id,
                "episode": key_episode,
                "kind": intent.kind,
                "rank": rank(intent.kind, event.priority),
                "state": "open",
                "idempotency_key": idempotency_key(source, case.key, key_episode, event.source_message_id, intent),
                "request": encode(intent.request, revision),
                "created_at": now,
                "ambiguous": False,
                "conflicts": 0,
            }
        )
        _queue(case, intent.kind, rank(intent.kind, event.priority), now)
    case.changed |= changed or bool(decided.intents)
    return Effect(event, tuple(intent.kind for intent in decided.intents), sighting, decided.reason)


def _recognise(batch: _Batch, source: str, event: Event) -> tuple[_Case, Sighting, int | None]:
    """The case that an event belongs to: the one it was recorded in, wherever it would be put today."""
    known = batch.seen.get((source, seen_digest(source, event.source_message_id)))
    if known is None:
        return batch.by_key[source, event.case_key], Sighting.NEW, None
    content, case_id, episode = known
    version = (source, seen_digest(source, event.source_message_id, event.content_digest))
    same = content == bytes.fromhex(event.content_digest) or version in batch.seen
    return batch.by_id[case_id], Sighting.REPEAT if same else Sighting.CHANGED, episode


def _waits_for_an_opening(event: Event, decided: Plan) -> bool:
    """A comment that found no case is not remembered: when it comes again, there may be one."""
    return isinstance(event, Commented) and not decided.intents


def _remember(batch: _Batch, source: str, event: Event, sighting: Sighting, inbound_id: int, case: _Case) -> None:
    version = event.content_digest if sighting is Sighting.CHANGED else None
    name = seen_digest(source, event.source_message_id, version)
    content = bytes.fromhex(event.content_digest)
    batch.seen[source, name] = (content, case.id, case.state.episode)
    batch.new_seen.append(
        {
            "source": source,
            "digest": name,
            "content": content,
            "inbound_id": inbound_id,
            "case_id": case.id,
            "episode": case.state.episode,
        }
    )


def _queue(case: _Case, kind: Kind, its_rank: int, now: datetime) -> None:
    case.next_seq += 1
    if case.delivery == "idle":
        case.delivery, case.kind, case.rank, case.run_at = "ready", kind, its_rank, now
        case.head_seq, case.woken = case.next_seq - 1, True
    else:
        case.rank = min(case.rank, its_rank)


def _write(connection: Connection, batch: _Batch) -> None:
    if batch.new_seen:
        connection.execute(insert(seen), batch.new_seen)
    if batch.new_operations:
        connection.execute(insert(operations), batch.new_operations)
    changed = [
        {
            "the_id": case.id,
            "episode": case.state.episode,
            "phase": case.state.phase,
            "started_at": case.state.started_at,
            "ended_at": case.state.ended_at,
            "priority": case.state.priority,
            "state": case.delivery,
            "kind": case.kind,
            "rank": case.rank,
            "run_at": case.run_at,
            "head_seq": case.head_seq,
            "next_seq": case.next_seq,
        }
        for case in batch.by_id.values()
        if case.changed
    ]
    if changed:
        columns: dict[str, Any] = {name: bindparam(name) for name in changed[0] if name != "the_id"}
        connection.execute(update(cases).where(cases.c.id == bindparam("the_id")).values(columns), changed)


def _note_outcomes(connection: Connection, deliveries: Sequence[Delivery], recorded: list[Recorded]) -> None:
    """Write the reasons, which only planning knows; a fresh row without one is right as it was inserted."""
    rows = [
        {"the_id": each.inbound_id, "its_outcome": each.outcome, "its_reason": each.reason}
        for delivery, each in zip(deliveries, recorded, strict=True)
        if each.reason is not None or delivery.inbound_id is not None
    ]
    if rows:
        statement = (
            update(inbound)
            .where(inbound.c.id == bindparam("the_id"))
            .values(outcome=bindparam("its_outcome"), reason=bindparam("its_reason"))
        )
        connection.execute(statement, rows)


def _summary(delivery: Delivery, effects: tuple[Effect, ...]) -> str | None:
    """Why parts of an accepted delivery had no effect, for `events find`."""
    nothing = [f"{effect.event.source_message_id}: {effect.reason}" for effect in effects if effect.reason]
    remarks = [f"{each.item}: {each.reason}" for each in delivery.parsed.ignored]
    return storable("; ".join(remarks + nothing)) or None
