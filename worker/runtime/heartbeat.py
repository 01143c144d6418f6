"""The heartbeat of a process: every ten seconds it writes into the ledger that it lives, and how it reaches its broker.

A heartbeat that fails is left out, and the process goes on: another process takes it for dead after 45 s without one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping

import structlog

from worker.ledger import BrokerSeen, Ledger, LedgerAway, Presence, Role, why_away
from worker.runtime.threads import Loop, process_name
from worker.runtime.versions import version

log = structlog.get_logger()

EVERY_S = 10.0
AGAIN_S = 2.0  # after one that failed: when the database is back, its processes must not look dead
THREAD = "heartbeat"

Digest = tuple[str, Mapping[str, str]]
"""The digest of the settings, and the short hash of each by its path."""


class Heartbeat:
    """The loop that writes heartbeats."""

    def __init__(
        self,
        ledger: Ledger,
        role: Role,
        broker: Callable[[], BrokerSeen | None] | None = None,
        digest: Callable[[], Digest | None] | None = None,
        name: str | None = None,
    ) -> None:
        """`broker` asks how the broker is reached. `name` is that of the process; only tests give another one."""
        self._ledger = ledger
        self._role: Role = role
        self._broker = broker
        self._digest = digest
        self._name = name or process_name()
        self._has_failed = False
        self._loop = Loop(THREAD, self._turn, lambda: AGAIN_S if self._has_failed else EVERY_S)
        self.start = self._loop.start

    def _turn(self) -> None:
        """Write one heartbeat; of those that fail in a row, the first one is logged."""
        try:
            self.once()
        except LedgerAway as error:
            if not self._has_failed:
                log.warning("heartbeat.failed", error=why_away(error))
            self._has_failed = True
        else:
            self._has_failed = False

    def once(self) -> None:
        """Write one heartbeat. Raises one of `LedgerAway`."""
        seen = self._broker() if self._broker is not None else None
        self._ledger.processes.heartbeat(self.presence(), seen)

    def presence(self) -> Presence:
        """Return what this process says about itself."""
        digest, parts = (self._digest() if self._digest is not None else None) or (None, None)
        host = socket.gethostname()
        return Presence(self._name, self._role, version(), host, os.getpid(), digest, parts)

    def stop(self) -> None:
        """Write that the process ends as it should. If that fails, it will be taken for dead."""
        self._loop.stop()
        try:
            self._ledger.processes.ended(self._name)
        except LedgerAway as error:
            log.warning("heartbeat.failed", error=why_away(error))
