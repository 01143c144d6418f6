"""Fills the titles (subject and sender) of deliveries and cases that a process of the version before stored.

A run takes a few batches and stops for a moment, so that it neither blocks anybody nor takes the database for itself.
The job reads both tables once, and once more a day later: until then, a process of the version before may have stored
more. After that it has nothing left to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.jobs.job import Job, Ran, State, Surroundings
from worker.ledger import TITLED_TABLES

NAME = "titles"
AT_ONCE = 4  # batches in one run: other jobs wait meanwhile
PAUSE = timedelta(seconds=2)  # between two runs
ONCE_MORE = timedelta(days=1)
IS_OVER = timedelta(days=365)  # a run of the finished job reads and writes nothing

log = structlog.get_logger()


def job_of() -> Job:
    """Return the job; there is one for the whole ledger."""
    return Job(NAME, IS_OVER, _run)


def _run(state: State, around: Surroundings) -> Ran:
    """Fill the next batches. The memory holds the last id of each table, and when both were read to their ends."""
    if state.get("is_over"):
        return Ran(state, IS_OVER)
    after: State = {table: int(state.get(table, 0)) for table in TITLED_TABLES}
    filled = int(state.get("filled", 0))
    left = list(TITLED_TABLES)
    for _ in range(AT_ONCE):
        batch = around.job_store.fill_titles(left[0], after[left[0]])
        after[left[0]], filled = batch.last, filled + batch.rows
        if batch.is_end:
            del left[0]
        if not left:
            return _read_to_the_end({**after, "filled": filled}, state.get("read_at"), around.now)
    return Ran({**state, **after, "filled": filled}, PAUSE)


def _read_to_the_end(memory: State, read_at: str | None, now: datetime) -> Ran:
    """End the job, or let it read once more a day after it read everything for the first time."""
    again_at = None if read_at is None else datetime.fromisoformat(read_at) + ONCE_MORE
    if again_at is not None and now >= again_at:
        log.info("titles.filled", rows=memory["filled"])
        return Ran({**memory, "is_over": True}, IS_OVER)
    since = read_at or now.isoformat()
    return Ran({**memory, "read_at": since}, ONCE_MORE if again_at is None else again_at - now)
