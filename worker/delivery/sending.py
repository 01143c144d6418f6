"""Sends one claim, once, while its lease surely holds by the clock of this process.

This module covers everything between a claim and its settlement. Threads and loops are in worker.delivery.deliverer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tickets.client import TicketsClient
from tickets.errors import TicketsError
from worker.delivery import calls, outcomes
from worker.delivery.lookup import look_up
from worker.delivery.outcomes import Fraction
from worker.ledger import Claim, Settlement
from worker.settings import TimingSettings

Clock = Callable[[], float]


def seconds_since_boot() -> float:
    """Return seconds of a clock that never jumps; it includes suspended time, where the platform has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Sender:
    """Makes the calls of one process; `clock` counts seconds."""

    def __init__(self, client: TicketsClient, timing: TimingSettings, fraction: Fraction, clock: Clock) -> None:
        self._client = client
        self._timing = timing
        self._fraction = fraction
        self._clock = clock

    async def send(self, claim: Claim, fence: float) -> Settlement:
        """Make the call or the look-up of a claim, at most once. `fence` was read before the claim."""
        decided = outcomes.before_send(claim)
        if decided is not None:
            return decided
        begun = self._clock()
        if begun - fence > self._timing.lease - self._timing.http_timeout - self._timing.margin:
            at = self._now(claim, fence) + outcomes.soon(self._timing, self._fraction)
            return Settlement("again", "not executed", again_at=at, error="too late to send in its lease")
        try:
            settlement = await self._call(claim, fence)
        except TicketsError as error:
            latency = timedelta(seconds=self._clock() - begun)
            now = self._now(claim, fence)
            return outcomes.failed(claim, error, now, latency, self._timing, self._fraction)
        return replace(settlement, latency=timedelta(seconds=self._clock() - begun))

    async def _call(self, claim: Claim, fence: float) -> Settlement:
        if claim.mode == "look_up":
            return await look_up(self._client, claim, self._now(claim, fence), self._timing)
        return outcomes.done(await calls.make(self._client, claim), timedelta(0))

    def _now(self, claim: Claim, fence: float) -> datetime:
        """Return the ledger's time, estimated without asking it."""
        return claim.claimed_at + timedelta(seconds=self._clock() - fence)
