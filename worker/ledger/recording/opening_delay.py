"""Which openings wait out their damping, and what becomes of one whose incident ended in that time? It costs nothing.

The wait is the `run_at` of its case, whose head the create is. What was planned for it meanwhile goes with it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, tuple_, update

from worker.ledger.schema.tables import operations
from worker.ledger.schema.words import OperationKind, OperationState

ENDED_EARLY = "its incident ended before it was sent"


def never_sent(connection: Connection, heads: Collection[tuple[int, int]]) -> list[int]:
    """Of these cases, with the places of their heads, those whose head is a create of which nothing was ever sent."""
    if not heads:
        return []
    place = tuple_(operations.c.case_id, operations.c.seq).in_(sorted(heads))
    unsent = (operations.c.last_sent_at.is_(None), ~operations.c.ambiguous, operations.c.state == OperationState.OPEN)
    statement = select(operations.c.case_id).where(place, operations.c.kind == OperationKind.CREATE_TICKET, *unsent)
    return list(connection.execute(statement).scalars())


def skip(connection: Connection, creates: Collection[tuple[int, int]], now: datetime) -> None:
    """Send nothing of the episodes of these creates (case, place)."""
    if creates:
        of_them = tuple_(operations.c.case_id, operations.c.target).in_(sorted(creates))
        skipped = update(operations).where(of_them, operations.c.state == OperationState.OPEN)
        connection.execute(skipped.values(state=OperationState.SKIPPED, ended_at=now, why=ENDED_EARLY))
