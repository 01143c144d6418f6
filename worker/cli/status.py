"""`ticketrelay status`: what is under way, and what needs somebody."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from worker.cli.common import data_option, local_settings, upgraded_ledger
from worker.ledger import Overview
from worker.ledger.overview import alarms


@click.command()
@data_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(data: Path, output: str) -> None:
    """Show what is under way. Exits 1 when an alarm is up."""
    settings = local_settings(data)
    ledger = upgraded_ledger(settings)
    try:
        now = ledger.overview()
    finally:
        ledger.close()
    up = alarms(now, timedelta(seconds=settings.timing.stall_alarm))
    if output == "json":
        click.echo(json.dumps({**asdict(now), "alarms": [asdict(each) for each in up]}, default=str))
    else:
        _print(now)
        for each in up:
            click.echo(f"ALARM {each.name}: {each.text}")
    sys.exit(1 if up else 0)


def _print(now: Overview) -> None:
    by_state = " · ".join(f"{number} {state}" for state, number in sorted(now.cases.items()))
    waiting = " · ".join(f"{number} {kind}" for kind, number in sorted(now.open_operations.items()))
    click.echo(f"cases       {by_state or 'none'}")
    click.echo(f"waiting     {waiting or 'nothing'}")
    click.echo(f"dead        {now.dead} operations · {now.quarantined} deliveries in quarantine")
    if now.due_since is not None:
        click.echo(f"due since   {now.due_since:%Y-%m-%d %H:%M:%S} UTC")
    if now.gate_closed_until is not None and now.gate_closed_until > now.at:
        click.echo(f"gate        closed until {now.gate_closed_until:%H:%M:%S} UTC ({now.gate_reason})")
