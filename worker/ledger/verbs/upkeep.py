"""The verbs of upkeep: prune old data, measure tables, and copy the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from worker.ledger import processes
from worker.ledger.queue import clock_jumps, gates
from worker.ledger.sources import jobs
from worker.ledger.upkeep import backup, pruning, standing_alarms, stats
from worker.ledger.upkeep.pruning import Cutoffs, Span, Step
from worker.ledger.upkeep.stats import TableStats
from worker.ledger.verbs.transaction import Verbs, reads, writes


class Upkeep(Verbs):
    """Work on the ledger as a whole."""

    @reads
    def prunable(
        self, connection: Connection, keep_bodies: timedelta | None, keep_attempts: timedelta | None
    ) -> list[Span]:
        """Return the spans of rows that may contain older data. None keeps data for ever."""
        now = self.database.now(connection)
        bodies, attempts = (None if keep is None else now - keep for keep in (keep_bodies, keep_attempts))
        return pruning.spans(connection, Cutoffs(bodies, attempts))

    @writes
    def tidy(self, connection: Connection, configured: Collection[str] = ()) -> int:
        """Delete the rows of processes that ended, of alarms that are over and of jobs that nobody runs, after a while.

        The jobs named in `configured` are kept. Returns the number of deleted rows.
        """
        now = self.database.now(connection)
        ended = processes.forget(connection, now) + standing_alarms.forget(connection, now)
        # Without its row, no jump could make the job of the clock due, and the gate would stay closed.
        return ended + jobs.forget(connection, now, {*configured, clock_jumps.JOB})

    @reads
    def clock_was_set(self, connection: Connection, within: timedelta) -> bool:
        """Return True when the ledger's clock was set lately: ages that it shows may be wrong by any time."""
        jumped_at = gates.states(connection)[gates.ALL].jumped_at
        return jumped_at is not None and abs(self.database.now(connection) - jumped_at) < within

    def prune(self, span: Span, *, dry_run: bool = False) -> Iterator[Step]:
        """Prune a span in steps, each in its own transaction; with `dry_run` only count."""
        return pruning.steps(self.database, span, dry_run=dry_run)

    def stats(self) -> list[TableStats]:
        """Return the size of every table, the largest first."""
        return stats.table_stats(self.database)

    def copy(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """Copy a ledger on SQLite into a new file, while other processes write to it. Raises BackupBroken."""
        backup.copy_sqlite(Path(self.database.url.database or ""), target, progress)

    def dump_command(self, target: Path) -> tuple[list[str], dict[str, str]]:
        """Return the command that copies a ledger on PostgreSQL, and the environment variables it needs besides."""
        return backup.pg_dump(self.database.url, target)

    def revisions(self) -> tuple[str | None, str | None]:
        """Return the revision of the tables (None if they are missing), and the revision of this version."""
        return self.database.revisions()
