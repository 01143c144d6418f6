"""`ticketrelay db`: the tables of the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from worker.cli.operate.byhand import as_option, ask, opened, output_option, refuse
from worker.cli.operate.upkeep import backup, prune, stats
from worker.cli.shell.common import data_option, is_locked, local_settings
from worker.cli.shell.output import emit
from worker.documents.upkeep import Restored, Upgraded
from worker.ledger import open_ledger


@click.group()
def db() -> None:
    """The tables of the ledger: made, measured, pruned, copied, and told that they come from a backup."""


for each in (stats, prune, backup):
    db.add_command(each)


@db.command()
@data_option
@output_option
def upgrade(data: Path, output: str) -> None:
    """Make the tables, or bring them to this version's shape. Safe to repeat, and in several processes at once.

    \b
    Example: ticketrelay db upgrade
    """
    ledger = open_ledger(local_settings(data))
    try:
        ledger.upgrade()
        url = ledger.database.url.render_as_string(hide_password=True)
    finally:
        ledger.close()
    if output == "json":
        emit("db-upgrade", Upgraded(url))
    else:
        click.echo(f"the ledger at {url} is up to date")


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_option
@data_option
@output_option
def restored(yes: bool, who: str, data: Path, output: str) -> None:
    """Tell the ledger that it comes from a backup: what is unfinished in it may have been done since.

    Run it once after every restore, before any other process is started. From then on unfinished operations are looked
    for before they are sent, and so is what is planned from messages older than now. Exits 1 while a lease runs: then
    a worker is not stopped yet, or the backup is younger than a lease; try again after the time it says.

    \b
    Example: ticketrelay db restored --yes
    """
    if is_locked(data):
        refuse(f"a `ticketrelay run` uses {data}: stop it first")
    with opened(data) as (ledger, _):
        url = ledger.database.url.render_as_string(hide_password=True)
        until = ledger.leased_until()
        if until is not None:
            refuse(f"a lease runs until {until:%Y-%m-%d %H:%M:%S} UTC: stop every serve, mail, worker and run first")
        if others := ledger.database.other_sessions():
            click.echo(f"careful: {others} other sessions are connected to {url}; whose are they?", err=True)
        ask(f"Is {url} restored from a backup, and is every serve, mail, worker and run stopped?", yes=yes)
        marked = ledger.mark_restored(by=who)
    if output == "json":
        emit("db-restored", Restored(url, marked))
    else:
        click.echo(f"{marked} unfinished operations are looked for before they are sent; the workers can be started")
