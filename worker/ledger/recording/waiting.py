"""Comments that arrive before their case: each waits a while, and is then dropped with a reason.

The delivery that opens the case takes the waiting comments along, in their order. A comment that was recorded at the
same moment is not seen by that delivery; dispatch pairs it with its case.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, select, update

from connectors.contract.events import digest, from_json, to_json
from connectors.contract.versions import FIELD, LaterVersion, fields_of
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue.clock_jumps import ALL
from worker.ledger.schema.tables import aliases, cases, gate, inbound, pending
from worker.ledger.schema.words import CasePhase
from worker.planning.arrival import PATIENCE, Waiting
from worker.planning.correlation import Name
from worker.planning.model import Treatment

AT_ONCE = 500  # comments that dispatch reads in one go


_TREATMENT: TypeAdapter[Treatment] = TypeAdapter(Treatment)
TREATMENT_VERSION = 1


def row(comment: Waiting, now: datetime) -> dict[str, Any]:
    """Return the row of a comment that begins to wait."""
    event, treatment = comment.event, comment.treatment
    return {
        "source": comment.source,
        "wanted": comment.wanted,
        "digest": bytes.fromhex(digest(comment.source, event.source_message_id, event.content_digest)),
        "inbound_id": comment.inbound_id,
        "event": to_json(event),
        "treatment": None if treatment is None else _written(treatment),
        "occurred_at": event.occurred_at,
        "expires_at": now + PATIENCE,
    }


def _written(treatment: Treatment) -> str:
    return json.dumps({FIELD: TREATMENT_VERSION, **_TREATMENT.dump_python(treatment, mode="json")}, ensure_ascii=False)


def _waiting(row: Row[Any]) -> Waiting:
    """Return the waiting comment of a row. Raises LaterVersion."""
    treatment = None
    if row.treatment is not None:
        fields = fields_of(json.loads(row.treatment), "a treatment", TREATMENT_VERSION)
        treatment = _TREATMENT.validate_python(fields)
    return Waiting(row.source, row.wanted, from_json(row.event), row.inbound_id, treatment, row.id)


def keep(db: Database, connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Store waiting comments; a comment that waits already is stored only once."""
    if not rows:
        return
    # Sorted, since another process may store the same comments: in different orders, the two could wait for each other.
    ordered = sorted(rows, key=lambda each: (each["source"], each["digest"]))
    connection.execute(db.insert_or_ignore(pending, "source", "digest"), ordered)


def lock(connection: Connection, names: Collection[Name]) -> list[Waiting]:
    """Return the comments that wait for these names, in the order of arrival; they are locked.

    A comment from a later version goes on waiting for a process that can read it. Its delivery gets that as its reason.
    """
    if not names:
        return []
    named = bulk.among(bulk.is_sqlite(connection), pending.c.source, pending.c.wanted)
    statement = select(pending).where(named).order_by(pending.c.id).with_for_update()
    found = []
    for row in connection.execute(statement, bulk.packed(_rows(names))).all():
        try:
            found.append(_waiting(row))
        except LaterVersion as error:
            unsaid = (inbound.c.id == row.inbound_id, inbound.c.reason.is_distinct_from(str(error)))
            connection.execute(update(inbound).where(*unsaid).values(reason=str(error)))
    return found


def end(connection: Connection, comments: Iterable[Waiting]) -> None:
    """Delete these waiting comments."""
    if ids := [each.id for each in comments if each.id is not None]:
        connection.execute(delete(pending).where(pending.c.id.in_(ids)))


def _rows(names: Collection[Name]) -> list[dict[str, str]]:
    return [{"source": source, "wanted": name} for source, name in names]


def say_that_they_were_taken(connection: Connection, inbound_ids: Sequence[int]) -> None:
    """Note in their deliveries that the wait is over."""
    if inbound_ids:
        statement = update(inbound).where(inbound.c.id.in_(inbound_ids))
        connection.execute(statement.values(reason="the comment waited for its case, which is open now"))


def cases_of_known(connection: Connection) -> dict[tuple[str, str], int]:
    """Return the cases that are or were open by now, for names that comments still wait for.

    A case with a given-up ticket counts as new: its waiting comments wait for its next opening.
    """
    opened = cases.c.phase != CasePhase.NEW
    alias = (aliases.c.source == pending.c.source) & (aliases.c.alias == pending.c.wanted)
    has_name = select(aliases.c.case_id).where(alias).correlate(pending).scalar_subquery()
    named = select(cases.c.id).where(cases.c.id == has_name, opened).correlate(pending).scalar_subquery()
    key = (cases.c.source == pending.c.source) & (cases.c.key == pending.c.wanted)
    keyed = select(cases.c.id).where(key, opened).correlate(pending).scalar_subquery()
    # Looked up for each of the few waiting comments: for a join, PostgreSQL would rather read all cases. An alias of a
    # case comes before the key of another case.
    case_id = func.coalesce(named, keyed).label("case_id")
    each_case = select(pending.c.source, pending.c.wanted, case_id).subquery()
    known = select(each_case).where(each_case.c.case_id.is_not(None)).limit(AT_ONCE)
    return {(each.source, each.wanted): each.case_id for each in connection.execute(known)}


def drop_expired(connection: Connection, now: datetime) -> int:
    """Drop the comments with an expired wait, with a reason; returns their number.

    A comment with a known case is not dropped, however late it is: dispatch may not have run for a long time. After the
    clock was set, none is dropped until the times are mended: by the new clock, all may seem to have waited too long.
    """
    is_clock_wrong = select(gate.c.id).where(gate.c.id == ALL, gate.c.jump_mended.is_(False)).exists()
    in_vain = (pending.c.expires_at <= now) & ~_is_case_known() & ~is_clock_wrong
    statement = select(pending.c.id, pending.c.inbound_id).where(in_vain).order_by(pending.c.id)
    rows = connection.execute(statement.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    connection.execute(delete(pending).where(pending.c.id.in_([each.id for each in rows])))
    reason = update(inbound).where(inbound.c.id == bindparam("the_id")).values(reason=bindparam("why"))
    why = f"dropped: its case was not opened within {PATIENCE.total_seconds() / 60:g} minutes"
    connection.execute(reason, [{"the_id": each.inbound_id, "why": why} for each in rows])
    return len(rows)


def _is_case_known() -> ColumnElement[bool]:
    opened = (cases.c.source == pending.c.source) & (cases.c.phase != CasePhase.NEW)
    named = (
        select(cases.c.id)
        .join(aliases, cases.c.id == aliases.c.case_id)
        .where(aliases.c.source == pending.c.source, aliases.c.alias == pending.c.wanted, opened)
    )
    keyed = select(cases.c.id).where(cases.c.key == pending.c.wanted, opened)
    return named.correlate(pending).exists() | keyed.correlate(pending).exists()
