"""Plays a storm on a simulated clock: the real ledger, with a simulation in place of a Deliverer.

Claims and settles are the ledger's own; the time of the next claim follows the Deliverer's rule
(`worker.delivery.timer.rest_after`). Calls reach the limiter of the local Tickets API after a realistic network delay:
mostly short, at times as long as the budget allows for. Threads wake up a little late.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from benchmarks.parts.processes import BenchmarkError
from benchmarks.parts.storms import BEGAN, Arrival
from connectors.contract.events import TicketStatus
from tickets.server.clock import SECOND
from tickets.server.limits import Limit, Limiter
from worker.delivery.timer import rest_after
from worker.ledger import Claim, CloseGate, Ledger, Settlement, Terms
from worker.ledger.queue.budget import LEAST_LATE
from worker.planning.model import Kind

START_S = BEGAN.timestamp()
IN_FLIGHT = 40
WAKES_LATE_S = 0.02
NETWORK_S, ANSWER_S = 0.06, 0.08  # mean seconds; the one-way delay is cut at the budget's longest


@dataclass
class SimulatedClock:
    """Seconds since the storm began; serves as the ledger's clock."""

    seconds: float = 0.0

    def __call__(self) -> datetime:
        return BEGAN + timedelta(seconds=self.seconds)


@dataclass
class Simulation:
    """One process that delivers, and the service."""

    ledger: Ledger
    clock: SimulatedClock
    limit: Limit
    terms: Terms
    chance: random.Random
    reached: dict[tuple[int, int], float] = field(default_factory=dict)
    """Time at which the call of an operation, by case and sequence, reached the service and was accepted."""
    refused: int = 0
    """Calls that were answered 429."""
    scarce_until: float = 0.0
    """Time of the last claim that left operations waiting for tokens."""
    claims: int = 0
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _in_flight: int = 0
    _quiet_until: float = 0.0
    _settled: list[tuple[Claim, Settlement]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._limiter = Limiter(self.limit)

    def play(self, arrivals: Sequence[Arrival]) -> None:
        """Record all deliveries at their moments, and go on until no work is left."""
        for each in arrivals:
            self._at(each.at, lambda each=each: self._wake(self.ledger.record(each.deliveries)[1]))  # type: ignore[misc]
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self.clock.seconds = max(self.clock.seconds, at)
            act()

    def _at(self, moment: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._numbers), act))

    def _wake_at(self, moment: float) -> None:
        self._at(moment + self.chance.uniform(0, WAKES_LATE_S), lambda: self._deliver(None))

    def _wake(self, kinds: Collection[Kind]) -> None:
        for kind in sorted(kinds):
            self._deliver(kind)

    def _deliver(self, kind: Kind | None) -> None:
        now = self.clock.seconds
        if now < self._quiet_until:
            return
        claimed = self.ledger.claim(kind, limit=IN_FLIGHT - self._in_flight, owner="one", terms=self.terms)
        self.claims += 1
        for each in claimed.claims:
            self._in_flight += 1
            delay = min(self.chance.expovariate(1 / NETWORK_S), LEAST_LATE.total_seconds())
            self._at(now + delay, lambda each=each: self._reach(each))  # type: ignore[misc]
        if (rest := rest_after(claimed, now)) is not None:
            self._quiet_until, self.scarce_until = rest.quiet_until, now
            self._wake_at(rest.wake_at)

    def _reach(self, claim: Claim) -> None:
        """Simulate the arrival of the call at the service."""
        now = self.clock.seconds
        if seconds := self._limiter.take("key", round((START_S + now) * SECOND)):
            self.refused += 1
            until = self.clock() + timedelta(seconds=seconds)
            gate = CloseGate(until, "budget")
            settlement = Settlement("again", "not executed", again_at=until, status=429, error="429", gate=gate)
            self._wake_at(now + seconds)
        else:
            self.reached[claim.case_id, claim.seq] = now
            ticket = f"T-{claim.case_id}-{claim.seq}" if claim.kind == "create_ticket" else claim.ticket_id
            status: TicketStatus = "closed" if claim.kind == "close_ticket" else "open"
            settlement = Settlement("done", "done", ticket_id=ticket, ticket_status=status, response="done")
        self._at(now + self.chance.expovariate(1 / ANSWER_S), lambda: self._settle(claim, settlement))

    def _settle(self, claim: Claim, settlement: Settlement) -> None:
        stale, due = self.ledger.settle([(claim, settlement)])
        if stale:
            raise BenchmarkError("a claim was lost, though nobody else claims")
        self._in_flight -= 1
        self._wake(due)


def most_in(moments: Sequence[float], seconds: float) -> int:
    """Return the most of these moments, given in ascending order, in any period of this length."""
    first, most = 0, 0
    for number, at in enumerate(moments):
        while moments[first] <= at - seconds:
            first += 1
        most = max(most, number - first + 1)
    return most
