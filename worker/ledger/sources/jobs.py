"""Jobs: work that no message asks for. There is one row for each job, and one owner at a time.

A job's name consists of its work and its source. Its owner has a lease. After the lease has ended, the next process
that looks for due jobs takes the job over, and results of the earlier owner are refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from connectors.contract.versions import LaterVersion, fields_of
from connectors.toolbox.text import cut
from worker.ledger.engine.database import Database
from worker.ledger.schema.tables import jobs

MAX_ERROR = 500  # characters
MEMORY_VERSION = 1
ABANDONED = timedelta(days=1)
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that this process owns until its lease ends."""

    name: str
    epoch: int
    state: dict[str, Any]
    """The state that its last run stored; empty at first."""
    failures: int


@dataclass(frozen=True, slots=True)
class FailingJob:
    """A failing job with its latest error. Times in UTC."""

    name: str
    failures: int
    since: datetime
    error: str


def plan(db: Database, connection: Connection, names: Collection[str]) -> None:
    """Register jobs; new ones are due at once."""
    now = db.now(connection)
    rows = [{"name": each, "due_at": now, "epoch": 0, "state": "{}", "failures": 0} for each in sorted(names)]
    if rows:
        connection.execute(db.insert_or_ignore(jobs, "name"), rows)


def take(
    connection: Connection, now: datetime, names: Collection[str], *, owner: str, lease: timedelta
) -> tuple[Job, datetime] | None:
    """Take the free job that has been due for longest; returns it with the time, or None if no job is due and free.

    A job with a memory from a later version is left to a process that can read it; its `error` names the reason.
    """
    free = jobs.c.lease_until.is_(None) | (jobs.c.lease_until <= now)
    due = (
        select(jobs)
        .where(jobs.c.name.in_(sorted(names)), jobs.c.due_at <= now, free)
        .order_by(jobs.c.due_at, jobs.c.name)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    left: list[str] = []
    while (row := connection.execute(due.where(jobs.c.name.not_in(left))).one_or_none()) is not None:
        this_one = update(jobs).where(jobs.c.name == row.name)
        try:
            memory = fields_of(json.loads(row.state), f"the memory of {row.name}", MEMORY_VERSION)
        except LaterVersion as error:
            left.append(row.name)
            connection.execute(this_one.values(error=cut(str(error), MAX_ERROR)))
            continue
        connection.execute(this_one.values(owner=owner, lease_until=now + lease, epoch=row.epoch + 1))
        return Job(row.name, row.epoch + 1, memory, row.failures), now
    return None


def finish(connection: Connection, now: datetime, job: Job, state: dict[str, Any], *, after: timedelta) -> bool:
    """Record a successful run, and when the next one is due; False if another process has taken the job over."""
    done = {"state": json.dumps(state), "failures": 0, "failing_since": None, "error": None, "succeeded_at": now}
    return _end(connection, job, {**done, "due_at": now + after})


def fail(
    connection: Connection, now: datetime, job: Job, error: str, state: dict[str, Any], *, after: timedelta
) -> bool:
    """Record a failed run, with the state to remember; False if another process has taken the job over."""
    since = now if job.failures == 0 else jobs.c.failing_since
    failed = {"failures": job.failures + 1, "failing_since": since, "error": cut(error, MAX_ERROR)}
    return _end(connection, job, {**failed, "state": json.dumps(state), "due_at": now + after})


def _end(connection: Connection, job: Job, values: dict[str, Any]) -> bool:
    ours = (jobs.c.name == job.name, jobs.c.epoch == job.epoch)
    return connection.execute(update(jobs).where(*ours).values(owner=None, lease_until=None, **values)).rowcount == 1


def forget(connection: Connection, now: datetime, kept: Collection[str]) -> int:
    """Delete the rows of jobs that nobody has run for long: they are not configured any more. Returns their number.

    A job that comes back later begins without a memory. Those named in `kept` stay, and a job that runs now: after a
    month without a worker, every row is old.
    """
    is_free = jobs.c.lease_until.is_(None) | (jobs.c.lease_until <= now)
    old = (jobs.c.due_at < now - FORGOTTEN, is_free, jobs.c.name.not_in(sorted(kept)))
    return connection.execute(delete(jobs).where(*old)).rowcount


def last_run_of_workers(connection: Connection) -> datetime | None:
    """Return when a process that delivers last ran a job with success; the jobs `notify:…` run in every process."""
    of_workers = jobs.c.name.not_like("notify:%")
    return connection.execute(select(func.max(jobs.c.succeeded_at)).where(of_workers)).scalar_one_or_none()


def failing(connection: Connection, now: datetime) -> list[FailingJob]:
    """Return the jobs whose latest run failed, by name; without those that nobody runs any more."""
    still_runs = jobs.c.due_at > now - ABANDONED
    rows = connection.execute(select(jobs).where(jobs.c.failures > 0, still_runs).order_by(jobs.c.name))
    return [FailingJob(row.name, row.failures, row.failing_since, row.error or "") for row in rows]
