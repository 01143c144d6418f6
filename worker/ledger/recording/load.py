"""Loads the knowledge that planning needs for a batch of events, and locks the rows that it may change.

Every process takes the locks in this order: new cases by key, cases by id, names sorted, exchanges by name, comments
that wait. Between the look-up of the names and the locks, another process may commit changes to a destination. That is
detected here, and the transaction begins again: `BeginAgain`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Row, func, select

from connectors.contract.events import Event, Exchange, digest
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue import tickets
from worker.ledger.recording import aliases, group_members, loop_guards, opening_delay, waiting
from worker.ledger.schema.tables import cases, seen
from worker.ledger.schema.words import CasePhase, DeliveryState
from worker.planning.arrival import Arrival, Rules, Waiting
from worker.planning.batch import NO_RANK, Batch, Case, Knowledge, Message, Seen
from worker.planning.correlation import Destination, Key, Name, led_to_its_group, storms_of
from worker.planning.keys import seen_digest
from worker.planning.loop_guard import passes
from worker.planning.model import CaseState, Phase, TicketStateByOthers
from worker.planning.people import destination
from worker.planning.reused_ids import COPIED


class BeginAgain(Exception):
    """The ledger changed between look-up and lock: begin again in a new transaction, with these cases locked too."""

    def __init__(self, ids: frozenset[int]) -> None:
        super().__init__("begin again")
        self.ids = ids


def load(
    db: Database, connection: Connection, arrivals: Sequence[Arrival], rules: Rules, also_lock: frozenset[int]
) -> tuple[Batch, list[Destination]]:
    """Return a batch for these events, and the destination of each event. Raises BeginAgain."""
    pairs = [(each.source, each.event) for each in arrivals]
    of_tickets = tickets.cases_of(connection, [event for _, event in pairs])
    resolved = zip(pairs, aliases.resolve(connection, pairs), strict=True)
    destinations = [destination(event, where, of_tickets) for (_, event), where in resolved]
    keys: set[Key] = set()
    if rules.may_group:
        keys = {(each.source, each.event.case_key) for each in arrivals}
        destinations = [led_to_its_group(each, where) for each, where in zip(arrivals, destinations, strict=True)]
        also_lock |= _may_be_met(connection, keys)
    storms = storms_of(arrivals)
    known = _lock_cases(connection, destinations, storms, also_lock, rules)
    batch = Batch(known, _make_known(db, connection, known, pairs, destinations))
    known.seen = read_seen(connection, pairs)
    if elsewhere := {each.case_id for each in known.seen.values()} - known.cases.keys():
        raise BeginAgain(also_lock | elsewhere)
    known.marked = aliases.read_marks(connection, _may_be_marked(known, pairs, destinations))
    known.rates = group_members.rates(connection, [known.by_key[each].id for each in storms])
    _find_members(connection, known, keys, also_lock)
    _find_loop_guards(connection, known, arrivals, rules, also_lock)
    known.tickets = tickets.known(connection, of_tickets)
    find_delayed(connection, known, rules)
    names = _names_to_be(known, pairs, destinations) | keys
    find_waiting(known, connection, waiting.lock(connection, names))
    return batch, destinations


def case_of(row: Row[Any]) -> Case:
    """Return the case of a locked row of `cases`."""
    state = CaseState(
        row.episode,
        cast(Phase, row.phase),
        row.started_at,
        row.ended_at,
        row.priority,
        row.ticket_id,
        create_dead=row.lost,
        ticket_state_by_others=cast(TicketStateByOthers | None, row.left),
        ticket_state_by_others_at=row.left_at,
        changed_at=row.changed_at,
    )
    return Case(
        id=row.id,
        source=row.source,
        key=row.key,
        run_at=row.run_at,
        state=state,
        opener=row.opener,
        subject=row.subject,
        delivery=row.state,
        kind=row.kind,
        rank=row.rank,
        next_seq=row.next_seq,
        head_seq=row.head_seq,
        create_seq=row.create_seq,
        open_members=row.open_members,
        heard_at=row.heard_at,
    )


def read_seen(connection: Connection, pairs: Iterable[tuple[str, Event]]) -> dict[Message, Seen]:
    """Return the stored records of these messages, including other names under which the messages may be known."""
    names = {(source, seen_digest(source, *name)): (source, *name) for source, event in pairs for name in _names(event)}
    wanted = ({"source": source, "digest": each} for source, each in sorted(names))
    rows = bulk.find(connection, (seen.c.source, seen.c.digest), wanted)
    return {
        names[row.source, bytes(row.digest)]: Seen(bytes(row.content).hex(), row.case_id, row.episode) for row in rows
    }


def _names(event: Event) -> list[tuple[str] | tuple[str, str]]:
    name, content = event.source_message_id, event.content_digest
    found: list[tuple[str] | tuple[str, str]] = [(name,), (name, content)]
    if event.other_words != "change":
        found += [(name, COPIED), (digest(name, content),)]
    return found


def find_delayed(connection: Connection, known: Knowledge, rules: Rules) -> None:
    """Mark the cases with a delayed opening: their creates are not due yet, and were never sent."""
    if not (rules.may_delay or rules.policy.damping):
        return
    waits = [
        (case.id, case.head_seq)
        for case in known.cases.values()
        if case.delivery == "ready" and case.run_at > rules.now and case.head_seq == case.create_seq
    ]
    for case_id in opening_delay.never_sent(connection, waits):
        case = known.cases[case_id]
        case.state = replace(case.state, delayed=True)


def find_waiting(known: Knowledge, connection: Connection, comments: Sequence[Waiting]) -> None:
    """Add waiting comments to the knowledge, with the stored records of their messages, in any case."""
    for each in comments:
        version = (each.event.source_message_id, each.event.content_digest)
        known.waiting.setdefault((each.source, each.wanted), {})[version] = each
    if comments:
        known.seen = read_seen(connection, [(each.source, each.event) for each in comments]) | known.seen


def _may_be_met(connection: Connection, keys: set[Key]) -> frozenset[int]:
    """Return the cases that may contain alerts with these keys: their own cases, and groups."""
    groups = {group for of_key in group_members.read(connection, keys).values() for group in of_key}
    return frozenset(group_members.own_cases(connection, keys) | groups)


def _lock_cases(
    connection: Connection,
    destinations: Iterable[Destination],
    storms: set[Key],
    also: frozenset[int],
    rules: Rules,
) -> Knowledge:
    keys = sorted({each.case for each in destinations if isinstance(each.case, tuple)} | storms)
    ids = {each.case for each in destinations if isinstance(each.case, int)} | also
    rests_until = max(rules.now, rules.rests_until or rules.now)
    rows = [_new_case(*key) | {"run_at": rests_until} for key in keys]
    new = bulk.insert_new(connection, cases, rows)
    others = set(keys) - {(row.source, row.key) for row in new}
    by_id = {row.id: case_of(row) for row in (*new, *_locked(connection, ids, others))}
    return Knowledge(by_id, {(case.source, case.key): case for case in by_id.values()})


def _new_case(source: str, key: str) -> dict[str, Any]:
    return {
        "source": source, "key": key, "episode": 0, "phase": CasePhase.NEW, "state": DeliveryState.IDLE,
        "rank": NO_RANK, "head_seq": 1, "next_seq": 1, "epoch": 0, "attempts": 0,
    }  # fmt: skip


def _locked(connection: Connection, ids: Iterable[int], keys: Iterable[Key]) -> Sequence[Row[Any]]:
    """Return the cases with these ids or keys, locked in the order of their ids."""
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


def _make_known(
    db: Database,
    connection: Connection,
    known: Knowledge,
    pairs: Sequence[tuple[str, Event]],
    destinations: Sequence[Destination],
) -> dict[Name, int]:
    """Register the new names; begin again if another process already gave a name to another case."""
    wanted: dict[Name, int] = {}
    for (source, _), where in zip(pairs, destinations, strict=True):
        case = known.case(where)
        if case is not None:
            wanted.update({(source, name): case.id for name in where.new_aliases})
    if aliases.register(db, connection, wanted) != wanted:
        raise BeginAgain(frozenset())
    return wanted


def _may_be_marked(
    known: Knowledge, pairs: Sequence[tuple[str, Event]], destinations: Sequence[Destination]
) -> Iterator[tuple[int, str | None]]:
    """Yield each case whose ticket may have to say that an author is not verified, with the author."""
    for (source, event), where in zip(pairs, destinations, strict=True):
        if event.doubt is not None:
            first = known.seen.get((source, event.source_message_id))
            led_to = known.case(where)
            ids = {first.case_id if first is not None else None, led_to.id if led_to is not None else None}
            yield from ((each, event.author) for each in ids if each is not None)


def _find_members(connection: Connection, known: Knowledge, keys: set[Key], also: frozenset[int]) -> None:
    """Load the members with these keys from the locked groups; begin again if a member was opened in another group."""
    for key, of_key in group_members.read(connection, keys).items():
        known.members[key] = {group: each for group, each in of_key.items() if group in known.cases}
        known.open_in.update((key, group) for group, each in of_key.items() if each.state.phase == "open")
    if elsewhere := set(known.open_in.values()) - known.cases.keys():
        raise BeginAgain(also | elsewhere)


def _find_loop_guards(
    connection: Connection, known: Knowledge, arrivals: Sequence[Arrival], rules: Rules, also: frozenset[int]
) -> None:
    """Lock the exchanges; begin again if a case that needs a note about a looping exchange is not locked."""
    limits: dict[Name, Exchange] = {}
    numbers: Counter[Name] = Counter()
    for each in arrivals:
        if each.event.exchange is not None:
            name = (each.source, each.event.exchange.name)
            limits[name] = each.event.exchange
            numbers[name] += 1
    known.loop_guards = loop_guards.lock(connection, limits.keys(), rules.now)
    noted = {
        guard.case_id
        for name, guard in known.loop_guards.items()
        if guard.case_id is not None and not passes(guard, limits[name], rules.now, numbers[name])
    }
    if noted - known.cases.keys():
        raise BeginAgain(also | noted)


def _names_to_be(
    known: Knowledge, pairs: Collection[tuple[str, Event]], destinations: Collection[Destination]
) -> set[Name]:
    """Return the names and keys under which a comment may wait for a case that this batch opens."""
    new = {case.id: (case.source, case.key) for case in known.cases.values() if not case.state.episode}
    names = set(new.values())
    for (source, _), where in zip(pairs, destinations, strict=True):
        case = known.case(where)
        if case is not None and case.id in new:
            names |= {(source, name) for name in where.new_aliases}
    return names
