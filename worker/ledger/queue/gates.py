"""The gate, the pauses and the stored budget: everything that holds back operations that are due.

The gate has one row for all sends with the API key, and one row for look-ups. These reasons close it:

    reason        closed by                                  opened by
    budget        429                                        the time in `Retry-After`, or a short pause
    credentials   401: the key is not accepted               an accepted call (one probe at a time is let through)
    scope         403: the key may not do that               an allowed call (likewise)
    breaker       calls that failed at too high a rate       a probe that is answered
    clock         the ledger's clock was set                 `clock_jumps.py`; beside any other reason

The row for look-ups stops nothing, and exists only for the alarm: a look-up that is refused with 403 is tried again
after `probe_interval`, and other calls go on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, literal, select, update

from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue import clock_jumps
from worker.ledger.queue.budget import (
    LATE_ROOM,
    LEAST_LATE,
    MINUTE,
    MOST_LATE,
    Limits,
    Spent,
    late_bound,
)
from worker.ledger.queue.clock_jumps import ClockWatch, Jump, Reading
from worker.ledger.schema.tables import budget, cases, gate, pauses

ALL, READING = clock_jumps.ALL, 2
EVERYTHING = "*"

FALLBACK, LEAST_SHARE, RECOVERY_PER_MINUTE = 0.9, 0.1, 0.02
LEARNS_ONCE_IN = timedelta(seconds=10)

GateReason = Literal["budget", "credentials", "scope", "breaker"]
REFUSALS: tuple[GateReason, ...] = ("credentials", "scope")
PROBED: tuple[GateReason, ...] = (*REFUSALS, "breaker")
"""The reasons that time alone does not end: a probe must succeed."""


@dataclass(frozen=True, slots=True)
class CloseGate:
    """A request to send nothing before `until`, in any process; with `reading`, only to raise an alarm."""

    until: datetime
    reason: GateReason
    reading: bool = False
    probed: bool = False
    """True if a probe of the breaker failed. Only such a failure moves the time of the next probe."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A person's order to send nothing of this source (or of any source: `*`)."""

    scope: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The calls that the gate lets through."""

    closed_until: datetime | None = None
    probes: GateReason | None = None
    """The reason of the closed gate, if one call may pass as a probe; None otherwise."""
    probed_case: int | None = None
    """The case of the last probe. For the breaker, another case goes first this time."""
    share: float = 1.0
    """The share of the limits that is used: 1, or less for a while after a 429."""
    late: timedelta = LEAST_LATE
    """How long after it was taken a token is good."""
    counted: float = 0.0
    """When the time was read, by the caller's clock, or shortly before."""
    jump: Jump | None = None
    """The jump of the ledger's clock that this caller found. The gate is closed because of it."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The process that asks for passage, and what limits its calls."""

    watch: ClockWatch | None = None
    """None: nobody compares the clocks."""
    most_late: timedelta = MOST_LATE
    ghost_wait: timedelta = timedelta(seconds=60)


def passage(
    db: Database,
    connection: Connection,
    limits: Limits,
    asker: Asker = Asker(),
) -> tuple[Passage, datetime]:
    """Return what may pass, and the time.

    Under limits, or while the gate needs a probe, the claims of all processes wait here for one lock.
    """
    this_one = select(gate).where(gate.c.id == ALL)
    state = connection.execute(this_one if limits.are_none else this_one.with_for_update()).one()
    if limits.are_none and state.reason in PROBED:
        state = connection.execute(this_one.with_for_update()).one()
    newest = newest_at_start(connection, asker)
    # After the wait for the lock, since tokens count from the time when they are taken.
    reading = clock_jumps.read(db, connection, asker.watch.clock if asker.watch is not None else time.monotonic)
    now = reading.now
    jump = find_jump(newest, reading, asker)
    if jump is not None:
        if note_jump(connection, jump, limits, asker):
            return Passage(now, jump=jump), now
        state = connection.execute(this_one.with_for_update()).one()  # as the process that was first left it
    if (until := _closed_until(state, now)) is not None:
        return Passage(until), now
    probes = state.reason if state.closed_until is not None and state.reason in PROBED else None
    late = late_bound(state.late_bound, state.late_at, now, asker.most_late)
    share = share_of(state.learnt, state.learnt_at, now)
    return Passage(None, probes, state.probed_case, share, late, reading.before), now


