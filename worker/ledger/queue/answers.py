"""Remembers whether the Tickets API answers write calls: the last success, and how many calls failed since an answer.

A 4xx is an answer. A look-up is neither an answer nor a failure: it may be served by another part of the service.

The row is in a table of its own, since claims lock the gate. A settle writes it in its own transaction, after all other
rows, so that other settles wait for the lock only while this one commits. Most settles write nothing: a success is
stored at most once a second, and by one process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, or_, select, update

from worker.ledger.engine.database import Database
from worker.ledger.queue.claim import Claim
from worker.ledger.queue.gates import REFUSALS
from worker.ledger.queue.settles import Settlement
from worker.ledger.schema.columns import Instant, Number
from worker.ledger.schema.tables import answers

ROW = 1
FAILURES = frozenset({"not executed", "unknown"})
ONCE_IN = timedelta(seconds=1)
"""A success is stored again after this time."""

_THE_ROW = answers.c.id == ROW
_FREE = select(answers.c.id).where(_THE_ROW).with_for_update(skip_locked=True)
_SUCCEEDED = update(answers).where(answers.c.id.in_(_FREE)).values(succeeded_at=bindparam("succeeded", type_=Instant))
"""Does nothing while another process holds the row: that one stores as much."""
_FAILED = (
    update(answers)
    .where(_THE_ROW)
    .values(
        failures=answers.c.failures + bindparam("more"),
        failing_since=func.coalesce(answers.c.failing_since, bindparam("now", type_=Instant)),
        failed_at=bindparam("now", type_=Instant),
        in_doubt=bindparam("doubt"),
        case_id=func.coalesce(answers.c.case_id, bindparam("first", type_=Number)),
        several=case(
            (or_(answers.c.several, answers.c.case_id != bindparam("first", type_=Number)), True),
            else_=bindparam("others"),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The result of the calls that are settled together, in their order."""

    answered: bool = False
    succeeded: bool = False
    failures: int = 0
    """The number of write calls that failed after the last answered one."""
    case_id: int | None = None
    """The case of the first of them."""
    several: bool = False
    """True if they are of several cases."""
    in_doubt: bool = False
    """True if the last of them may have been executed."""
    shut: bool = False
    """True if a look-up closed the gate, or probed a gate that a refused key had closed: nothing could be sent."""


def heard(settled: Iterable[tuple[Claim, Settlement]]) -> Heard:
    """Sum up the outcomes of calls. An attempt without a call says nothing."""
    found = Heard()
    for claim, outcome in settled:
        if outcome.reads:
            closes = outcome.gate is not None and not outcome.gate.reading and outcome.gate.reason != "breaker"
            found = replace(found, shut=found.shut or closes or claim.probes in REFUSALS)
        elif outcome.latency is not None and _has_failed(outcome):
            found = replace(
                found,
                failures=found.failures + 1,
                case_id=found.case_id if found.failures else claim.case_id,
                several=found.several or (found.failures > 0 and claim.case_id != found.case_id),
                in_doubt=outcome.unknown,
            )
        elif outcome.latency is not None:
            found = Heard(True, found.succeeded or outcome.outcome == "done", shut=found.shut)
    return found


def _has_failed(outcome: Settlement) -> bool:
    is_4xx = outcome.status is not None and 400 <= outcome.status < 500
    return outcome.outcome in FAILURES and not is_4xx


def note(connection: Connection, settled: Iterable[tuple[Claim, Settlement]], now: datetime) -> None:
    """Store what these calls say about the service. Must be the last statement of a settle that locks a row."""
    new = heard(settled)
    if new.answered:
        _note_answer(connection, new, now)
    elif new.failures:
        one = {"more": new.failures, "now": now, "doubt": new.in_doubt, "first": new.case_id, "others": new.several}
        connection.execute(_FAILED, one)
    if new.shut:
        begin_anew(connection)


def _note_answer(connection: Connection, new: Heard, now: datetime) -> None:
    known = state(connection)
    if known is None:
        return
    if known.failures or new.failures:
        values = _failures(new.failures, now if new.failures else None, new.case_id, new.several, new.in_doubt)
        if new.succeeded:
            values["succeeded_at"] = now
        connection.execute(update(answers).where(_THE_ROW).values(values))
    elif new.succeeded and (known.succeeded_at is None or abs(now - known.succeeded_at) >= ONCE_IN):
        connection.execute(_SUCCEEDED, {"succeeded": now})


def _failures(
    number: int = 0,
    at: datetime | None = None,
    case_id: int | None = None,
    several: bool = False,
    in_doubt: bool = False,
) -> dict[str, Any]:
    of_the_last = {"failed_at": at, "in_doubt": in_doubt}
    return {"failures": number, "failing_since": at, "case_id": case_id, "several": several, **of_the_last}


def state(connection: Connection) -> Row[Any] | None:
    """Return the row; None before the first `upgrade` of this version."""
    return connection.execute(select(answers).where(_THE_ROW)).one_or_none()


def begin_anew(connection: Connection) -> None:
    """Count the time of failing from the next failure on: in between, nothing could be sent."""
    connection.execute(update(answers).where(_THE_ROW, answers.c.failing_since.is_not(None)).values(failing_since=None))


def forget_failures(connection: Connection) -> None:
    """Forget the failures: they were counted in another life of the ledger."""
    connection.execute(update(answers).where(_THE_ROW).values(_failures()))


def ensure(db: Database, connection: Connection) -> None:
    """Create the row."""
    connection.execute(db.insert_or_ignore(answers, "id"), [{"id": ROW}])
