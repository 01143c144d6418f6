"""Who may send what, and what came of it? Claim, settle, take back: the statements that delivery rests on.

A claim commits the lease, the epoch, the tokens of the budget and `first_sent_at` before anything is sent. A settle is
accepted only with the epoch of its claim. One row per case means one operation in flight for each case.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, literal, select, tuple_, update

from worker.ledger.database import Database
from worker.ledger.tables import aliases, attempts, budget, cases, gate, operations
from worker.lifecycle import Kind

GATE = 1
MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)

GateReason = Literal["budget", "credentials", "scope"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of our API key; None: no limit."""

    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that this process may send until its lease ends."""

    case_id: int
    seq: int
    epoch: int
    kind: Kind
    source: str
    inbound_id: int
    """The delivery that it came with: the id that follows a message through the logs of every process."""
    ticket_id: str | None
    request: bytes
    idempotency_key: str
    first_sent_at: datetime
    claimed_at: datetime
    ambiguous: bool
    """An earlier send may have been executed."""
    conflicts: int
    """How often the service answered 409."""
    attempts: int


@dataclass(frozen=True, slots=True)
class CloseGate:
    """Nothing is sent until then, by anybody."""

    until: datetime
    reason: GateReason


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of one attempt, and what follows."""

    state: Literal["done", "again", "dead"]
    outcome: str
    """A word for the attempt: `done`, `not executed`, `unknown`, `rejected`, `refused`."""
    again_at: datetime | None = None
    unknown: bool = False
    """The send may have been executed."""
    conflict: bool = False
    ticket_id: str | None = None
    ticket_status: str | None = None
    response: str | None = None
    status: int | None = None
    error: str | None = None
    latency: timedelta | None = None
    gate: CloseGate | None = None


