"""What is a job? A name, how often it runs, and a function from what it remembers to what it remembers next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, OverLimit, Verified
from worker.intake import own
from worker.intake.reading import read_verified
from worker.ledger import Delivery, Errands
from worker.settings import Source

State = dict[str, Any]
"""What a job remembers from run to run: whatever JSON can hold."""


class JobFailed(Exception):
    """A job could not do its work now; it comes again, with what it remembered before. The message is the reason."""


def read_found(source: Source, arrived: Inbound) -> Delivery:
    """Read what a job found as a delivery of the source. Raises JobFailed where it is over a limit."""
    try:
        return read_verified(source, Verified(arrived))
    except OverLimit as error:
        raise JobFailed(f"what was found is over a limit: {error}") from error


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended that says more than what it remembers."""

    state: State
    again: timedelta | None = None
    """When the next run is due; None: as the job says, and after a failure later each time."""
    problem: str | None = None
    """It failed, in part at least; what it remembers holds all the same. The job has told of it in the log."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a job may use."""

    now: datetime
    """By the ledger's clock."""
    errands: Errands
    take_in: Callable[[Source, Inbound], None]
    """Takes a delivery in; it is in the ledger when this returns."""
    named: Callable[[Source, Inbound], Inbound]
    """A delivery with the names that are known of the ids in it."""

    def tell(self, source: Source, job: str, events: Iterable[Event]) -> None:
        """Take in what a job found out; nothing where that is nothing."""
        if found := tuple(events):
            self.take_in(source, own.found(source.id, job, found, self.now))


@dataclass(frozen=True, slots=True)
class Job:
    """One job, for one source."""

    name: str
    every: timedelta
    run: Callable[[State, Surroundings], State | Ran]
    """Raises JobFailed, or one of `LedgerAway`."""
