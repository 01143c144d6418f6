"""What does a ledger know of itself? The key of its markers, and whether it comes from a backup.

After a restore the ledger is older than the truth. So whatever is unfinished, and whatever is planned from messages of
the time before the restore, is treated as if it had been sent long ago: looked for, asked about, or marked as a repeat.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, insert, literal, select, update

from worker.ledger.database import Database
from worker.ledger.tables import EPOCH, MICROSECOND, cases, facts, operations

MARKER_KEY, RESTORED_AT = "marker_key", "restored_at"
EPOCHS_AHEAD = 1_000_000  # more than anybody claimed between the backup and the restore


@dataclass(frozen=True, slots=True)
class Facts:
    """Read once by a process: they change only while no other one runs."""

    marker_key: bytes
    restored_at: datetime | None


def ensure(db: Database, connection: Connection) -> None:
    """Make the key of the markers; it stays the same for ever, as the tickets do that bear them."""
    row = {"name": MARKER_KEY, "value": secrets.token_bytes(32)}
    connection.execute(db.insert_or_ignore(facts, "name"), [row])


def read(connection: Connection) -> Facts:
    found = {row.name: bytes(row.value) for row in connection.execute(select(facts))}
    restored = found.get(RESTORED_AT)
    return Facts(found[MARKER_KEY], None if restored is None else EPOCH + int(restored) * MICROSECOND)


def mark_restored(connection: Connection, now: datetime, ghost_wait: timedelta) -> int:
    """Treat all unfinished operations as sent until now, with an outcome that is not known; gives their number."""
    unfinished = operations.c.state.in_(["open", "held"])
    marked = connection.execute(
        update(operations).where(unfinished).values(ambiguous=True, unproven=True, last_sent_at=now)
    )
    later = literal(now + ghost_wait, cases.c.run_at.type)
    run_at = case((cases.c.run_at > later, cases.c.run_at), else_=later)
    waiting = cases.c.state.in_(["ready", "leased"])
    connection.execute(update(cases).where(waiting).values(state="ready", run_at=run_at, owner=None, lease_until=None))
    connection.execute(update(cases).values(epoch=cases.c.epoch + EPOCHS_AHEAD))
    connection.execute(delete(facts).where(facts.c.name == RESTORED_AT))
    moment = str((now - EPOCH) // MICROSECOND).encode()
    connection.execute(insert(facts).values(name=RESTORED_AT, value=moment))
    return marked.rowcount
