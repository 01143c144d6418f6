"""Notices that the ledger's clock was set, and closes the gate until no time from before can do harm.

Every wait of the ledger is a time of its clock: the ghost wait, the tokens of the budget, the window of a key. When the
clock is set forward, they end too early; when it is set back, too late. Each process therefore compares the ledger's
clock with its own clock, which never jumps.

    noticed by     every claim, every round of dispatch, and every start
    at once        the gate is closed, for all processes, until each wait that may have been cut short has really passed
    then a job     moves times that lie ahead after a step back, and deletes tokens with a later time than now
                   (`clock_mending.py`). The gate stays closed until that is done
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from worker.ledger.engine.database import Database
from worker.ledger.queue.budget import MINUTE, SECOND, Limits
from worker.ledger.schema.columns import EPOCH
from worker.ledger.schema.tables import attempts, budget, cases, gate, jobs, operations
from worker.ledger.schema.words import DeliveryState

ALL = 1  # the row of the gate
JOB = "clock"
"""The name of the job that mends times after a jump."""

AT_LEAST_S = 1.0
DRIFT = 0.001
"""Clocks may drift apart by this share of the time between two readings: twice what ntpd slews at most.

A faster slew, as of chrony, is not noticed either, since two readings are a second apart.
"""
SAME_WITHIN = timedelta(seconds=5)
"""Two processes measure the same jump with at most this difference."""
FAR_BACK = timedelta(minutes=30)
"""After a greater step back, an idempotency key may have expired although its window has not ended by this clock."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The ledger's time, read between two moments of the clock of a process, in seconds."""

    now: datetime
    before: float
    after: float


def read(db: Database, connection: Connection, clock: Callable[[], float]) -> Reading:
    """Read the ledger's time."""
    before = clock()
    return Reading(db.now(connection), before, clock())


@dataclass(frozen=True, slots=True)
class Jump:
    """A change of the ledger's clock against the clock of a process."""

    by: timedelta
    """Forward if positive, back if negative."""
    last: datetime | None
    """The ledger's time at the last reading before the jump; None at a start."""
    reading: Reading


class ClockWatch:
    """The clock of one process, in seconds, and its last reading of the ledger's. May be used from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` never jumps, and counts while the machine sleeps."""
        self.clock = clock
        self._last: Reading | None = None
        self._lock = threading.Lock()

    @property
    def has_looked(self) -> bool:
        return self._last is not None

    def look(self, reading: Reading) -> Jump | None:
        """Compare with the last reading. A jump is found again until `follow` says that it was noted."""
        with self._lock:
            last = self._last
            if last is None:
                self._last = reading
                return None
            if reading.before < last.before:
                return None  # another thread has looked since
            jumped = jump_between(last, reading)
            if jumped is None:
                self._last = reading
            return jumped

    def follow(self, jump: Jump) -> None:
        """Compare later readings with the one that found this jump: the ledger has noted it."""
        with self._lock:
            if self._last is None or jump.reading.before >= self._last.before:
                self._last = jump.reading


def jump_between(last: Reading, reading: Reading) -> Jump | None:
    """Return the jump between two readings, if the clocks differ by more than reading them and drift explain."""
    passed = reading.before - last.before
    by = (reading.now - last.now).total_seconds() - passed
    trips = (reading.after - reading.before) + (last.after - last.before)
    if abs(by) <= AT_LEAST_S + trips + DRIFT * abs(passed):
        return None
    return Jump(timedelta(seconds=by), last.now, reading)


def jump_at_start(newest: datetime, reading: Reading) -> Jump | None:
    """Return the jump back that a start finds: the newest record of the ledger is later than its time."""
    ahead = (newest - reading.now).total_seconds()
    if ahead <= AT_LEAST_S + reading.after - reading.before:
        return None
    return Jump(timedelta(seconds=-ahead), None, reading)


def is_noted(state: Row[Any], jump: Jump) -> bool:
    """Return True if the gate has this jump already: another process was first."""
    if state.jumped_at is None or state.jumped_by is None:
        return False
    by = timedelta(seconds=state.jumped_by)
    if jump.last is None:  # a time from before the noted jump still looks like one of the future
        return bool(jump.reading.now - jump.by <= state.jumped_at - by + SAME_WITHIN)
    # After a step back, times come twice: a jump that was noted later than now is an earlier one of the same size.
    is_same = abs(by - jump.by) <= SAME_WITHIN and state.jumped_at <= jump.reading.now + SAME_WITHIN
    return bool(is_same and state.jumped_at >= jump.last + jump.by - SAME_WITHIN)


def note(
    connection: Connection, state: Row[Any], jump: Jump, limits: Limits, late: timedelta, ghost_wait: timedelta
) -> None:
    """Close the gate because of a jump, and have the times mended.

    The caller holds the lock of the gate, whose row is `state`.
    """
    now = jump.reading.now
    window = MINUTE if limits.per_minute is not None else SECOND if limits.per_second is not None else timedelta(0)
    values = {
        "jumped_at": now,
        "jumped_by": jump.by.total_seconds(),
        "jump_until": now + max(ghost_wait, window + late),
        "jump_mended": False,
        "jumped_back": (state.jumped_back or 0.0) + max(0.0, -jump.by.total_seconds()),
    }
    connection.execute(update(gate).where(gate.c.id == ALL).values(values))
    # It is the first job to run. A run that is under way began before this jump, so its end is refused.
    at_once = {"due_at": EPOCH, "owner": None, "lease_until": None, "epoch": jobs.c.epoch + 1}
    connection.execute(update(jobs).where(jobs.c.name == JOB).values(at_once))


def newest(connection: Connection) -> datetime | None:
    """Return the time of the newest claim or settle in the ledger."""
    settled = select(attempts.c.at).order_by(attempts.c.id.desc()).limit(1)
    spent = select(func.max(budget.c.at))
    is_head = (operations.c.case_id == cases.c.id) & (operations.c.seq == cases.c.head_seq)
    sent = select(func.max(operations.c.last_sent_at)).select_from(cases.join(operations, is_head))
    under_way = sent.where(cases.c.state == DeliveryState.LEASED)
    times = [connection.execute(each).scalar_one_or_none() for each in (settled, spent, under_way)]
    return max((each for each in times if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A jump of the ledger's clock that keeps the gate closed, for a report."""

    at: datetime
    """When it was noticed, by the new time."""
    seconds: float
    """Forward if positive, back if negative."""
    until: datetime
    """When the gate opens, at the earliest: also the job `clock` must be done."""


def present(state: Row[Any], now: datetime) -> ClockJump | None:
    """Return the jump that keeps the gate closed; None if none does."""
    until = closed_until(state, now)
    return None if until is None else ClockJump(state.jumped_at, state.jumped_by, until)


def closed_until(state: Row[Any], now: datetime) -> datetime | None:
    """Return until when a jump keeps the gate closed; None if none does."""
    if state.jump_until is None or (state.jump_mended and state.jump_until <= now):
        return None
    until: datetime = state.jump_until
    return until
