"""`ticketrelay budget`: what the Tickets API's limit is spent on, and what waits for it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from worker.cli.shell.common import data_option, local_settings, upgraded_ledger
from worker.cli.shell.output import emit, output_option
from worker.documents.status import BudgetNow, LimitsSet, widened
from worker.ledger import Spending
from worker.planning.keys import RANKS
from worker.settings import ApiSettings


@click.command()
@data_option
@output_option
def budget(data: Path, output: str) -> None:
    """Show what the last minute's requests were spent on, and what waits for more.

    \b
    Example: ticketrelay budget -o json
    """
    settings = local_settings(data)
    with closing(upgraded_ledger(settings)) as ledger:
        now = ledger.spending()
    if output == "json":
        limits = LimitsSet(settings.api.per_minute, settings.api.per_second)
        emit("budget", widened(BudgetNow, now, limits=limits, used=used(now)))
    else:
        _print(now, settings.api)


def used(now: Spending) -> int:
    """The tokens of the last minute."""
    return sum(each.tokens for each in now.spent)


def _print(now: Spending, api: ApiSettings) -> None:
    minute, second = (each if each is not None else "any number" for each in (api.per_minute, api.per_second))
    click.echo(f"limit       {minute} a minute · {second} a second")
    click.echo(f"spent       {used(now)} in the last minute")
    for each in now.spent:
        click.echo(f"            {each.tokens:>5}  {name_of(each.rank):<18} {each.source}")
    if now.share < 1:
        click.echo(f"granted     {now.share:.0%} of the limit, since the service said 429; it grows back")
    if now.closed_until is not None:
        click.echo(f"closed      until {now.closed_until:%H:%M:%S} UTC, as the service asked")
    click.echo(f"waiting     {sum(each.cases for each in now.waiting) or 'nothing'}")
    for line in now.waiting:
        click.echo(f"            {line.cases:>5}  {name_of(line.rank):<18} since {line.oldest:%Y-%m-%d %H:%M:%S} UTC")


def name_of(rank: int) -> str:
    """A rank in words."""
    return RANKS.get(rank, f"rank {rank}")
