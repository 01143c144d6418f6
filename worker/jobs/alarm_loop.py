"""The thread of every process that looks at the alarms, and runs the jobs that tell people of them.

It is apart from the jobs of the sources: a target that does not answer holds up nothing else. It is in every process,
so that `serve` tells that no worker is running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from worker.jobs import notify, ping
from worker.jobs.job import Job
from worker.jobs.runner import Runner
from worker.ledger import Ledger, LedgerAway
from worker.runtime.alarm_watch import AlarmWatch
from worker.runtime.threads import Loop, Outlived, owner_name
from worker.settings import Settings

THREAD = "alarms"
TURN_S = 5.0
LOOK_S = 15.0  # between two looks at the alarms


class AlarmLoop:
    """The loop over the alarms and those who are to know of them."""

    def __init__(self, ledger: Ledger, current: Callable[[], Settings], *, delivers: bool) -> None:
        """`current` returns the present settings. `delivers`: this process makes calls to the Tickets API."""
        self._watch = AlarmWatch(ledger, current().timing)
        self._runner = Runner(
            ledger, lambda: jobs_of(current(), delivers=delivers), lambda _: None, owner_name(), TURN_S
        )
        self._look_at = time.monotonic() + LOOK_S
        outlives = Outlived(LedgerAway, "alarms.ledger_away")
        self._loop = Loop(THREAD, self._turn, TURN_S, pauses_first=True, outlives=outlives)
        self.start = self._loop.start

    def stop(self) -> None:
        """Tell nobody more, and wait for the present message."""
        self._runner.ask_to_stop()
        self._loop.stop()

    def _turn(self) -> None:
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_S
            self._watch.look()
        self._runner.once()


def jobs_of(settings: Settings, *, delivers: bool) -> Mapping[str, Job]:
    """Return the job of each target, and the ping for a process that delivers; by name."""
    made = notify.jobs_of(settings)
    if delivers and (job := ping.job_of(settings)) is not None:
        made.append(job)
    return {job.name: job for job in made}