def claim(
    connection: Connection,
    kind: Kind,
    *,
    limit: int,
    owner: str,
    lease: timedelta,
    limits: Limits,
    probe_interval: timedelta,
    now: datetime,
) -> list[Claim]:
    """Lease the best ready cases whose next call is of this kind, with their tokens.

    None are given while a better-ranked case of another kind waits for the same scarce tokens.
    """
    free, is_probe = _free_tokens(connection, limits, now)
    if free is not None and free <= 0:
        return []
    ready = (cases.c.state == "ready", cases.c.run_at <= now)
    best = select(cases.c.id).where(*ready).order_by(cases.c.rank, cases.c.run_at, cases.c.id)
    best = best.where(cases.c.kind == kind).limit(limit) if free is None else best.limit(free)
    statement = (
        select(cases)
        .where(cases.c.id.in_(best), cases.c.kind == kind, *ready)
        .order_by(cases.c.rank, cases.c.run_at, cases.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(statement).all()
    if not rows:
        return []
    if is_probe:
        # The gate stays closed for all others until it is known what this one met.
        connection.execute(update(gate).where(gate.c.id == GATE).values(closed_until=now + probe_interval))
    _take_tokens(connection, limits, len(rows), now)
    _lease(connection, [row.id for row in rows], owner, now + lease)
    heads = [(row.id, row.head_seq) for row in rows]
    _intend(connection, heads, now)
    found = {
        (each.case_id, each.seq): each
        for each in connection.execute(
            select(operations).where(tuple_(operations.c.case_id, operations.c.seq).in_(heads))
        )
    }
    return [_claim(row, found[row.id, row.head_seq], now) for row in rows]


def _free_tokens(connection: Connection, limits: Limits, now: datetime) -> tuple[int | None, bool]:
    """How many calls may be made now, None for any number; and whether it is one that probes a refused key.

    Claims of all processes stand in line here.
    """
    state = connection.execute(select(gate).where(gate.c.id == GATE).with_for_update()).one()
    if state.closed_until is not None and now < state.closed_until:
        return 0, False
    is_probe = state.closed_until is not None and state.reason in ("credentials", "scope")
    free: int | None = 1 if is_probe else None
    for amount, window in [(limits.per_minute, MINUTE), (limits.per_second, SECOND)]:
        if amount is None:
            continue
        used = connection.execute(
            select(func.coalesce(func.sum(budget.c.tokens), 0)).where(budget.c.at > now - window)
        ).scalar_one()
        free = amount - int(used) if free is None else min(free, amount - int(used))
    return free, is_probe


def _take_tokens(connection: Connection, limits: Limits, number: int, now: datetime) -> None:
    if limits.per_minute is None and limits.per_second is None:
        return
    connection.execute(delete(budget).where(budget.c.at <= now - MINUTE))
    connection.execute(insert(budget).values(at=now, tokens=number))


def _lease(connection: Connection, ids: list[int], owner: str, until: datetime) -> None:
    connection.execute(
        update(cases)
        .where(cases.c.id.in_(ids))
        .values(state="leased", epoch=cases.c.epoch + 1, owner=owner, lease_until=until)
    )


def _intend(connection: Connection, heads: list[tuple[int, int]], now: datetime) -> None:
    connection.execute(
        update(operations)
        .where(tuple_(operations.c.case_id, operations.c.seq).in_(heads), operations.c.first_sent_at.is_(None))
        .values(first_sent_at=now)
    )


def _claim(case: Row[Any], head: Row[Any], now: datetime) -> Claim:
    return Claim(
        case_id=case.id,
        seq=head.seq,
        epoch=case.epoch + 1,
        kind=cast(Kind, head.kind),
        source=case.source,
        inbound_id=head.inbound_id,
        ticket_id=case.ticket_id,
        request=bytes(head.request),
        idempotency_key=head.idempotency_key,
        first_sent_at=head.first_sent_at,
        claimed_at=now,
        ambiguous=head.ambiguous,
        conflicts=head.conflicts,
        attempts=case.attempts,
    )


def settle(
    db: Database, connection: Connection, settled: Sequence[tuple[Claim, Settlement]], now: datetime
) -> tuple[list[Claim], frozenset[Kind]]:
    """Record what came of these claims.

    Gives the claims that were refused because their lease had passed to somebody else, and the kinds of operation
    that are due now.
    """
    by_claim = {(each.case_id, each.epoch): (each, outcome) for each, outcome in settled}
    ids = sorted({case_id for case_id, _ in by_claim})
    statement = select(cases).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update()
    leased = {(row.id, row.epoch): row for row in connection.execute(statement) if row.state == "leased"}
    current = [(leased[claimed], *outcome) for claimed, outcome in by_claim.items() if claimed in leased]
    stale = [each for claimed, (each, _) in by_claim.items() if claimed not in leased]
    if not current:
        return stale, frozenset()
    connection.execute(insert(attempts), [_attempt(each, outcome, now) for _, each, outcome in current])
    _settle_operations(connection, [(each, outcome) for _, each, outcome in current], now)
    heads = open_heads(connection, [row.id for row, _, _ in current])
    updates = [_settle_case(row, each, outcome, heads.get(row.id), now) for row, each, outcome in current]
    write_cases(connection, updates)
    _name_tickets(db, connection, current)
    _move_gate(connection, [outcome for _, _, outcome in current])
    return stale, frozenset(each["kind"] for each in updates if each["state"] == "ready" and each["run_at"] <= now)


def _attempt(each: Claim, outcome: Settlement, now: datetime) -> dict[str, Any]:
    return {
        "case_id": each.case_id,
        "seq": each.seq,
        "at": now,
        "outcome": outcome.outcome,
        "status": outcome.status,
        "error": outcome.error,
        "latency_ms": None if outcome.latency is None else outcome.latency // timedelta(milliseconds=1),
    }


def _settle_operations(connection: Connection, settled: list[tuple[Claim, Settlement]], now: datetime) -> None:
    statement = (
        update(operations)
        .where(operations.c.case_id == bindparam("the_case"), operations.c.seq == bindparam("the_seq"))
        .values(
            {
                name: bindparam(f"new_{name}")
                for name in (
                    "state",
                    "ended_at",
                    "response",
                    "why",
                    "first_sent_at",
                    "ambiguous",
                    "conflicts",
                )
            }
        )
    )
    rows = []
    for each, outcome in settled:
        over = outcome.state != "again"
        ambiguous = each.ambiguous or outcome.unknown
        rows.append(
            {
                "the_case": each.case_id,
                "the_seq": each.seq,
                "new_state": {"done": "done", "dead": "dead", "again": "open"}[outcome.state],
                "new_ended_at": now if over else None,
                "new_response": outcome.response,
                "new_why": outcome.error if outcome.state == "dead" else None,
                # What was provably not executed did not begin the life of its key.
                "new_first_sent_at": each.first_sent_at if over or ambiguous else None,
                "new_ambiguous": ambiguous,
                "new_conflicts": each.conflicts + outcome.conflict,
            }
        )
    connection.execute(statement, rows)


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


def _settle_case(row: Row[Any], each: Claim, outcome: Settlement, head: Head | None, now: datetime) -> dict[str, Any]:
    after: dict[str, Any] = {
        "the_id": row.id,
        "attempts": row.attempts + 1 if outcome.state == "again" else 0,
        "ticket_id": outcome.ticket_id or row.ticket_id,
        "ticket_status": outcome.ticket_status or row.ticket_status,
        "last_error": None if outcome.state == "done" else outcome.error,
    }
    if outcome.state == "dead" and each.kind == "create_ticket":
        # What follows needs the ticket: a person decides, and sees it in `status`.
        return after | {
            "state": "blocked",
            "kind": each.kind,
            "rank": row.rank,
            "run_at": now,
            "head_seq": each.seq,
        }
    return after | place(head, row.next_seq, outcome.again_at or now)


def place(head: Head | None, next_seq: int, run_at: datetime) -> dict[str, Any]:
    """The columns of a case that waits for `head`, or for nothing."""
    if head is None:
        return {"state": "idle", "kind": None, "rank": 9, "run_at": run_at, "head_seq": next_seq}
    return {"state": "ready", "kind": head.kind, "rank": head.rank, "run_at": run_at, "head_seq": head.seq}


def write_cases(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write the columns that `rows` hold, all the same ones, to the cases named by `the_id`; nobody leases them."""
    columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "the_id"}
    statement = update(cases).where(cases.c.id == bindparam("the_id"))
    connection.execute(statement.values({**columns, "owner": None, "lease_until": None}), rows)


def _name_tickets(db: Database, connection: Connection, current: list[tuple[Row[Any], Claim, Settlement]]) -> None:
    """Make new tickets' numbers names of their cases: people write them into what they send."""
    rows = [
        {"source": each.source, "alias": f"ticket:{outcome.ticket_id}", "case_id": each.case_id}
        for _, each, outcome in current
        if each.kind == "create_ticket" and outcome.ticket_id is not None
    ]
    if rows:
        connection.execute(db.insert_or_ignore(aliases, "source", "alias"), rows)


def _move_gate(connection: Connection, outcomes: list[Settlement]) -> None:
    closings = [each.gate for each in outcomes if each.gate is not None]
    refusals = [each for each in closings if each.reason != "budget"]
    if closings:
        last = max(refusals or closings, key=lambda each: each.until)
        closed = update(gate).where(gate.c.id == GATE)
        if not refusals:  # a 429 never shortens what another one asked for, nor hides a refusal
            closed = closed.where((gate.c.closed_until.is_(None)) | (gate.c.closed_until < last.until))
        connection.execute(closed.values(closed_until=last.until, reason=last.reason))
    elif any(each.state == "done" for each in outcomes):
        opened = update(gate).where(gate.c.id == GATE, gate.c.reason.in_(["credentials", "scope"]))
        connection.execute(opened.values(closed_until=None, reason=None))


def take_back(connection: Connection, now: datetime, ghost_wait: timedelta, *, all_owners_gone: bool = False) -> int:
    """Make cases ready again whose lease has ended, after the ghost wait; gives their number.

    With `all_owners_gone`, leases that still run are ended now: nobody is left who could use them.
    """
    expired = select(cases.c.id, cases.c.head_seq, cases.c.next_seq, cases.c.lease_until).where(
        cases.c.state == "leased"
    )
    if not all_owners_gone:
        expired = expired.where(cases.c.lease_until <= now)
    rows = connection.execute(expired.order_by(cases.c.id).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    heads = [(row.id, row.head_seq) for row in rows]
    connection.execute(
        update(operations).where(tuple_(operations.c.case_id, operations.c.seq).in_(heads)).values(ambiguous=True)
    )
    heads_now = open_heads(connection, [row.id for row in rows])
    write_cases(
        connection,
        [
            {
                "the_id": row.id,
                "last_error": "the lease ended",
                **place(heads_now.get(row.id), row.next_seq, min(row.lease_until, now) + ghost_wait),
            }
            for row in rows
        ],
    )
    connection.execute(
        insert(attempts),
        [
            {
                "case_id": row.id,
                "seq": row.head_seq,
                "at": now,
                "outcome": "unknown",
                "error": "the lease ended",
            }
            for row in rows
        ],
    )
    return len(rows)


def due_kinds(connection: Connection, now: datetime) -> frozenset[Kind]:
    """The kinds that have a ready case whose time has come; none while the gate is closed."""
    closed = connection.execute(select(gate.c.closed_until).where(gate.c.id == GATE)).scalar_one()
    if closed is not None and now < closed:
        return frozenset()
    statement = select(cases.c.kind).where(cases.c.state == "ready", cases.c.run_at <= now).distinct()
    return frozenset(connection.execute(statement).scalars())


def ensure_gate(db: Database, connection: Connection) -> None:
    """Make the one row that claims lock."""
    connection.execute(db.insert_or_ignore(gate, "id").values(id=literal(GATE)))
