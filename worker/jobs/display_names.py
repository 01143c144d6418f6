"""Asks platforms once a day for the display names of users and channels. The ledger keeps the names for intake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from connectors.contract.calls import CallLater
from connectors.contract.directory import DisplayNames
from worker.jobs.job import Job, Ran, State, Surroundings
from worker.jobs.steps import asked, waiting
from worker.settings import Source

log = structlog.get_logger()

EVERY = timedelta(days=1)
AT_ONCE = 3  # requests in one run
PAUSE = timedelta(seconds=10)  # so there are no more than 18 requests in a minute
MOST_REQUESTS = 500  # in a day: beyond about 100,000 users and channels, the rest stays without names
KEPT = timedelta(days=7)  # how long a name is kept that no list holds any more


@dataclass(frozen=True, slots=True)
class Lists:
    """A source's workspace, and how its lists are requested."""

    source: Source
    how: DisplayNames[Any]
    workspace: str

    @property
    def name(self) -> str:
        return ":".join(filter(None, ("names", self.source.id, self.workspace)))


def jobs_of(source: Source) -> list[Job]:
    """Return one job for each workspace of a source; none when the source is not to be asked."""
    how = source.connector.display_names
    lists = [Lists(source, how, workspace) for workspace in how.workspaces(source.settings)] if how is not None else []
    return [Job(each.name, EVERY, partial(_run, each)) for each in lists]


def _run(what: Lists, state: State, around: Surroundings) -> Ran:
    settings = what.source.settings
    memory, made = state.get("memory", {}), int(state.get("made", 0))
    if what.how.ask(memory, what.workspace, settings) is None:
        memory, made = what.how.begin(), 0
    for _ in range(AT_ONCE):
        call = what.how.ask(memory, what.workspace, settings)
        if call is None or made >= MOST_REQUESTS:
            around.job_store.forget_display_names(what.source.id, before=around.now - KEPT)
            return Ran({})
        said = asked(what.source, call, partial(what.how.read, memory))
        if isinstance(said, CallLater):
            return Ran({"memory": dict(memory), "made": made}, waiting(said, PAUSE))
        if isinstance(said, str):
            log.warning("job.failed", job=what.name, reason=said)
            return Ran({"memory": dict(memory), "made": made}, problem=said)
        around.job_store.keep_display_names(what.source.id, said.names)
        memory, made = said.memory, made + 1
    return Ran({"memory": dict(memory), "made": made}, PAUSE)
