"""Mends the times of the ledger after its clock was set. Noting the jump makes the job due at once."""

from __future__ import annotations

from datetime import timedelta

import structlog

from worker.jobs.job import Job, State, Surroundings
from worker.ledger import CLOCK_JOB
from worker.settings import Settings

EVERY = timedelta(hours=1)  # without a jump, a run reads one row

log = structlog.get_logger()


def job_of(settings: Settings) -> Job:
    """Return the job; there is one for the whole ledger."""
    longest, ghost = longest_wait(settings), timedelta(seconds=settings.timing.ghost_wait)

    def run(state: State, around: Surroundings) -> State:
        pulled = around.job_store.mend_clock(longest, ghost)
        if pulled:
            log.info("clock.mended", cases=pulled)
        return state

    return Job(CLOCK_JOB, EVERY, run)


def longest_wait(settings: Settings) -> timedelta:
    """Return the longest time for which a case waits on purpose."""
    timing = settings.timing
    delays = [settings.policy.damping, *(each.damping or 0.0 for each in settings.routes)]
    return timedelta(seconds=max(timing.ghost_wait + timing.backoff_cap, *delays))
