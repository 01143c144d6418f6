"""`ticketrelay status`: what is under way, and what needs somebody."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from worker.cli.common import data_option, local_settings, upgraded_ledger
from worker.ledger import EVERYTHING, Alarm, LedgerAway, Overview, open_ledger
from worker.ledger.overview import DISK_FULL, alarms
from worker.settings import Settings


@click.command()
@data_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(data: Path, output: str) -> None:
    """Show what is under way. Exits 1 when an alarm is up."""
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
        seen = asdict(now) if now is not None else {}
        click.echo(json.dumps({**seen, "alarms": [asdict(each) for each in up]}, default=str))
    else:
        if now is not None:
            _print(now)
        for each in up:
            click.echo(f"ALARM {each.name}: {each.text}")
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
    if now.due_since is not None:
        click.echo(f"due since   {now.due_since:%Y-%m-%d %H:%M:%S} UTC")
    if now.gate_closed_until is not None and now.gate_closed_until > now.at:
        click.echo(f"gate        closed until {now.gate_closed_until:%H:%M:%S} UTC ({now.gate_reason})")
