"""The verbs of processes: heartbeats, ends, and the list of all on record."""

from __future__ import annotations

from worker.ledger import processes
from worker.ledger.processes import BrokerSeen, Presence
from worker.ledger.verbs.transaction import Verbs, at_now, reads

PATIENCE_S = 1.0  # for SQLite's lock: a heartbeat that is left out costs nothing


class Processes(Verbs):
    """The processes that work on this ledger."""

    read = reads(at_now(processes.read))
    live = reads(at_now(processes.live))
    planning_parts = reads(at_now(processes.planning_parts))

    def heartbeat(self, presence: Presence, broker: BrokerSeen | None = None) -> None:
        """Write that this process lives, and how it reaches its broker."""
        with self.database.write(PATIENCE_S) as connection:
            processes.heartbeat(self.database, connection, self.database.now(connection), presence, broker)

    def ended(self, name: str) -> None:
        """Write that the process of this name ends as it should."""
        with self.database.write(PATIENCE_S) as connection:
            processes.ended(connection, self.database.now(connection), name)
