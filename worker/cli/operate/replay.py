"""`ticketrelay replay`: what was received is read again, with the connectors and settings of today."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click

from connectors.contract.messages import OverLimit, Verified
from worker.cli.operate.byhand import DeliveryId, Moment, as_option, opened, output_option
from worker.cli.shell.common import data_option
from worker.cli.shell.output import emit, notice, progress
from worker.documents.replay import Replayed
from worker.intake import own
from worker.intake.reading import read_verified
from worker.ledger import QUARANTINED, Again, Ledger, Recorded, Stored
from worker.ledger.schema.words import INTERNAL
from worker.settings import Source

AT_ONCE = 64  # deliveries in one transaction
EVENTS_AT_ONCE = 2000


@dataclass(slots=True)
class Tally:
    """What a replay led to so far."""

    deliveries: int = 0
    events: Counter[str] = field(default_factory=Counter)
    """By sighting: new, repeat, changed."""
    operations: Counter[str] = field(default_factory=Counter)
    """Planned, by kind."""
    left_quarantine: int = 0
    not_read: dict[str, str] = field(default_factory=dict)
    """Why, by delivery."""
    last: int = 0


_SHOWN = ("deliveries", "events", "operations", "left_quarantine", "not_read")


@click.command()
@click.option("--since", type=Moment(), required=True, metavar="DURATION|TIME",
              help="What arrived since then: 90m, 24h, 7d, or 2026-02-20T12:00:00Z.")  # fmt: skip
@click.option("--source", metavar="ID", help="Only what came from this source.")
@click.option("--after", type=DeliveryId(), default=0, metavar="in-NUMBER", show_default="the first",
              help="Only what came after this one: to go on where a replay was stopped.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Undo every step again: only say what would be planned.")
@as_option
@data_option
@output_option
def replay(since: datetime, source: str | None, after: int, dry_run: bool, who: str, data: Path, output: str) -> None:
    """Read stored deliveries again and plan what they say today. What is known has no second effect.

    So it is for what a defect or a wrong setting swallowed: where nothing changed, it does nothing. It goes in steps
    of 64 deliveries; stopped, it says where another one goes on with --after. With --dry-run each step is judged by the
    ledger as it is, so that what follows from an earlier step is not seen. Exits 1 when a delivery cannot be read
    today.

    \b
    Example: ticketrelay replay --since 24h --source prom --dry-run
    """
    tally = Tally(last=after)
    with opened(data) as (ledger, settings):
        try:
            span = ledger.stored_span(since=since, source=source, after=after)
            with progress("replaying", span.number) as bar:
                for batch in _batches(ledger, since, source, span.after):
                    _replay(ledger, settings.sources, batch, tally, who=who, dry_run=dry_run)
                    bar.update(len(batch))
        except KeyboardInterrupt:
            notice(f"\nstopped after in-{tally.last}: run it again, with --after in-{tally.last} for the rest alone")
            sys.exit(1)
    _report(tally, output, dry_run=dry_run)
    sys.exit(1 if tally.not_read else 0)


def _batches(ledger: Ledger, since: datetime, source: str | None, after: int) -> Iterator[list[Stored]]:
    while batch := ledger.stored_deliveries(since=since, source=source, after=after, limit=AT_ONCE):
        after = batch[-1].id
        yield batch


def _replay(
    ledger: Ledger, sources: Mapping[str, Source], batch: list[Stored], tally: Tally, *, who: str, dry_run: bool
) -> None:
    step: list[Again] = []
    events = 0
    for each in batch:
        again = _read(sources, each, tally)
        if again is None:
            continue
        step.append(again)
        events += len(again.delivery.parsed.events)
        if events >= EVENTS_AT_ONCE:
            _count(ledger.replay(step, by=who, dry_run=dry_run), step, tally)
            step, events = [], 0
    if step:
        _count(ledger.replay(step, by=who, dry_run=dry_run), step, tally)
    tally.deliveries += len(batch)
    tally.last = batch[-1].id


def _read(sources: Mapping[str, Source], stored: Stored, tally: Tally) -> Again | None:
    """What a delivery says today; it was verified when it came in. None where it cannot be read."""
    source = sources.get(stored.source)
    if source is None and stored.source != INTERNAL:
        tally.not_read[f"in-{stored.id}"] = f"its source {stored.source!r} is not configured here"
    elif stored.arrived is None:
        tally.not_read[f"in-{stored.id}"] = "its body is not kept any more"
    else:
        try:
            if source is None:
                delivery = own.internal(stored.arrived, stored.id)
            else:
                delivery = read_verified(source, Verified(stored.arrived), stored.id)
        except OverLimit as error:
            tally.not_read[f"in-{stored.id}"] = str(error)
            return None
        return Again(delivery, stored.quarantined)
    return None


def _count(recorded: list[Recorded], step: list[Again], tally: Tally) -> None:
    for each, again in zip(recorded, step, strict=True):
        if each.outcome == QUARANTINED:
            tally.not_read[f"in-{each.inbound_id}"] = each.reason or "it cannot be read"
        elif again.quarantined:
            tally.left_quarantine += 1
        for effect in each.effects:
            tally.events[effect.sighting.value] += 1
            tally.operations.update(effect.operations)


def _report(tally: Tally, output: str, *, dry_run: bool) -> None:
    if output == "json":
        emit("replay", Replayed(**{name: getattr(tally, name) for name in _SHOWN}, dry_run=dry_run))
        return
    for why, number in Counter(tally.not_read.values()).items():
        first = next(letter for letter, its in tally.not_read.items() if its == why)
        others = f" and {number - 1} others" if number > 1 else ""
        click.echo(f"{first}{others} cannot be read: {why}", err=True)
    seen = " · ".join(f"{tally.events[each]} {each}" for each in ("new", "repeat", "changed"))
    planned = " · ".join(f"{number} {kind}" for kind, number in sorted(tally.operations.items()))
    click.echo(f"deliveries   {tally.deliveries} read, {tally.left_quarantine} left quarantine")
    click.echo(f"events       {seen}")
    click.echo(f"operations   {planned or 'none'}{' (not kept: --dry-run)' if dry_run else ''}")
