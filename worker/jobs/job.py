"""The contract of a job: a name, an interval, and a function from the job's old memory to its new memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, OverLimit, Verified
from worker.intake import internal
from worker.intake.reading import read_verified
from worker.ledger import Delivery, JobStore
from worker.settings import Source

State = dict[str, Any]
"""Memory of a job from run to run. JSON must be able to hold the values."""


class JobFailed(Exception):
    """A run failed. The job runs again, with the memory from before. The message is the reason."""


def read_found(source: Source, arrived: Inbound) -> Delivery:
    """Read a job's finding as a delivery of the source. Raises JobFailed when the finding is over a limit."""
    try:
        return read_verified(source, Verified(arrived))
    except OverLimit as error:
        raise JobFailed(f"the job found too much: {error}") from error


@dataclass(frozen=True, slots=True)
class Ran:
    """Result of a run that returns more than the new memory."""

    state: State
    again: timedelta | None = None
    """Time until the next run. None: after the job's interval, or after a growing pause when the run failed."""
    problem: str | None = None
    """Reason why the run failed, at least in part. The memory is kept, and the job has logged the failure itself."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tools of a job."""

    now: datetime
    """By the ledger's clock."""
    job_store: JobStore
    take_in: Callable[[Source, Inbound], None]
    """Takes a delivery in. The delivery is in the ledger when the function returns."""
    named: Callable[[Source, Inbound], Inbound]
    """Adds the known display names of the ids in a delivery."""

    def tell(self, source: Source, job: str, events: Iterable[Event]) -> None:
        """Take in the findings of a job; do nothing when there are none."""
        if found := tuple(events):
            self.take_in(source, internal.found(source.id, job, found, self.now))


@dataclass(frozen=True, slots=True)
class Job:
    """One job, for one source."""

    name: str
    every: timedelta
    run: Callable[[State, Surroundings], State | Ran]
    """Raises JobFailed, or one of `LedgerAway`."""
