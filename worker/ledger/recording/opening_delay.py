"""The opening delay: finds delayed openings, and skips those whose incident ended in time. They cost no call.

The delay is the `run_at` of the case, with the create as its head. Operations that were planned after the create are
skipped with it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, tuple_, update

from worker.ledger.schema.tables import operations
from worker.ledger.schema.words import OperationKind, OperationState

ENDED_EARLY = "the case ended within the opening delay"


def never_sent(connection: Connection, heads: Collection[tuple[int, int]]) -> list[int]:
    """Return the cases whose head is a create that was never sent; `heads` are pairs of case and place."""
    if not heads:
        return []
    place = tuple_(operations.c.case_id, operations.c.seq).in_(sorted(heads))
    unsent = (operations.c.last_sent_at.is_(None), ~operations.c.ambiguous, operations.c.state == OperationState.OPEN)
    statement = select(operations.c.case_id).where(place, operations.c.kind == OperationKind.CREATE_TICKET, *unsent)
    return list(connection.execute(statement).scalars())


def skip(connection: Connection, creates: Collection[tuple[int, int]], now: datetime) -> None:
    """Skip all open operations of the episodes of these creates (case, place)."""
    if creates:
        of_them = tuple_(operations.c.case_id, operations.c.target).in_(sorted(creates))
        skipped = update(operations).where(of_them, operations.c.state == OperationState.OPEN)
        connection.execute(skipped.values(state=OperationState.SKIPPED, ended_at=now, why=ENDED_EARLY))
