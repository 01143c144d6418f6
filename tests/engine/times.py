"""One simulated time for the ledger, the workers' loops and the service."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tickets.server.clock import Clock

NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)
TURNS = 12  # turns of an event loop until all work that needs no new input is done


class Time:
    """Simulated time, moved only by `advance`; `ledger_clock` serves the ledger, `seconds` the workers.

    `step` sets the ledger's clock, as an operator or NTP does. No time passes.
    """

    def __init__(self) -> None:
        self.passed = timedelta(0)
        self.set_by = timedelta(0)
        """By how much the ledger's clock was set, in all."""
        self.service = Clock(NOON, ticking=False)

    @property
    def now(self) -> datetime:
        """The time by the ledger's clock."""
        return NOON + self.passed + self.set_by

    def ledger_clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Seconds since noon that have really passed."""
        return self.passed.total_seconds()

    def advance(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)
        self.service.advance(seconds)

    def step(self, seconds: float) -> None:
        self.set_by += timedelta(seconds=seconds)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop with timers on simulated time, which turns only on request."""

    def __init__(self, time: Time) -> None:
        self._simulated = time
        super().__init__()

    def time(self) -> float:
        return self._simulated.seconds()

    def turn(self) -> None:
        """Run all callbacks that wait for nothing."""
        for _ in range(TURNS):
            self.call_soon(self.stop)
            self.run_forever()