def newest_at_start(connection: Connection, asker: Asker) -> datetime | None:
    """Return the time of the newest claim or settle for the first look of a process; None for a later look.

    Must be called before the time is read: others claim and settle meanwhile.
    """
    return clock_jumps.newest(connection) if asker.watch is not None and not asker.watch.has_looked else None


def find_jump(newest: datetime | None, reading: Reading, asker: Asker) -> Jump | None:
    """Return the jump of the ledger's clock since the last look of this process, which may be its first."""
    if asker.watch is None:
        return None
    if newest is not None and (jump := clock_jumps.jump_at_start(newest, reading)) is not None:
        return jump
    return asker.watch.look(reading)


def note_jump(connection: Connection, jump: Jump, limits: Limits, asker: Asker) -> bool:
    """Close the gate because the ledger's clock jumped. Returns False if another process did.

    The caller follows a new jump after its transaction is committed.
    """
    state = connection.execute(select(gate).where(gate.c.id == ALL).with_for_update()).one()
    late = late_bound(state.late_bound, state.late_at, jump.reading.now, asker.most_late)
    if clock_jumps.is_noted(state, jump):
        if asker.watch is not None:
            asker.watch.follow(jump)
        return False
    clock_jumps.note(connection, state, jump, limits, late, asker.ghost_wait)
    return True


def _closed_until(state: Row[Any], now: datetime) -> datetime | None:
    """Return until when the gate is closed; None if it is open, or lets a probe through."""
    ends = [clock_jumps.closed_until(state, now), state.closed_until if now < (state.closed_until or now) else None]
    return max((each for each in ends if each is not None), default=None)


def share_of(learnt: float | None, learnt_at: datetime | None, now: datetime) -> float:
    """Return the share of the limit that is granted: the share learnt from a 429, growing back."""
    if learnt is None or learnt_at is None:
        return 1.0
    passed = max(now - learnt_at, timedelta(0))  # the clock may have been set back since
    return min(1.0, learnt + RECOVERY_PER_MINUTE * (passed / timedelta(minutes=1)))


def spent(connection: Connection, now: datetime) -> list[Spent]:
    """Return the tokens that still count in the windows of `budget.py`, in the order of time."""
    held = select(budget).where(budget.c.at > now - MINUTE - MOST_LATE).order_by(budget.c.at, budget.c.id)
    rows = connection.execute(held)
    found = [Spent(row.at, row.tokens, row.rank, row.source, _late_of(row)) for row in rows]
    return [each for each in found if each.good_until > now - MINUTE]


def _late_of(token: Row[Any]) -> timedelta:
    """Return the late bound of a token. The version before stored none, and used the least."""
    return LEAST_LATE if token.good_until is None else token.good_until - token.at


@dataclass(frozen=True, slots=True)
class Token:
    """One call that a claim may make; `case_id` and `epoch` name the claim, except where no operation is sent."""

    rank: int
    source: str
    case_id: int | None = None
    epoch: int | None = None


def take_tokens(connection: Connection, taken: Sequence[Token], now: datetime, late: timedelta) -> None:
    """Store the tokens that a claim takes, good for `late`; delete those that no window holds."""
    connection.execute(delete(budget).where(budget.c.at <= now - MINUTE - MOST_LATE))
    when = {"at": now, "good_until": now + late, "tokens": 1}
    rows = [
        {**when, "rank": each.rank, "source": each.source, "case_id": each.case_id, "epoch": each.epoch}
        for each in taken
    ]
    bulk.insert(connection, budget, rows)


