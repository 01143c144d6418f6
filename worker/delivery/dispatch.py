"""Repeats wake-ups for due work: in every worker, every second, in any number of processes at once.

A wake-up is lost when a broker is wiped, a process dies, or a budget ran out. Dispatch takes back expired leases and
wakes workers up for due operations. When the broker is away, or nobody reacts to the wake-ups, dispatch delivers
itself: the broker is never needed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from worker.delivery.clocks import LeaseWatch, log_jump
from worker.delivery.rules import Rules
from worker.delivery.sending import seconds_since_boot
from worker.ledger import ClockWatch, Ledger
from worker.planning.model import Kind
from worker.runtime.threads import Loop, Outlived

log = structlog.get_logger()

PAUSE_S = 0.01  # between two rounds of wake-ups: work that becomes due in between shares one


class BrokerAway(Exception):
    """The broker did not take a wake-up within its time-out."""


Publish = Callable[[Kind], None]
"""Publishes one wake-up; raises BrokerAway."""


class WakeUps:
    """Publishes wake-ups from a thread of its own, so that no caller waits for a broker. Joins those that coincide."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._due: set[Kind] = set()
        self._lock = threading.Lock()
        self._loop = Loop("bell", self._send_due, lambda: None, pauses_first=True)
        self.start, self.stop = self._loop.start, self._loop.stop

    def send(self, kinds: Collection[Kind]) -> None:
        """Publish a wake-up soon. Dispatch makes up for one that fails."""
        with self._lock:
            self._due.update(kinds)
        self._loop.wake()

    def _send_due(self) -> None:
        with self._lock:
            kinds, self._due = self._due, set()
        try:
            for kind in sorted(kinds):
                self._publish(kind)
        except BrokerAway as error:
            log.warning("ring.failed", error=str(error))
        time.sleep(PAUSE_S)


class Dispatch:
    """The loop that takes back expired leases and repeats wake-ups."""

    def __init__(
        self,
        ledger: Ledger,
        publish: Publish,
        deliver: Callable[[Kind], int],
        rules: Rules,
        watch: ClockWatch | None = None,
    ) -> None:
        """`watch` has the clock of this process, which finds that the ledger's was set."""
        timing = rules.timing
        self._rules = rules
        self._watch = watch or ClockWatch(seconds_since_boot)
        self._ledger = ledger
        self._leases = LeaseWatch(timing.lease)
        self._publish = publish
        self._deliver = deliver
        self._timing = timing
        self._patience = max(2, round(timing.ring_expires / timing.dispatch_interval))
        self._rounds: dict[Kind, int] = {}  # consecutive rounds in which each kind has been due
        # The transaction was rolled back in any case: the next round finds the same work, and this thread must not end.
        outlives = Outlived((SQLAlchemyError,), "dispatch.failed")
        self._loop = Loop("dispatch", self.once, timing.dispatch_interval, pauses_first=True, outlives=outlives)
        self.start, self.stop = self._loop.start, self._loop.stop

    def once(self) -> frozenset[Kind]:
        """Take back expired leases and publish wake-ups for due work. Returns the kinds that were due."""
        self._look_at_clock()
        self._take_back()
        self._ledger.pair_waiting(self._watch)
        due = self._ledger.due_kinds()
        self._rounds = {kind: self._rounds.get(kind, 0) + 1 for kind in due}
        broker_away = False
        for kind in sorted(due):
            try:
                if not broker_away:
                    self._publish(kind)
            except BrokerAway as error:
                log.warning("broker.away", error=str(error))
                broker_away = True
            if broker_away or self._rounds[kind] > self._patience:
                self._deliver(kind)
        return due

    def _look_at_clock(self) -> None:
        if (jump := self._ledger.look_at_clock(self._rules.terms(), self._watch)) is not None:
            log_jump(jump)

    def _take_back(self) -> None:
        ended = self._leases.ended(self._ledger.leases(), self._watch.clock())
        if ended and (taken := self._ledger.take_back(timedelta(seconds=self._timing.ghost_wait), ended)):
            log.warning("leases.taken_back", number=taken)
