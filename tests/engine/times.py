"""One simulated time for the ledger, the workers' loops and the service."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tickets.server.clock import Clock

NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)
TURNS = 12  # turns of an event loop until all work that needs no new input is done


class Time:
    """Simulated time, moved only by `advance`; `ledger_clock` serves the ledger, `seconds` the workers."""

    def __init__(self) -> None:
        self.now = NOON
        self.service = Clock(NOON, ticking=False)

    def ledger_clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Seconds since noon."""
        return (self.now - NOON).total_seconds()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.service.advance(seconds)


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
