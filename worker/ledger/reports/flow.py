"""The flow of the last hour: the calls that took effect, and the time of the slowest urgent ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from worker.ledger.engine.paging import first_since
from worker.ledger.schema.tables import attempts, operations
from worker.ledger.schema.words import OperationState
from worker.planning.keys import URGENT

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Flow:
    """The calls of the last hour that took effect."""

    done: int
    slowest_urgent_s: float | None
    """Seconds from the planning of an urgent create to its ticket, at most; None without one."""


def last_hour(connection: Connection, now: datetime) -> Flow:
    """Read the operations that were done in the last hour, by their attempts: no index has the ends of operations."""
    begins = now - HOUR
    of_hour = (attempts.c.id >= first_since(connection, attempts.c.at, begins), attempts.c.at >= begins)
    its = (operations.c.case_id == attempts.c.case_id) & (operations.c.seq == attempts.c.seq)
    is_done = (operations.c.state == OperationState.DONE, operations.c.ended_at >= begins)
    what = (operations.c.case_id, operations.c.seq, operations.c.rank, operations.c.created_at, operations.c.ended_at)
    rows = connection.execute(select(*what).join_from(attempts, operations, its).where(*of_hour, *is_done))
    done = {(row.case_id, row.seq): row for row in rows}  # one of them may have several attempts
    took = [(row.ended_at - row.created_at).total_seconds() for row in done.values() if row.rank == URGENT]
    return Flow(len(done), max(took, default=None))
