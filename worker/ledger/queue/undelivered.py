"""The operations that wait to be delivered: how long, and why each of them waits.

    under way    a worker makes the call now
    due          it can be claimed now, as far as gate and budget allow
    backoff      a call failed, and the next one follows after a pause
    ghost wait   a call has an unknown outcome, and may still take effect: see `ghost_wait`
    paused       a person paused its source
    held         the create of its ticket is dead
    delayed      it is not due for the first time yet: its route or the policy delays it

The operations of a case are sent in order, so all of them wait for the reason of the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, literal_column, or_, select, union_all

from worker.ledger.engine import facts
from worker.ledger.queue import gates
from worker.ledger.schema.columns import Instant
from worker.ledger.schema.tables import attempts, cases, operations
from worker.ledger.schema.words import WAITS, AttemptOutcome, DeliveryState, OperationState
from worker.planning.keys import RANKS

Why = Literal["under way", "due", "backoff", "ghost wait", "paused", "held", "delayed"]

IN_ORDER = operations.c.rank >= literal_column("0")
"""Always true. A statement with this condition reads open operations by the index `ix_operations_waiting`."""
AT_WORK = (DeliveryState.READY, DeliveryState.LEASED)
TWO = 2


@dataclass(frozen=True, slots=True)
class Waits:
    """The operations that wait for one reason."""

    why: Why
    operations: int
    oldest: datetime
    """When the oldest of them was planned."""


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest undelivered operation of a rank; held ones do not count."""

    rank: int
    planned_at: datetime


def by_reason(
    connection: Connection, now: datetime, ghost_wait: timedelta, after_restore: timedelta
) -> tuple[Waits, ...]:
    """Return the undelivered operations by the reason why they wait, the most numerous first.

    `after_restore` is the time for which nothing is sent after a restore.
    """
    restored_at = facts.read(connection).restored_at
    # After a restore, nothing is sent for a while: each operation may have been sent before.
    rests = restored_at is not None and now < restored_at + after_restore
    since = {"now": now, "ghosts_since": now - ghost_wait, "rests": rests}
    rows = connection.execute(_by_reason(), since)
    return tuple(sorted((Waits(*row) for row in rows), key=lambda each: (-each.operations, each.why)))


@cache
def _by_reason() -> Select[Any]:
    of_the_case = attempts.c.case_id == cases.c.id
    in_doubt_at = select(func.max(attempts.c.at)).where(of_the_case, attempts.c.outcome == AttemptOutcome.UNKNOWN)
    in_doubt = in_doubt_at.scalar_subquery() > bindparam("ghosts_since", type_=Instant)
    reason = case(
        (operations.c.state == OperationState.HELD, "held"),
        (cases.c.state == DeliveryState.LEASED, "under way"),
        (~gates.not_paused(), "paused"),
        (cases.c.run_at <= bindparam("now", type_=Instant), "due"),
        (or_(in_doubt, bindparam("rests") == True), "ghost wait"),  # noqa: E712 - an expression of SQL
        (_is_tried(), "backoff"),
        else_="delayed",
    )
    of_case = operations.join(cases, cases.c.id == operations.c.case_id)
    each = select(reason.label("why"), operations.c.created_at).select_from(of_case)
    found = each.where(operations.c.state.in_(WAITS)).subquery()
    return select(found.c.why, func.count(), func.min(found.c.created_at)).group_by(found.c.why)


def oldest_by_rank(connection: Connection) -> tuple[Oldest, ...]:
    """Return the oldest undelivered operation of each rank that has one."""
    return tuple(Oldest(*row) for row in connection.execute(_oldest_by_rank()) if row.planned_at is not None)


@cache
def _oldest_by_rank() -> Select[Any]:
    return _by_rank(select(operations.c.created_at))


def oldest_sendable(connection: Connection, now: datetime) -> datetime | None:
    """Return when the oldest operation that can be sent was planned; None if there is none."""
    found = connection.execute(_oldest_sendable(), {"now": now})
    return min((row.planned_at for row in found if row.planned_at is not None), default=None)


@cache
def _oldest_sendable() -> Select[Any]:
    of_case = select(operations.c.created_at).join(cases, cases.c.id == operations.c.case_id)
    return _by_rank(of_case.where(cases.c.state.in_(AT_WORK), _is_sendable()))


def _by_rank(planned: Select[Any]) -> Select[Any]:
    """Look the first of these open operations up for each rank: a GROUP BY would read all of them."""
    ranks = union_all(*(select(literal_column(str(each)).label("rank")) for each in RANKS)).subquery("ranks")
    of_the_rank = planned.where(operations.c.state == OperationState.OPEN, IN_ORDER, operations.c.rank == ranks.c.rank)
    first = of_the_rank.order_by(operations.c.created_at).limit(1).correlate(ranks).scalar_subquery()
    return select(ranks.c.rank, first.label("planned_at")).order_by(ranks.c.rank)


def _is_sendable() -> ColumnElement[bool]:
    """Return the condition for ready or leased cases whose next operation is due, or was tried already.

    A wait for the gate, the budget or the end of a ghost wait does not matter here.
    """
    return gates.not_paused() & or_(cases.c.run_at <= bindparam("now", type_=Instant), _is_tried())


def _is_tried() -> ColumnElement[bool]:
    """Return the condition for cases with an attempt at their next operation.

    For EXISTS, PostgreSQL may read all attempts into memory once; a LIMIT makes it look each case up.
    """
    of_the_next = (attempts.c.case_id == cases.c.id, attempts.c.seq == cases.c.head_seq)
    return select(attempts.c.id).where(*of_the_next).limit(1).scalar_subquery().is_not(None)


def sendable_cases(connection: Connection, now: datetime) -> int:
    """Count the cases with an operation that can be sent: none, one, or at least two."""
    number = 0
    for state in AT_WORK:  # one at a time, as each has an index
        these = select(cases.c.id).where(cases.c.state == state, _is_sendable()).limit(TWO)
        number += len(connection.execute(these, {"now": now}).all())
    return min(number, TWO)
