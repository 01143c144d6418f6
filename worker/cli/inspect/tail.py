"""`ticketrelay tail`: shows deliveries and calls as they happen."""

from __future__ import annotations

import select
import sys
import time
from pathlib import Path
from typing import get_args

import click

from worker.cli.operate.byhand import ledger_and_settings
from worker.cli.shell.common import data_option
from worker.cli.shell.completion import sources
from worker.cli.shell.output import (
    FORMATS,
    Column,
    Table,
    cell,
    colour_of,
    effects_option,
    emit_line,
    emit_many,
    named_request,
    ticket_of,
    without_names,
)
from worker.cli.shell.words import ATTEMPTS, DELIVERIES, and_what_to_do
from worker.ledger import ACCEPTED, QUARANTINED, SKIPPED, Happening, HappeningFilter, Ledger, Outcome
from worker.runtime.terminal import give_the_output_up

LOOK_EVERY_S = 1.0
OUTCOMES = (ACCEPTED, QUARANTINED, SKIPPED, *get_args(Outcome))


@click.command()
@click.option("--source", metavar="ID", shell_complete=sources, help="Only deliveries and calls of this source.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only deliveries and calls with this outcome.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Go on with new ones, or end.")
@click.option("-n", "--lines", type=click.IntRange(0), default=10, show_default=True, metavar="N",
              help="Begin with the latest N.")  # fmt: skip
@effects_option
@data_option
@click.option("-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True,
              help="Print a table or JSON lines. json prints an array, and needs --no-follow.")  # fmt: skip
def tail(
    source: str | None, outcome: str | None, follow: bool, lines: int, effects: bool, data: Path, output: str
) -> None:
    """Show deliveries as they arrive and calls as they are made, each with its outcome, of all processes.

    The command reads the ledger once a second. It exits 0 on Ctrl-C, and when the program that reads its output ends.

    \b
    Examples:
      ticketrelay tail --source prom --effects
      ticketrelay tail --outcome rejected -o jsonl | jq .text
      ticketrelay tail --no-follow --lines 100
    """
    if follow and output == "json":
        raise click.UsageError("-o json prints one document, and --follow has no end: give -o jsonl or --no-follow.")
    wanted = HappeningFilter(source, outcome, effects)
    try:
        with ledger_and_settings(data) as (ledger, _):
            _run(ledger, wanted, lines, output, follow=follow)
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        give_the_output_up()


def _run(ledger: Ledger, wanted: HappeningFilter, lines: int, output: str, *, follow: bool) -> None:
    position = ledger.reading.begin_following()
    latest = ledger.reading.latest(position, lines, wanted)
    if output == "json":
        emit_many("tail", latest, output)
        return
    if output == "table":
        _TABLE.show_titles()
    _print(latest, output)
    while follow and not _is_unread():
        before = None
        while before is None or position.is_beyond(before):  # one look-up takes some hundred rows; a storm has more
            before = position
            found, position = ledger.reading.news(position, wanted)
            _print(found, output)


def _print(found: list[Happening], output: str) -> None:
    for each in found:
        if output == "jsonl":
            emit_line("tail", each)
        else:
            _TABLE.show_row(each)
    sys.stdout.flush()


def _outcome(each: Happening) -> str:
    word = and_what_to_do(DELIVERIES if each.what == "delivery" else ATTEMPTS, each.outcome)
    return f"{word} {each.status or ''}".rstrip()


def _reason(each: Happening) -> str:
    text = without_names(each.text) if each.what == "delivery" else each.text
    took = f"{each.latency_ms} ms" if each.latency_ms is not None else ""
    return "  ".join(filter(None, (cell(text) + named_request(each.request_id), took)))


_TABLE: Table[Happening] = Table(
    (
        Column("TIME (UTC)", 19, lambda each: each.at),
        Column("ID", 8, lambda each: each.id),
        Column("SOURCE", 12, lambda each: each.source),
        Column("WHAT", 13, lambda each: each.kind or "delivery"),
        Column("OUTCOME", 13, _outcome, colour=lambda each: colour_of(each.outcome)),
        Column("PRIORITY", 8, lambda each: each.priority),
        Column("TICKET", 14, lambda each: ticket_of(each.ticket_id, each.ticket_status)),
        Column("SUBJECT", 24, lambda each: each.subject, grows=2),
        Column("REASON", 10, _reason, grows=1),
        Column("KEY", 10, lambda each: each.case, grows=1),
    )
)


def _is_unread() -> bool:
    """Wait for the next look-up. Returns True as soon as no program reads our output any more."""
    try:
        output = sys.stdout.fileno()
    except OSError:  # not a file
        time.sleep(LOOK_EVERY_S)
        return False
    waiting = select.poll()
    waiting.register(output, 0)  # of a pipe: its end alone
    return bool(waiting.poll(LOOK_EVERY_S * 1000))
