"""`ticketrelay status`: shows the work under way, and the alarms."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from worker.actions import status as actions
from worker.cli.inspect.waits import waits
from worker.cli.shell.common import data_option, settings_without_api, upgraded_ledger
from worker.cli.shell.output import Fact, cell, counts, output_option, print_document, show_facts, time_text
from worker.documents.status import LedgerIsAway, StatusNow
from worker.ledger import ALARMS, EVERYTHING, LedgerAway, MailboxState, Pause
from worker.runtime.terminal import echo
from worker.wording import counted

_REASONS = {
    "": "no call is sent",
    "budget": "the Tickets API answered 429, and said when to call again",
    "credentials": "our key is refused (401), or another system answers at the API's address; only probes are sent",
    "scope": "our key lacks a scope (403); only probes are sent",
    "breaker": "too many calls failed; only probes are sent",
}
"""The reason why the gate is closed, by its stored word."""

_FACTS: tuple[Fact[StatusNow], ...] = (
    Fact("cases", lambda now: counts(dict(sorted(now.cases.items()))) or "none"),
    Fact("waiting", lambda now: counts(dict(sorted(now.open_operations.items()))) or "nothing"),
    Fact("", lambda now: waits(now.undelivered)),
    Fact("dead", lambda now: f"{counted(now.dead, 'operation')} · {_in_quarantine(now.quarantined)}"),
    Fact("paused", lambda now: map(_paused, now.pauses)),
    Fact("mailbox", lambda now: map(_mailbox, now.mailboxes)),
    Fact("due since", lambda now: time_text(now.due_since)),
    Fact("answers", lambda now: _answers(now)),
    Fact("gate", lambda now: f"closed until {now.gate_closed_until:%H:%M:%S} UTC: {_REASONS[now.gate_reason or '']}"
         if now.gate_closed_until is not None and now.gate_closed_until > now.at else None),
    Fact("budget", lambda now: f"{now.share:.0%} of the limit, since the Tickets API answered 429; growing back"
         if now.share < 1 else None),
)  # fmt: skip


@click.command()
@data_option
@output_option
def status(data: Path, output: str) -> None:
    """Show the work under way, and the alarms. Exits 1 when an alarm is up.

    \b
    Example: ticketrelay status -o json | jq .alarms
    """
    settings = settings_without_api(data)
    now: StatusNow | LedgerIsAway
    try:
        with closing(upgraded_ledger(settings)) as ledger:
            now = actions.status(ledger, settings)
    except LedgerAway as error:
        now = actions.why_ledger_is_away(settings, error)
    print_document("status", now, output, _print)
    sys.exit(1 if now.alarms else 0)


def _print(now: StatusNow | LedgerIsAway) -> None:
    if isinstance(now, StatusNow):
        show_facts(_FACTS, now)
    for each in now.alarms:
        echo(f"{click.style('ALARM', fg='red', bold=True)} {each.name}: {each.text}")
        echo(f"      {ALARMS[each.name].action}")


def _answers(now: StatusNow) -> str | None:
    """Return in words how the Tickets API answered lately."""
    success = f"last success {time_text(now.last_success_at)}" if now.last_success_at is not None else None
    failures = (
        f"{counted(now.failures_in_a_row, 'call')} failed since the last answer" if now.failures_in_a_row else None
    )
    return " · ".join(each for each in (success, failures) if each) or None


def _in_quarantine(number: int) -> str:
    return f"{counted(number, 'delivery')} in quarantine"


def _paused(each: Pause) -> str:
    return f"{'every source' if each.scope == EVERYTHING else each.scope} since {time_text(each.since)}: {each.why}"


def _mailbox(box: MailboxState) -> str:
    read = f"read {time_text(box.polled_at)}" if box.polled_at is not None else "not read yet"
    return f"{box.source}/{box.mailbox} {read}{cell(f': {box.error}') if box.error else ''}"
