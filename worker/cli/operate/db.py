"""`ticketrelay db`: the tables of the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from worker.actions import upkeep
from worker.cli.operate.byhand import (
    as_option,
    ask_or_exit,
    exit_on_error,
    exit_with_reason,
    ledger_and_settings,
    output_option,
)
from worker.cli.operate.upkeep import backup, prune, stats
from worker.cli.shell.common import data_option, is_locked, settings_without_api
from worker.cli.shell.output import notice, print_document
from worker.documents.upkeep import Restored
from worker.runtime.terminal import echo
from worker.wording import counted


@click.group()
def db() -> None:
    """Make, measure, prune and copy the tables of the ledger, and mark them as restored from a backup."""


for each in (stats, prune, backup):
    db.add_command(each)


@db.command()
@data_option
@output_option
def upgrade(data: Path, output: str) -> None:
    """Make the tables, or bring them to this version's shape. The command is safe to repeat, and in several processes.

    \b
    Example: ticketrelay db upgrade
    """
    with exit_on_error():
        done = upkeep.upgrade(settings_without_api(data))
    print_document("db-upgrade", done, output, lambda each: echo(f"The ledger at {each.ledger} is up to date."))


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask before the change.")
@as_option
@data_option
@output_option
def restored(yes: bool, who: str, data: Path, output: str) -> None:
    """Mark the ledger as restored from a backup: unfinished operations in it may have been done since.

    Run the command once after every restore, before any other process is started. From then on unfinished operations
    are looked up before they are sent, and so are operations planned from messages older than now. Exits 1 while a
    lease runs: a worker is not stopped yet, or the backup is younger than a lease. Then try again after the time that
    is printed.

    \b
    Example: ticketrelay db restored --yes
    """
    if is_locked(data):
        exit_with_reason(f"a `ticketrelay run` uses the folder {data}: stop that process first")
    with ledger_and_settings(data) as (ledger, _):
        url = upkeep.address(ledger)
        upkeep.refuse_while_leased(ledger)
        if others := ledger.database.other_sessions():
            notice(f"WARNING {counted(others, 'other session')} connected to {url}: find out whose")
        ask_or_exit(f"Is {url} restored from a backup, and is every serve, mail, worker and run stopped?", yes=yes)
        done = upkeep.mark_restored(ledger, by=who)
    print_document("db-restored", done, output, _print)


def _print(done: Restored) -> None:
    each = counted(done.unfinished, "unfinished operation")
    echo(f"Marked as restored, with {each} to look up before sending. The workers can be started.")
