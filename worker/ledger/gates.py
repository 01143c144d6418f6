"""What keeps operations from being sent, although they are due? The gate, the pauses, and the budget.

The gate is one row for everything that is sent with our key, and one for what only reads:

    reason        closed by                                  opened by
    budget        429                                        its time
    credentials   401: the key is not accepted               a call that is (one probe at a time is let through)
    scope         403: the key may not do that               a call that may (likewise)
    breaker       calls that failed at too high a rate       a probe that is answered

The row for what reads stops nothing: a look-up that is refused waits by itself. It is there for the alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, insert, literal, select, true, update

from worker.ledger.database import Database
from worker.ledger.tables import budget, cases, gate, pauses

ALL, READING = 1, 2
EVERYTHING = "*"
MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)

GateReason = Literal["budget", "credentials", "scope", "breaker"]
REFUSALS: tuple[GateReason, ...] = ("credentials", "scope")
PROBED: tuple[GateReason, ...] = (*REFUSALS, "breaker")
"""The reasons that time alone does not end: a probe must succeed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of our API key; None: no limit."""

    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True)
class CloseGate:
    """Nothing is sent until then, by anybody; with `reading`, only an alarm is raised."""

    until: datetime
    reason: GateReason
    reading: bool = False
    probed: bool = False
    """It is what a probe of the breaker met: nobody else may move the time of the next one."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A person wants nothing of this source (or of any: `*`) to be sent."""

    scope: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Passage:
    """How much may be sent now."""

    free: int | None
    """Calls; None for any number."""
    probes: GateReason | None = None
    """Why it is one call only, to see whether the gate can be opened."""
    probed_case: int | None = None
    """The case of the last probe: another one goes first this time."""


def passage(connection: Connection, limits: Limits, now: datetime) -> Passage:
    """How many calls may be made now. Claims of all processes stand in line here."""
    state = connection.execute(select(gate).where(gate.c.id == ALL).with_for_update()).one()
    if state.closed_until is not None and now < state.closed_until:
        return Passage(0)
    probes = state.reason if state.closed_until is not None and state.reason in PROBED else None
    free: int | None = 1 if probes else None
    for amount, window in [(limits.per_minute, MINUTE), (limits.per_second, SECOND)]:
        if amount is None:
            continue
        used = connection.execute(
            select(func.coalesce(func.sum(budget.c.tokens), 0)).where(budget.c.at > now - window)
        ).scalar_one()
        free = amount - int(used) if free is None else min(free, amount - int(used))
    return Passage(free, probes, state.probed_case)


def take_tokens(connection: Connection, limits: Limits, number: int, now: datetime) -> None:
    """Take one token for each of `number` calls."""
    if limits.per_minute is None and limits.per_second is None:
        return
    connection.execute(delete(budget).where(budget.c.at <= now - MINUTE))
    connection.execute(insert(budget).values(at=now, tokens=number))


def let_probe_through(connection: Connection, case_id: int, until: datetime) -> None:
    """Keep the gate closed for all others until it is known what this one met."""
    connection.execute(update(gate).where(gate.c.id == ALL).values(closed_until=until, probed_case=case_id))


def close(connection: Connection, closings: Sequence[CloseGate], now: datetime) -> None:
    """Close what these ask for. A 429 shortens nothing and hides nothing, and a breaker hides no refusal.

    What fails beside a probe, because it was under way already, does not let a second one through.
    """
    for each in sorted(closings, key=lambda one: one.until):
        row = gate.c.id == (READING if each.reading else ALL)
        closed = update(gate).where(row)
        if each.reason == "budget":
            closed = closed.where((gate.c.closed_until.is_(None)) | (gate.c.closed_until < each.until), ~_is_probed())
        if each.reason == "breaker":
            others: tuple[GateReason, ...] = REFUSALS if each.probed else PROBED
            closed = closed.where(gate.c.reason.is_(None) | gate.c.reason.not_in(others))
        moment = literal(now, gate.c.since.type)
        since = case((gate.c.reason == each.reason, func.coalesce(gate.c.since, moment)), else_=moment)
        connection.execute(closed.values(closed_until=each.until, reason=each.reason, since=since))


def _is_probed() -> ColumnElement[bool]:
    return gate.c.reason.is_not(None) & gate.c.reason.in_(PROBED)


def open_again(connection: Connection, reasons: Sequence[GateReason], *, reading: bool = False) -> None:
    """Open the gate where it is closed for one of these reasons."""
    row = (gate.c.id == (READING if reading else ALL)) & gate.c.reason.in_(reasons)
    nothing: dict[str, Any] = {"closed_until": None, "reason": None, "since": None, "probed_case": None}
    connection.execute(update(gate).where(row).values(nothing))


def states(connection: Connection) -> dict[int, Row[Any]]:
    """The rows of the gate, by id."""
    return {row.id: row for row in connection.execute(select(gate))}


def is_closed(connection: Connection, now: datetime) -> bool:
    closed = connection.execute(select(gate.c.closed_until).where(gate.c.id == ALL)).scalar_one()
    return closed is not None and now < closed


def list_pauses(connection: Connection) -> list[Pause]:
    return [Pause(row.scope, row.since, row.why) for row in connection.execute(select(pauses).order_by(pauses.c.scope))]


def pause(db: Database, connection: Connection, scope: str, why: str, now: datetime) -> bool:
    """Send nothing of this source, or of any (`*`); False when that was so already."""
    statement = db.insert_or_ignore(pauses, "scope").values(scope=scope, since=now, why=why)
    # Not rowcount: of such a statement PostgreSQL's driver does not tell it.
    return connection.execute(statement.returning(pauses.c.scope)).first() is not None


def resume(connection: Connection, scope: str) -> bool:
    """End a pause; False when there was none."""
    return bool(connection.execute(delete(pauses).where(pauses.c.scope == scope)).rowcount)


def not_paused(connection: Connection) -> ColumnElement[bool] | None:
    """The condition for cases that no pause holds; None when everything is paused."""
    scopes = connection.execute(select(pauses.c.scope)).scalars().all()
    if EVERYTHING in scopes:
        return None
    return cases.c.source.not_in(scopes) if scopes else true()


def ensure_gate(db: Database, connection: Connection) -> None:
    """Make the rows that claims lock, and that look-ups tell of."""
    connection.execute(db.insert_or_ignore(gate, "id"), [{"id": ALL}, {"id": READING}])
