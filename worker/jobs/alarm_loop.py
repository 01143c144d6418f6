"""The threads of every process that look at the alarms, tell people of them, and ask the URL of the ping.

They are apart from the jobs of the sources, and from each other: a target that does not answer holds up neither the
looks nor the ping. They are in every process, so that `serve` tells that no worker is running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from worker.jobs import notify, ping
from worker.jobs.job import Job
from worker.jobs.runner import Runner
from worker.ledger import Ledger, LedgerAway
from worker.runtime.alarm_watch import AlarmWatch
from worker.runtime.threads import JOIN_S, Loop, Outlived, owner_name
from worker.settings import Settings

THREADS = ("alarms", "notify")
"""The threads that look and tell."""
PING_THREAD = "ping"
"""The thread of a process that delivers."""
TURN_S = 5.0
LOOK_S = 15.0  # between two looks at the alarms, and before the first


class AlarmLoop:
    """The loops over the alarms, those who are to know of them, and the ping."""

    def __init__(self, ledger: Ledger, current: Callable[[], Settings], *, delivers: bool) -> None:
        """`current` returns the present settings. `delivers`: this process makes calls to the Tickets API."""
        watch = AlarmWatch(ledger, current().timing)
        outlives = Outlived(LedgerAway, "alarms.ledger_away")
        looks, tells = THREADS

        def jobs(name: str, found: Callable[[], Mapping[str, Job]]) -> tuple[Loop, Runner]:
            runner = Runner(ledger, found, lambda _: None, owner_name(), TURN_S)
            return Loop(name, runner.once, TURN_S, pauses_first=True, outlives=outlives), runner

        told = [jobs(tells, lambda: told_by(current(), watch.knows_ends))]
        if delivers:
            told.append(jobs(PING_THREAD, lambda: pings_of(current())))
        self._runners = [runner for _, runner in told]
        look = Loop(looks, watch.look, LOOK_S, pauses_first=True, outlives=outlives)
        self._loops = [look, *(loop for loop, _ in told)]

    def start(self) -> None:
        for each in self._loops:
            each.start()

    def stop(self) -> None:
        """Tell nobody more, and wait for the present message."""
        for runner in self._runners:
            runner.ask_to_stop()
        for loop in self._loops:
            loop.ask_to_stop()
        until = time.monotonic() + JOIN_S
        for loop in self._loops:
            loop.join(max(0.0, until - time.monotonic()))


def jobs_of(
    settings: Settings, *, delivers: bool, knows_ends: Callable[[datetime], bool] = lambda _: True
) -> Mapping[str, Job]:
    """Return the job of each target, and the ping for a process that delivers; by name."""
    return {**told_by(settings, knows_ends), **(pings_of(settings) if delivers else {})}


def told_by(settings: Settings, knows_ends: Callable[[datetime], bool]) -> Mapping[str, Job]:
    """Return the job of each target, by name."""
    return {job.name: job for job in notify.jobs_of(settings, knows_ends)}


def pings_of(settings: Settings) -> Mapping[str, Job]:
    """Return the job of the ping by its name; empty without a URL."""
    job = ping.job_of(settings)
    return {} if job is None else {job.name: job}
