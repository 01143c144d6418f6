"""`ticketrelay replay`: reads stored deliveries again, with today's connectors and settings."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import click

from worker.actions.replay import Replay, ReplaySelection
from worker.actions.same_settings import require_same
from worker.cli.operate.byhand import (
    DeliveryId,
    Moment,
    as_option,
    ledger_and_loaded,
    output_option,
    say_other_settings,
    with_these_settings_option,
)
from worker.cli.shell.common import data_option
from worker.cli.shell.output import counts, notice, print_document, progress
from worker.documents.replay import Replayed
from worker.runtime.terminal import echo
from worker.wording import counted


@click.command()
@click.option("--since", type=Moment(), required=True, metavar="DURATION|TIME",
              help="Only deliveries since then: 90m, 24h, 7d, or 2026-02-20T12:00:00Z.")  # fmt: skip
@click.option("--source", metavar="ID", help="Only deliveries of this source.")
@click.option("--after", type=DeliveryId(), default=0, metavar="in-NUMBER",
              help="Only deliveries after this one, to go on where a replay was stopped. All by default.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be planned, and undo every step.")
@with_these_settings_option
@as_option
@data_option
@output_option
def replay(
    since: datetime, source: str | None, after: int, dry_run: bool, with_these: bool, who: str, data: Path, output: str
) -> None:
    """Read stored deliveries again, with the settings of today. An event that is known has no second effect.

    A replay is for messages that a defect or a wrong setting kept without effect. It reads 64 deliveries in a step.
    When it is stopped, it prints the --after with which another replay goes on. With --dry-run each step sees the
    ledger without the effects of earlier steps. Exits 1 when a delivery cannot be read, and 2 when the live processes
    plan with other settings.

    \b
    Example: ticketrelay replay --since 24h --source prom --dry-run
    """
    with ledger_and_loaded(data) as (ledger, loaded):
        if dry_run:
            say_other_settings(ledger, loaded)
        other = [] if dry_run else require_same(ledger, loaded, with_these=with_these)
        replaying = Replay(ledger, loaded.settings.sources, ReplaySelection(since, source, after), who, dry_run, other)
        try:
            span = replaying.span()
            with progress("replaying", span.number) as bar:
                for number in replaying.steps(span):
                    bar.update(number)
        except KeyboardInterrupt:
            last = f"in-{replaying.last}"
            notice(f"\nStopped after {last}. Run it again with --after {last} for the rest.")
            sys.exit(1)
    found = replaying.document()
    print_document("replay", found, output, _print)
    sys.exit(1 if found.not_read else 0)


def _print(found: Replayed) -> None:
    for why, number in Counter(found.not_read.values()).items():
        first = next(delivery for delivery, its in found.not_read.items() if its == why)
        others = f" and {counted(number - 1, 'other delivery')}" if number > 1 else ""
        notice(f"Error: {first}{others} cannot be read: {why}")
    planned = counts(dict(sorted(found.operations.items()))) or "none"
    echo(f"deliveries   {found.deliveries} read, {found.left_quarantine} out of quarantine")
    echo(f"events       {counts({each: found.events.get(each, 0) for each in ('new', 'repeat', 'changed')})}")
    echo(f"operations   {planned}{' (not kept: --dry-run)' if found.dry_run else ''}")
