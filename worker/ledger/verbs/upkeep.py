"""The verbs of upkeep: they prune what is old, and measure and copy what there is."""

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
    """What is done to the ledger as a whole."""

    @reads
    def prunable(self, connection: Connection, keep_bodies: timedelta, keep_attempts: timedelta) -> list[Span]:
        """Where to look for what is older than that."""
        now = self.database.now(connection)
        return pruning.spans(connection, Cutoffs(now - keep_bodies, now - keep_attempts))

    def prune(self, span: Span, *, dry_run: bool = False) -> Iterator[Step]:
        """Prune it, in steps of a transaction each; with `dry_run` only count."""
        return pruning.steps(self.database, span, dry_run=dry_run)

    def stats(self) -> list[TableStats]:
        """How large every table is, the largest first."""
        return stats.table_stats(self.database)

    def copy(self, target: Path, progress: Callable[[int, int], None]) -> None:
        """Copy a ledger on SQLite into a new file, while others write to it. Raises BackupBroken."""
        backup.copy_sqlite(Path(self.database.url.database or ""), target, progress)

    def dump_command(self, target: Path) -> tuple[list[str], dict[str, str]]:
        """The command that copies a ledger on PostgreSQL, and what its environment needs besides."""
        return backup.pg_dump(self.database.url, target)

    def revisions(self) -> tuple[str | None, str | None]:
        """Which shape the tables have, and which this version wants; None where there are none."""
        return self.database.revisions()
