"""`ticketrelay sources`: who sends us messages, and whose operations are held back."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from worker.actions.probing import probe
from worker.cli.operate.byhand import Moment, as_option, opened, output_option
from worker.cli.shell.common import data_option, fail, local_settings
from worker.cli.shell.completion import sources as source_ids
from worker.cli.shell.output import Column, colour_of, emit, print_table
from worker.documents.sources import Health, PauseChanged, SourceListed, SourceShown, SourcesListed, SourceTested
from worker.ledger import EVERYTHING, Ledger, Pause, SourceActivity
from worker.settings import Settings

SILENT_AFTER = timedelta(hours=24)
_COLUMNS = (
    Column("SOURCE", 20), Column("KIND", 19), Column("HEALTH", 14), Column("LAST MESSAGE (UTC)", 19),
    Column("TO SEND", 7), Column("DEAD", 5), Column("PAUSE", 1),
)  # fmt: skip


@click.group()
def sources() -> None:
    """Who sends us messages, and whose operations are held back.

    A pause holds back what would be sent; messages are taken in and planned all the same. What is under way ends.
    """


@sources.command("list")
@data_option
@output_option
def list_(data: Path, output: str) -> None:
    """List the sources: how each does, its last message, what waits to be sent, its dead letters, its pause.

    One is silent when nothing came in the last 24 hours. `sources show` tells more of one.

    \b
    Example: ticketrelay sources list -o json
    """
    with opened(data) as (ledger, settings):
        found = ledger.list_sources(settings.sources)
        everything = next((each for each in ledger.list_pauses() if each.scope == EVERYTHING), None)
        dead = Counter(each.source for each in ledger.reading.dead())
    kinds = {name: each.connector.kind for name, each in settings.sources.items()}
    since = datetime.now(UTC) - SILENT_AFTER
    listed = tuple(
        SourceListed(
            each.source, kinds.get(each.source),
            health(each, since, dead=dead[each.source], is_paused=bool(each.pause or everything)),
            each.last_message_at, each.open_operations, dead[each.source], each.pause,
        )
        for each in found
    )  # fmt: skip
    if output == "json":
        emit("sources-list", SourcesListed(listed, everything))
        return
    if everything:
        click.echo(f"all sources are {said(everything)}")
    print_table(
        _COLUMNS,
        (
            (each.source, each.kind or "not configured here", each.health, each.last_message_at or "none yet",
             each.open_operations, each.dead, said(each.pause) if each.pause else "")
            for each in listed
        ),
    )  # fmt: skip


def said(pause: Pause) -> str:
    """A pause, in words."""
    return f"paused since {pause.since:%Y-%m-%d %H:%M:%S} UTC: {pause.why}"


@sources.command()
@click.argument("source", shell_complete=source_ids)
@click.option("--since", type=Moment(), default="24h", show_default=True, metavar="DURATION|TIME",
              help="Count what came since then.")  # fmt: skip
@data_option
@output_option
def show(source: str, since: datetime, data: Path, output: str) -> None:
    """Show how SOURCE does: its last message, what came and was sent by outcome, its dead letters, its pause.

    Deliveries whose sender was denied are not stored, so they are not in the ledger: each process counts them in its
    /metrics, as ticketrelay_inbound_total{outcome="denied"}. Exits 1 where somebody is needed.

    \b
    Example: ticketrelay sources show prom --since 1h
    """
    with opened(data) as (ledger, settings):
        _must_be_known(ledger, settings, source)
        deliveries, attempts = ledger.reading.counts(source, since)
        (activity,) = [each for each in ledger.list_sources([source]) if each.source == source]
        pauses = {each.scope: each for each in ledger.list_pauses()}
        dead = sum(each.source == source for each in ledger.reading.dead())
        failing = ledger.overview().failing_jobs
    configured = settings.sources.get(source)
    pause = pauses.get(source) or pauses.get(EVERYTHING)
    shown = SourceShown(
        source=source,
        kind=configured.connector.kind if configured is not None else None,
        health=health(activity, since, dead=dead, is_paused=pause is not None),
        last_message_at=activity.last_message_at,
        open_operations=activity.open_operations,
        dead=dead,
        pause=pause,
        counted_since=since,
        deliveries=deliveries,
        attempts=attempts,
        has_previous_secret=configured is not None and len(configured.settings.secrets) > 1,
        failing_jobs=tuple(each for each in failing if each.name.partition(":")[2] == source),
    )
    if output == "json":
        emit("sources-show", shown)
    else:
        _print(shown)
    sys.exit(1 if shown.health == "needs somebody" else 0)


def health(activity: SourceActivity, since: datetime, *, dead: int, is_paused: bool) -> Health:
    """How a source does; what needs a person comes first."""
    if dead:
        return "needs somebody"
    if is_paused:
        return "paused"
    is_silent = activity.last_message_at is None or activity.last_message_at < since
    return "silent" if is_silent else "ok"


def _print(shown: SourceShown) -> None:
    click.secho(f"{shown.source}  {shown.kind or 'not configured here'}", bold=True)
    last = f"{shown.last_message_at:%Y-%m-%d %H:%M:%S} UTC" if shown.last_message_at else "none yet"
    needed = {"needs somebody": "dead"}.get(shown.health, "done" if shown.health == "ok" else "")
    click.echo(f"health      {click.style(shown.health, fg=colour_of(needed))}\nlast        {last}")
    for title, counts in (("came", shown.deliveries), ("sent", shown.attempts)):
        text = " · ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "nothing"
        click.echo(f"{title:<11} {text} since {shown.counted_since:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"to send     {shown.open_operations} operations")
    if shown.dead:
        click.echo(f"dead        {shown.dead} letters: see `ticketrelay dead list`")
    if shown.pause:
        click.echo(f"            {said(shown.pause)}")
    for each in shown.failing_jobs:
        since = f"{each.since:%Y-%m-%d %H:%M:%S} UTC"
        click.echo(f"failing     {each.name}: {each.failures} times since {since}: {each.error}")
    if shown.has_previous_secret:
        click.echo("secrets     two: remove PREVIOUS_SECRET once every sender uses the new one")


@sources.command()
@click.argument("source", shell_complete=source_ids)
@data_option
@output_option
def test(source: str, data: Path, output: str) -> None:
    """Test SOURCE's settings: a sample is signed as its sender would, verified and read. Nothing is stored or sent.

    The same sample with another secret must be denied; and where it has an api_url, that must say which alerts go on.
    Exits 1 where one of that is not so.

    \b
    Example: ticketrelay sources test prom
    """
    settings = local_settings(data)
    configured = settings.sources.get(source)
    if configured is None:
        fail([f"no source {source!r} is configured; there are: {', '.join(sorted(settings.sources)) or 'none'}"])
    tested = probe(configured)
    if output == "json":
        emit("sources-test", tested)
    else:
        _print_test(tested)
    sys.exit(1 if tested.problem else 0)


def _print_test(tested: SourceTested) -> None:
    for name, holds in (
        ("verified", tested.verified), ("denied when forged", tested.refuses_forged),
        ("read", tested.parsed),
    ):  # fmt: skip
        click.echo(f"{name:<20} {click.style('yes', fg='green') if holds else click.style('no', fg='red')}")
    if tested.asked is not None:
        answers = click.style("yes", fg="green") if tested.asked else click.style("no", fg="red")
        click.echo(f"{'says what goes on':<20} {answers}")
    if tested.sample is not None:
        click.echo(f"{'sample':<20} {tested.sample}: {tested.events} events")
    if tested.problem:
        click.echo(f"Error: {tested.problem}", err=True)


@sources.command()
@click.argument("source", required=False, shell_complete=source_ids)
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
        emit("sources-pause", PauseChanged(scope, paused=True, changed=is_new))
    elif is_new:
        click.echo(f"{_called(scope)} is paused: {why}")


@sources.command()
@click.argument("source", required=False, shell_complete=source_ids)
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
        emit("sources-resume", PauseChanged(scope, paused=False, changed=ended))
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
