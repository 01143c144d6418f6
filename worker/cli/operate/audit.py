"""`ticketrelay audit`: compares the ledger with the Tickets API."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from worker.actions.audit import audit as compared
from worker.actions.same_settings import require_same
from worker.cli.operate.byhand import (
    Moment,
    as_option,
    ledger_and_loaded,
    output_option,
    say_other_settings,
    with_these_settings_option,
)
from worker.cli.shell.common import data_option
from worker.cli.shell.output import notice, print_document
from worker.documents.audit import Audited
from worker.runtime.terminal import echo
from worker.wording import counted


@click.command()
@click.option("--since", type=Moment(), metavar="DURATION|TIME",
              help="Only tickets since then: 24h, 7d, or a time. All by default.")  # fmt: skip
@click.option(
    "--update",
    is_flag=True,
    help="Record what people did to tickets (closed, reopened, deleted), so that the next message of the case "
    "is planned for the ticket as it is.",
)
@click.option("--per-minute", type=click.IntRange(1), default=20, show_default=True,
              metavar="N", help="Send at most N requests a minute, of what delivery leaves of the budget.")  # fmt: skip
@with_these_settings_option
@as_option
@data_option
@output_option
def audit(
    since: datetime | None, update: bool, per_minute: int, with_these: bool, who: str, data: Path, output: str
) -> None:
    """Compare the ledger with the Tickets API: tickets that are missing, doubled, orphaned, foreign or were changed.

    The audit lists the API's tickets, 100 with a request, and requests each further ticket of the ledger. It may run
    while work is delivered. Every finding has a remedy. Exits 1 when there are findings, except those that --update
    recorded. --update exits 2 when the live processes plan with other settings.

    \b
    Example: ticketrelay audit --since 7d -o json
    """
    with ledger_and_loaded(data, needs_api=True) as (ledger, loaded):
        if not update:
            say_other_settings(ledger, loaded)
        other = require_same(ledger, loaded, with_these=with_these) if update else []
        found = compared(
            ledger, loaded, since=since, update=update, per_minute=per_minute, by=who, other_settings=other,
            waiting=lambda: notice("Waiting: delivery needs the whole budget now, or the gate is closed."),
        )  # fmt: skip
    print_document("audit", found, output, _print)
    sys.exit(1 if len(found.findings) > (found.updated or 0) else 0)


def _print(found: Audited) -> None:
    for each in found.findings:
        where = f"  case {each.case} of {each.source}  {each.operation}" if each.case is not None else ""
        echo(f"{each.what:<9} ticket {each.ticket}{where}\n{'':<9} {each.text}\n{'':<9} to do: {each.remedy}")
    compared = found.compared
    sides = f"{counted(compared['bound'], 'ticket')} of the ledger, {compared['found']} of the Tickets API"
    requests, findings = counted(compared["requests"], "request"), counted(len(found.findings), "finding")
    echo(f"compared  {sides}, with {requests}: {findings}")
    if found.updated is not None:
        notice(f"Recorded {counted(found.updated, 'change')}.")
