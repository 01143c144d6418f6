"""Repairs dead letters: a person resends an operation, as it was or edited, skips it, or names its ticket.

Operations that wait for a dead create go on after each of the four. The rules of every send hold here too: an operation
of unknown outcome waits for the ghost wait, and is looked up if its key has expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from connectors.contract.events import TicketStatus
from tickets.markers import with_marker_of
from worker.ledger import receipts
from worker.ledger.operator.dead_letters import NoSuchDeadLetter, number_of, place_of, quarantined_row
from worker.ledger.queue.claims import is_forgotten, repeated
from worker.ledger.queue.heads import open_heads, place, write_cases
from worker.ledger.queue.settles import bind_ticket
from worker.ledger.queue.tickets import Observation, after_binding, write
from worker.ledger.schema.tables import cases, inbound, operations, tickets
from worker.ledger.schema.words import (
    SETS_STATE,
    WAITS,
    CasePhase,
    DeliveryState,
    InboundOutcome,
    OperationKind,
    OperationState,
)
from worker.planning.keys import derived_key


class CannotBeDone(Exception):
    """The repair would break a guarantee; the message names an alternative."""


@dataclass(frozen=True, slots=True)
class At:
    """The time of the repair, how long a request of unknown outcome may be under way, and how long a key protects."""

    now: datetime
    ghost_wait: timedelta
    key_window: timedelta


def retry_operation(connection: Connection, dead_letter_id: str, at: At) -> int:
    """Have a dead operation sent again with the same bytes and key; returns how many waiting operations go on.

    A note that may have been added, with an expired key, gets a line that it may be a repeat. Raises NoSuchDeadLetter,
    CannotBeDone.
    """
    case, dead = _lock(connection, dead_letter_id)
    _refuse_late_close(case, dead)
    values = (
        _repeated(dead, bytes(dead.request))
        if dead.kind == OperationKind.ADD_NOTE and is_forgotten(dead, at.key_window, at.now)
        else {}
    )
    return _revive(connection, case, dead, at, values)


def edit_operation(connection: Connection, dead_letter_id: str, request: bytes, at: At) -> int:
    """Have a dead operation sent with another request, under a new key; returns the same as `retry_operation`.

    A create keeps its marker. If an earlier send may have been executed, its ticket is looked up first, and adopted if
    it exists. A note gets a line that it may be a repeat. Raises NoSuchDeadLetter, CannotBeDone.
    """
    case, dead = _lock(connection, dead_letter_id)
    _refuse_late_close(case, dead)
    if dead.kind == OperationKind.ADD_NOTE and dead.ambiguous:
        return _revive(connection, case, dead, at, _repeated(dead, request))
    values: dict[str, Any] = {}
    if dead.kind == OperationKind.CREATE_TICKET:
        request, values = with_marker_of(bytes(dead.request), request), {"unproven": dead.ambiguous}
    # A restored ledger may lack an earlier edit, so the key is derived from the text.
    key = derived_key(dead.idempotency_key, dead.kind, request.decode())
    return _revive(connection, case, dead, at, values | {"request": request, "idempotency_key": key})


def _repeated(dead: Row[Any], request: bytes) -> dict[str, Any]:
    """Return the columns that make a note another request than the one that may have been executed."""
    request, key = repeated(dead, request)
    new = {"ambiguous": False, "unproven": False, "first_sent_at": None}
    return {"request": request, "idempotency_key": key, **new}


def bind(connection: Connection, dead_letter_id: str, ticket_id: str, status: TicketStatus | None, at: At) -> int:
    """Bind an existing ticket to a dead operation; returns how many operations go on with it.

    A create is done by that; any other operation is sent again, to that ticket. Raises NoSuchDeadLetter, CannotBeDone.
    """
    case, dead = _lock(connection, dead_letter_id)
    target = dead.target if dead.target is not None else dead.seq
    bound = connection.execute(select(tickets).where(tickets.c.ticket_id == ticket_id)).one_or_none()
    if bound is not None and (bound.case_id, bound.create_seq) != (case.id, target):
        raise CannotBeDone(f"ticket {ticket_id} belongs to another case already")
    bind_ticket(connection, case, target, ticket_id, at.now)
    if case.create_seq == target:
        connection.execute(update(cases).where(cases.c.id == case.id).values(ticket_id=ticket_id))
        receipts.notice(connection, [case.id], at.now)
    going_on = _go_on_with(connection, case, dead, ticket_id, at)
    left = after_binding(connection, case.id, target, status, at.now)
    write(connection, [Observation(case.id, ticket_id, status, at.now, left)])
    return going_on


def _go_on_with(connection: Connection, case: Row[Any], dead: Row[Any], ticket_id: str, at: At) -> int:
    """Finish or resend a dead operation now that its ticket is known; returns how many operations go on."""
    if dead.kind != OperationKind.CREATE_TICKET:
        _refuse_late_close(case, dead)
        _revive(connection, case, dead, at, {})
        return 1
    _write(
        connection,
        dead,
        {"state": OperationState.DONE, "ended_at": at.now, "why": None, "response": f"bound to ticket {ticket_id}"},
    )
    released = _release(connection, case, dead.seq)
    _go_on(connection, case, at.now)
    return released


def skip_operation(connection: Connection, dead_letter_id: str, why: str, at: At) -> int:
    """Give a dead operation up, so that its case goes on; returns how many operations were given up.

    With a create, the operations that wait for its ticket are given up too. The next opening creates a ticket. Raises
    NoSuchDeadLetter.
    """
    case, dead = _lock(connection, dead_letter_id)
    _write(connection, dead, {"state": OperationState.SKIPPED, "ended_at": at.now, "why": why})
    skipped = 1
    if dead.kind == OperationKind.CREATE_TICKET:
        followers = (operations.c.case_id == case.id, operations.c.target == dead.seq)
        unsent = operations.c.state.in_(WAITS)
        reason = f"its ticket was never created: {why}"
        skipped += connection.execute(
            update(operations)
            .where(*followers, unsent)
            .values(state=OperationState.SKIPPED, ended_at=at.now, why=reason)
        ).rowcount
        if case.create_seq == dead.seq:
            nothing = {"phase": CasePhase.NEW, "lost": False, "create_seq": None}
            connection.execute(update(cases).where(cases.c.id == case.id).values(nothing))
    if (
        dead.kind == OperationKind.REOPEN_TICKET
        and case.create_seq == dead.target
        and _is_last_of_state(connection, dead)
    ):
        connection.execute(update(cases).where(cases.c.id == case.id).values(phase=CasePhase.CLOSED))
    _go_on(connection, case, at.now)
    return skipped


def _is_last_of_state(connection: Connection, dead: Row[Any]) -> bool:
    """Return True if no later operation closes or reopens its ticket, so the earlier one decides its state."""
    later = (operations.c.case_id == dead.case_id, operations.c.target == dead.target, operations.c.seq > dead.seq)
    sets_state = (operations.c.kind.in_(SETS_STATE), operations.c.state.in_([*WAITS, OperationState.DONE]))
    return connection.execute(select(operations.c.seq).where(*later, *sets_state).limit(1)).first() is None


def skip_delivery(connection: Connection, dead_letter_id: str, why: str) -> None:
    """Give up a quarantined delivery. Raises NoSuchDeadLetter."""
    number = number_of(dead_letter_id)
    row = quarantined_row(connection, number if number is not None else -1)
    reason = f"{row.reason} (skipped: {why})"
    connection.execute(
        update(inbound).where(inbound.c.id == row.id).values(outcome=InboundOutcome.SKIPPED, reason=reason)
    )


def _refuse_late_close(case: Row[Any], dead: Row[Any]) -> None:
    if dead.kind == OperationKind.CLOSE_TICKET and case.create_seq == dead.target and not _ended_last(case):
        raise CannotBeDone("the case was opened again on the same ticket since then: `dead skip` this operation")


def _ended_last(case: Row[Any]) -> bool:
    """Return True if the latest message of the source about the case was its end."""
    return case.ended_at is not None and (case.started_at is None or case.started_at <= case.ended_at)


def _revive(connection: Connection, case: Row[Any], dead: Row[Any], at: At, values: dict[str, Any]) -> int:
    """Reopen a dead operation; returns how many operations that waited for its ticket go on."""
    began = dead.first_sent_at if dead.ambiguous else None
    anew = {"state": OperationState.OPEN, "ended_at": None, "why": None, "conflicts": 0, "first_sent_at": began}
    _write(connection, dead, anew | values)
    released = _release(connection, case, dead.seq) if dead.kind == OperationKind.CREATE_TICKET else 0
    if dead.kind == OperationKind.CLOSE_TICKET and case.create_seq == dead.target:
        connection.execute(update(cases).where(cases.c.id == case.id).values(phase=CasePhase.CLOSED))
    ghost_gone = dead.ended_at + at.ghost_wait if dead.ambiguous else at.now
    _go_on(connection, case, max(at.now, ghost_gone))
    return released


def _release(connection: Connection, case: Row[Any], create_seq: int) -> int:
    """Let the operations that wait for the ticket of this create go on; returns their number."""
    held = (
        operations.c.case_id == case.id,
        operations.c.target == create_seq,
        operations.c.state == OperationState.HELD,
    )
    if case.create_seq == create_seq:
        connection.execute(update(cases).where(cases.c.id == case.id).values(lost=False))
    return connection.execute(update(operations).where(*held).values(state=OperationState.OPEN)).rowcount


def _lock(connection: Connection, dead_letter_id: str) -> tuple[Row[Any], Row[Any]]:
    """Return the case, locked, and the dead operation. Raises NoSuchDeadLetter."""
    case_id, seq = place_of(dead_letter_id)
    case = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one_or_none()
    this_one = (operations.c.case_id == case_id, operations.c.seq == seq, operations.c.state == OperationState.DEAD)
    dead = connection.execute(select(operations).where(*this_one)).one_or_none()
    if case is None or dead is None:
        raise NoSuchDeadLetter(f"{dead_letter_id} is not a dead letter; `dead list` shows those that are")
    return case, dead


def _write(connection: Connection, dead: Row[Any], values: dict[str, Any]) -> None:
    this_one = (operations.c.case_id == dead.case_id, operations.c.seq == dead.seq)
    connection.execute(update(operations).where(*this_one).values(values))


def _go_on(connection: Connection, case: Row[Any], run_at: datetime) -> None:
    """Make the case's oldest open operation its head; a leased case finds it when its call is settled."""
    if case.state == DeliveryState.LEASED:
        return
    head = open_heads(connection, [case.id]).get(case.id)
    lost = connection.execute(select(cases.c.lost).where(cases.c.id == case.id)).scalar_one()
    # A case may be in a ghost wait, and the late request must not land after a new send. An idle case may be, too.
    placed = place(head, case.next_seq, max(run_at, case.run_at), create_dead=lost)
    write_cases(connection, [{"id": case.id, "attempts": 0, **placed}])
