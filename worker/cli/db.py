"""`ticketrelay db`: the tables of the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from worker.cli.common import data_option, local_settings
from worker.ledger import open_ledger


@click.group()
def db() -> None:
    """The tables of the ledger."""


@db.command()
@data_option
def upgrade(data: Path) -> None:
    """Make the tables, or bring them to this version's shape. Safe to repeat, and in several processes at once."""
    ledger = open_ledger(local_settings(data))
    try:
        ledger.upgrade()
        click.echo(f"the ledger at {ledger.database.url.render_as_string(hide_password=True)} is up to date")
    finally:
        ledger.close()
