"""Receipts: posts about a ticket, made where its message came from. No receipt holds up a case's operations.

There is one row for each case and target:

    idle    there is nothing to post, yet or any more
    due     its ticket exists, or changed since the last post
    leased  a worker is posting it
    told    it was posted, and cannot be edited, or not any more
    dead    it was refused, or was perhaps posted and must not be posted twice

A change during a post increments `wanted`, which makes the receipt due again. The time of a first post is stored before
it is made (`posting_at`). If its end is unknown, it is not made again, unless a repetition does no harm.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, literal, literal_column, select, update

from connectors.toolbox.text import cut
from worker.ledger.engine import bulk
from worker.ledger.schema.columns import Instant
from worker.ledger.schema.tables import cases, receipts
from worker.ledger.schema.words import OperationState, ReceiptState
from worker.planning.model import Kind

MAX_ERROR = 500  # characters
BACKOFF_CAP = timedelta(minutes=15)
_IN_THE_INDEX: list[ColumnElement[str]] = [literal_column("'due'"), literal_column("'leased'")]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that this process may post until its lease ends."""

    case_id: int
    source: str
    target: str = field(repr=False)
    place: str | None
    epoch: int
    wanted: int
    attempts: int
    may_be_there: bool
    """The end of an earlier post is unknown."""
    case_key: str
    ticket_id: str
    status: str
    priority: str
    claimed_at: datetime


def backoff(attempts: int) -> timedelta:
    """Return the pause after so many attempts in a row, at least one second; receipts are few, and share no budget."""
    return min(timedelta(seconds=2 ** min(attempts, 20)), BACKOFF_CAP)


def promise(connection: Connection, rows: Collection[tuple[int, str, str]], now: datetime) -> None:
    """Store receipts to post once there is a ticket; each row is case, source and target."""
    fresh = [
        {
            "case_id": case_id, "target": target, "source": source, "state": ReceiptState.IDLE, "wanted": 0,
            "run_at": now, "epoch": 0, "attempts": 0,
        }
        for case_id, source, target in sorted(rows)
    ]  # fmt: skip
    bulk.insert_or_ignore(connection, receipts, fresh)


def moves(kind: Kind, state: str) -> bool:
    """Return whether an operation that ended so changes the receipt; a note does not."""
    return state == OperationState.DONE and kind != "add_note"


def notice(connection: Connection, case_ids: Collection[int], now: datetime) -> None:
    """Make the receipts of these cases due, because their ticket changed."""
    if not case_ids:
        return
    of_these = bulk.among(bulk.is_sqlite(connection), receipts.c.case_id)
    is_idle = receipts.c.state == ReceiptState.IDLE
    changed = (
        update(receipts)
        .where(of_these, receipts.c.state.in_([ReceiptState.IDLE, ReceiptState.DUE, ReceiptState.LEASED]))
        .values(
            wanted=receipts.c.wanted + 1,
            state=case((is_idle, ReceiptState.DUE), else_=receipts.c.state),
            run_at=case((is_idle, literal(now, Instant())), else_=receipts.c.run_at),
        )
    )
    connection.execute(changed, bulk.packed({"case_id": each} for each in sorted(case_ids)))


def claim(connection: Connection, source: str, *, now: datetime, lease: timedelta, limit: int) -> list[Receipt]:
    """Lease the due receipts of a source, and those with an expired lease; the oldest first."""
    is_due = (receipts.c.state == ReceiptState.DUE) & (receipts.c.run_at <= now)
    is_lost = (receipts.c.state == ReceiptState.LEASED) & (receipts.c.lease_until <= now)
    statement = (
        select(receipts, cases.c.key, cases.c.ticket_id, cases.c.ticket_status, cases.c.priority.label("its_priority"))
        .join(cases, cases.c.id == receipts.c.case_id)
        # The states again, as literals like in the index `ix_receipts_due`: else SQLite would read every receipt.
        .where(receipts.c.source == source, receipts.c.state.in_(_IN_THE_INDEX), is_due | is_lost)
        .where(cases.c.ticket_id.is_not(None))
        .order_by(receipts.c.run_at, receipts.c.case_id)
        .limit(limit)
        .with_for_update(of=receipts, skip_locked=True)
    )
    claimed = []
    for row in connection.execute(statement).all():
        posting = {"posting_at": now} if row.place is None else {}
        leased = {"state": ReceiptState.LEASED, "lease_until": now + lease, "epoch": row.epoch + 1}
        _change(connection, row.case_id, row.target, **leased, **posting)
        claimed.append(
            Receipt(
                case_id=row.case_id,
                source=source,
                target=row.target,
                place=row.place,
                epoch=row.epoch + 1,
                wanted=row.wanted,
                attempts=row.attempts,
                may_be_there=row.place is None and row.posting_at is not None,
                case_key=row.key,
                ticket_id=row.ticket_id,
                status=row.ticket_status or "open",
                priority=row.its_priority or "medium",
                claimed_at=now,
            )
        )
    return claimed


def posted(connection: Connection, receipt: Receipt, place: str | None, *, now: datetime) -> bool:
    """Record a post, which can be edited if it has a place; False if the lease had passed to another worker."""
    after = case((receipts.c.wanted != receipt.wanted, ReceiptState.DUE), else_=ReceiptState.IDLE)
    values = {
        "state": after if place is not None else ReceiptState.TOLD,
        "run_at": now,
        "place": place or receipt.place,
        "posting_at": None,
        "error": None,
    }
    return _end(connection, receipt, attempts=0, **values)


def later(connection: Connection, receipt: Receipt, reason: str, *, at: datetime) -> bool:
    """Record that the platform did not take the post, and try again at that time."""
    again = {"state": ReceiptState.DUE, "run_at": at, "posting_at": None, "error": cut(reason, MAX_ERROR)}
    return _end(connection, receipt, attempts=receipt.attempts + 1, **again)


def bury(connection: Connection, receipt: Receipt, reason: str) -> bool:
    """Give up the receipt; an earlier post stays as it is."""
    state = ReceiptState.DEAD if receipt.place is None else ReceiptState.TOLD
    return _end(connection, receipt, state=state, error=cut(reason, MAX_ERROR))


def _end(connection: Connection, receipt: Receipt, **values: Any) -> bool:
    ours = (receipts.c.epoch == receipt.epoch, receipts.c.state == ReceiptState.LEASED)
    return _change(connection, receipt.case_id, receipt.target, *ours, lease_until=None, **values)


def _change(connection: Connection, case_id: int, target: str, *only: Any, **values: Any) -> bool:
    this_one = (receipts.c.case_id == case_id, receipts.c.target == target, *only)
    return connection.execute(update(receipts).where(*this_one).values(**values)).rowcount == 1
