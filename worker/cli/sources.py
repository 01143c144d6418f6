"""`ticketrelay sources`: who sends us messages, and whose operations are held back."""

from __future__ import annotations

import difflib
from dataclasses import asdict
from pathlib import Path

import click

from worker.cli.byhand import as_option, opened, output_option, print_json
from worker.cli.common import data_option, fail
from worker.ledger import EVERYTHING, Ledger, Pause
from worker.settings import Settings


@click.group()
def sources() -> None:
    """Who sends us messages, and whose operations are held back.

    A pause holds back what would be sent; messages are taken in and planned all the same. What is under way ends.
    """


@sources.command("list")
@data_option
@output_option
def list_(data: Path, output: str) -> None:
    """List the sources with their last message, what waits to be sent, and their pauses.

    \b
    Example: ticketrelay sources list -o json
    """
    with opened(data) as (ledger, settings):
        found = ledger.list_sources(settings.sources)
        everything = next((each for each in ledger.list_pauses() if each.scope == EVERYTHING), None)
    kinds = {name: each.connector.kind for name, each in settings.sources.items()}
    if output == "json":
        listed = [asdict(each) | {"kind": kinds.get(each.source)} for each in found]
        print_json({"sources": listed, "all_paused": asdict(everything) if everything else None})
        return
    if everything:
        click.echo(f"all sources are {said(everything)}")
    for each in found:
        last = f"{each.last_message_at:%Y-%m-%d %H:%M:%S} UTC" if each.last_message_at else "no message yet"
        kind = kinds.get(each.source, "not configured here")
        click.echo(f"{each.source:<20} {kind:<20} {last:<24} {each.open_operations} operations to send")
        if each.pause:
            click.echo(f"{'':<20} {said(each.pause)}")


def said(pause: Pause) -> str:
    """A pause, in words."""
    return f"paused since {pause.since:%Y-%m-%d %H:%M:%S} UTC: {pause.why}"


@sources.command()
@click.argument("source", required=False)
@click.option("--all", "everything", is_flag=True, help="All sources.")
@click.option("--why", required=True, help="What is kept as the reason.")
@as_option
@data_option
@output_option
def pause(source: str | None, everything: bool, why: str, who: str, data: Path, output: str) -> None:
    """Send nothing of SOURCE, until it is resumed. Its messages are taken in all the same.

    \b
    Example: ticketrelay sources pause prom --why "maintenance until 14:00"
    """
    scope = _scope(source, everything=everything)
    with opened(data) as (ledger, settings):
        _must_be_known(ledger, settings, scope)
        is_new = ledger.pause(scope, why, by=who)
        held = next((each for each in ledger.list_pauses() if each.scope == scope), None)
    if not is_new and held is not None:
        click.echo(f"{_called(scope)} was {said(held)}; that stays", err=True)
    if output == "json":
        print_json({"scope": scope, "paused": True, "changed": is_new})
    elif is_new:
        click.echo(f"{_called(scope)} is paused: {why}")


@sources.command()
@click.argument("source", required=False)
@click.option("--all", "everything", is_flag=True, help="End the pause of all sources.")
@as_option
@data_option
@output_option
def resume(source: str | None, everything: bool, who: str, data: Path, output: str) -> None:
    """End the pause of SOURCE. --all ends what `pause --all` began; sources that were paused by name stay so.

    \b
    Example: ticketrelay sources resume prom
    """
    scope = _scope(source, everything=everything)
    with opened(data) as (ledger, settings):
        _must_be_known(ledger, settings, scope)
        ended = ledger.resume(scope, by=who)
        left = ledger.list_pauses()
    if not ended:
        click.echo(f"{_called(scope)} was not paused", err=True)
    for each in left:
        if scope == EVERYTHING or each.scope in (EVERYTHING, scope):
            click.echo(f"still, {_called(each.scope)} is {said(each)}", err=True)
    if output == "json":
        print_json({"scope": scope, "paused": False, "changed": ended})
    elif ended:
        click.echo(f"{_called(scope)} is not paused any more")


def _scope(source: str | None, *, everything: bool) -> str:
    if everything == (source is not None):
        fail(["name a source, or give --all"])
    return EVERYTHING if source is None else source


def _called(scope: str) -> str:
    return "every source" if scope == EVERYTHING else scope


def _must_be_known(ledger: Ledger, settings: Settings, scope: str) -> None:
    """A pause of a misspelt source would hold nothing back. Ends the command with exit code 2."""
    paused = {each.scope for each in ledger.list_pauses()}
    if scope == EVERYTHING or scope in settings.sources or scope in paused or ledger.knows_source(scope):
        return
    known = sorted({*settings.sources, *(each.source for each in ledger.list_sources(()))})
    close = difflib.get_close_matches(scope, known, n=1)
    meant = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    fail([f"no source {scope!r} is configured here, and nothing came from it; {meant}"])
