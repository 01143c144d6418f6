"""Follows new deliveries and attempts, in the order in which they became visible.

Rows of PostgreSQL get their ids before they are committed: a lower id may appear after a higher one. So missing ids are
remembered for a minute, and looked up again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Column, Connection, Row, Select, select

from worker.ledger.engine.paging import bounds
from worker.ledger.reports.deliveries import LATEST_LOOKED_AT, TITLE, WITH_CASE, had_effect
from worker.ledger.reports.selects import equal, filled, narrowed
from worker.ledger.schema.tables import attempts, cases, inbound, operations

AT_ONCE = 500  # rows of one look-up
MOST_PASSED_OVER = 500  # ids; the highest of them are looked up again
LOOKED_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter; every condition must hold."""

    source: str | None = None
    outcome: str | None = None
    effects: bool = False
    """True leaves out accepted deliveries from which no operation followed, such as repeats."""


@dataclass(frozen=True, slots=True)
class Position:
    """The place in a table up to which it was read."""

    last: int = 0
    passed_over: dict[int, datetime] = field(default_factory=dict)
    """Missing ids below `last`, and since when they are missing."""


@dataclass(frozen=True, slots=True)
class Following:
    """The places up to which both tables were read."""

    deliveries: Position
    attempts: Position

    def is_beyond(self, other: Following) -> bool:
        return self.deliveries.last > other.deliveries.last or self.attempts.last > other.attempts.last


@dataclass(frozen=True, slots=True)
class Happening:
    """A delivery that arrived, or a call that was made."""

    at: datetime
    what: Literal["delivery", "attempt"]
    id: str
    """in-NUMBER or op-CASE-SEQ."""
    source: str
    outcome: str
    kind: str | None
    """The kind of the operation."""
    case: str | None
    """The case's key."""
    ticket_id: str | None
    status: int | None
    latency_ms: int | None
    text: str | None
    """The reason of a delivery, or the error of an attempt."""
    subject: str | None = None
    """The subject of the delivery, or of an attempt's case; a neutral one for a private message."""
    sender: str | None = None
    """The author of the delivery; None for a private message, and where the source names no people."""
    priority: str | None = None
    """The case's present priority."""
    ticket_status: str | None = None
    request_id: str | None = None
    """The Tickets API's id of a request that failed."""


def passed(before: Position, found: Collection[int], now: datetime) -> Position:
    """Return the position after these ids were found."""
    last = max([before.last, *found])
    begin = max(before.last + 1, last - MOST_PASSED_OVER)
    missed = before.passed_over | {number: now for number in range(begin, last) if number not in found}
    waited_for = {number: since for number, since in missed.items() if number not in found and now - since < LOOKED_FOR}
    kept = sorted(waited_for)[-MOST_PASSED_OVER:]
    return Position(last, {number: waited_for[number] for number in kept})


def begin(connection: Connection) -> Following:
    """Return the current end of both tables."""
    ends = [bounds(connection, at)[1] - 1 for at in (inbound.c.received_at, attempts.c.at)]
    return Following(Position(max(ends[0], 0)), Position(max(ends[1], 0)))


def latest(connection: Connection, following: Following, number: int, wanted: Filter) -> list[Happening]:
    """Return the latest `number` entries up to that position, the oldest first; only recent rows are searched."""
    found: list[Happening] = []
    for statement, at, position, read in (
        (_deliveries(wanted), inbound.c.id, following.deliveries, _delivery),
        (_attempts(wanted), attempts.c.id, following.attempts, _attempt),
    ):
        among = (at <= position.last, at > position.last - LATEST_LOOKED_AT)
        rows = connection.execute(statement.where(*among).order_by(at.desc()).limit(number))
        found += reversed([read(row) for row in rows])
    return sorted(found, key=lambda each: each.at)[-number:] if number else []


def news(
    connection: Connection, now: datetime, following: Following, wanted: Filter
) -> tuple[list[Happening], Following]:
    """Return new entries, the oldest first, and the position after them; at most `AT_ONCE` of each kind."""
    came, after_deliveries = _new(connection, _deliveries(wanted), inbound.c.id, following.deliveries, now)
    tried, after_attempts = _new(connection, _attempts(wanted), attempts.c.id, following.attempts, now)
    found = [_delivery(row) for row in came] + [_attempt(row) for row in tried]
    return sorted(found, key=lambda each: each.at), Following(after_deliveries, after_attempts)


def _new(
    connection: Connection, statement: Select[Any], number: Column[int], position: Position, now: datetime
) -> tuple[Sequence[Row[Any]], Position]:
    # One after the other: for both at once, SQLite would read the whole table.
    ids: list[int] = []
    for is_new in (number.in_(list(position.passed_over)), number > position.last):
        next_ones = select(number).where(is_new).order_by(number).limit(AT_ONCE - len(ids))
        ids += connection.execute(next_ones).scalars()
    if not ids:
        return [], passed(position, (), now)
    rows = connection.execute(statement.where(number.in_(ids)).order_by(number)).all()
    return rows, passed(position, set(ids), now)


def _deliveries(wanted: Filter) -> Select[Any]:
    columns = (inbound.c.id, inbound.c.received_at, inbound.c.source, inbound.c.outcome, inbound.c.reason)
    return narrowed(
        select(*columns, cases.c.key, *TITLE).select_from(WITH_CASE),
        equal(inbound.c.source, wanted.source),
        equal(inbound.c.outcome, wanted.outcome),
        had_effect() if wanted.effects else None,
    )


def _attempts(wanted: Filter) -> Select[Any]:
    of_it = (operations.c.case_id == attempts.c.case_id) & (operations.c.seq == attempts.c.seq)
    statement = (
        select(
            attempts,
            operations.c.kind,
            cases.c.source,
            cases.c.key,
            cases.c.ticket_id,
            cases.c.ticket_status,
            cases.c.subject,
            cases.c.priority,
        )
        .join(operations, of_it)
        .join(cases, cases.c.id == attempts.c.case_id)
    )
    return narrowed(statement, equal(cases.c.source, wanted.source), equal(attempts.c.outcome, wanted.outcome))


def _delivery(row: Row[Any]) -> Happening:
    return Happening(
        at=row.received_at, what="delivery", id=f"in-{row.id}", source=row.source, outcome=row.outcome, kind=None,
        case=row.key, ticket_id=row.ticket_id, status=None, latency_ms=None, text=row.reason, subject=row.subject,
        sender=row.sender, priority=row.priority, ticket_status=row.ticket_status,
    )  # fmt: skip


def _attempt(row: Row[Any]) -> Happening:
    operation = f"op-{row.case_id}-{row.seq}"
    return filled(Happening, row, what="attempt", id=operation, case=row.key, text=row.error, sender=None)
