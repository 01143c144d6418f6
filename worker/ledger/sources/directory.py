"""What are the users and channels of a platform called? A row for each, forgotten when it is in no list any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete

from worker.ledger.engine import bulk
from worker.ledger.schema.tables import directory


def names(connection: Connection, source: str, ids: Collection[str]) -> dict[str, str]:
    """What users and channels of the source are called, by id; those that are known."""
    if not ids:
        return {}
    wanted = ({"source": source, "id": each} for each in ids)
    rows = bulk.find(connection, (directory.c.source, directory.c.id), wanted, directory.c.id, directory.c.name)
    return {row.id: row.name for row in rows}


def keep(connection: Connection, now: datetime, source: str, told: Mapping[str, str]) -> None:
    """Record what users and channels of the source are called now, by id."""
    rows = [{"source": source, "id": id_, "name": name, "at": now} for id_, name in sorted(told.items())]
    bulk.insert_or_update(connection, directory, rows)


def forget(connection: Connection, source: str, *, before: datetime) -> None:
    """Forget the names that were told last before then."""
    connection.execute(delete(directory).where(directory.c.source == source, directory.c.at < before))
