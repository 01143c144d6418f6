"""The head of a case: its oldest open operation, which is its next call.

Held operations do not count. They wait for a ticket that could not be created.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from worker.ledger.engine import bulk
from worker.ledger.schema.tables import cases, operations
from worker.ledger.schema.words import DeliveryState, OperationState
from worker.planning.model import Kind


@dataclass(frozen=True, slots=True)
class Head:
    """The next open operation of a case, and the best rank among all its open operations."""

    seq: int
    kind: Kind
    rank: int


def open_heads(connection: Connection, case_ids: Collection[int]) -> dict[int, Head]:
    """Return the heads of these cases; a case without open operations has none."""
    statement = _open_heads(is_sqlite=bulk.is_sqlite(connection))
    ids = bulk.packed({"case_id": each} for each in case_ids)
    return {row.case_id: Head(row.seq, row.kind, row.rank) for row in connection.execute(statement, ids)}


@cache
def _open_heads(*, is_sqlite: bool) -> Select[Any]:
    """Look up the head of each case separately: for a join, PostgreSQL would rather read all open operations."""
    wanted = bulk.given({"case_id": operations.c.case_id}, is_sqlite=is_sqlite)
    is_open = ((operations.c.case_id == wanted.c.case_id), operations.c.state == OperationState.OPEN)
    first = select(func.min(operations.c.seq)).where(*is_open).scalar_subquery()
    best = select(func.min(operations.c.rank)).where(*is_open).scalar_subquery()
    found = select(wanted.c.case_id, first.label("seq"), best.label("rank")).subquery()
    head = (operations.c.case_id == found.c.case_id) & (operations.c.seq == found.c.seq)
    return select(operations.c.case_id, operations.c.seq, operations.c.kind, found.c.rank).join(found, head)


def place(head: Head | None, next_seq: int, run_at: datetime, *, create_dead: bool) -> dict[str, Any]:
    """Return the columns of a case with this head, or without one; `create_dead`: its ticket could not be created."""
    if head is None:
        state = DeliveryState.BLOCKED if create_dead else DeliveryState.IDLE
        return {"state": state, "kind": None, "rank": 9, "run_at": run_at, "head_seq": next_seq}
    return {"state": DeliveryState.READY, "kind": head.kind, "rank": head.rank, "run_at": run_at, "head_seq": head.seq}


def write_cases(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write these rows to the cases with their ids, and end the leases of the cases. All rows have the same columns."""
    bulk.change(connection, cases, [{**each, "owner": None, "lease_until": None} for each in rows])
