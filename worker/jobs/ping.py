"""Asks a URL regularly while a worker lives and can write to the ledger. A service elsewhere misses the pings if not.

The job is claimed in the ledger before each ping, so a ping shows that the ledger takes writes.
"""

from __future__ import annotations

from datetime import timedelta

from connectors.contract.calls import HttpCall
from worker.jobs.job import Job, JobFailed, State, Surroundings
from worker.jobs.notify import DEADLINE_S, MAX_BYTES
from worker.runtime.web import NoAnswer, fetch
from worker.settings import Settings

NAME = "ping"


def job_of(settings: Settings) -> Job | None:
    """Return the job; None without a URL."""
    if settings.alarms.ping_url is None:
        return None
    url = settings.alarms.ping_url.get_secret_value()

    def run(state: State, _: Surroundings) -> State:
        if (problem := ask(url)) is not None:
            raise JobFailed(problem)
        return state

    return Job(NAME, timedelta(seconds=settings.alarms.ping_every), run)


def ask(url: str) -> str | None:
    """Ask the URL once. Returns the problem, without the URL; None if the service took the ping."""
    try:
        answer = fetch(HttpCall(url, b"", {}, "GET"), max_bytes=MAX_BYTES, deadline_s=DEADLINE_S)
    except NoAnswer as error:
        return f"the service of alarms.ping_url: {error}"
    if not 200 <= answer.status < 300:
        return f"the service of alarms.ping_url answered {answer.status}"
    return None
