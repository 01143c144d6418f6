"""`ticketrelay sources`: lists, shows, tests, pauses and resumes sources."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from worker.actions import sources as actions
from worker.actions.probing import probe
from worker.cli.operate.byhand import Moment, as_option, exit_on_error, ledger_and_settings, output_option
from worker.cli.shell.common import data_option, fail, settings_without_api
from worker.cli.shell.completion import sources as source_ids
from worker.cli.shell.output import (
    Column,
    Fact,
    Table,
    colour_of,
    counts,
    notice,
    print_document,
    show_facts,
    time_text,
)
from worker.cli.shell.words import ATTEMPTS, DELIVERIES, Word, in_words
from worker.documents.sources import SourceListed, SourceShown, SourcesListed, SourceTested
from worker.ledger import EVERYTHING, Pause
from worker.runtime.terminal import echo, secho
from worker.wording import counted

_TABLE: Table[SourceListed] = Table(
    (
        Column("SOURCE", 20, lambda each: each.source),
        Column("KIND", 19, lambda each: each.kind or "not configured here"),
        Column("HEALTH", 14, lambda each: each.health),
        Column("LAST MESSAGE (UTC)", 19, lambda each: each.last_message_at or "none yet"),
        Column("TO SEND", 7, lambda each: each.open_operations),
        Column("DEAD", 5, lambda each: each.dead),
        Column("PAUSE", 1, lambda each: pause_in_words(each.pause) if each.pause else ""),
    )
)
_COLOURS = {"needs somebody": "dead", "ok": "done"}
_FACTS: tuple[Fact[SourceShown], ...] = (
    Fact("health", lambda shown: click.style(shown.health, fg=colour_of(_COLOURS.get(shown.health, "")))),
    Fact("last", lambda shown: time_text(shown.last_message_at) or "none yet"),
    Fact("came", lambda shown: _counted(shown.deliveries, shown.counted_since, DELIVERIES)),
    Fact("sent", lambda shown: _counted(shown.attempts, shown.counted_since, ATTEMPTS)),
    Fact("to send", lambda shown: counted(shown.open_operations, "operation")),
    Fact("dead", lambda shown: f"{counted(shown.dead, 'dead letter')}: see `ticketrelay dead list`"
         if shown.dead else None),
    Fact("", lambda shown: pause_in_words(shown.pause) if shown.pause else None),
    Fact("failing", lambda shown: [
        f"{each.name}: {counted(each.failures, 'time')} since {time_text(each.since)}: {each.error}"
        for each in shown.failing_jobs
    ]),
    Fact("secrets", lambda shown: "two: remove PREVIOUS_SECRET once every sender uses the new one"
         if shown.has_previous_secret else None),
)  # fmt: skip
_TESTED: tuple[Fact[SourceTested], ...] = (
    Fact("verified", lambda tested: _yes_or_no(tested.verified)),
    Fact("denied when forged", lambda tested: _yes_or_no(tested.refuses_forged)),
    Fact("read", lambda tested: _yes_or_no(tested.parsed)),
    Fact("lists open alerts", lambda tested: _yes_or_no(tested.asked) if tested.asked is not None else None),
    Fact(
        "sample",
        lambda tested: f"{tested.sample}: {counted(tested.events, 'event')}" if tested.sample is not None else None,
    ),
)


@click.group()
def sources() -> None:
    """List, show, test, pause and resume the sources of messages.

    A pause holds back calls. Messages are taken in and planned during a pause too, and calls under way are finished.
    """


@sources.command("list")
@data_option
@output_option
def list_(data: Path, output: str) -> None:
    """List the sources: health, last message, operations to send, dead letters, pause.

    A source is silent when no message came in the last 24 hours. `sources show` has the details of one.

    \b
    Example: ticketrelay sources list -o json
    """
    with ledger_and_settings(data) as (ledger, settings):
        found = actions.list_sources(ledger, settings, datetime.now(UTC))
    print_document("sources-list", found, output, _print)


def _print(found: SourcesListed) -> None:
    if found.all_paused:
        echo(f"Every source is {pause_in_words(found.all_paused)}")
    _TABLE.show(found.sources)


def pause_in_words(pause: Pause) -> str:
    """Return a pause in words."""
    return f"paused since {time_text(pause.since)}: {pause.why}"


@sources.command()
@click.argument("source", shell_complete=source_ids)
@click.option("--since", type=Moment(), default="24h", show_default=True, metavar="DURATION|TIME",
              help="Count deliveries and attempts since then.")  # fmt: skip
@data_option
@output_option
def show(source: str, since: datetime, data: Path, output: str) -> None:
    """Show the state of SOURCE: its last message, deliveries and attempts by outcome, its dead letters, its pause.

    Deliveries whose sender was denied are not in the ledger. Each process counts its own in /metrics, as
    ticketrelay_inbound_total{outcome="denied"}. Exits 1 when the source has dead letters.

    \b
    Example: ticketrelay sources show prom --since 1h
    """
    with ledger_and_settings(data) as (ledger, settings):
        shown = actions.show(ledger, settings, source, since)
    print_document("sources-show", shown, output, _print_shown)
    sys.exit(1 if shown.health == "needs somebody" else 0)


def _print_shown(shown: SourceShown) -> None:
    secho(f"{shown.source}  {shown.kind or 'not configured here'}", bold=True)
    show_facts(_FACTS, shown)


def _counted(numbers: Mapping[str, int], since: datetime, table: Mapping[str, Word]) -> str:
    said = counts(dict(sorted(numbers.items())), lambda stored, _: in_words(table, stored))
    return f"{said or 'nothing'} since {time_text(since)}"


@sources.command()
@click.argument("source", shell_complete=source_ids)
@data_option
@output_option
def test(source: str, data: Path, output: str) -> None:
    """Test SOURCE's settings: sign a sample as its sender would, verify and read it. No data is stored or sent.

    The same sample with another secret must be denied. At its api_url, if there is one, SOURCE must list its open
    alerts. Exits 1 when one of these tests fails.

    \b
    Example: ticketrelay sources test prom
    """
    settings = settings_without_api(data)
    with exit_on_error():
        tested = probe(actions.configured(settings, source))
    print_document("sources-test", tested, output, lambda found: show_facts(_TESTED, found, width=21))
    if tested.problem and output != "json":
        notice(f"Error: {tested.problem}")
    sys.exit(1 if tested.problem else 0)


def _yes_or_no(holds: bool) -> str:
    return click.style("yes", fg="green") if holds else click.style("no", fg="red")


@sources.command()
@click.argument("source", required=False, shell_complete=source_ids)
@click.option("--all", "everything", is_flag=True, help="Pause all sources.")
@click.option("--why", required=True, help="The reason, which `status` shows.")
@as_option
@data_option
@output_option
def pause(source: str | None, everything: bool, why: str, who: str, data: Path, output: str) -> None:
    """Hold back all calls about SOURCE, until it is resumed. Its messages are still taken in.

    \b
    Example: ticketrelay sources pause prom --why "maintenance until 14:00"
    """
    scope = _scope(source, everything=everything)
    with ledger_and_settings(data) as (ledger, settings):
        done = actions.pause(ledger, settings, scope, why, by=who)
    if not done.document.changed:
        for each in done.pauses:
            notice(f"{_called(scope)} is already {pause_in_words(each)}")
    print_document(
        "sources-pause", done.document, output, lambda each: _say(each.changed, f"{_called(scope)} is paused: {why}")
    )


@sources.command()
@click.argument("source", required=False, shell_complete=source_ids)
@click.option("--all", "everything", is_flag=True, help="End the pause of all sources.")
@as_option
@data_option
@output_option
def resume(source: str | None, everything: bool, who: str, data: Path, output: str) -> None:
    """End the pause of SOURCE. --all ends the pause of `pause --all`; sources that were paused by name stay paused.

    \b
    Example: ticketrelay sources resume prom
    """
    scope = _scope(source, everything=everything)
    with ledger_and_settings(data) as (ledger, settings):
        done = actions.resume(ledger, settings, scope, by=who)
    if not done.document.changed:
        notice(f"{_called(scope)} was not paused.")
    for each in done.pauses:
        notice(f"{_called(each.scope)} is still {pause_in_words(each)}")
    print_document("sources-resume", done.document, output,
           lambda each: _say(each.changed, f"{_called(scope)} is not paused any more."))  # fmt: skip


def _say(changed: bool, text: str) -> None:
    if changed:
        echo(text)


def _scope(source: str | None, *, everything: bool) -> str:
    if everything == (source is not None):
        fail(["name a source, or give --all"])
    return EVERYTHING if source is None else source


def _called(scope: str) -> str:
    return "Every source" if scope == EVERYTHING else f"Source {scope}"
