"""Prunes old data every day, as `ticketrelay db prune` does, in runs that hold up no other job.

A run ends after two seconds of work. Its memory holds the place in each table, and the next run goes on there soon. For
a day after the ledger's clock was set, nothing is pruned: a clock that was set forward by a year makes everything old.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import structlog

from worker.jobs.job import Job, Ran, State, Surroundings
from worker.ledger import Pruned
from worker.settings import Settings

log = structlog.get_logger()

NAME = "prune"
EVERY = timedelta(days=1)
SOON = timedelta(seconds=5)  # until the next run while more is there
LATER = timedelta(hours=1)  # after a day in which the clock was set
WORK_S = 2.0  # of one run
PLACES = "places"
"""Key in the memory of an unfinished pruning: by table, the next id."""


def job_of(settings: Settings, configured: Collection[str] = ()) -> Job:
    """Return the job; there is one for the whole ledger. It forgets no job named in `configured`."""
    keep = settings.ledger
    kept = (keep.keep_bodies, keep.keep_attempts)
    bodies, attempts = (None if each is None else timedelta(seconds=each) for each in kept)

    def run(state: State, around: Surroundings) -> State | Ran:
        upkeep = around.job_store.upkeep
        if upkeep.clock_was_set(EVERY):
            log.warning("ledger.not_pruned")
            return Ran(state, again=LATER)
        upkeep.tidy(configured)
        places: dict[str, int] = dict(state.get(PLACES, {}))
        pruned, ends_at, is_done = Pruned(), time.monotonic() + WORK_S, True
        for span in upkeep.prunable(bodies, attempts):
            places[span.what] = max(places.get(span.what, span.start), span.start)
            for step in upkeep.prune(replace(span, start=places[span.what])):
                places[span.what] += step.advanced
                pruned = pruned.plus(step.pruned)
                if time.monotonic() >= ends_at:
                    is_done = False
                    break
        if pruned != Pruned():
            log.info("ledger.pruned", bodies=pruned.bodies, body_bytes=pruned.body_bytes, attempts=pruned.attempts)
        return {} if is_done else Ran({PLACES: places}, again=SOON)

    return Job(NAME, EVERY, run)
