"""Joins operations that wait for the budget into one call, and takes a rejected call apart again.

Only operations that were never sent are joined, while the budget is scarce and their case has been due for `PATIENCE`:
consecutive notes of one case that are equally private, and consecutive updates. A rejected joined call is taken apart
again, and its parts stay apart. Notes are never joined with a create: a description is public, and a note may be
private.

    joined_into   of a part: the seq of the operation that it is sent with, while its state is `folded`
    own_request   of the operation that is sent: its own request, without the parts; of a part that was taken apart: a
                  copy of its request, as a mark. An operation with an own request is not joined any more

The previous version has neither column. It keeps the own request in `instead`, and finds the parts by the sentence in
`why`. During an upgrade, both versions run at once. So until the next release, this version also writes these two
columns for the previous version, and reads them (`_parts_of`, `_own_request`). From then on `instead` is for reopenings
only, and `why` is for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from tickets.assumptions import MAX_TEXT
from tickets.models import encoded
from worker.ledger.schema.tables import operations
from worker.ledger.schema.words import OperationState
from worker.planning.keys import derived_key
from worker.planning.model import Kind

if TYPE_CHECKING:
    from worker.ledger.queue.claim import Claim

PATIENCE = timedelta(seconds=2)
AT_MOST = 200  # operations in one call
BETWEEN = "\n\n⸻\n\n"
JOINED_KINDS: frozenset[Kind] = frozenset({"add_note", "update_ticket"})


def joined(kind: str, requests: Sequence[bytes]) -> tuple[bytes, int]:
    """Join as many requests as fit into one, starting with the first; returns the request and their number."""
    bodies = [json.loads(each) for each in requests]
    whole = bodies[0]
    number = 1
    for body in bodies[1:]:
        if kind == "add_note":
            text = whole["body"] + BETWEEN + body["body"]
            if body["private"] != whole["private"] or len(text) > MAX_TEXT:
                break
            whole = {**whole, "body": text}
        else:
            whole = {**whole, **body}
        number += 1
    return (encoded(whole) if number > 1 else requests[0]), number


def join(
    connection: Connection, claims: Sequence[Claim], due_since: Mapping[int, datetime], now: datetime
) -> list[Claim]:
    """Join the operations that wait behind these claims into them; `due_since` is by case."""
    return [
        _with_parts(connection, each, now)
        if each.kind in JOINED_KINDS
        and each.mode == "send"
        and not each.ambiguous
        and now - due_since[each.case_id] >= PATIENCE
        else each
        for each in claims
    ]


def _with_parts(connection: Connection, claim: Claim, now: datetime) -> Claim:
    of_case = (operations.c.case_id == claim.case_id, operations.c.seq >= claim.seq)
    statement = select(operations).where(*of_case, operations.c.state == OperationState.OPEN).order_by(operations.c.seq)
    rows = connection.execute(statement.limit(AT_MOST)).all()
    alike = [rows[0]]
    for row in rows[1:]:
        if not _goes_with(rows[0], row):
            break
        alike.append(row)
    # A request that was sent keeps its bytes. A joined request takes no further parts. Parts taken apart stay apart.
    if not _never_sent(rows[0]) or _own_request(rows[0]) is not None or len(alike) == 1:
        return claim
    request, number = joined(claim.kind, [bytes(row.request) for row in alike])
    if number == 1:
        return claim
    this_one = (operations.c.case_id == claim.case_id, operations.c.seq == claim.seq)
    connection.execute(update(operations).where(*this_one).values(request=request, **_kept(claim.request)))
    parts = operations.c.seq.in_([row.seq for row in alike[1:number]])
    why = _sentence(claim.case_id, claim.seq)
    gone = update(operations).where(operations.c.case_id == claim.case_id, parts)
    connection.execute(gone.values(state=OperationState.JOINED, ended_at=now, why=why, joined_into=claim.seq))
    return replace(claim, request=request)


def _sentence(case_id: int, seq: int) -> str:
    return f"folded into op-{case_id}-{seq}"


def _kept(request: Any) -> dict[str, Any]:
    """Return the columns that hold an operation's own request; `instead` is for the previous version."""
    return {"own_request": request, "instead": request}


def _own_request(row: Row[Any]) -> bytes | None:
    """Return the own request of a note or update with joined parts; the previous version stored it in `instead`."""
    kept: bytes | None = row.own_request if row.own_request is not None else row.instead
    return kept


def _parts_of(case_id: int, seq: int) -> ColumnElement[bool]:
    """Return the condition for operations sent with this one; the previous version wrote only the sentence."""
    by_sentence = and_(operations.c.joined_into.is_(None), operations.c.why == _sentence(case_id, seq))
    joined = and_(operations.c.case_id == case_id, operations.c.state == OperationState.JOINED)
    return and_(joined, or_(operations.c.joined_into == seq, by_sentence))


def _goes_with(first: Row[Any], row: Row[Any]) -> bool:
    is_alike = row.kind == first.kind and row.target == first.target and _own_request(row) is None
    return bool(is_alike and _never_sent(row))


def _never_sent(row: Row[Any]) -> bool:
    return row.first_sent_at is None and row.last_sent_at is None and not row.ambiguous


def take_apart(connection: Connection, case_id: int, seq: int) -> bool:
    """Take a rejected joined call apart, so that each part is sent by itself; False when it was not joined."""
    this_one = (operations.c.case_id == case_id, operations.c.seq == seq)
    head = connection.execute(select(operations).where(*this_one)).one()
    again: dict[str, Any] = {"state": OperationState.OPEN, "ended_at": None, "why": None}
    apart = update(operations).where(_parts_of(case_id, seq))
    rows = connection.execute(apart.values({**again, "joined_into": None, **_kept(operations.c.request)})).rowcount
    if not rows:
        return False
    connection.execute(
        update(operations)
        .where(*this_one)
        .values(
            {
                **again,
                "request": _own_request(head),
                **_kept(_own_request(head)),
                "idempotency_key": derived_key(head.idempotency_key, head.kind),
                "first_sent_at": None,
                "ambiguous": False,
                "conflicts": 0,
            }
        )
    )
    return True
