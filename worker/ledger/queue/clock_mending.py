"""Mends the times of a ledger whose clock was set back: they lie further ahead than anybody meant.

Cases are mended in batches, each in its own transaction and without the lock of the gate, which a claim would wait for.
The few other rows follow in one transaction, under that lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, delete, or_, select, type_coerce, update

from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue.clock_jumps import ALL, FAR_BACK, JOB
from worker.ledger.schema.columns import MICROSECOND
from worker.ledger.schema.tables import answers, budget, cases, gate, jobs, mailboxes, operations, pending, receipts
from worker.ledger.schema.words import DeliveryState, OperationState
from worker.planning.arrival import PATIENCE

Rows = Sequence[Row[Any, Any, Any, Any]]
BATCH = 500  # cases in a transaction
LONGEST_LEASE = timedelta(minutes=2)  # of a job, a receipt or a mailbox
IN_WORK = (DeliveryState.READY, DeliveryState.LEASED)


def mend(db: Database, longest_wait: timedelta, ghost_wait: timedelta) -> int:
    """Mend what the latest jumps of the clock did; returns the number of cases that would have waited too long.

    No case waits for longer than `longest_wait` on purpose. Times that were written after the jump are pulled as well.
    So the gate stays closed for a ghost wait from the end of the mending: none of those waits can end too early.
    """
    with db.read() as connection:
        state = connection.execute(select(gate).where(gate.c.id == ALL)).one()
    if state.jumped_at is None or state.jump_mended:
        return 0
    back = timedelta(seconds=state.jumped_back or 0.0)
    pulled = _mend_cases(db, back, longest_wait) if back else 0
    with db.write() as connection:
        # First, as in a settle: a settle takes tokens and receipts after the gate.
        connection.execute(select(gate.c.id).where(gate.c.id == ALL).with_for_update())
        # A comment waits anew: by its time alone, nobody knows whether it began to wait before the jump or after it.
        connection.execute(update(pending).values(expires_at=db.now(connection) + PATIENCE))
        if back:
            _mend_the_rest(db, connection, back)
        # A jump that was noted meanwhile has its own run.
        is_this_one = (gate.c.id == ALL, gate.c.jumped_at == state.jumped_at)
        mended: dict[str, Any] = {"jump_mended": True, "jumped_back": 0.0}
        if back:
            mended["jump_until"] = max(state.jump_until, db.now(connection) + ghost_wait)
        connection.execute(update(gate).where(*is_this_one).values(mended))
    return pulled


def _mend_cases(db: Database, back: timedelta, longest_wait: timedelta) -> int:
    """Mend the cases in work, and those at rest whose time lies ahead: their next operation would wait for it."""
    after, pulled = 0, 0
    while True:
        with db.write() as connection:
            now = db.now(connection)
            affected = or_(cases.c.state.in_(IN_WORK), cases.c.run_at > now)
            batch = select(cases.c.id, cases.c.state, cases.c.run_at, cases.c.head_seq).where(affected)
            batch = batch.where(cases.c.id > after).order_by(cases.c.id).limit(BATCH).with_for_update()
            rows = connection.execute(batch).all()
            if not rows:
                return pulled
            in_work = [row for row in rows if row.state in IN_WORK]
            if back > FAR_BACK and in_work:
                _doubt(connection, in_work, now)
            pulled += _pull(connection, rows, back, now, longest_wait)
            after = rows[-1].id


def _doubt(connection: Connection, heads: Rows, now: datetime) -> None:
    """Let no key prove anything about sends of unknown outcome, as after a restore: it may have expired."""
    these = bulk.packed({"case_id": row.id, "seq": row.head_seq} for row in heads)
    is_head = bulk.among(bulk.is_sqlite(connection), operations.c.case_id, operations.c.seq)
    doubted = update(operations).where(is_head, operations.c.ambiguous)
    connection.execute(doubted.values(unproven=True, last_sent_at=now), these)


def _pull(connection: Connection, rows: Rows, back: timedelta, now: datetime, longest_wait: timedelta) -> int:
    """Set each time that lies ahead to what it would have been by the new clock; returns how many cases were ready."""
    ahead = [row for row in rows if row.run_at > now]
    pulled = [{"id": row.id, "run_at": min(max(row.run_at - back, now), now + longest_wait)} for row in ahead]
    if pulled:
        bulk.change(connection, cases, pulled)
    return sum(row.state == DeliveryState.READY for row in ahead)


def _mend_the_rest(db: Database, connection: Connection, back: timedelta) -> None:
    """Move the times of all that waits or is remembered, and delete tokens from later than now, which would not end."""
    now = db.now(connection)
    by = back // MICROSECOND
    if back > FAR_BACK:
        is_dead = (operations.c.state == OperationState.DEAD, operations.c.ambiguous)
        connection.execute(update(operations).where(*is_dead).values(unproven=True, last_sent_at=now))
    connection.execute(delete(budget).where(budget.c.at > now))
    for column in (
        jobs.c.due_at, receipts.c.run_at, gate.c.closed_until, gate.c.since, gate.c.learnt_at, gate.c.late_at,
        answers.c.failing_since, answers.c.failed_at, answers.c.succeeded_at,
    ):  # fmt: skip
        ahead = update(column.table).where(column > now)
        if column.table is jobs:
            ahead = ahead.where(jobs.c.name != JOB)
        connection.execute(ahead.values({column.name: type_coerce(column, BigInteger) - by}))
    # A lease that was given after the jump is right, and must not end early: two processes would post one receipt.
    for lease in (jobs.c.lease_until, receipts.c.lease_until, mailboxes.c.lease_until):
        longest = now + LONGEST_LEASE
        connection.execute(update(lease.table).where(lease > longest).values({lease.name: longest}))
