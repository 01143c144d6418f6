"""The stored state of the loop guard: one row for each exchange that may loop, deleted after about two days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, tuple_

from worker.ledger.engine import bulk
from worker.ledger.schema.tables import exchanges
from worker.planning.correlation import Name
from worker.planning.loop_guard import LoopGuard, from_text, to_text

FORGOTTEN_AFTER = timedelta(days=2)
"""Longer than any window."""
FORGOTTEN_AT_ONCE = 100


def lock(connection: Connection, names: Collection[Name], now: datetime) -> dict[Name, LoopGuard]:
    """Return the state of these exchanges, by source and name; their rows are locked, in the order of their names."""
    if not names:
        return {}
    rows = [
        {"source": source, "name": name, "case_id": None, "passed": "", "noted_at": None, "at": now}
        for source, name in sorted(names)
    ]
    bulk.insert_or_ignore(connection, exchanges, rows)
    wanted = tuple_(exchanges.c.source, exchanges.c.name).in_(sorted(names))
    statement = select(exchanges).where(wanted).order_by(exchanges.c.source, exchanges.c.name).with_for_update()
    found = connection.execute(statement)
    return {(row.source, row.name): LoopGuard(row.case_id, from_text(row.passed), row.noted_at) for row in found}


def write(connection: Connection, changed: Mapping[Name, LoopGuard], now: datetime) -> None:
    """Store the state of locked exchanges, and delete some old ones."""
    if not changed:
        return
    rows = [
        {
            "source": source,
            "name": name,
            "case_id": each.case_id,
            "passed": to_text(each.passed),
            "noted_at": each.noted_at,
            "at": now,
        }
        for (source, name), each in sorted(changed.items())
    ]
    bulk.insert_or_update(connection, exchanges, rows)
    old = select(exchanges.c.source, exchanges.c.name).where(exchanges.c.at < now - FORGOTTEN_AFTER)
    # Rows that another process has locked are in use, and so not old any more.
    found = connection.execute(old.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
    if found:
        these = tuple_(exchanges.c.source, exchanges.c.name).in_([(row.source, row.name) for row in found])
        connection.execute(delete(exchanges).where(these))
