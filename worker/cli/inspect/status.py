"""`ticketrelay status`: says in one sentence whether all is well, and shows the work, the processes and the alarms."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import click

from worker.actions import status as actions
from worker.cli.inspect.waits import waits
from worker.cli.shell.common import data_option, settings_without_api, upgraded_ledger
from worker.cli.shell.output import (
    Column,
    Fact,
    Table,
    cell,
    column_time,
    counts,
    output_option,
    print_document,
    show_facts,
    time_text,
)
from worker.cli.shell.words import CASES, in_words
from worker.documents.status import LedgerIsAway, StatusNow
from worker.ledger import EVERYTHING, LedgerAway, MailboxState, Pause, Process
from worker.runtime.terminal import echo, secho
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
    Fact("cases", lambda now: counts(dict(sorted(now.cases.items())), _case_state) or "none"),
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
    """Say in one sentence whether all is well; show the work under way, the processes, and the alarms.

    Each alarm says what it asks for: nothing to do, look, or act. Exits 1 when an alarm is up.

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
    secho(now.summary, bold=True, fg="red" if now.alarms else None)
    echo()
    if isinstance(now, StatusNow):
        show_facts(_FACTS, now)
        if shown := _worth_showing(now):
            echo()
            _processes(now.at).show(shown)
    for each in now.alarms:
        since = f", since {time_text(each.since)}" if each.since is not None else ""
        echo(f"\n{click.style('ALARM', fg='red', bold=True)} {each.name}{since}: {each.text}")
        echo(f"      {each.needs.capitalize()}{' now' if each.is_urgent else ''}: {each.action}")
        echo(f"      {each.page}")


def _worth_showing(now: StatusNow) -> list[Process]:
    """Return the live processes, those that died, and the last one of a role that was stopped."""
    living = {each.role for each in now.processes if each.state == "live"}
    stopped = {each.role: each for each in now.processes if each.state == "stopped" and each.role not in living}
    return [each for each in now.processes if each.state != "stopped" or stopped.get(each.role) is each]


def _processes(at: datetime) -> Table[Process]:
    """Return the table of processes, as of a time."""
    return Table(
        (
            Column("ROLE", 6, lambda each: each.role),
            Column("VERSION", 9, lambda each: each.version),
            Column("HOST", 16, lambda each: each.host),
            Column("PID", 7, lambda each: each.pid),
            Column("STARTED (UTC)", 19, lambda each: each.started_at),
            Column("LAST HEARTBEAT", 24, lambda each: _heartbeat(each, at)),
            Column("HOLDS", 1, _holds),
        )
    )


def _heartbeat(process: Process, at: datetime) -> str:
    if process.state == "live":
        return f"{max((at - process.seen_at).total_seconds(), 0):.0f} s ago"
    return f"{process.state} {column_time(process.seen_at)}"


def _holds(process: Process) -> str:
    """Return in words what a process holds."""
    held = process.holds
    parts = [counted(held.cases, "case") if held.cases else "", ", ".join(f"job {each}" for each in held.jobs)]
    parts.append(counted(held.mailboxes, "mailbox") if held.mailboxes else "")
    parts.append(f"no broker: {process.broker_error}" if process.broker_failing_since is not None else "")
    return ", ".join(each for each in parts if each)


def _answers(now: StatusNow) -> str | None:
    """Return in words how the Tickets API answered lately."""
    success = f"last success {time_text(now.last_success_at)}" if now.last_success_at is not None else None
    failures = (
        f"{counted(now.failures_in_a_row, 'call')} failed since the last answer" if now.failures_in_a_row else None
    )
    return " · ".join(each for each in (success, failures) if each) or None


def _case_state(stored: str, _: int) -> str:
    return in_words(CASES, stored)


def _in_quarantine(number: int) -> str:
    return f"{counted(number, 'delivery')} in quarantine"


def _paused(each: Pause) -> str:
    return f"{'every source' if each.scope == EVERYTHING else each.scope} since {time_text(each.since)}: {each.why}"


def _mailbox(box: MailboxState) -> str:
    read = f"read {time_text(box.polled_at)}" if box.polled_at is not None else "not read yet"
    return f"{box.source}/{box.mailbox} {read}{cell(f': {box.error}') if box.error else ''}"
