"""Marks a ledger that was restored from a backup, because it may be older than the truth.

Operations that are unfinished, dead, or planned from messages of the time before the restore are treated as if they had
been sent long ago: they are looked up, or marked as a repeat. And

- nothing is sent until no worker from before the restore can have a request under way;
- of the closes and reopenings of one ticket that may all have been executed, only the last is sent. Each by itself
  would find the ticket in the state that the next one left, and would be executed twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, insert, literal, select, tuple_, update

from worker.ledger.engine.facts import RESTORED_AT
from worker.ledger.queue import answers
from worker.ledger.queue.heads import open_heads, place, write_cases
from worker.ledger.schema.columns import EPOCH, MICROSECOND
from worker.ledger.schema.tables import cases, facts, operations
from worker.ledger.schema.words import SETS_STATE, WAITS, DeliveryState, OperationState

EPOCHS_AHEAD = 1_000_000  # more claims than any worker made between the backup and the restore
SUPERSEDED = "after a restore, only the last close or reopening of a ticket is sent"


def mark_restored(connection: Connection, now: datetime, wait: timedelta) -> int:
    """Treat all unfinished operations as sent until now, with an unknown outcome; returns their number.

    Nothing is sent for as long as `wait`: a lease, and the life of a request.
    """
    in_doubt = {"ambiguous": True, "unproven": True, "last_sent_at": now}
    marked = connection.execute(update(operations).where(operations.c.state.in_(WAITS)).values(in_doubt))
    # A person may have sent a dead operation again, and the send may have succeeded.
    connection.execute(update(operations).where(operations.c.state == OperationState.DEAD).values(in_doubt))
    later = literal(now + wait, cases.c.run_at.type)
    run_at = case((cases.c.run_at > later, cases.c.run_at), else_=later)
    connection.execute(update(cases).values(epoch=cases.c.epoch + EPOCHS_AHEAD, run_at=run_at))
    leased = update(cases).where(cases.c.state == DeliveryState.LEASED)
    connection.execute(leased.values(state=DeliveryState.READY, owner=None, lease_until=None))
    connection.execute(delete(facts).where(facts.c.name == RESTORED_AT))
    moment = str((now - EPOCH) // MICROSECOND).encode()
    connection.execute(insert(facts).values(name=RESTORED_AT, value=moment))
    skip_superseded(connection, now)
    answers.forget_failures(connection)
    return marked.rowcount


def skip_superseded(connection: Connection, now: datetime, among: Collection[int] | None = None) -> None:
    """Skip closes and reopenings in doubt that have a later one on the same ticket; `among` limits the cases.

    An operation that is under way is not skipped.
    """
    later = operations.alias()
    followed = (
        select(later.c.seq)
        .where(later.c.case_id == operations.c.case_id, later.c.target == operations.c.target)
        .where(later.c.seq > operations.c.seq, later.c.kind.in_(SETS_STATE), later.c.state.in_(WAITS))
        .exists()
    )
    under_way = (cases.c.state == DeliveryState.LEASED) & (cases.c.head_seq == operations.c.seq)
    statement = (
        select(operations.c.case_id, operations.c.seq)
        .join(cases, operations.c.case_id == cases.c.id)
        .where(operations.c.unproven, operations.c.kind.in_(SETS_STATE), operations.c.state.in_(WAITS))
        .where(followed, ~under_way)
    )
    if among is not None:
        statement = statement.where(operations.c.case_id.in_(sorted(among)))
    found = [(row.case_id, row.seq) for row in connection.execute(statement)]
    if not found:
        return
    these = tuple_(operations.c.case_id, operations.c.seq).in_(found)
    connection.execute(
        update(operations).where(these).values(state=OperationState.SKIPPED, ended_at=now, why=SUPERSEDED)
    )
    _set_heads(connection, {case_id for case_id, _ in found})


def _set_heads(connection: Connection, case_ids: Collection[int]) -> None:
    at_rest = (cases.c.id.in_(sorted(case_ids)), cases.c.state != DeliveryState.LEASED)
    rows = connection.execute(select(cases).where(*at_rest)).all()
    heads = open_heads(connection, [row.id for row in rows])
    placed = [
        {"id": row.id, **place(heads.get(row.id), row.next_seq, row.run_at, create_dead=row.lost)} for row in rows
    ]
    if placed:
        write_cases(connection, placed)
