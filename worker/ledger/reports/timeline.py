"""The timeline of a message: its steps, from its arrival to the answer of the Tickets API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, or_, select

from worker.ledger.operator import interventions
from worker.ledger.reports import deliveries
from worker.ledger.reports.deliveries import DeliveryLine
from worker.ledger.reports.operator_ids import MOST, Targets
from worker.ledger.schema.tables import attempts, cases, operations, pending
from worker.ledger.schema.words import DeliveryState, InboundOutcome, OperationState
from worker.planning.reused_ids import USED_AGAIN

MOST_OPERATIONS = 1000
AT_ONCE = 200  # cases, or operations, in one condition

What = Literal[
    "received", "verified", "parsed", "correlated", "planned", "no effect", "waiting", "attempted", "ended", "by hand"
]


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    at: datetime | None
    """None: in the transaction of the step before it."""
    what: What
    subject: str
    """in-NUMBER, op-CASE-SEQ, or the subject of an intervention."""
    text: str
    outcome: str | None = None
    status: int | None = None
    """The HTTP status of the answer."""
    wait_s: float | None = None
    """Seconds until the next attempt of this operation, made or planned."""
    latency_ms: int | None = None
    request_id: str | None = None
    """The Tickets API's id of a request that failed."""


@dataclass(frozen=True, slots=True)
class CaseName:
    """The names of a case, and its ticket."""

    id: str
    source: str
    key: str
    ticket_id: str | None
    ticket_status: str | None
    subject: str | None = None
    """The subject of its latest ticket, as planned; a neutral one for a private message."""
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """All steps of a message, an operation or a case, in order."""

    name: str
    outcome: str
    """One word: done, under way, waiting, dead, quarantined, skipped, or no effect."""
    deliveries: tuple[DeliveryLine, ...]
    cases: tuple[CaseName, ...]
    steps: tuple[Step, ...]
    is_cut: bool
    """True if earlier operations were left out; only the latest are listed."""


def timeline(connection: Connection, name: str, targets: Targets) -> Timeline:
    """Return the timeline of a resolved name."""
    found = connection.execute(_operations(targets)).all()
    is_cut, rows = len(found) > MOST_OPERATIONS, found[:MOST_OPERATIONS][::-1]
    numbers = sorted({*targets.inbound_ids, *(row.inbound_id for row in rows)})
    arrived = [each for some in _some(numbers) for each in deliveries.lines(connection, some)]
    named = _cases(connection, {*(row.case_id for row in rows), *targets.case_ids})
    steps = [
        *(step for each in arrived for step in _arrival(each, _of(rows, each), named)),
        *_waiting(connection, numbers),
        *(step for row in rows for step in _planned(row)),
        *_attempts(connection, rows, named),
        *(step for row in rows for step in _ended(row)),
        *_by_hand(connection, numbers, rows, named.values()),
    ]
    return Timeline(
        name=name,
        outcome=outcome_of([row.state for row in rows], [each.outcome for each in arrived], _is_waiting(steps)),
        deliveries=tuple(arrived),
        cases=tuple(_name(each) for each in named.values()),
        steps=tuple(in_order(steps)),
        is_cut=is_cut,
    )


