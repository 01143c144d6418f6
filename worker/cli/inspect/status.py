"""`ticketrelay status`: what is under way, and what needs somebody."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click

from worker.cli.shell.common import data_option, local_settings, upgraded_ledger
from worker.cli.shell.output import cell, emit, output_option
from worker.documents.status import LedgerIsAway, StatusNow, widened
from worker.ledger import EVERYTHING, Alarm, LedgerAway, Overview, open_ledger
from worker.ledger.reports.overview import DISK_FULL, alarms
from worker.settings import Settings


@click.command()
@data_option
@output_option
def status(data: Path, output: str) -> None:
    """Show what is under way. Exits 1 when an alarm is up.

    \b
    Example: ticketrelay status -o json | jq .alarms
    """
    settings = local_settings(data)
    now: Overview | None = None
    try:
        with closing(upgraded_ledger(settings)) as ledger:
            now = ledger.overview(look_for_room=True)
    except LedgerAway as error:
        up = [_why_not(settings, error)]
    else:
        up = alarms(now, timedelta(seconds=settings.timing.stall_alarm))
    if output == "json":
        shown = widened(StatusNow, now, alarms=tuple(up)) if now is not None else LedgerIsAway(tuple(up))
        emit("status", shown)
    else:
        if now is not None:
            _print(now)
        for each in up:
            click.echo(f"{click.style('ALARM', fg='red', bold=True)} {each.name}: {each.text}")
    sys.exit(1 if up else 0)


def _why_not(settings: Settings, error: Exception) -> Alarm:
    """Why the ledger cannot even be read: SQLite needs some room for that too, where no process has it open."""
    with closing(open_ledger(settings)) as ledger:
        full = ledger.database.room.problem()
    if full is not None:
        return Alarm(DISK_FULL, full)
    return Alarm("ledger_away", f"the ledger cannot be used: {getattr(error, 'orig', None) or error}".strip())


def _print(now: Overview) -> None:
    by_state = " · ".join(f"{number} {state}" for state, number in sorted(now.cases.items()))
    waiting = " · ".join(f"{number} {kind}" for kind, number in sorted(now.open_operations.items()))
    click.echo(f"cases       {by_state or 'none'}")
    click.echo(f"waiting     {waiting or 'nothing'}")
    click.echo(f"dead        {now.dead} operations · {now.quarantined} deliveries in quarantine")
    for each in now.pauses:
        scope = "every source" if each.scope == EVERYTHING else each.scope
        click.echo(f"paused      {scope} since {each.since:%Y-%m-%d %H:%M:%S} UTC: {each.why}")
    for box in now.mailboxes:
        read = f"read {box.polled_at:%Y-%m-%d %H:%M:%S} UTC" if box.polled_at is not None else "not read yet"
        said = cell(f": {box.error}") if box.error else ""
        click.echo(f"mailbox     {box.source}/{box.mailbox} {read}{said}")
    if now.due_since is not None:
        click.echo(f"due since   {now.due_since:%Y-%m-%d %H:%M:%S} UTC")
    if now.gate_closed_until is not None and now.gate_closed_until > now.at:
        click.echo(f"gate        closed until {now.gate_closed_until:%H:%M:%S} UTC ({now.gate_reason})")
    if now.share < 1:
        click.echo(f"budget      {now.share:.0%} of the limit, since the service said 429; it grows back")
