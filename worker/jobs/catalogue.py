"""Lists the jobs of the current settings. The runner asks in every round, so that a reload changes the jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from worker.jobs import (
    backfill,
    clock,
    confirm,
    display_names,
    expiry,
    notify,
    ping,
    poll,
    prune,
    quiet,
    receipts,
    titles,
)
from worker.jobs.job import Job
from worker.settings import Settings, Source

OF_A_SOURCE: tuple[Callable[[Source], Job | None], ...] = (quiet.job_of, expiry.job_of, confirm.job_of)


def jobs_of(settings: Settings) -> Mapping[str, Job]:
    """Return every job, by name."""
    made = [make(source) for source in settings.sources.values() for make in OF_A_SOURCE]
    made += [receipts.job_of(source, settings.api.link) for source in settings.sources.values()]
    made += [poll.job_of(source, settings) for source in settings.sources.values()]
    made += [job for source in settings.sources.values() for job in backfill.jobs_of(source)]
    made += [job for source in settings.sources.values() for job in display_names.jobs_of(source)]
    made += [clock.job_of(settings), titles.job_of()]
    # The jobs of alarms run in a loop of their own, and have rows all the same.
    named = {job.name for job in (*made, *notify.jobs_of(settings)) if job is not None} | {ping.NAME, prune.NAME}
    made.append(prune.job_of(settings, named))
    return {job.name: job for job in made if job is not None}
