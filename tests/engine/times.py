"""What time is it, for everybody at once? One simulated time, for the ledger, the workers' loops and the service."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tickets.server.clock import Clock

NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)
TURNS = 12  # of an event loop, until what can go on without new input has gone on


class Time:
    """Moves only by `advance`; as `ledger_clock` it is the ledger's, as `seconds` a worker's."""

    def __init__(self) -> None:
        self.now = NOON
        self.service = Clock(NOON, ticking=False)

    def ledger_clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Since noon."""
        return (self.now - NOON).total_seconds()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.service.advance(seconds)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers run by the simulated time, and which turns only when it is told to."""

    def __init__(self, time: Time) -> None:
        self._simulated = time
        super().__init__()

    def time(self) -> float:
        return self._simulated.seconds()

    def turn(self) -> None:
        """Let everything go on that need not wait for anything."""
        for _ in range(TURNS):
            self.call_soon(self.stop)
            self.run_forever()
