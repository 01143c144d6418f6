"""Facts about the ledger itself: the key of its markers, and whether it was restored from a backup."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from worker.ledger.engine.database import Database
from worker.ledger.schema.columns import EPOCH, MICROSECOND
from worker.ledger.schema.tables import facts

MARKER_KEY, RESTORED_AT = "marker_key", "restored_at"


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts that a process reads once; they change only while no other process runs."""

    marker_key: bytes
    restored_at: datetime | None


def ensure(db: Database, connection: Connection) -> None:
    """Create the key of the markers; it never changes, because existing tickets contain markers made with it."""
    row = {"name": MARKER_KEY, "value": secrets.token_bytes(32)}
    connection.execute(db.insert_or_ignore(facts, "name"), [row])


def read(connection: Connection) -> Facts:
    found = {row.name: bytes(row.value) for row in connection.execute(select(facts))}
    restored = found.get(RESTORED_AT)
    return Facts(found[MARKER_KEY], None if restored is None else EPOCH + int(restored) * MICROSECOND)
