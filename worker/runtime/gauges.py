"""Gauges of a process that opens the ledger: waiting work, the budget, dead letters, alarms.

Every process shows them, and they are the same in all of them. So a process reads them from the ledger at most once in
a while, however many scrapers ask. While the ledger is away it serves the last values, and says how old they are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from worker.ledger import ALARMS, ROLES, DeliveryState, Ledger, LedgerAway, Limits, Overview, Spending, alarms
from worker.planning.keys import RANKS
from worker.planning.model import KINDS
from worker.runtime.metrics import Metrics
from worker.settings import Settings

Sample = tuple[str, dict[str, str], float]
PATIENCE_S = 5.0
"""A scrape waits this long for a ledger that does not answer; Prometheus gives up after ten seconds."""


def metrics_of(ledger: Ledger, settings: Settings, *, sends: bool = False) -> Metrics:
    """Return the counters of this process, and the gauges of the ledger.

    `sends` is True for a process with the settings of the Tickets API: it knows the limit of the budget.
    """
    metrics = Metrics()
    metrics.know(settings.sources)
    metrics.add_gauges(Cached(lambda: _read(ledger, settings, sends=sends), settings.server.gauges_every))
    return metrics


def _of_processes(now: Overview) -> Iterator[Sample]:
    live = [each for each in now.processes if each.state == "live"]
    for role in ROLES:
        yield "processes", {"role": role}, sum(each.role == role for each in live)
    tried = [each for each in live if each.broker_ok_at is not None or each.broker_failing_since is not None]
    if tried:
        yield "broker_up", {}, all(each.broker_failing_since is None for each in tried)


@dataclass(frozen=True, slots=True)
class Reading:
    """The values of one read."""

    is_writable: bool
    samples: tuple[Sample, ...]


class Cached:
    """Serves the values of the last read, and reads again when they are older than `every` seconds.

    A read has a thread of its own, so that a scrape does not wait for a database that has stopped answering. `clock`
    counts seconds. Called from one thread at a time or several.
    """

    def __init__(
        self,
        read: Callable[[], Reading],
        every: float,
        *,
        patience: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._every = every
        self._patience = patience
        self._clock = clock
        self._turn = threading.Lock()
        self._under_way: threading.Thread | None = None
        self._begun_at: float | None = None
        self._is_up = False
        self._last: tuple[float, Reading] | None = None

    def __call__(self) -> Iterator[Sample]:
        """Yield the gauges of the ledger, and those about the reading itself."""
        with self._turn:
            self._refresh()
            is_up, last = self._is_up and not self._is_reading(), self._last
            age = None if last is None else self._clock() - last[0]
        yield "ledger_up", {}, is_up
        yield "ledger_writable", {}, is_up and last is not None and last[1].is_writable
        if last is not None and age is not None:
            yield "ledger_gauges_age_seconds", {}, age
            yield from last[1].samples

    def _refresh(self) -> None:
        """Read again if it is time, and wait for a read that is under way, for at most the patience."""
        if not self._is_reading() and (self._begun_at is None or self._clock() - self._begun_at >= self._every):
            self._begun_at = self._clock()
            self._under_way = threading.Thread(target=self._note, args=(self._begun_at,), name="gauges", daemon=True)
            self._under_way.start()
        if self._under_way is not None:
            self._under_way.join(self._patience)

    def _is_reading(self) -> bool:
        return self._under_way is not None and self._under_way.is_alive()

    def _note(self, begun_at: float) -> None:
        self._is_up = False  # so it stays after any error: one of another kind is a defect, and ends the thread
        with suppress(*LedgerAway):
            self._last, self._is_up = (begun_at, self._read()), True


def _read(ledger: Ledger, settings: Settings, *, sends: bool) -> Reading:
    """Read the gauges. Raises one of `LedgerAway`."""
    now, spending = ledger.overview(), ledger.spending(in_full=False)
    samples = [*_of_work(now), *_of_processes(now), *_of_budget(spending, settings, sends=sends)]
    samples += [*_of_answers(now), *_of_mailboxes(now)]
    up = {each.name for each in alarms(now, settings.timing)}
    samples += [("alarm", {"alarm": each.name}, each.name in up) for each in ALARMS.values() if each.in_metrics]
    return Reading(ledger.write_problem() is None, tuple(samples))


def _of_work(now: Overview) -> Iterator[Sample]:
    for state in DeliveryState:
        yield "cases", {"state": state}, now.cases.get(state, 0)
    for kind in KINDS:
        yield "operations_open", {"kind": kind}, now.open_operations.get(kind, 0)
    yield "dead_letters", {}, now.dead
    yield "quarantined", {}, now.quarantined
    yield "due_age_seconds", {}, (now.at - now.due_since).total_seconds() if now.due_since else 0


def _of_budget(now: Spending, settings: Settings, *, sends: bool) -> Iterator[Sample]:
    limits = Limits(settings.api.per_minute, settings.api.per_second)
    if sends and limits.per_minute is not None:
        yield "budget_limit", {}, limits.per_minute
        yield "budget_granted", {}, limits.part(now.share).per_minute or 0
    waiting = {each.rank: each.cases for each in now.waiting}
    for rank in RANKS:
        yield "budget_used", {"rank": str(rank)}, sum(each.tokens for each in now.spent if each.rank == rank)
        yield "budget_waiting", {"rank": str(rank)}, waiting.get(rank, 0)


def _of_answers(now: Overview) -> Iterator[Sample]:
    planned = {each.rank: each.planned_at for each in now.oldest}
    for rank in RANKS:
        yield "undelivered_age_seconds", {"rank": str(rank)}, (now.at - planned.get(rank, now.at)).total_seconds()
    if now.last_success_at is not None:
        yield "last_success_timestamp_seconds", {}, now.last_success_at.timestamp()
    yield "failures_in_a_row", {}, now.failures_in_a_row


def _of_mailboxes(now: Overview) -> Iterator[Sample]:
    for each in now.mailboxes:
        labels = {"source": each.source, "mailbox": each.mailbox}
        age = (now.at - max(each.polled_at or each.since, each.since)).total_seconds()
        yield "mailbox_poll_age_seconds", labels, age
        yield "mailbox_unaccounted_uids", labels, each.unaccounted
        if each.token_ends_at is not None:
            left = (each.token_ends_at - now.at).total_seconds()
            yield "mailbox_token_left_seconds", labels, left
