"""Prunes old data: the bodies and attempts of settled work, once they are old enough.

| table | what goes |
|---|---|
| `inbound` | body, headers, query, subject and sender, except for quarantined deliveries; the rest of the row stays |
| `attempts` | rows, except for those of operations that are not ended, or wait for a person |
| `seen` | nothing: a repeat would have effects again |
| `interventions` | nothing |

Pruning goes in steps of some hundred rows. Each is a short transaction, and pruning can be stopped after any step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, delete, exists, func, select, update

from worker.ledger.engine.database import Database
from worker.ledger.engine.paging import SLACK, bounds, first_since
from worker.ledger.schema.tables import attempts, inbound, operations
from worker.ledger.schema.words import WAITS, InboundOutcome, OperationState

LOOKED_AT = 5000  # ids in one statement that reads
AT_ONCE = 500  # rows in one statement that writes
KEEP_THEIR_ATTEMPTS = (*WAITS, OperationState.DEAD)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Older data may be pruned."""

    bodies: datetime | None
    """None: bodies are kept for ever."""
    attempts: datetime | None
    """None: attempts are kept for ever."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The data that was pruned, or would be."""

    bodies: int = 0
    body_bytes: int = 0
    """Compressed."""
    attempts: int = 0

    def plus(self, more: Pruned) -> Pruned:
        return Pruned(self.bodies + more.bodies, self.body_bytes + more.body_bytes, self.attempts + more.attempts)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of pruning."""

    pruned: Pruned
    advanced: int
    """The number of ids that this step covered, of the ids in its span."""


@dataclass(frozen=True, slots=True)
class Span:
    """Ids in [start, end) of a table, and which of its data may be pruned."""

    what: Literal["bodies", "attempts"]
    start: int
    end: int
    before: datetime

    @property
    def size(self) -> int:
        return max(self.end - self.start, 0)


def spans(connection: Connection, cutoffs: Cutoffs) -> list[Span]:
    """Return the spans of ids that may contain data to prune."""
    found = []
    if cutoffs.bodies is not None:
        found.append(_span(connection, "bodies", inbound.c.received_at, cutoffs.bodies))
    if cutoffs.attempts is not None:
        found.append(_span(connection, "attempts", attempts.c.at, cutoffs.attempts))
    return found


def _span(connection: Connection, what: Literal["bodies", "attempts"], at: Column[datetime], before: datetime) -> Span:
    start, _ = bounds(connection, at)
    # A row's time may be before the time of a row with a lower id. `first_since` subtracts `SLACK`, so it is added
    # here.
    return Span(what, start, first_since(connection, at, before + 2 * SLACK), before)


def steps(database: Database, span: Span, *, dry_run: bool) -> Iterator[Step]:
    """Prune a span from its start to its end; with `dry_run` only count."""
    while span.size:
        with database.read() as connection:
            found = connection.execute(_prunable(span).limit(None if dry_run else AT_ONCE)).all()
        end = min(span.start + LOOKED_AT, span.end)
        if len(found) == AT_ONCE and not dry_run:
            end = found[-1].id + 1
        pruned = _counted(span, found)
        if found and not dry_run:
            with database.write() as connection:
                _prune(connection, span, [row.id for row in found])
        yield Step(pruned, end - span.start)
        span = replace(span, start=end)


def _prunable(span: Span) -> Any:
    if span.what == "bodies":
        size = func.length(inbound.c.body)
        may_go = (inbound.c.received_at < span.before, inbound.c.outcome != InboundOutcome.QUARANTINED, size > 0)
        statement, number = select(inbound.c.id, size.label("size")).where(*may_go), inbound.c.id
    else:
        of_it = (operations.c.case_id == attempts.c.case_id) & (operations.c.seq == attempts.c.seq)
        needed = exists().where(of_it, operations.c.state.in_(KEEP_THEIR_ATTEMPTS))
        statement, number = select(attempts.c.id).where(attempts.c.at < span.before, ~needed), attempts.c.id
    end = min(span.start + LOOKED_AT, span.end)
    return statement.where(number >= span.start, number < end).order_by(number)


def _counted(span: Span, found: Any) -> Pruned:
    if span.what == "bodies":
        return Pruned(bodies=len(found), body_bytes=sum(row.size for row in found))
    return Pruned(attempts=len(found))


def _prune(connection: Connection, span: Span, numbers: list[int]) -> None:
    if span.what == "bodies":
        # A delivery may have been quarantined since it was read.
        these = (inbound.c.id.in_(numbers), inbound.c.outcome != InboundOutcome.QUARANTINED)
        connection.execute(
            update(inbound).where(*these).values(body=b"", headers="[]", query="", subject=None, sender=None)
        )
    else:
        connection.execute(delete(attempts).where(attempts.c.id.in_(numbers)))
