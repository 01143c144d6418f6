"""Runs due jobs, one after the other, in a thread of every process that delivers.

A job has one owner at a time, by a lease in the ledger. A process that dies or stalls loses the lease, and another
process takes the job over. A finding that is recorded twice for that reason is recognised as a repeat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial

import structlog

from connectors.contract.messages import Inbound
from worker.intake.display_names import with_display_names
from worker.jobs.job import Job, JobFailed, Ran, Surroundings, read_found
from worker.ledger import LeasedJob, Ledger, LedgerAway
from worker.planning.model import Kind
from worker.runtime.threads import Loop, Outlived, backoff_seconds
from worker.settings import Source

log = structlog.get_logger()

LEASE = timedelta(minutes=2)  # longer than any job may take
AGAIN = timedelta(seconds=5)  # after the first failure; doubled with each further one
AGAIN_AT_MOST = timedelta(minutes=5)
PLAN_AGAIN_S = 60.0  # a row may be gone: an older settings file does not name the job, and its process prunes
THREAD = "jobs"


class Runner:
    """The loop over the jobs of the current settings."""

    def __init__(
        self,
        ledger: Ledger,
        jobs: Callable[[], Mapping[str, Job]],
        wake: Callable[[Collection[Kind]], None],
        owner: str,
        interval_s: float,
    ) -> None:
        """`jobs` is called in every round, so that a reload changes the jobs; `wake` gets the kinds that became due."""
        self._ledger = ledger
        self._jobs = jobs
        self._wake = wake
        self._owner = owner
        self._planned: frozenset[str] = frozenset()
        self._planned_at = time.monotonic()
        # The transaction was rolled back in any case: the job's lease ends, or its run is still due.
        outlives = Outlived(LedgerAway, "jobs.ledger_away")
        self._loop = Loop(THREAD, self.once, interval_s, pauses_first=True, outlives=outlives)
        self.start = self._loop.start

    def stop(self) -> None:
        """Begin no further job, and wait for the current one."""
        self._loop.stop(LEASE.total_seconds())

    def ask_to_stop(self) -> None:
        """Begin no further job."""
        self._loop.ask_to_stop()

    def once(self) -> int:
        """Run all due jobs, and return how many succeeded. Raises one of `LedgerAway`."""
        jobs = self._jobs()
        if not jobs:
            return 0
        if jobs.keys() - self._planned or time.monotonic() - self._planned_at >= PLAN_AGAIN_S:
            self._ledger.job_store.plan(jobs.keys())
            self._planned, self._planned_at = frozenset(jobs), time.monotonic()
        succeeded = 0
        while not self._loop.is_stopping:
            taken = self._ledger.job_store.take(jobs.keys(), owner=self._owner, lease=LEASE)
            if taken is None:
                break
            leased, now = taken
            job = jobs[leased.name]
            around = Surroundings(now, self._ledger.job_store, self._take_in, partial(with_display_names, self._ledger))
            try:
                ran = job.run(leased.state, around)
            except JobFailed as error:
                log.warning("job.failed", job=job.name, reason=str(error), failures=leased.failures + 1)
                ran = Ran(leased.state, problem=str(error))
            succeeded += self._settle(job, leased, ran if isinstance(ran, Ran) else Ran(ran))
        return succeeded

    def _settle(self, job: Job, leased: LeasedJob, ran: Ran) -> int:
        """Record how a run ended. Returns 1 when it succeeded, else 0."""
        if ran.problem is None:
            self._ledger.job_store.finish(leased, ran.state, after=job.every if ran.again is None else ran.again)
            return 1
        pause = timedelta(
            seconds=backoff_seconds(AGAIN.total_seconds(), leased.failures, AGAIN_AT_MOST.total_seconds())
        )
        self._ledger.job_store.fail(leased, ran.problem, ran.state, after=pause if ran.again is None else ran.again)
        return 0

    def _take_in(self, source: Source, arrived: Inbound) -> None:
        (recorded,), due = self._ledger.record([read_found(source, arrived)])
        log.info(
            "job.told",
            inbound=f"in-{recorded.inbound_id}",
            source=source.id,
            operations=sum(len(effect.operations) for effect in recorded.effects),
        )
        if due:
            self._wake(due)
