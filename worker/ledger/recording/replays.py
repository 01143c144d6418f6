"""Reads stored deliveries again. Known events have no second effect; new events are planned.

A delivery without new operations keeps its row, including its reason, so a replay without a result changes no row. A
delivery that left quarantine, or led to operations, gets its new outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import ColumnElement, Connection, func, select, update

from connectors.contract.messages import Inbound
from worker.ledger.engine.database import Database
from worker.ledger.engine.paging import first_since
from worker.ledger.recording.planning import plan_arrivals
from worker.ledger.recording.recorder import Delivery, Recorded, summary
from worker.ledger.schema.rows import restore
from worker.ledger.schema.tables import inbound
from worker.ledger.schema.words import ACCEPTED, QUARANTINED
from worker.planning.arrival import Rules


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored delivery that can be read again."""

    id: int
    arrived: Inbound | None
    """None if its body was pruned."""
    quarantined: bool
    source: str


@dataclass(frozen=True, slots=True)
class Again:
    """A stored delivery, as it is read today."""

    delivery: Delivery
    quarantined: bool


@dataclass(frozen=True, slots=True)
class Span:
    """The stored deliveries since some time."""

    after: int
    """Their numbers are larger than this number."""
    number: int


def span(connection: Connection, *, since: datetime, source: str | None, after: int) -> Span:
    """Return the span of the deliveries that `stored` returns."""
    first = max(first_since(connection, inbound.c.received_at, since), after + 1)
    statement = select(func.count()).where(inbound.c.id >= first, *_wanted(since, source))
    return Span(first - 1, connection.execute(statement).scalar_one())


def stored(connection: Connection, *, since: datetime, source: str | None, after: int, limit: int) -> list[Stored]:
    """Return the next deliveries that arrived since then, in the order of arrival; skipped ones are left out."""
    statement = select(inbound).where(inbound.c.id > after, *_wanted(since, source)).order_by(inbound.c.id).limit(limit)
    return [
        Stored(row.id, restore(row) if row.body else None, row.outcome == QUARANTINED, row.source)
        for row in connection.execute(statement)
    ]


def _wanted(since: datetime, source: str | None) -> list[ColumnElement[bool]]:
    of_source = [] if source is None else [inbound.c.source == source]
    return [inbound.c.received_at >= since, inbound.c.outcome.in_([ACCEPTED, QUARANTINED]), *of_source]


def replay(
    db: Database, connection: Connection, again: Sequence[Again], rules: Rules, also_lock: frozenset[int]
) -> list[Recorded]:
    """Plan these deliveries as they are read today; returns the result of each, in order. Raises BeginAgain."""
    arrivals = [
        arrival for each in again for arrival in each.delivery.arrivals(each.delivery.inbound_id or 0, observation=None)
    ]
    effects, _ = plan_arrivals(db, connection, arrivals, rules, also_lock)
    remaining = iter(effects)
    recorded = []
    for each in again:
        own = tuple(islice(remaining, len(each.delivery.parsed.events)))
        problem = each.delivery.problem or "; ".join(effect.reason or "" for effect in own if effect.quarantine)
        outcome = QUARANTINED if problem else ACCEPTED
        result = Recorded(each.delivery.inbound_id or 0, outcome, problem or summary(each.delivery, own), own)
        if not problem and (each.quarantined or any(effect.operations for effect in own)):
            this_one = update(inbound).where(inbound.c.id == result.inbound_id)
            title = each.delivery.title(own)
            values = {"outcome": outcome, "reason": result.reason, "subject": title.subject, "sender": title.sender}
            connection.execute(this_one.values(values))
        recorded.append(result)
    return recorded
