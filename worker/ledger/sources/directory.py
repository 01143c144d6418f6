"""The directory: names of a platform's users and channels. A row is deleted when no list contains it any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete

from worker.ledger.engine import bulk
from worker.ledger.schema.tables import directory


def names(connection: Connection, source: str, ids: Collection[str]) -> dict[str, str]:
    """Return the known names of users and channels of the source, by id."""
    if not ids:
        return {}
    wanted = ({"source": source, "id": each} for each in ids)
    rows = bulk.find(connection, (directory.c.source, directory.c.id), wanted, directory.c.id, directory.c.name)
    return {row.id: row.name for row in rows}


def keep(connection: Connection, now: datetime, source: str, told: Mapping[str, str]) -> None:
    """Store the current names of users and channels of the source, by id."""
    rows = [{"source": source, "id": id_, "name": name, "at": now} for id_, name in sorted(told.items())]
    bulk.insert_or_update(connection, directory, rows)


def forget(connection: Connection, source: str, *, before: datetime) -> None:
    """Delete the names that were last received before that time."""
    connection.execute(delete(directory).where(directory.c.source == source, directory.c.at < before))
