"""`ticketrelay db stats`, `prune` and `backup`: how large the ledger is, what may go, and a copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import click

from worker.cli.operate.byhand import opened, refuse
from worker.cli.shell.common import data_option, fail
from worker.cli.shell.output import (
    Column,
    emit,
    emit_many,
    lines_option,
    notice,
    output_option,
    print_table,
    progress,
    size,
)
from worker.documents.upkeep import BackedUp, PruneDone
from worker.ledger import Ledger
from worker.ledger.upkeep.backup import BackupBroken
from worker.ledger.upkeep.pruning import Pruned

_COLUMNS = (
    Column("TABLE", 14), Column("ROWS", 12), Column("SIZE", 10), Column("OLDEST (UTC)", 19), Column("NEWEST (UTC)", 19),
    Column("ROWS/DAY", 10), Column("SIZE/DAY", 1),
)  # fmt: skip


@click.command("stats")
@data_option
@lines_option
def stats(data: Path, output: str) -> None:
    """Show rows and size of each table, its oldest and newest row, and how fast it grows.

    Growth is of the last seven days. Sizes hold the indexes. PostgreSQL's tables of more than a million rows are
    estimated (~).

    \b
    Example: ticketrelay db stats -o json
    """
    with opened(data) as (ledger, _):
        found = ledger.upkeep.stats()
    if output != "table":
        emit_many("db-stats", found, output)
        return
    print_table(
        _COLUMNS,
        (
            (each.table, f"{'~' if each.is_estimate else ''}{each.rows}", size(each.bytes), each.oldest, each.newest,
             f"{each.rows_per_day:.1f}" if each.rows_per_day is not None else "", size(each.bytes_per_day))
            for each in found
        ),
    )  # fmt: skip


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@data_option
@output_option
def prune(dry_run: bool, data: Path, output: str) -> None:
    """Forget bodies and attempts that are older than TICKETRELAY_LEDGER__KEEP_BODIES and __KEEP_ATTEMPTS say.

    The line about each delivery stays, without its headers and body; what is in quarantine is kept whole, and so are
    the attempts of operations that are not ended or dead. Repeats are known for ever, interventions are kept for ever.
    It may run while messages come in, can be stopped at any time and run again; then it exits 1. SQLite's file gets no
    smaller: its room is used again.

    \b
    Example: ticketrelay db prune --dry-run
    """
    with opened(data) as (ledger, settings):
        keep = settings.ledger
        spans = ledger.upkeep.prunable(timedelta(seconds=keep.keep_bodies), timedelta(seconds=keep.keep_attempts))
        done, is_complete = Pruned(), False
        with progress("pruning", sum(each.size for each in spans)) as bar:
            try:
                for span in spans:
                    for step in ledger.upkeep.prune(span, dry_run=dry_run):
                        done = done.plus(step.pruned)
                        bar.update(step.advanced)
                is_complete = True
            except KeyboardInterrupt:
                notice("\nstopped: what is gone is gone; run it again for the rest")
    before = {each.what: each.before for each in spans}
    if output == "json":
        emit(
            "db-prune",
            PruneDone(
                done.bodies, done.body_bytes, done.attempts, before["bodies"], before["attempts"], dry_run, is_complete
            ),
        )
    else:
        verb = "would go" if dry_run else "are gone"
        click.echo(
            f"{done.bodies} bodies ({size(done.body_bytes)}) of before {before['bodies']:%Y-%m-%d %H:%M} UTC "
            f"and {done.attempts} attempts of before {before['attempts']:%Y-%m-%d %H:%M} UTC {verb}"
        )
    if not is_complete:
        raise SystemExit(1)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
@output_option
def backup(file: Path, data: Path, output: str) -> None:
    """Copy the ledger to FILE while it is in use. FILE must not be there yet; only its owner can read it.

    SQLite is copied as it was at one moment. PostgreSQL is copied by its pg_dump, whose version must not be older than
    the server's: bring it back with pg_restore. After a restore, run `ticketrelay db restored`.

    \b
    Example: ticketrelay db backup /backups/ledger-$(date +%F).db
    """
    if file.exists():
        fail([f"{file} is there already: name another file, or take it away"])
    part = file.with_name(file.name + ".part")
    with opened(data) as (ledger, _):
        url = ledger.database.url.render_as_string(hide_password=True)
        try:
            part.unlink(missing_ok=True)  # of a backup that was killed
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            (_copy if ledger.database.is_sqlite else _dump)(ledger, part)
            with part.open("rb") as copy:
                os.fsync(copy.fileno())
            part.replace(file)
        except KeyboardInterrupt:
            refuse("stopped: there is no copy")
        except BackupBroken as error:
            refuse(str(error))
        except OSError as error:
            refuse(f"{file} cannot be written: {error.strerror or error}")
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    found = file.stat().st_size
    if output == "json":
        emit("db-backup", BackedUp(url, str(file), found))
    else:
        click.echo(f"{url} is copied to {file} ({size(found)})")


def _copy(ledger: Ledger, part: Path) -> None:
    with progress("copying", 0) as bar:

        def tell(done: int, every: int) -> None:
            bar.length = every
            bar.update(done - bar.pos)

        ledger.upkeep.copy(part, tell)


def _dump(ledger: Ledger, part: Path) -> None:
    command, more = ledger.upkeep.dump_command(part)
    if shutil.which(command[0]) is None:
        refuse(
            f"{command[0]} is not installed here: install PostgreSQL's client programs, or run where they are: "
            f"{' '.join(each.replace(part.name, part.name.removesuffix('.part')) for each in command)}"
        )
    ended = subprocess.run(command, env=os.environ | more, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 — ours
    if ended.returncode != 0:
        raise BackupBroken(f"pg_dump failed: {ended.stderr.strip() or ended.returncode}")
