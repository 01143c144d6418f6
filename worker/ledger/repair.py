"""What may a person do with a dead letter? Look at it, send it again, or skip it.

A dead letter is an operation that the Tickets API rejected (`op-CASE-SEQ`), or a delivery in quarantine (`in-NUMBER`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from connectors.base import Inbound
from worker.ledger.custody import QUARANTINED, SKIPPED, restore
from worker.ledger.delivery import open_heads, place, write_cases
from worker.ledger.tables import attempts, cases, inbound, operations

_OPERATION = re.compile(r"op-(\d{1,18})-(\d{1,18})")
_INBOUND = re.compile(r"in-(\d{1,18})")


class NoSuchDeadLetter(LookupError):
    """There is no dead letter of that id; the message says what there is."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One thing that a person must decide on."""

    id: str
    source: str
    since: datetime | None
    what: str
    """The kind of operation, or `quarantined`."""
    about: str
    """Case key of an operation; number of deliveries of a quarantined one."""
    reason: str


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to send an operation."""

    at: datetime
    outcome: str
    status: int | None
    error: str | None
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class DeadLetterInFull:
    """A dead letter with what is needed to decide: the bytes, and what was tried."""

    letter: DeadLetter
    body: bytes
    """Of the request, or of the delivery."""
    idempotency_key: str | None = None
    may_have_been_executed: bool = False
    tries: tuple[Try, ...] = ()


def list_dead(connection: Connection) -> list[DeadLetter]:
    """Every dead letter: rejected operations, then quarantined deliveries, the oldest first."""
    rejected = (
        select(operations, cases.c.source, cases.c.key)
        .join(cases, operations.c.case_id == cases.c.id)
        .where(operations.c.state == "dead")
        .order_by(operations.c.ended_at, operations.c.case_id, operations.c.seq)
    )
    kept = select(inbound).where(inbound.c.outcome == QUARANTINED).order_by(inbound.c.id)
    return [_operation_letter(row) for row in connection.execute(rejected)] + [
        _inbound_letter(row) for row in connection.execute(kept)
    ]


def show_dead(connection: Connection, letter_id: str) -> DeadLetterInFull:
    """Raises NoSuchDeadLetter."""
    if (number := _quarantined(letter_id)) is not None:
        kept = _inbound_row(connection, number)
        return DeadLetterInFull(_inbound_letter(kept), restore(kept).body)
    case_id, seq = _place(letter_id)
    statement = (
        select(operations, cases.c.source, cases.c.key)
        .join(cases, operations.c.case_id == cases.c.id)
        .where(operations.c.case_id == case_id, operations.c.seq == seq, operations.c.state == "dead")
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NoSuchDeadLetter(f"{letter_id} is not a dead letter; `dead list` shows those that are")
    return DeadLetterInFull(
        _operation_letter(row),
        bytes(row.request),
        row.idempotency_key,
        row.ambiguous,
        read_tries(connection, case_id, seq),
    )


def read_tries(connection: Connection, case_id: int, seq: int) -> tuple[Try, ...]:
    """The attempts of one operation, the first one first."""
    tried = select(attempts).where(attempts.c.case_id == case_id, attempts.c.seq == seq).order_by(attempts.c.id)
    return tuple(
        Try(each.at, each.outcome, each.status, each.error, each.latency_ms) for each in connection.execute(tried)
    )


def quarantined_delivery(connection: Connection, letter_id: str) -> tuple[int, Inbound] | None:
    """The number and the delivery of a quarantined one; None when the id names an operation.

    Raises NoSuchDeadLetter.
    """
    number = _quarantined(letter_id)
    return None if number is None else (number, restore(_inbound_row(connection, number)))


def retry_operation(connection: Connection, letter_id: str, now: datetime) -> None:
    """Let a dead operation be sent again, with the same bytes and key. Raises NoSuchDeadLetter."""
    case_id, seq = _place(letter_id)
    case = _lock_case(connection, case_id, letter_id)
    _end(
        connection,
        letter_id,
        case_id,
        seq,
        state="open",
        ended_at=None,
        why=None,
        first_sent_at=None,
        conflicts=0,
    )
    _go_on(connection, case, now)


def skip_operation(connection: Connection, letter_id: str, why: str, now: datetime) -> int:
    """Give a dead operation up, so that its case goes on; gives how many operations were given up.

    With a create, what waits for its ticket goes too. The next opening makes one.
    Raises NoSuchDeadLetter.
    """
    case_id, seq = _place(letter_id)
    case = _lock_case(connection, case_id, letter_id)
    ended = _end(connection, letter_id, case_id, seq, state="skipped", ended_at=now, why=why)
    skipped = 1
    if ended.kind == "create_ticket":
        skipped += _skip_followers(connection, case, seq, why, now)
    _go_on(connection, case, now)
    return skipped


def _skip_followers(connection: Connection, case: Row[Any], seq: int, why: str, now: datetime) -> int:
    """Skip what waits for the ticket of this create: everything up to the next create, reopenings included."""
    is_open = (operations.c.case_id == case.id, operations.c.seq > seq, operations.c.state == "open")
    later = select(func.min(operations.c.seq)).where(*is_open, operations.c.kind == "create_ticket")
    next_create = connection.execute(later).scalar_one()
    followers = update(operations).where(*is_open)
    if next_create is not None:
        followers = followers.where(operations.c.seq < next_create)
    else:
        connection.execute(update(cases).where(cases.c.id == case.id).values(phase="new"))
    reason = f"its ticket was never created: {why}"
    return connection.execute(followers.values(state="skipped", ended_at=now, why=reason)).rowcount


def skip_delivery(connection: Connection, letter_id: str, why: str) -> None:
    """Give up a quarantined delivery. Raises NoSuchDeadLetter."""
    number = _quarantined(letter_id)
    row = _inbound_row(connection, number if number is not None else -1)
    reason = f"{row.reason} (skipped: {why})"
    connection.execute(update(inbound).where(inbound.c.id == row.id).values(outcome=SKIPPED, reason=reason))


def _lock_case(connection: Connection, case_id: int, letter_id: str) -> Row[Any]:
    case = connection.execute(select(cases).where(cases.c.id == case_id).with_for_update()).one_or_none()
    if case is None:
        raise NoSuchDeadLetter(f"{letter_id} is not a dead letter; `dead list` shows those that are")
    return case


def _end(connection: Connection, letter_id: str, case_id: int, seq: int, **values: Any) -> Row[Any]:
    statement = (
        update(operations)
        .where(operations.c.case_id == case_id, operations.c.seq == seq, operations.c.state == "dead")
        .values(values)
        .returning(operations.c.kind)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NoSuchDeadLetter(f"{letter_id} is not a dead letter; `dead list` shows those that are")
    return row


def _go_on(connection: Connection, case: Row[Any], now: datetime) -> None:
    """Make the case's oldest open operation its head; a leased case finds it when its call is settled."""
    if case.state == "leased":
        return
    head = open_heads(connection, [case.id]).get(case.id)
    # A case that waits may wait for a ghost, which must not land after what is sent now.
    run_at = max(now, case.run_at) if case.state == "ready" else now
    write_cases(connection, [{"the_id": case.id, "attempts": 0, **place(head, case.next_seq, run_at)}])


def _operation_letter(row: Row[Any]) -> DeadLetter:
    name = f"op-{row.case_id}-{row.seq}"
    return DeadLetter(name, row.source, row.ended_at, row.kind, f"case {row.key}", row.why or "")


def _inbound_letter(row: Row[Any]) -> DeadLetter:
    times = f"arrived {row.deliveries} times" if row.deliveries > 1 else "arrived once"
    return DeadLetter(f"in-{row.id}", row.source, row.received_at, "quarantined", times, row.reason or "")


def _inbound_row(connection: Connection, number: int) -> Row[Any]:
    statement = select(inbound).where(inbound.c.id == number, inbound.c.outcome == QUARANTINED).with_for_update()
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NoSuchDeadLetter(f"in-{number} is not in quarantine; `dead list` shows what is")
    return row


def _quarantined(letter_id: str) -> int | None:
    match = _INBOUND.fullmatch(letter_id)
    return int(match[1]) if match else None


def _place(letter_id: str) -> tuple[int, int]:
    match = _OPERATION.fullmatch(letter_id)
    if match is None:
        raise NoSuchDeadLetter(f"{letter_id!r} is not the id of a dead letter: they look like op-12-1 or in-7")
    return int(match[1]), int(match[2])
