"""`ticketrelay events`: what became of a message."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from worker.cli.common import data_option, local_settings, upgraded_ledger
from worker.cli.interventions import line
from worker.ledger import CaseStory


@click.group()
def events() -> None:
    """What became of a message."""


@events.command()
@click.argument("source_id")
@data_option
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def find(source_id: str, data: Path, output: str) -> None:
    """Find a message by its source message id, its case key (an alert's fingerprint) or its ticket number.

    Exits 1 when nothing is known of it.
    """
    ledger = upgraded_ledger(local_settings(data))
    try:
        stories = ledger.find(source_id)
    finally:
        ledger.close()
    if output == "json":
        click.echo(json.dumps([asdict(each) for each in stories], default=str))
    else:
        for each in stories:
            _print(each)
        if not stories:
            click.echo(f"nothing is known of {source_id}: it never arrived, or not under this id", err=True)
    sys.exit(0 if stories else 1)


def _print(story: CaseStory) -> None:
    ticket = f"ticket {story.ticket_id} ({story.ticket_status})" if story.ticket_id else "no ticket yet"
    click.echo(f"case {story.key} of {story.source}: {ticket}; {story.phase}, episode {story.episode}, {story.state}")
    if story.last_error:
        click.echo(f"  last error: {story.last_error}")
    for each in story.operations:
        ended = f"{each.ended_at:%Y-%m-%d %H:%M:%S} UTC" if each.ended_at else ""
        click.echo(f"  {each.id:<10} {each.kind:<14} {each.state:<8} from in-{each.inbound_id}  {ended}")
        if each.why:
            click.echo(f"             {each.why}")
        for one in each.tries:
            latency = f"{one.latency_ms} ms" if one.latency_ms is not None else ""
            click.echo(f"             {one.at:%H:%M:%S}  {one.outcome}  {one.status or ''} {one.error or ''} {latency}")
    for done in story.interventions:
        click.echo(f"  by hand    {line(done)}")