def give_tokens_back(connection: Connection, claims: Sequence[tuple[int, int]]) -> None:
    """Delete the tokens of these claims (case and epoch), whose calls provably did not leave."""
    # Under the lock under which tokens are counted: a claim sees all of these tokens, or none.
    connection.execute(select(gate.c.id).where(gate.c.id == ALL).with_for_update())
    is_theirs = bulk.among(bulk.is_sqlite(connection), budget.c.case_id, budget.c.epoch)
    given = bulk.packed({"case_id": case_id, "epoch": epoch} for case_id, epoch in claims)
    connection.execute(delete(budget).where(is_theirs), given)


def raise_late_bound(connection: Connection, took: timedelta, now: datetime) -> None:
    """Let all processes give their claims more time, after one took so long to come to its call."""
    state = connection.execute(select(gate).where(gate.c.id == ALL).with_for_update()).one()
    bound = late_bound(state.late_bound, state.late_at, now, MOST_LATE)
    raised = min(max(bound, took * LATE_ROOM), MOST_LATE)
    values = {"late_bound": raised.total_seconds(), "late_at": now}
    connection.execute(update(gate).where(gate.c.id == ALL).values(values))


def free_probe(connection: Connection, case_id: int, reason: GateReason, now: datetime) -> None:
    """Let another probe through at once, where the probe of this case did not leave."""
    ours = (gate.c.id == ALL, gate.c.reason == reason, gate.c.probed_case == case_id)
    connection.execute(update(gate).where(*ours).values(closed_until=now))


def learn(connection: Connection, now: datetime) -> None:
    """Use less of the limit for a while after a 429: another program uses the API key, or the limit is too high."""
    state = connection.execute(select(gate).where(gate.c.id == ALL)).one()
    if state.learnt_at is not None and now - state.learnt_at < LEARNS_ONCE_IN:
        return  # several calls met the same limit at the same moment, and count once
    share = max(LEAST_SHARE, share_of(state.learnt, state.learnt_at, now) * FALLBACK)
    connection.execute(update(gate).where(gate.c.id == ALL).values(learnt=share, learnt_at=now))


def let_probe_through(connection: Connection, case_id: int, until: datetime) -> None:
    """Keep the gate closed for all other calls until the result of this probe is known."""
    connection.execute(update(gate).where(gate.c.id == ALL).values(closed_until=until, probed_case=case_id))


def close(connection: Connection, closings: Sequence[CloseGate], now: datetime) -> None:
    """Close the gate as requested.

    A 429 never makes the gate open earlier, and never replaces a reason that needs a probe. The breaker never replaces
    a refused key. A call that began before the probe of the breaker may fail beside it; that changes nothing, so no
    second probe gets through.
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
    """Return the rows of the gate, by id."""
    return {row.id: row for row in connection.execute(select(gate))}


def is_closed(connection: Connection, now: datetime) -> bool:
    return _closed_until(connection.execute(select(gate).where(gate.c.id == ALL)).one(), now) is not None


def list_pauses(connection: Connection) -> list[Pause]:
    return [Pause(row.scope, row.since, row.why) for row in connection.execute(select(pauses).order_by(pauses.c.scope))]


def pause(db: Database, connection: Connection, scope: str, why: str, now: datetime) -> bool:
    """Send nothing of this source, or of any (`*`); returns False when it was paused already."""
    statement = db.insert_or_ignore(pauses, "scope").values(scope=scope, since=now, why=why)
    # Not rowcount: PostgreSQL's driver does not report it for such a statement.
    return connection.execute(statement.returning(pauses.c.scope)).first() is not None


def resume(connection: Connection, scope: str) -> bool:
    """End a pause; returns False when there was none."""
    return bool(connection.execute(delete(pauses).where(pauses.c.scope == scope)).rowcount)


def not_paused() -> ColumnElement[bool]:
    """Return the condition for cases that no pause holds."""
    everything = select(pauses.c.scope).where(pauses.c.scope == EVERYTHING)
    return cases.c.source.not_in(select(pauses.c.scope)) & ~everything.exists()


def ensure_gate(db: Database, connection: Connection) -> None:
    """Create the gate's rows: one that claims lock, and one for the alarm about look-ups."""
    connection.execute(db.insert_or_ignore(gate, "id"), [{"id": ALL}, {"id": READING}])
