"""What of a source is open, when was it heard of last, and when did the source send anything? For jobs."""

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
    """What a source has opened and not ended: a case of its own, or a member of a group. Times in UTC."""

    key: str
    case_id: int
    started_at: datetime
    heard_at: datetime | None
    """When the source said last that it goes on, where that is recorded."""
    subject: str | None = None
    """What it is about, in a line; known of members only."""
    in_group: bool = False


def open_subjects(connection: Connection, source: str, *, after: str = "", limit: int) -> list[OpenSubject]:
    """Up to `limit` of what is open, those whose key comes after this one, in the order of the database."""
    both = union_all(*(_subjects(table, source) for table in (cases, members))).subquery()
    rows = select(both).where(both.c.key > after).order_by(both.c.key).limit(limit)
    return [OpenSubject(*row) for row in connection.execute(rows)]


def opened_subjects(connection: Connection, source: str, *, since: datetime, limit: int) -> list[str]:
    """The keys of up to `limit` cases that were opened since then and are open, the latest first."""
    rows = select(cases.c.key).where(*_open(cases, source), cases.c.started_at >= since)
    return list(connection.execute(rows.order_by(cases.c.started_at.desc(), cases.c.id).limit(limit)).scalars())


def _open(table: Table, source: str) -> tuple[ColumnElement[bool], ...]:
    """What the source has opened and not ended: not the groups, which are ours."""
    return (table.c.source == source, table.c.phase == CasePhase.OPEN, table.c.key.not_like(f"{RESERVED}%"))


def _subjects(table: Table, source: str) -> Select[Any]:
    """What is open in this table, as the fields of an OpenSubject."""
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
    """Let what is open, and of which nothing is recorded, count as heard of now: expiry was just asked for."""
    for table in (cases, members):
        unheard = (*_open(table, source), table.c.heard_at.is_(None))
        connection.execute(update(table).where(*unheard).values(heard_at=now))


def unheard(connection: Connection, source: str, *, before: datetime, limit: int) -> list[OpenSubject]:
    """Up to `limit` of what is open and was last heard of before then, the longest ago first."""
    both = union_all(*(_subjects(table, source) for table in (cases, members))).subquery()
    rows = select(both).where(both.c.heard_at < before).order_by(both.c.heard_at, both.c.key).limit(limit)
    return [OpenSubject(*row) for row in connection.execute(rows)]


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """The ticket of something that goes on, or that will not be fixed."""

    id: str
    case_id: int


_MATTERS = (cases.c.phase == CasePhase.OPEN) | (cases.c.left == LeftBy.WONT_FIX)


def ticket_to_look_at(connection: Connection, *, before: datetime) -> OpenTicket | None:
    """Of the tickets of what goes on, the one that was looked at longest ago, and not since then; None: there is none.

    What is under way at its case may change it at any moment: it is looked at afterwards. One that will not be fixed is
    looked at when its alert is over too: nothing else tells that somebody reopened it.
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
    """It was looked at, and what it says is known."""
    connection.execute(update(tickets).where(tickets.c.ticket_id == ticket_id).values(looked_at=at))


def opening_of(connection: Connection, case_id: int) -> Inbound | None:
    """The delivery that opened a case; None where it was not one, or is not kept any more."""
    its_create = (
        select(inbound)
        .join(operations, operations.c.inbound_id == inbound.c.id)
        .join(cases, and_(cases.c.id == operations.c.case_id, cases.c.create_seq == operations.c.seq))
        .where(cases.c.id == case_id)
    )
    row = connection.execute(its_create).one_or_none()
    return restore(row) if row is not None and row.body else None


def known(connection: Connection, source: str, messages: Collection[str]) -> frozenset[str]:
    """Those of the source message ids that something was done about."""
    digests = {seen_digest(source, each): each for each in messages}
    if not digests:
        return frozenset()
    wanted = ({"source": source, "digest": each} for each in digests)
    rows = bulk.find(connection, (seen.c.source, seen.c.digest), wanted, seen.c.digest)
    return frozenset(digests[bytes(row.digest)] for row in rows)


def heard_since(connection: Connection, source: str, after: int) -> tuple[int, datetime | None]:
    """The latest number of a delivery; and when the source sent its latest among those after number `after`.

    What we recorded ourselves is not the source's.
    """
    latest = connection.execute(select(func.max(inbound.c.id))).scalar_one_or_none() or 0
    theirs = inbound.c.headers.not_like(f'[["{OURS}%')
    heard = select(func.max(inbound.c.received_at)).where(
        inbound.c.id > after, inbound.c.id <= latest, inbound.c.source == source, theirs
    )
    return latest, connection.execute(heard).scalar_one_or_none()
