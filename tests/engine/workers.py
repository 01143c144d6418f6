"""A simulated worker process with one claim at a time; pauses, freezes and death are steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from tests.engine.network import Sent, Wire
from tests.engine.rules import Rules
from tests.engine.service import BASE_URL, KEY
from tests.engine.times import SimulatedLoop, Time
from tickets.client import TicketsClient
from worker.delivery.breaker import Breaker
from worker.delivery.clocks import LeaseWatch
from worker.delivery.sending import Sender, TokenTimes
from worker.ledger import Claim, ClockWatch, Settlement
from worker.settings import ApiSettings, TimingSettings

BREAKER_CALLS = 6

Stage = Literal["idle", "claimed", "sent", "answered"]


class Worker:
    """The real Sender, client and breaker of one process, on a loop that turns only on request."""

    def __init__(
        self, name: str, time: Time, timing: TimingSettings, rules: Rules, left: Callable[[Claim, Sent], None]
    ) -> None:
        self.name = name
        self._time = time
        self._loop = SimulatedLoop(time)
        self._clock = time.seconds if rules.self_fence else lambda: 0.0
        wire = Wire(lambda request, answer: left(self.held, (request, answer)))
        self._client = TicketsClient(BASE_URL, KEY, transport=wire, now=lambda: time.now)
        self._sender = Sender(self._client, timing, lambda: 0.0, self._clock)
        api = ApiSettings.model_validate({"url": BASE_URL, "key": KEY, "breaker_calls": BREAKER_CALLS})
        self._breaker = Breaker(api, timing)
        self._task: asyncio.Task[Settlement] | None = None
        self.claim: Claim | None = None
        self.fence = 0.0
        self._token: TokenTimes | None = None
        self.watch = ClockWatch(time.seconds)
        self.leases = LeaseWatch(timing.lease)
        self.settlement: Settlement | None = None
        self.is_frozen = False

    @property
    def stage(self) -> Stage:
        if self.claim is None:
            return "idle"
        if self.settlement is not None:
            return "answered"
        return "claimed" if self._task is None else "sent"

    @property
    def held(self) -> Claim:
        if self.claim is None:
            raise RuntimeError(f"worker {self.name} holds no claim")
        return self.claim

    def clock(self) -> float:
        return self._clock()

    def take(self, claim: Claim, fence: float, token: TokenTimes | None = None) -> None:
        self.claim, self.fence, self._token = claim, fence, token

    def send(self) -> None:
        """Begin to use the claim; afterwards a request has left, or a decision was made without a call."""
        self._task = self._loop.create_task(self._sender.send(self.held, self.fence, self._token))
        self.turn()

    def turn(self) -> None:
        """Handle arrived answers and passed time; a frozen process does neither."""
        if self.is_frozen:
            return
        self._loop.turn()
        if self._task is not None and self._task.done() and self.settlement is None:
            self.settlement = self._looked_at(self._task.result())

    def _looked_at(self, settlement: Settlement) -> Settlement:
        """Apply the breaker, as worker.delivery.deliverer does."""
        now = self.held.claimed_at + timedelta(seconds=self._clock() - self.fence)
        closing = self._breaker.look_at(self.held, settlement, now)
        return replace(settlement, gate=settlement.gate or closing, estimated_at=now)

    def rest(self) -> None:
        self.claim = self.settlement = self._task = None

    def die(self) -> None:
        """Die as by kill -9: the process's memory is lost, its requests stay in flight."""
        if self._task is not None:
            self._task.cancel()
            self._loop.turn()
        self._loop.close()
