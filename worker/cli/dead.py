"""`ticketrelay dead`: what a person must decide on."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from connectors.base import OverLimit
from worker.cli.common import data_option, local_settings, upgraded_ledger
from worker.intake.quarantine import StillUnreadable
from worker.intake.quarantine import retry as read_again
from worker.ledger import Ledger, NoSuchDeadLetter
from worker.settings import Settings

LARGEST_BODY_SHOWN = 20_000  # characters


@click.group()
def dead() -> None:
    """Dead letters: operations that were rejected (op-CASE-SEQ), deliveries that could not be read (in-NUMBER)."""


@contextmanager
def _ledger(data: Path) -> Iterator[tuple[Ledger, Settings]]:
    settings = local_settings(data)
    ledger = upgraded_ledger(settings)
    try:
        yield ledger, settings
    except NoSuchDeadLetter as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    finally:
        ledger.close()


@dead.command("list")
@data_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(data: Path, output: str) -> None:
    """List all dead letters, the oldest first."""
    with _ledger(data) as (ledger, _):
        letters = ledger.list_dead()
    if output == "json":
        click.echo(json.dumps([asdict(each) for each in letters], default=str))
        return
    for each in letters:
        since = f"{each.since:%Y-%m-%d %H:%M}" if each.since else ""
        click.echo(f"{each.id:<12} {since}  {each.source:<16} {each.what:<14} {each.about}\n{'':<12} {each.reason}")
    if not letters:
        click.echo("no dead letters")


@dead.command()
@click.argument("letter")
@data_option
def show(letter: str, data: Path) -> None:
    """Show one in full: its bytes, its reason, and what was tried."""
    with _ledger(data) as (ledger, _):
        found = ledger.show_dead(letter)
    click.echo(f"{found.letter.id}  {found.letter.what}  {found.letter.source}  {found.letter.about}")
    click.echo(f"reason      {found.letter.reason}")
    if found.idempotency_key:
        click.echo(f"key         {found.idempotency_key}")
    if found.may_have_been_executed:
        click.echo("careful     an earlier send may have been executed: look in the ticket system before a retry")
    for each in found.tries:
        click.echo(
            f"tried       {each.at:%Y-%m-%d %H:%M:%S} UTC  {each.outcome}  {each.status or ''}  {each.error or ''}"
        )
    body = found.body.decode("utf-8", "replace")
    click.echo(body if len(body) <= LARGEST_BODY_SHOWN else f"{body[:LARGEST_BODY_SHOWN]}… ({len(body)} characters)")


@dead.command()
@click.argument("letter")
@data_option
def retry(letter: str, data: Path) -> None:
    """Send an operation again with the same bytes and key; read a delivery in quarantine again."""
    with _ledger(data) as (ledger, settings):
        try:
            recorded = read_again(ledger, settings.sources, letter)
        except (StillUnreadable, OverLimit) as error:
            click.echo(f"{letter} stays in quarantine: {error}", err=True)
            sys.exit(1)
        if recorded is None:
            ledger.retry_operation(letter)
            click.echo(f"{letter} will be sent again")
        else:
            planned = sum(len(effect.operations) for effect in recorded.effects)
            click.echo(f"{letter} was read: {len(recorded.effects)} events, {planned} operations")


@dead.command()
@click.argument("letter")
@click.option("--why", required=True, help="What is kept as the reason.")
@data_option
def skip(letter: str, why: str, data: Path) -> None:
    """Give one up. With a create_ticket, what waits for that ticket goes too; the next opening makes a new one."""
    with _ledger(data) as (ledger, _):
        skipped = ledger.skip(letter, why)
    more = f", and {skipped - 1} operations that waited for it" if skipped > 1 else ""
    click.echo(f"{letter} was skipped{more}")
