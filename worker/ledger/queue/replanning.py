"""Plans the operations after a dead operation again, because they were planned as if it would succeed.

    dead              the unsent operations after it
    create_ticket     held, up to a reopening. The reopening becomes a create, since there is no ticket to reopen; the
                      operations after it are for the new ticket
    close_ticket      the ticket is still open: a reopening is not needed; a create becomes a note on that ticket.
                      Exceptions: a later close of the same ticket is done or planned, or the outcome of the dead close
                      is unknown. Then nothing changes; a reopening does no harm to an open ticket
    reopen_ticket     rejected: it becomes a create itself, since the ticket is gone or stays closed
    note, update      unchanged: they do not depend on it

`replan` is the decision, as a pure function; `after_death` reads, decides and writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, select, update
from sqlalchemy import case as sa_case

from tickets.markers import without_marker
from tickets.models import AddNote, encode
from worker.ledger.schema.tables import operations
from worker.ledger.schema.words import WAITS, CasePhase, OperationState
from worker.planning.keys import derived_key, rank
from worker.planning.model import Kind, Phase

NEVER_CLOSED = "not needed: its ticket was never closed"


@dataclass(frozen=True, slots=True)
class Planned:
    """The dead operation, or one after it."""

    seq: int
    kind: Kind
    state: str
    target: int | None
    rank: int
    idempotency_key: str
    request: bytes
    instead: bytes | None = None
    why: str | None = None
    in_doubt: bool = False
    """True if an earlier send may have been executed. Such an operation is not replaced after the death of a close."""


@dataclass(frozen=True, slots=True)
class Change:
    """The part of a case's planning state that a death can change, before or after it."""

    phase: str
    create_seq: int | None
    create_dead: bool


def replan(
    dead: Planned, followers: Sequence[Planned], known: Change, *, rejected: bool
) -> tuple[list[Planned], Change]:
    """Return the operations that change (the dead one may be among them), and the planning state afterwards.

    `rejected`: the dead operation certainly had no effect. `followers` are all later operations of its case in their
    order, without the skipped ones.
    """
    match dead.kind:
        case "create_ticket":
            return _without_ticket(dead, followers, known)
        case "close_ticket" if rejected:
            return _still_open(dead, followers, known)
        case "reopen_ticket" if rejected and dead.instead is not None:
            return _anew(dead, followers, dead.target, known)
    return [], known


def _without_ticket(dead: Planned, followers: Sequence[Planned], known: Change) -> tuple[list[Planned], Change]:
    held: list[Planned] = []
    for place, each in enumerate(followers):
        if each.target != dead.seq or not _waits(each):
            continue
        if each.kind == "reopen_ticket" and each.instead is not None:
            made, after = _anew(each, followers[place + 1 :], dead.seq, known)
            return held + made, after
        held.append(replace(each, state=OperationState.HELD))
    return held, replace(known, create_dead=known.create_dead or known.create_seq == dead.seq)


def _anew(
    reopening: Planned, followers: Sequence[Planned], old: int | None, known: Change
) -> tuple[list[Planned], Change]:
    """Create a ticket instead of reopening one, and point later operations on the `old` ticket at the new one."""
    create = replace(
        reopening,
        kind="create_ticket",
        state=OperationState.OPEN,
        target=reopening.seq,
        idempotency_key=derived_key(reopening.idempotency_key, "create_ticket"),
        request=reopening.instead or b"",
        instead=None,
    )
    moved = _retargeted(followers, old, reopening.seq)
    is_current = known.create_seq == old
    return [create, *moved], replace(known, create_seq=reopening.seq, create_dead=False) if is_current else known


def _still_open(dead: Planned, followers: Sequence[Planned], known: Change) -> tuple[list[Planned], Change]:
    for place, each in enumerate(followers):
        if each.kind == "close_ticket" and each.target == dead.target and each.state != OperationState.DEAD:
            return [], known
        if each.kind == "reopen_ticket" and each.target == dead.target:
            return ([replace(each, state=OperationState.SKIPPED, why=NEVER_CLOSED)] if _is_unsent(each) else []), known
        if each.kind == "create_ticket":
            if not _is_unsent(each):
                return [], known
            note = replace(
                each,
                kind="add_note",
                target=dead.target,
                rank=rank("add_note", "medium"),
                idempotency_key=derived_key(each.idempotency_key, "add_note"),
                request=_as_note(each.request),
            )
            moved = _retargeted(followers[place + 1 :], each.seq, dead.target)
            is_current = known.create_seq == each.seq
            return [note, *moved], replace(known, create_seq=dead.target) if is_current else known
    return [], replace(known, phase=CasePhase.OPEN if known.phase == CasePhase.CLOSED else known.phase)


def _retargeted(followers: Sequence[Planned], old: int | None, new: int | None) -> list[Planned]:
    return [
        replace(each, target=new, state=OperationState.OPEN)
        for each in followers
        if each.target == old and _waits(each)
    ]


def _waits(each: Planned) -> bool:
    return each.state in WAITS


def _is_unsent(each: Planned) -> bool:
    return _waits(each) and not each.in_doubt


def _as_note(create: bytes) -> bytes:
    fields = json.loads(create)
    text = f"{fields['subject']}\n\n{without_marker(fields['description'])}"
    return encode(AddNote(body=f"Opened again, while this ticket is still open.\n\n{text}"))


def after_death(connection: Connection, case: Row[Any], seq: int, *, rejected: bool, now: datetime) -> Change:
    """Replan the operations after the one of this case that has just died; returns the planning state afterwards."""
    statement = select(operations).where(operations.c.case_id == case.id, operations.c.seq >= seq)
    rows = connection.execute(statement.order_by(operations.c.seq)).all()
    dead = _planned(rows[0])
    followers = [_planned(row) for row in rows[1:] if row.state != OperationState.SKIPPED]
    known = Change(cast(Phase, case.phase), case.create_seq, case.lost)
    different, after = replan(dead, followers, known, rejected=rejected)
    for each in different:
        connection.execute(
            update(operations)
            .where(operations.c.case_id == case.id, operations.c.seq == each.seq)
            .values(
                kind=each.kind,
                state=each.state,
                target=each.target,
                rank=each.rank,
                idempotency_key=each.idempotency_key,
                request=each.request,
                instead=each.instead,
                why=each.why,
                ended_at=now if each.state == OperationState.SKIPPED else None,
                first_sent_at=None,
                # After a restore, the lost ledger may have sent this operation. That doubt stays, also if the operation
                # has another kind now.
                last_sent_at=sa_case((operations.c.unproven, operations.c.last_sent_at), else_=None),
                ambiguous=operations.c.unproven,
                conflicts=0,
            )
        )
    return after


def _planned(row: Row[Any]) -> Planned:
    return Planned(
        seq=row.seq,
        kind=cast(Kind, row.kind),
        state=row.state,
        target=row.target,
        rank=row.rank,
        idempotency_key=row.idempotency_key,
        request=bytes(row.request),
        instead=None if row.instead is None else bytes(row.instead),
        in_doubt=row.ambiguous,
    )
