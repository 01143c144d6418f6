"""Sends one claim, once, while its lease surely holds by the clock of this process.

This module covers everything between a claim and its settlement. Threads and loops are in worker.delivery.deliverer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tickets.client import TicketsClient
from tickets.errors import TicketsError
from worker.delivery import calls, outcomes
from worker.delivery.lookup import look_up
from worker.delivery.outcomes import Fraction
from worker.ledger import Claim, Claimed, Settlement
from worker.settings import TimingSettings

Clock = Callable[[], float]


class TokenTimes(NamedTuple):
    """The times of the token of a claim, in seconds of this process's clock."""

    counted: float
    """When it was taken, or shortly before."""
    good_until: float
    """When it ends: no call may leave afterwards."""


def seconds_since_boot() -> float:
    """Return seconds of a clock that never jumps; it includes suspended time, where the platform has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def tokens_of(claimed: Claimed) -> TokenTimes | None:
    """Return the times of the tokens of a claim; None where the budget has no limit."""
    return None if claimed.good_until is None else TokenTimes(claimed.counted, claimed.good_until)


class Sender:
    """Makes the calls of one process; `clock` counts seconds."""

    def __init__(self, client: TicketsClient, timing: TimingSettings, fraction: Fraction, clock: Clock) -> None:
        self._client = client
        self._timing = timing
        self._fraction = fraction
        self._clock = clock

    async def send(self, claim: Claim, fence: float, token: TokenTimes | None = None) -> Settlement:
        """Make the call or the look-up of a claim, at most once. `fence` was read before the claim.

        `token` has the times of the claim's token by the same clock; None where the budget has no limit.
        """
        decided = outcomes.before_send(claim)
        if decided is not None:
            return replace(decided, unsent=True)
        begun = self._clock()
        if begun - fence > self._timing.latest_send:
            at = self._now(claim, fence) + outcomes.soon(self._timing, self._fraction)
            error = "too late to send in its lease"
            return Settlement("again", "not executed", again_at=at, error=error, unsent=True)
        if token is not None and begun > token.good_until:
            return outcomes.later_than_its_token(claim, timedelta(seconds=begun - token.counted))
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
