"""Interventions: the log of actions that people did by hand. Each is written in the transaction of its action.

So there is never an action without its entry, or an entry without its action.

subject        actions op-CASE-SEQ    a dead operation: dead retry, edit, bind, skip in-NUMBER      a delivery: dead
retry or skip of a quarantined delivery; replay, if it planned operations ticket:ID      the stored state of a ticket:
audit --update SOURCE, *      sources pause, sources resume ledger         db restored
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from worker.ledger.schema.tables import interventions

UNNAMED = "unknown"
LEDGER = "ledger"

AT_ONCE = 1000  # subjects in one statement


@dataclass(frozen=True, slots=True)
class Intervention:
    """One action of a person."""

    id: int
    at: datetime
    who: str
    """USER@HOST, or the name that was given."""
    what: str
    """The command."""
    subject: str
    detail: dict[str, Any]
    """Facts for later, such as the reason or the digests of an edited request; never a body."""


def note(connection: Connection, who: str, what: str, subject: str, now: datetime, **detail: Any) -> None:
    """Record an action of a person in this transaction; entries of `detail` with the value None are left out."""
    kept = {name: value for name, value in detail.items() if value is not None}
    row = {"at": now, "who": who, "what": what, "subject": subject, "detail": json.dumps(kept, ensure_ascii=False)}
    connection.execute(insert(interventions).values(row))


def latest(
    connection: Connection, *, since: datetime | None = None, subject: str | None = None, limit: int = 100
) -> list[Intervention]:
    """Return the latest `limit` interventions, the oldest of them first."""
    statement = select(interventions).order_by(interventions.c.id.desc()).limit(limit)
    if since is not None:
        statement = statement.where(interventions.c.at >= since)
    if subject is not None:
        statement = statement.where(interventions.c.subject == subject)
    return [_read(row) for row in connection.execute(statement)][::-1]


def about(connection: Connection, subjects: Collection[str]) -> list[Intervention]:
    """Return all interventions on these subjects, the oldest first."""
    wanted = sorted(subjects)
    found = []
    for start in range(0, len(wanted), AT_ONCE):
        some = interventions.c.subject.in_(wanted[start : start + AT_ONCE])
        found += [_read(row) for row in connection.execute(select(interventions).where(some))]
    return sorted(found, key=lambda each: each.id)


def _read(row: Any) -> Intervention:
    return Intervention(row.id, row.at, row.who, row.what, row.subject, json.loads(row.detail))
