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
from worker.ledger.heads import open_heads, place, write_cases
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


def mark_restored(connection: Connection, now: datetime, wait: timedelta) -> int:
    """Treat all unfinished operations as sent until now, with an outcome that is not known; gives their number.

    `wait`: as long as a lease from before the restore can hold, and what was sent under it can take effect.
    """
    unfinished = operations.c.state.in_(["open", "held"])
    _fold_states(connection, now)
    marked = connection.execute(
        update(operations).where(unfinished).values(ambiguous=True, unproven=True, last_sent_at=now)
    )
    later = literal(now + wait, cases.c.run_at.type)
    run_at = case((cases.c.run_at > later, cases.c.run_at), else_=later)
    waiting = cases.c.state.in_(["ready", "leased"])
    found = connection.execute(select(cases).where(waiting).order_by(cases.c.id)).all()
    heads = open_heads(connection, [row.id for row in found])
    placed = [{"id": row.id, **place(heads.get(row.id), row.next_seq, now, lost=row.lost)} for row in found]
    write_cases(connection, placed)
    connection.execute(update(cases).where(cases.c.state == "ready").values(run_at=run_at))
    connection.execute(update(cases).values(epoch=cases.c.epoch + EPOCHS_AHEAD))
    connection.execute(delete(facts).where(facts.c.name == RESTORED_AT))
    moment = str((now - EPOCH) // MICROSECOND).encode()
    connection.execute(insert(facts).values(name=RESTORED_AT, value=moment))
    return marked.rowcount


def _fold_states(connection: Connection, now: datetime) -> None:
    """Of several unfinished closings and reopenings of one ticket, only the last says what its state shall be.

    Each of them asks for the state before it is sent; if all of them had been executed before the restore, a first one
    would find the state that the last one left, and undo it.
    """
    later = operations.alias()
    sets_state = ["close_ticket", "reopen_ticket"]
    followed = select(later.c.seq).where(
        later.c.case_id == operations.c.case_id,
        later.c.target == operations.c.target,
        later.c.seq > operations.c.seq,
        later.c.kind.in_(sets_state),
        later.c.state.in_(["open", "held"]),
    )
    superseded = update(operations).where(
        operations.c.state.in_(["open", "held"]), operations.c.kind.in_(sets_state), followed.exists()
    )
    why = "not needed after the restore: a later operation says what the ticket's state shall be"
    connection.execute(superseded.values(state="skipped", ended_at=now, why=why))
