"""Lists deliveries, one line each with its outcome; a body is read only for a single delivery.

Ids grow with time, except for concurrent writes. So the rows of a span of time are found by halving, without an index
on the time. They are read in windows of ids, so that no statement and no list grows with the table.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, exists, func, select

from worker.ledger.engine.paging import first_since
from worker.ledger.reports.selects import equal, filled, narrowed, number_by
from worker.ledger.schema.tables import attempts, cases, inbound, operations
from worker.ledger.schema.words import InboundOutcome, OperationState

LATEST_LOOKED_AT = 20_000  # ids that are read to find the latest few that fit a filter


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery without its body."""

    id: str
    source: str
    received_at: datetime
    outcome: str
    """accepted, quarantined or skipped."""
    reason: str | None
    """Why the delivery, or a part of it, had no effect."""
    stored_bytes: int
    """Compressed; 0 once its body was pruned."""
    deliveries: int
    """How often the same unreadable bytes arrived."""
    operations: int
    duplicate_of: str | None
    """The delivery that brought the same message before."""
    subject: str | None = None
    """The subject of its first event, else of its case; a neutral one for a private message."""
    sender: str | None = None
    """The author of its first event; None for a private message, and where the source names no people."""
    case: str | None = None
    """The case to which its first operation belongs, or that of the message that it repeats."""
    priority: str | None = None
    """The case's present priority."""
    ticket_id: str | None = None
    ticket_status: str | None = None
    dead_because: str | None = None
    """Why an operation that followed from it is dead; None if none is."""
    request_id: str | None = None
    """The Tickets API's id of the last request of that operation."""


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery as it arrived, without the credentials, which are never stored."""

    id: str
    source: str
    received_at: datetime
    headers: tuple[tuple[str, str], ...]
    query: str
    body: bytes | None
    """None if it was pruned."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter for deliveries; every condition must hold."""

    source: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    effects: bool = False
    """True leaves out accepted deliveries from which no operation followed, such as repeats."""


def window(connection: Connection, start: int, end: int, wanted: Filter) -> list[DeliveryLine]:
    """Return the deliveries with ids in [start, end), the newest first."""
    statement = narrowed(
        _lines().where(inbound.c.id >= start, inbound.c.id < end).order_by(inbound.c.id.desc()),
        equal(inbound.c.source, wanted.source),
        equal(inbound.c.outcome, wanted.outcome),
        inbound.c.received_at >= wanted.since if wanted.since is not None else None,
        had_effect() if wanted.effects else None,
    )
    return [_line(row) for row in connection.execute(statement)]


def lines(connection: Connection, numbers: Sequence[int]) -> list[DeliveryLine]:
    """Return the deliveries with these numbers, the oldest first."""
    statement = _lines().where(inbound.c.id.in_(numbers)).order_by(inbound.c.id)
    return [_line(row) for row in connection.execute(statement)]


def sources_among(connection: Connection, names: Sequence[str]) -> frozenset[str]:
    """Return those of the sources that have a delivery. There is no index for that: ask about a few only."""
    one = select(inbound.c.source).limit(1)
    return frozenset(name for name in names if connection.execute(one.where(inbound.c.source == name)).first())


_DEAD = (operations.c.inbound_id == inbound.c.id, operations.c.state == OperationState.DEAD)
_WHY = (
    select(operations.c.why)
    .where(*_DEAD)
    .correlate(inbound)
    .order_by(operations.c.ended_at.desc())
    .limit(1)
    .scalar_subquery()
)
_REQUEST_ID = (
    select(attempts.c.request_id)
    .select_from(
        operations.join(attempts, (attempts.c.case_id == operations.c.case_id) & (attempts.c.seq == operations.c.seq))
    )
    .where(*_DEAD)
    .correlate(inbound)
    .order_by(attempts.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_PLANNED = select(func.count()).where(operations.c.inbound_id == inbound.c.id).correlate(inbound).scalar_subquery()
_LINE: tuple[Any, ...] = (
    inbound.c.id, inbound.c.source, inbound.c.received_at, inbound.c.outcome, inbound.c.reason, inbound.c.deliveries,
    inbound.c.duplicate_of,
    func.length(inbound.c.body).label("stored_bytes"), _PLANNED.label("operations"),
    _WHY.label("dead_because"), _REQUEST_ID.label("request_id"),
)  # fmt: skip


def _case_of(delivery: Column[Any]) -> Any:
    first = select(operations.c.case_id).where(operations.c.inbound_id == delivery).correlate(inbound)
    return first.order_by(operations.c.case_id, operations.c.seq).limit(1).scalar_subquery()


TITLE: tuple[Any, ...] = (
    func.coalesce(inbound.c.subject, cases.c.subject).label("subject"), inbound.c.sender, cases.c.id.label("case_id"),
    cases.c.priority, cases.c.ticket_id, cases.c.ticket_status,
)  # fmt: skip
"""Columns that name a delivery for people; selected from `WITH_CASE`."""

WITH_CASE = inbound.outerjoin(
    cases, cases.c.id == func.coalesce(_case_of(inbound.c.id), _case_of(inbound.c.duplicate_of))
)


def had_effect() -> ColumnElement[bool]:
    """Return the condition that something followed from a delivery, or that a person decides or decided about it."""
    planned = exists().where(operations.c.inbound_id == inbound.c.id).correlate(inbound)
    return (inbound.c.outcome != InboundOutcome.ACCEPTED) | planned


def _lines() -> Select[Any]:
    return select(*_LINE, *TITLE).select_from(WITH_CASE)


def _line(row: Any) -> DeliveryLine:
    duplicate_of = f"in-{row.duplicate_of}" if row.duplicate_of is not None else None
    case = f"case-{row.case_id}" if row.case_id is not None else None
    return filled(DeliveryLine, row, id=f"in-{row.id}", duplicate_of=duplicate_of, case=case)


def stored(connection: Connection, number: int) -> StoredDelivery | None:
    """Return one delivery with its bytes; None if it does not exist."""
    row = connection.execute(select(inbound).where(inbound.c.id == number)).one_or_none()
    if row is None:
        return None
    headers = tuple((name, value) for name, value in json.loads(row.headers))
    body = zlib.decompress(row.body) if row.body else None
    return filled(StoredDelivery, row, id=f"in-{row.id}", headers=headers, body=body)


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """The numbers of deliveries and attempts of a source, each by outcome."""

    deliveries: Mapping[str, int]
    """Repeats of unreadable bytes count too."""
    attempts: Mapping[str, int]


def counts(connection: Connection, source: str, since: datetime) -> SourceCounts:
    """Count a source's deliveries and attempts since then."""
    return SourceCounts(_outcomes(connection, source, since), _attempts(connection, source, since))


def _outcomes(connection: Connection, source: str, since: datetime) -> Mapping[str, int]:
    first = first_since(connection, inbound.c.received_at, since)
    where = (inbound.c.id >= first, inbound.c.source == source, inbound.c.received_at >= since)
    return number_by(connection, inbound.c.outcome, *where, number=func.sum(inbound.c.deliveries))


def _attempts(connection: Connection, source: str, since: datetime) -> Mapping[str, int]:
    first = first_since(connection, attempts.c.at, since)
    where = (attempts.c.id >= first, attempts.c.at >= since, cases.c.source == source)
    joined = attempts.join(cases, cases.c.id == attempts.c.case_id)
    return number_by(connection, attempts.c.outcome, *where, joined=joined)
