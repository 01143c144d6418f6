"""Fills subject and sender of rows that the version before wrote, in bounded batches in the order of their ids.

No message is read again. A case gets the subject of its latest ticket, from the request that creates the ticket. A
delivery gets the subject of the case in which its first operation is, and the opener as its sender if it opened that
case. Rows without an operation keep no title.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from worker.ledger.engine import bulk
from worker.ledger.schema.tables import cases, inbound, operations
from worker.ledger.schema.words import OperationKind
from worker.planning.titles import named, subject_line

BATCH = 500  # ids that one statement reads
BATCH_BYTES = 8 * 1024 * 1024  # of bodies: SQLite writes a row anew as a whole, with its body

Table = Literal["cases", "inbound"]

TITLED: tuple[Table, ...] = ("cases", "inbound")
"""The tables, in the order in which they are filled: deliveries get the subjects of cases."""

WITHOUT_SUBJECT = cases.c.subject.is_(None)
WITHOUT_TITLE = inbound.c.subject.is_(None) & (func.length(inbound.c.body) > 0)
"""Deliveries to fill: the title of a pruned one was deleted with its body."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The result of one batch."""

    last: int
    """The highest id that was looked at; that of the batch before at the end of the table."""
    rows: int
    """How many rows got a title."""
    is_end: bool
    """True if the table had no row behind the batch before."""


def fill(connection: Connection, table: Table, after: int) -> Filled:
    """Fill the next batch of a table behind the id `after`."""
    return _fill_cases(connection, after) if table == "cases" else _fill_deliveries(connection, after)


def _fill_cases(connection: Connection, after: int) -> Filled:
    behind = select(cases.c.id).where(cases.c.id > after).order_by(cases.c.id).limit(BATCH)
    ids = connection.execute(behind).scalars().all()
    if not ids:
        return Filled(after, 0, is_end=True)
    of_case = (operations.c.case_id == cases.c.id, operations.c.kind == OperationKind.CREATE_TICKET)
    last = select(func.max(operations.c.seq)).where(*of_case).correlate(cases).scalar_subquery()
    its_create = (operations.c.case_id == cases.c.id) & (operations.c.seq == last)
    statement = select(cases.c.id, operations.c.request).select_from(cases.join(operations, its_create))
    # Locked in the order that all transactions use.
    untitled = statement.where(cases.c.id.in_(ids), WITHOUT_SUBJECT).order_by(cases.c.id).with_for_update(of=cases)
    rows = connection.execute(untitled)
    found = [{"id": row.id, "subject": subject} for row in rows if (subject := _subject(bytes(row.request)))]
    bulk.change(connection, cases, found)
    return Filled(ids[-1], len(found), is_end=False)


def _fill_deliveries(connection: Connection, after: int) -> Filled:
    ids = _next_deliveries(connection, after)
    if not ids:
        return Filled(after, 0, is_end=True)
    of_delivery = select(operations.c.case_id).where(operations.c.inbound_id == inbound.c.id).correlate(inbound)
    case_id = of_delivery.order_by(operations.c.case_id, operations.c.seq).limit(1).scalar_subquery()
    of_case = (operations.c.inbound_id == inbound.c.id, operations.c.case_id == cases.c.id)
    opened = select(operations.c.seq).where(*of_case, operations.c.seq == 1).correlate(inbound, cases).exists()
    columns = (inbound.c.id, inbound.c.source, cases.c.subject, cases.c.opener, opened.label("opened"))
    statement = select(*columns).select_from(inbound.join(cases, cases.c.id == case_id))
    these = (inbound.c.id.in_(ids), WITHOUT_TITLE, cases.c.subject.is_not(None))
    # A delivery that another transaction changes at this moment is left alone: this one waits for nobody.
    untitled = statement.where(*these).with_for_update(of=inbound, skip_locked=True)
    found = [_title(row) for row in connection.execute(untitled)]
    bulk.change(connection, inbound, found)
    return Filled(ids[-1], len(found), is_end=False)


def _title(row: Any) -> dict[str, Any]:
    sender = named(row.source, row.subject, row.opener) if row.opened else None
    return {"id": row.id, "subject": row.subject, "sender": sender}


def _next_deliveries(connection: Connection, after: int) -> Sequence[int]:
    """Return the next ids; fewer where the bodies are large."""
    size = func.length(inbound.c.body)
    behind = select(inbound.c.id, size).where(inbound.c.id > after).order_by(inbound.c.id).limit(BATCH)
    ids: list[int] = []
    total = 0
    for number, length in connection.execute(behind):
        total += length
        if ids and total > BATCH_BYTES:
            break
        ids.append(number)
    return ids


def _subject(request: bytes) -> str | None:
    """Return the subject in a request; None if it cannot be read: the job must get past such a row."""
    try:
        fields = json.loads(request)
    except (ValueError, RecursionError):
        return None
    return subject_line(str(fields.get("subject", ""))) if isinstance(fields, dict) else None
