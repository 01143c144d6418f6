"""Reads for jobs: a source's open subjects, when each was last reported, and when the source last sent anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    and_,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)

from connectors.contract.messages import Inbound
from worker.ledger.engine import bulk
from worker.ledger.schema.rows import restore
from worker.ledger.schema.tables import cases, inbound, members, operations, seen, tickets
from worker.ledger.schema.words import OURS, CasePhase, DeliveryState, LeftBy
from worker.planning.grouping import RESERVED
from worker.planning.keys import seen_digest


@dataclass(frozen=True, slots=True)
class OpenSubject:
    """A subject that a source opened and did not end: a case, or a member of a group. Times in UTC."""

    key: str
    case_id: int
    started_at: datetime
    heard_at: datetime | None
    """When the source last reported that it goes on, if that is recorded."""
    subject: str | None = None
    """The subject in one line; known for members only."""
    in_group: bool = False


def open_subjects(connection: Connection, source: str, *, after: str = "", limit: int) -> list[OpenSubject]:
    """Return up to `limit` open subjects with a key after this one, in the database's order of keys."""
    both = union_all(*(_subjects(table, source) for table in (cases, members))).subquery()
    rows = select(both).where(both.c.key > after).order_by(both.c.key).limit(limit)
    return [OpenSubject(*row) for row in connection.execute(rows)]


def opened_subjects(connection: Connection, source: str, *, since: datetime, limit: int) -> list[str]:
    """Return the keys of up to `limit` open cases that were opened since then, the latest first."""
    rows = select(cases.c.key).where(*_open(cases, source), cases.c.started_at >= since)
    return list(connection.execute(rows.order_by(cases.c.started_at.desc(), cases.c.id).limit(limit)).scalars())


def _open(table: Table, source: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for rows that the source opened and did not end; internal rows of groups are excluded."""
    return (table.c.source == source, table.c.phase == CasePhase.OPEN, table.c.key.not_like(f"{RESERVED}%"))


def _subjects(table: Table, source: str) -> Select[Any]:
    """Select the open rows of this table, as the fields of an OpenSubject."""
    case_id, subject = (table.c.id, null()) if table is cases else (table.c.case_id, table.c.subject)
    fields = (
        table.c.key.label("key"),
        case_id.label("case_id"),
        table.c.started_at.label("started_at"),
        table.c.heard_at.label("heard_at"),
        cast(subject, Text).label("subject"),
        literal(table is members).label("in_group"),
    )
    return select(*fields).where(*_open(table, source))


def begin_to_hear(connection: Connection, source: str, now: datetime) -> None:
    """Set the missing `heard_at` of open subjects to now, because expiry has just been configured."""
    for table in (cases, members):
        unheard = (*_open(table, source), table.c.heard_at.is_(None))
        connection.execute(update(table).where(*unheard).values(heard_at=now))


def unheard(connection: Connection, source: str, *, before: datetime, limit: int) -> list[OpenSubject]:
    """Return up to `limit` open subjects that were last reported before then, the longest ago first."""
    both = union_all(*(_subjects(table, source) for table in (cases, members))).subquery()
    rows = select(both).where(both.c.heard_at < before).order_by(both.c.heard_at, both.c.key).limit(limit)
    return [OpenSubject(*row) for row in connection.execute(rows)]


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """The ticket of an open case, or of a case that will not be fixed."""

    id: str
    case_id: int


_MATTERS = (cases.c.phase == CasePhase.OPEN) | (cases.c.left == LeftBy.WONT_FIX)


def ticket_to_look_at(connection: Connection, *, before: datetime) -> OpenTicket | None:
    """Return the current ticket that was polled longest ago, and not since `before`; None if there is none.

    Tickets of open cases are polled. A case with operations to send is left out until they are done, since they may
    change the ticket at any moment. A ticket that will not be fixed is polled after its alert is over too: only polling
    shows that a person reopened it.
    """
    is_current = (cases.c.ticket_id == tickets.c.ticket_id) & (cases.c.id == tickets.c.case_id)
    due = tickets.c.looked_at.is_(None) | (tickets.c.looked_at < before)
    statement = (
        select(tickets.c.ticket_id, tickets.c.case_id)
        .join(cases, is_current)
        .where(_MATTERS, cases.c.state.in_([DeliveryState.IDLE, DeliveryState.BLOCKED]), due)
        .where(cases.c.left.is_(None) | (cases.c.left != LeftBy.GONE))
        .order_by(tickets.c.looked_at.is_not(None), tickets.c.looked_at, tickets.c.ticket_id)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else OpenTicket(*row)


def note_look(connection: Connection, ticket_id: str, at: datetime) -> None:
    """Record that the ticket was polled, and its state is recorded."""
    connection.execute(update(tickets).where(tickets.c.ticket_id == ticket_id).values(looked_at=at))


def opening_of(connection: Connection, case_id: int) -> Inbound | None:
    """Return the delivery that opened a case; None if no delivery did, or its body was pruned."""
    its_create = (
        select(inbound)
        .join(operations, operations.c.inbound_id == inbound.c.id)
        .join(cases, and_(cases.c.id == operations.c.case_id, cases.c.create_seq == operations.c.seq))
        .where(cases.c.id == case_id)
    )
    row = connection.execute(its_create).one_or_none()
    return restore(row) if row is not None and row.body else None


def known(connection: Connection, source: str, messages: Collection[str]) -> frozenset[str]:
    """Return those of the source message ids that are recorded as seen."""
    digests = {seen_digest(source, each): each for each in messages}
    if not digests:
        return frozenset()
    wanted = ({"source": source, "digest": each} for each in digests)
    rows = bulk.find(connection, (seen.c.source, seen.c.digest), wanted, seen.c.digest)
    return frozenset(digests[bytes(row.digest)] for row in rows)


def heard_since(connection: Connection, source: str, after: int) -> tuple[int, datetime | None]:
    """Return the highest delivery number, and when the source sent its latest delivery after number `after`.

    Internal deliveries do not count.
    """
    latest = connection.execute(select(func.max(inbound.c.id))).scalar_one_or_none() or 0
    theirs = inbound.c.headers.not_like(f'[["{OURS}%')
    heard = select(func.max(inbound.c.received_at)).where(
        inbound.c.id > after, inbound.c.id <= latest, inbound.c.source == source, theirs
    )
    return latest, connection.execute(heard).scalar_one_or_none()
