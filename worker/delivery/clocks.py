"""Decides by the clock of this process which leases have ended: the ledger's clock may be set while they run.

A process takes back a lease that it has seen for as long as a lease lasts. Its owner claimed it earlier than that, so
by then the owner sends nothing more: it counts the same time, from an earlier moment.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from worker.ledger import Jump, Lease

log = structlog.get_logger()


class LeaseWatch:
    """The leases that this process has seen, and since when; seconds of a clock that never jumps."""

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._since: dict[Lease, float] = {}

    def ended(self, leases: Collection[Lease], clock: float) -> list[Lease]:
        """Look at all present leases. Returns those that were first seen at least the time of a lease ago."""
        self._since = {each: self._since.get(each, clock) for each in leases}
        return [each for each, since in self._since.items() if clock - since >= self._lease_s]


def log_jump(jump: Jump) -> None:
    """Log that the ledger's clock was set. The process that noted the jump logs it."""
    log.error("clock.jumped", seconds=round(jump.by.total_seconds(), 1))
