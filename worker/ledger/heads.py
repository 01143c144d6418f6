"""What is a case's next call? Its oldest open operation; what is held waits for a ticket that could not be created."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from worker.ledger.tables import cases, operations
from worker.lifecycle import Kind


@dataclass(frozen=True, slots=True)
class Head:
    """The next open operation of a case, and the best rank among all its open ones."""

    seq: int
    kind: Kind
    rank: int


def open_heads(connection: Connection, case_ids: Collection[int]) -> dict[int, Head]:
    """The heads of these cases; a case without open operations has none."""
    is_open = (operations.c.case_id.in_(sorted(case_ids)), operations.c.state == "open")
    first = (
        select(
            operations.c.case_id,
            func.min(operations.c.seq).label("seq"),
            func.min(operations.c.rank).label("rank"),
        )
        .where(*is_open)
        .group_by(operations.c.case_id)
        .subquery()
    )
    statement = select(operations.c.case_id, operations.c.seq, operations.c.kind, first.c.rank).join(
        first, (operations.c.case_id == first.c.case_id) & (operations.c.seq == first.c.seq)
    )
    return {row.case_id: Head(row.seq, row.kind, row.rank) for row in connection.execute(statement)}


def place(head: Head | None, next_seq: int, run_at: datetime, *, lost: bool) -> dict[str, Any]:
    """The columns of a case that waits for `head`, or for nothing; `lost`: its ticket could not be created."""
    if head is None:
        state = "blocked" if lost else "idle"
        return {"state": state, "kind": None, "rank": 9, "run_at": run_at, "head_seq": next_seq}
    return {"state": "ready", "kind": head.kind, "rank": head.rank, "run_at": run_at, "head_seq": head.seq}


def write_cases(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write the columns that `rows` hold, all the same ones, to the cases named by `the_id`; nobody leases them."""
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "the_id"}
    statement = update(cases).where(cases.c.id == bindparam("the_id"))
    connection.execute(statement.values({**columns, "owner": None, "lease_until": None}), rows)
