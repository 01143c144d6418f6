"""`ticketrelay budget`: shows the use of the Tickets API's limit, and the work that waits for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from worker.actions import status
from worker.cli.inspect.waits import waits
from worker.cli.operate.byhand import ledger_and_settings
from worker.cli.shell.common import data_option
from worker.cli.shell.output import Fact, output_option, print_document, show_facts, time_text
from worker.documents.status import BudgetNow
from worker.planning.keys import RANKS
from worker.wording import counted

MINUTE = timedelta(minutes=1)
SLOW = timedelta(seconds=1.2)
"""Up to this late bound, 98% of the limit can be used."""

_PROBED = {
    "breaker": "the breaker is open, since too many calls fail: one call at a time is tried, until one is answered",
    "credentials": "closed, since the Tickets API refuses the API key: one call at a time is tried",
    "scope": "closed, since the API key lacks a scope: one call at a time is tried",
}

_FACTS: tuple[Fact[BudgetNow], ...] = (
    Fact("limit", lambda now: f"{_limit(now.limits.per_minute)} a minute · {_limit(now.limits.per_second)} a second"),
    Fact("spent", lambda now: f"{counted(now.used, 'request')} in the last minute"),
    Fact("", lambda now: [f"{each.tokens:>5}  {name_of(each.rank):<18} {each.source}" for each in now.spent]),
    Fact("granted", lambda now: f"{now.share:.0%} of the limit, since the Tickets API answered 429; growing back"
         if now.share < 1 else None),
    Fact("closed", lambda now: f"until {now.closed_until:%H:%M:%S} UTC, as the Tickets API asked"
         if now.closed_until is not None else None),
    Fact("gate", lambda now: _PROBED.get(now.probed_because or "")),
    Fact("slow ledger", lambda now: _slow(now.late)),
    Fact("waiting", lambda now: counted(sum(each.operations for each in now.undelivered), "operation")),
    Fact("", lambda now: waits(now.undelivered)),
    Fact("due", lambda now: counted(sum(each.cases for each in now.waiting), "case")),
    Fact("", lambda now: [f"{each.cases:>5}  {name_of(each.rank):<18} since {time_text(each.oldest)}"
                          for each in now.waiting]),
)  # fmt: skip


@click.command()
@data_option
@output_option
def budget(data: Path, output: str) -> None:
    """Show the requests of the last minute, by rank and source, and what waits: for the budget, or for what else.

    \b
    Example: ticketrelay budget -o json
    """
    with ledger_and_settings(data) as (ledger, settings):
        now = status.budget(ledger, settings)
    print_document("budget", now, output, lambda shown: show_facts(_FACTS, shown))


def _limit(number: int | None) -> int | str:
    return number if number is not None else "any number"


def _slow(late: timedelta) -> str | None:
    """Return what a slow ledger costs; None while at least 98% of the limit can be used."""
    if late <= SLOW:
        return None
    used = MINUTE / (MINUTE + late)
    return (
        f"about {used:.0%} of the limit can be used: calls left up to {late.total_seconds():.1f} s after their claim, "
        "so the ledger commits slowly or this machine is overloaded"
    )


def name_of(rank: int) -> str:
    """Return a rank in words."""
    return RANKS.get(rank, f"rank {rank}")
