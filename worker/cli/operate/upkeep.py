"""`ticketrelay db stats`, `prune` and `backup`: the ledger's size, its pruning, and a copy of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from worker.actions import upkeep
from worker.cli.operate.byhand import exit_with_reason, ledger_and_settings
from worker.cli.shell.common import data_option
from worker.cli.shell.output import (
    Column,
    Table,
    lines_option,
    notice,
    output_option,
    print_document,
    print_list,
    progress,
    size,
)
from worker.documents.upkeep import PruneDone
from worker.ledger import TableStats
from worker.runtime.terminal import echo
from worker.wording import counted

_TABLE: Table[TableStats] = Table(
    (
        Column("TABLE", 14, lambda each: each.table),
        Column("ROWS", 12, lambda each: f"{'~' if each.is_estimate else ''}{each.rows}"),
        Column("SIZE", 10, lambda each: size(each.bytes)),
        Column("OLDEST (UTC)", 19, lambda each: each.oldest),
        Column("NEWEST (UTC)", 19, lambda each: each.newest),
        Column("ROWS/DAY", 10, lambda each: f"{each.rows_per_day:.1f}" if each.rows_per_day is not None else ""),
        Column("SIZE/DAY", 1, lambda each: size(each.bytes_per_day)),
    )
)


@click.command("stats")
@data_option
@lines_option
def stats(data: Path, output: str) -> None:
    """Show rows and size of each table, its oldest and newest row, and its growth.

    Growth is that of the last seven days. Sizes include the indexes. PostgreSQL's tables of more than a million rows
    are estimated (~).

    \b
    Example: ticketrelay db stats -o json
    """
    with ledger_and_settings(data) as (ledger, _):
        found = ledger.upkeep.stats()
    print_list("db-stats", found, output, _TABLE)


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only count the bodies and attempts that would be deleted.")
@data_option
@output_option
def prune(dry_run: bool, data: Path, output: str) -> None:
    """Delete bodies and attempts older than TICKETRELAY_LEDGER__KEEP_BODIES and __KEEP_ATTEMPTS.

    Workers do the same by themselves, every day (the job `prune`). The command does it now, and at once.

    The row of each delivery stays, without its headers and body. Deliveries in quarantine are kept whole, and so are
    the attempts of operations that are not ended or dead. Repeats are recognised for ever, interventions are kept for
    ever. The command may run while messages come in. It may be stopped at any time, and then exits 1; run it again for
    the rest. SQLite's file does not shrink: its free pages are used again.

    \b
    Example: ticketrelay db prune --dry-run
    """
    with ledger_and_settings(data) as (ledger, settings):
        pruning = upkeep.Pruning(ledger, settings, dry_run)
        with progress("pruning", pruning.size) as bar:
            try:
                for advanced in pruning.steps():
                    bar.update(advanced)
            except KeyboardInterrupt:
                notice("\nStopped. Run it again for the rest.")
    print_document("db-prune", pruning.document(), output, _print)
    if not pruning.is_complete:
        raise SystemExit(1)


def _print(done: PruneDone) -> None:
    bodies = f"{counted(done.bodies, 'body')} ({size(done.body_bytes)}){_before(done.bodies_before)}"
    attempts = f"{counted(done.attempts, 'attempt')}{_before(done.attempts_before)}"
    echo(f"{'Would delete' if done.dry_run else 'Deleted'} {bodies}, and {attempts}.")


def _before(at: datetime | None) -> str:
    return " (they are kept for ever)" if at is None else f" from before {at:%Y-%m-%d %H:%M} UTC"


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@output_option
def backup(file: Path, data: Path, output: str) -> None:
    """Copy the ledger to FILE while it is in use. FILE must not exist yet; only its owner can read it.

    SQLite is copied as of one moment. PostgreSQL is copied by its pg_dump, whose version must not be older than the
    server's, and is restored with pg_restore. After a restore, run `ticketrelay db restored`.

    \b
    Example: ticketrelay db backup /backups/ledger-$(date +%F).db
    """
    with ledger_and_settings(data) as (ledger, _):
        try:
            with progress("copying", 0, shown=ledger.database.is_sqlite) as bar:

                def tell(done: int, every: int) -> None:
                    bar.length = every
                    bar.update(done - bar.pos)

                copied = upkeep.backup(ledger, file, tell)
        except KeyboardInterrupt:
            exit_with_reason("stopped before the copy was complete; no file was written")
    print_document("db-backup", copied, output, lambda it: echo(f"Copied {it.ledger} to {it.file} ({size(it.bytes)})."))
