"""`ticketrelay audit`: compares the ledger with the Tickets API."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from worker.actions.audit import audit as compared
from worker.cli.operate.byhand import Moment, as_option, ledger_and_settings, output_option
from worker.cli.shell.common import data_option, local
from worker.cli.shell.output import notice, print_document
from worker.documents.audit import Audited


@click.command()
@click.option("--since", type=Moment(), metavar="DURATION|TIME",
              help="Only tickets since then: 24h, 7d, or a time; all of them by default.")  # fmt: skip
@click.option(
    "--update",
    is_flag=True,
    help="Record what people changed (tickets closed, reopened, gone), so that the next message "
    "of a case is dealt with by that.",
)
@click.option("--per-minute", type=click.IntRange(1), default=20, show_default=True,
              help="Requests in a minute at the most; they count in the budget, and come last.")  # fmt: skip
@as_option
@data_option
@output_option
def audit(since: datetime | None, update: bool, per_minute: int, who: str, data: Path, output: str) -> None:
    """Compare the ledger with the Tickets API: tickets that are missing, doubled, orphaned, foreign or were changed.

    The audit lists the API's tickets, 100 with a request, and requests each further ticket of the ledger. It may run
    while work is delivered. Exits 1 when anything is found, each with a remedy.

    \b
    Example: ticketrelay audit --since 7d -o json
    """
    with ledger_and_settings(data) as (ledger, _):
        found = compared(
            ledger, local(data), since=since, update=update, per_minute=per_minute, by=who,
            waiting=lambda: notice("the budget has nothing to spare now, or the gate is closed: waiting"),
        )  # fmt: skip
    print_document("audit", found, output, _print)
    sys.exit(1 if found.findings else 0)


def _print(found: Audited) -> None:
    for each in found.findings:
        where = f"  case {each.case} of {each.source}  {each.operation}" if each.case is not None else ""
        click.echo(f"{each.what:<9} ticket {each.ticket}{where}\n{'':<9} {each.text}\n{'':<9} to do: {each.remedy}")
    compared = found.compared
    spent = f"{compared['bound']} tickets of the ledger, {compared['found']} of the Tickets API, with "
    click.echo(f"compared  {spent}{compared['requests']} requests: {len(found.findings)} findings")
    if found.updated is not None:
        notice(f"Recorded {found.updated} change{'' if found.updated == 1 else 's'}.")
