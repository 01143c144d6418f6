"""Dead letters: operations that cannot be sent, and deliveries that cannot be read. A person decides about each.

Their ids are `op-CASE-SEQ` and `in-NUMBER`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, literal, select, tuple_
from sqlalchemy.sql.elements import Label

from connectors.contract.messages import Inbound
from worker.ledger.operator.next_steps import of_delivery, of_operation
from worker.ledger.schema.rows import restore
from worker.ledger.schema.tables import attempts, cases, inbound, operations
from worker.ledger.schema.words import InboundOutcome, OperationState

PAGE = 500

_OPERATION = re.compile(r"op-(\d{1,18})-(\d{1,18})")
_INBOUND = re.compile(r"in-(\d{1,18})")


class NoSuchDeadLetter(LookupError):
    """No dead letter has this id; the message names how to find those that exist."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An operation or delivery that a person must decide on."""

    id: str
    source: str
    since: datetime | None
    what: str
    """The kind of operation, or `quarantined`."""
    about: str
    """The case key of an operation; the number of deliveries of a quarantined delivery."""
    reason: str
    holds_up: int = 0
    """How many operations wait for the ticket that it did not create."""
    may_have_been_executed: bool = False
    subject: str | None = None
    """The subject of the case's ticket, as planned, or of the delivery; a neutral one for a private message."""
    sender: str | None = None
    """The author of a delivery; None for a private message, and where the source names no people."""
    case: str | None = None
    priority: str | None = None
    """The case's present priority."""
    ticket_id: str | None = None
    status: int | None = None
    """The HTTP status of the last attempt."""
    request_id: str | None = None
    """The Tickets API's id of the last attempt's request."""
    next_step: str = ""
    """The decisions that a person can take, as commands."""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to send an operation."""

    at: datetime
    outcome: str
    status: int | None
    error: str | None
    latency_ms: int | None
    request_id: str | None = None
    """The id that the Tickets API gave the request; None if the answer had none, or the attempt succeeded."""


@dataclass(frozen=True, slots=True)
class DeadLetterInFull:
    """A dead letter with the facts for a decision: its bytes and its attempts."""

    dead_letter: DeadLetter
    body: bytes
    """The body of the request, or of the delivery."""
    idempotency_key: str | None = None
    may_have_been_executed: bool = False
    tries: tuple[Try, ...] = ()


def list_dead(connection: Connection) -> list[DeadLetter]:
    """Return every dead letter: rejected operations, then quarantined deliveries, the oldest first."""
    return [_dead_operation(row) for row in connection.execute(_rejected())] + [
        _dead_delivery(row) for row in connection.execute(_kept())
    ]


def next_dead(connection: Connection, after: DeadLetter | None, limit: int = PAGE) -> list[DeadLetter]:
    """Return the next dead letters after that one, in the order of `list_dead`; None: the first ones."""
    rejected, kept = _rejected().limit(limit), _kept().limit(limit)
    found: list[DeadLetter] = []
    if after is None or number_of(after.id) is None:
        if after is not None:
            place = (after.since, *place_of(after.id))
            typed = (literal(each, column.type) for each, column in zip(place, _PLACE, strict=True))
            rejected = rejected.where(tuple_(*_PLACE) > tuple_(*typed))
        found = [_dead_operation(row) for row in connection.execute(rejected)]
    else:
        kept = kept.where(inbound.c.id > (number_of(after.id) or 0))
    return found or [_dead_delivery(row) for row in connection.execute(kept)]


_PLACE = (operations.c.ended_at, operations.c.case_id, operations.c.seq)


def _rejected() -> Select[Any]:
    return _dead().order_by(*_PLACE)


def _dead() -> Select[Any]:
    """Select dead operations with their cases and their last attempts."""
    of_it = (attempts.c.case_id == operations.c.case_id, attempts.c.seq == operations.c.seq)
    last = select(func.max(attempts.c.id)).where(*of_it).correlate(operations).scalar_subquery()
    of_case = (cases.c.source, cases.c.key, cases.c.subject, cases.c.priority, cases.c.ticket_id)
    of_attempt = (attempts.c.outcome, attempts.c.status, attempts.c.request_id)
    return (
        select(operations, *of_case, *of_attempt, _held())
        .join(cases, operations.c.case_id == cases.c.id)
        .outerjoin(attempts, attempts.c.id == last)
        .where(operations.c.state == OperationState.DEAD)
    )


def _kept() -> Select[Any]:
    """Select quarantined deliveries without their bodies, which the list does not need."""
    columns = (
        inbound.c.id, inbound.c.source, inbound.c.received_at, inbound.c.reason, inbound.c.deliveries,
        inbound.c.subject, inbound.c.sender,
    )  # fmt: skip
    # Sorted by an expression: in the order of the primary key, SQLite would read every delivery to find a few.
    return select(*columns).where(inbound.c.outcome == InboundOutcome.QUARANTINED).order_by(inbound.c.id + 0)


def _held() -> Label[int]:
    """Count the operations that a dead operation holds up."""
    waiting = operations.alias()
    of_it = (waiting.c.case_id == operations.c.case_id) & (waiting.c.target == operations.c.seq)
    held = select(func.count()).select_from(waiting).where(of_it, waiting.c.state == OperationState.HELD)
    return held.correlate(operations).scalar_subquery().label("holds_up")


def show_dead(connection: Connection, dead_letter_id: str) -> DeadLetterInFull:
    """Return one dead letter with its bytes and attempts. Raises NoSuchDeadLetter."""
    if (number := number_of(dead_letter_id)) is not None:
        kept = quarantined_row(connection, number)
        return DeadLetterInFull(_dead_delivery(kept), restore(kept).body)
    case_id, seq = place_of(dead_letter_id)
    statement = _dead().where(operations.c.case_id == case_id, operations.c.seq == seq)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NoSuchDeadLetter(f"{dead_letter_id} is not a dead letter; `dead list` shows those that are")
    return DeadLetterInFull(
        _dead_operation(row),
        bytes(row.request),
        row.idempotency_key,
        row.ambiguous,
        read_tries(connection, case_id, seq),
    )


def read_tries(connection: Connection, case_id: int, seq: int) -> tuple[Try, ...]:
    """Return the attempts of one operation, in order."""
    tried = select(attempts).where(attempts.c.case_id == case_id, attempts.c.seq == seq).order_by(attempts.c.id)
    return tuple(
        Try(each.at, each.outcome, each.status, each.error, each.latency_ms, each.request_id)
        for each in connection.execute(tried)
    )


def quarantined_delivery(connection: Connection, dead_letter_id: str) -> tuple[int, Inbound] | None:
    """Return the number of a quarantined delivery, and the delivery; None when the id names an operation.

    Raises NoSuchDeadLetter.
    """
    number = number_of(dead_letter_id)
    return None if number is None else (number, restore(quarantined_row(connection, number)))


def request_of(connection: Connection, dead_letter_id: str) -> bytes:
    """Return the current bytes of an operation, whatever its state. Raises NoSuchDeadLetter."""
    case_id, seq = place_of(dead_letter_id)
    this_one = (operations.c.case_id == case_id, operations.c.seq == seq)
    return bytes(connection.execute(select(operations.c.request).where(*this_one)).scalar_one())


def _dead_operation(row: Row[Any]) -> DeadLetter:
    name = f"op-{row.case_id}-{row.seq}"
    return DeadLetter(
        name,
        row.source,
        row.ended_at,
        row.kind,
        about=f"case {row.key}",
        reason=row.why or "",
        holds_up=row.holds_up,
        may_have_been_executed=row.ambiguous,
        subject=row.subject,
        case=f"case-{row.case_id}",
        priority=row.priority,
        ticket_id=row.ticket_id,
        status=row.status,
        request_id=row.request_id,
        next_step=of_operation(name, row.kind, row.outcome, row.status, ticket=row.ticket_id),
    )


def _dead_delivery(row: Row[Any]) -> DeadLetter:
    times = f"arrived {row.deliveries} times" if row.deliveries > 1 else "arrived once"
    name = f"in-{row.id}"
    return DeadLetter(
        name,
        row.source,
        row.received_at,
        "quarantined",
        about=times,
        reason=row.reason or "",
        subject=row.subject,
        sender=row.sender,
        next_step=of_delivery(name),
    )


def quarantined_row(connection: Connection, number: int) -> Row[Any]:
    """Return a quarantined delivery, locked. Raises NoSuchDeadLetter."""
    statement = (
        select(inbound).where(inbound.c.id == number, inbound.c.outcome == InboundOutcome.QUARANTINED).with_for_update()
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NoSuchDeadLetter(f"in-{number} is not in quarantine; `dead list` shows those that are")
    return row


def number_of(dead_letter_id: str) -> int | None:
    """Return the number of a delivery; None if the id does not name a delivery."""
    match = _INBOUND.fullmatch(dead_letter_id)
    return int(match[1]) if match else None


def place_of(dead_letter_id: str) -> tuple[int, int]:
    """Return case and sequence number of an operation. Raises NoSuchDeadLetter."""
    match = _OPERATION.fullmatch(dead_letter_id)
    if match is None:
        raise NoSuchDeadLetter(
            f"{dead_letter_id!r} is not the id of a dead letter: expected one such as op-12-1 or in-7"
        )
    return int(match[1]), int(match[2])