def outcome_of(operation_states: Sequence[str], outcomes: Sequence[str], is_waiting: bool) -> str:
    """Return the overall outcome in one word: work for a person wins over unfinished work, that over finished."""
    if OperationState.DEAD in operation_states or OperationState.HELD in operation_states:
        return "dead"
    if InboundOutcome.QUARANTINED in outcomes:
        return InboundOutcome.QUARANTINED
    if OperationState.OPEN in operation_states:
        return "under way"
    if is_waiting:
        return "waiting"
    if operation_states:
        return "skipped" if set(operation_states) == {OperationState.SKIPPED} else "done"
    return "skipped" if outcomes and set(outcomes) == {InboundOutcome.SKIPPED} else "no effect"


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Sort by time; a step without a time stays behind the step before it."""
    keyed: list[tuple[datetime, int, Step]] = []
    for number, each in enumerate(steps):
        at = each.at if each.at is not None else keyed[-1][0]
        keyed.append((at, number, each))
    return [step for _, _, step in sorted(keyed, key=lambda one: one[:2])]


def _operations(targets: Targets) -> Any:
    statement = select(operations).limit(MOST_OPERATIONS + 1)
    latest = statement.order_by(operations.c.inbound_id.desc(), operations.c.case_id.desc(), operations.c.seq.desc())
    if targets.operation is not None:
        return latest.where(operations.c.case_id == targets.operation[0], operations.c.seq == targets.operation[1])
    if targets.by_message:
        return latest.where(operations.c.inbound_id.in_(targets.inbound_ids))
    return latest.where(operations.c.case_id.in_(targets.case_ids[:MOST]))


def _of(rows: Sequence[Row[Any]], delivery: DeliveryLine) -> list[Row[Any]]:
    return [row for row in rows if f"in-{row.inbound_id}" == delivery.id]


def _cases(connection: Connection, numbers: Iterable[int]) -> dict[int, Row[Any]]:
    return {
        row.id: row
        for some in _some(sorted(numbers))
        for row in connection.execute(select(cases).where(cases.c.id.in_(some)))
    }


def _name(row: Row[Any]) -> CaseName:
    return CaseName(f"case-{row.id}", row.source, row.key, row.ticket_id, row.ticket_status, row.subject, row.priority)


def _arrival(each: DeliveryLine, rows: Sequence[Row[Any]], named: dict[int, Row[Any]]) -> list[Step]:
    times = f", {each.deliveries} times" if each.deliveries > 1 else ""
    steps = [
        Step(each.received_at, "received", each.id, f"from {each.source}{times}"),
        Step(None, "verified", each.id, "the sender was verified"),
    ]
    if each.outcome == InboundOutcome.QUARANTINED:
        steps.append(Step(None, "parsed", each.id, f"kept in quarantine: {each.reason}", outcome=each.outcome))
    else:
        steps.append(Step(None, "parsed", each.id, "the delivery was read", outcome=each.outcome))
    for case_id in sorted({row.case_id for row in rows}):
        case = named[case_id]
        ticket = f", ticket {case.ticket_id}" if case.ticket_id else ""
        steps.append(Step(None, "correlated", each.id, f"belongs to case-{case.id} ({case.key}){ticket}"))
    if each.outcome != InboundOutcome.QUARANTINED and each.reason:
        # A reused id does not explain a lack of operations.
        what: What = "correlated" if rows and each.reason.endswith(USED_AGAIN) else "no effect"
        steps.append(Step(None, what, each.id, each.reason))
    return steps


def _waiting(connection: Connection, numbers: Sequence[int]) -> list[Step]:
    return [
        Step(row.occurred_at, "waiting", f"in-{row.inbound_id}",
             f"waits for {row.wanted} until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC")
        for some in _some(numbers)
        for row in connection.execute(select(pending).where(pending.c.inbound_id.in_(some)))
    ]  # fmt: skip


def _is_waiting(steps: Iterable[Step]) -> bool:
    return any(each.what == "waiting" for each in steps)


def _planned(row: Row[Any]) -> list[Step]:
    return [Step(row.created_at, "planned", _id(row), f"{row.kind} from in-{row.inbound_id}")]


def _ended(row: Row[Any]) -> list[Step]:
    if row.ended_at is None:
        return []
    return [Step(row.ended_at, "ended", _id(row), row.why or row.kind, outcome=row.state)]


def _id(row: Row[Any]) -> str:
    return f"op-{row.case_id}-{row.seq}"


def _attempts(connection: Connection, rows: Sequence[Row[Any]], named: dict[int, Row[Any]]) -> list[Step]:
    kinds = {(row.case_id, row.seq): row for row in rows}
    tried: dict[tuple[int, int], list[Row[Any]]] = {}
    for some in _some(sorted(kinds)):
        places = [and_(attempts.c.case_id == case_id, attempts.c.seq == seq) for case_id, seq in some]
        for row in connection.execute(select(attempts).where(or_(*places)).order_by(attempts.c.id)):
            tried.setdefault((row.case_id, row.seq), []).append(row)
    steps = []
    for place, of_it in tried.items():
        case, operation = named[place[0]], kinds[place]
        is_next = (
            operation.state == OperationState.OPEN and case.head_seq == place[1] and case.state == DeliveryState.READY
        )
        later = [each.at for each in of_it[1:]] + [case.run_at if is_next else None]
        steps += [_attempt(row, operation, after) for row, after in zip(of_it, later, strict=True)]
    return steps


def _attempt(row: Row[Any], operation: Row[Any], after: datetime | None) -> Step:
    wait = max((after - row.at).total_seconds(), 0.0) if after is not None else None
    text = operation.kind if row.error is None else row.error
    return Step(row.at, "attempted", _id(row), text, row.outcome, row.status, wait, row.latency_ms, row.request_id)


def _by_hand(
    connection: Connection, numbers: Sequence[int], rows: Sequence[Row[Any]], named: Iterable[Row[Any]]
) -> list[Step]:
    subjects = {f"in-{number}" for number in numbers} | {_id(row) for row in rows}
    subjects |= {f"ticket:{case.ticket_id}" for case in named if case.ticket_id}
    done = interventions.about(connection, subjects)
    return [Step(each.at, "by hand", each.subject, f"{each.what} by {each.who}") for each in done]


def _some(numbers: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Return slices that fit into one statement."""
    ends = [*range(0, len(numbers), AT_ONCE), len(numbers)]
    return (numbers[start:end] for start, end in pairwise(ends))
