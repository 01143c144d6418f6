"""The verbs of upkeep: prune old data, measure tables, and copy the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from worker.ledger.upkeep import backup, pruning, stats
from worker.ledger.upkeep.pruning import Cutoffs, Span, Step
from worker.ledger.upkeep.stats import TableStats
from worker.ledger.verbs.transaction import Verbs, reads


class Upkeep(Verbs):
    """Work on the ledger as a whole."""

    @reads
    def prunable(self, connection: Connection, keep_bodies: timedelta, keep_attempts: timedelta) -> list[Span]:
        """Return the spans of rows that may contain older data."""
        now = self.database.now(connection)
        return pruning.spans(connection, Cutoffs(now - keep_bodies, now - keep_attempts))

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
