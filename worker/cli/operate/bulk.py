"""Shared by the commands that retry or skip many dead letters: show the plan, ask, then act one by one.

So a command can be stopped at any time and run again: a finished one has left the dead letters.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from worker.actions.bulk import WHAT, DeadLetterReport, DeadLetterResult, ReadingForecast, Selection, act_on
from worker.cli.operate.byhand import ask_or_exit
from worker.cli.shell.common import F, fail
from worker.cli.shell.output import emit, emit_line, notice, progress
from worker.documents.dead_letters import DeadLetterDone, DeadLetterRefused, DeadLettersDone
from worker.ledger import DeadLetter, Ledger
from worker.planning.model import KINDS
from worker.runtime.terminal import echo
from worker.wording import counted

PROGRESS_FROM = 20  # dead letters
DELIVERY = "in-"
"""The beginning of the id of a delivery."""
QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class DeadLetterChoice:
    """The dead letters that a command is for, by name or by selection."""

    named: tuple[str, ...]
    selection: Selection
    yes: bool
    """Do not ask."""

    def has_deliveries(self, ledger: Ledger) -> bool:
        """Return True if one of them is a delivery in quarantine, which is planned when it is read again."""
        if self.named:
            return any(each.startswith(DELIVERY) for each in self.named)
        return any(each.what == QUARANTINED and self.selection.takes(each) for each in ledger.reading.dead())


def selection_options(command: F) -> F:
    """Add the argument for named dead letters and the options that select many; the command gets them as `choice`."""

    @wraps(command)
    def called(
        *, dead_letters: tuple[str, ...], everything: bool, reason: str | None, source: str | None, kind: str | None,
        yes: bool, **rest: Any,
    ) -> Any:  # fmt: skip
        return command(choice=DeadLetterChoice(dead_letters, Selection(everything, reason, source, kind), yes), **rest)

    options = [
        click.option("--all", "everything", is_flag=True, help="Select all dead letters."),
        click.option("--reason", metavar="TEXT", help="Select those whose reason contains TEXT, ignoring case."),
        click.option("--source", metavar="ID", help="Select those of this source."),
        click.option("--kind", type=click.Choice(WHAT), help="Select those of this kind."),
        click.option("--yes", is_flag=True, help="Do not ask before the first change."),
    ]
    decorated: Any = called
    for option in reversed(options):
        decorated = option(decorated)
    result: F = decorated
    return result


def do_to(
    ledger: Ledger,
    choice: DeadLetterChoice,
    verb: str,
    act: Callable[[str], DeadLetterResult],
    output: str,
    foresee_reading: Callable[[Sequence[str], Callable[[int], None]], ReadingForecast] | None = None,
) -> None:
    """Apply `act` to the dead letters in `choice`. Ends with exit code 1 when one could not be done.

    `foresee_reading` forecasts the effect of deliveries in quarantine.
    """
    named = bool(choice.named)
    if named != choice.selection.is_empty:
        fail([f"dead {verb}: name dead letters, or select them with --all, --reason, --source or --kind"])
    dead_letters = list(choice.named)
    if not named:
        chosen = [each for each in ledger.reading.dead() if choice.selection.takes(each)]
        dead_letters = [each.id for each in chosen]
        if chosen:
            _say_what_would_be(verb, chosen, foresee_reading)
            ask_or_exit("Go on?", yes=choice.yes)
    tried: list[DeadLetterReport] = []
    stopped = False
    hidden = not sys.stderr.isatty() or len(dead_letters) < PROGRESS_FROM
    going = act_on(dead_letters, act, named=named)
    try:
        with click.progressbar(
            going, length=len(dead_letters), label=verb, file=sys.stderr, hidden=hidden, show_eta=True
        ) as bar:
            for each in bar:
                if each is not None:
                    tried.append(each)
                    _say(each, output, named=named)
    except KeyboardInterrupt:
        stopped = True
        notice(
            f"\nStopped after {len(tried)} of {counted(len(dead_letters), 'dead letter')}. Run it again for the rest."
        )
    done = [each.document for each in tried if isinstance(each.document, DeadLetterDone)]
    refused = [each.document for each in tried if isinstance(each.document, DeadLetterRefused)]
    if output == "json":
        emit(f"dead-{verb}", DeadLettersDone(done, refused))
    elif output == "table":
        _say_how_many(verb, len(dead_letters), done, named=named)
    sys.exit(1 if refused or stopped else 0)


def _say(tried: DeadLetterReport, output: str, *, named: bool) -> None:
    if output == "jsonl":
        emit_line("dead-letter", tried.document)
    if isinstance(tried.document, DeadLetterRefused):
        notice(tried.text)
    elif named and output == "table":
        echo(tried.text)


def _say_how_many(verb: str, dead_letters: int, done: Sequence[DeadLetterDone], *, named: bool) -> None:
    if not dead_letters:
        echo("No dead letter is selected.")
    elif not named:
        word = {"retry": "Retried", "skip": "Skipped"}[verb]
        more = sum(each.operations for each in done)
        also = f", and {counted(more, 'operation')} with them" if more else ""
        echo(f"{word} {len(done)} of {counted(dead_letters, 'dead letter')}{also}.")


def _say_what_would_be(
    verb: str,
    dead_letters: Sequence[DeadLetter],
    foresee_reading: Callable[[Sequence[str], Callable[[int], None]], ReadingForecast] | None,
) -> None:
    """Show the plan: the calls by kind, those that may have been executed before, and the effect of reading again."""
    kinds = Counter(each.what for each in dead_letters)
    held = sum(each.holds_up for each in dead_letters)
    doubtful = sum(each.may_have_been_executed for each in dead_letters)
    then = "sent" if verb == "retry" else "given up"
    doubts = "looked up first, or noted as a possible repeat" if verb == "retry" else "look in the ticket system"
    lines = [
        *((kinds[kind], kind) for kind in WHAT),
        (held, f"waiting for their tickets, and {then} with them"),
        (doubtful, f"perhaps executed before: {doubts}"),
    ]
    notice(f"To {verb}: {counted(len(dead_letters), 'dead letter')}")
    _say_numbers(lines)
    quarantined = [each.id for each in dead_letters if each.what == QUARANTINED]
    if quarantined and foresee_reading is not None:
        with progress("reading again", len(quarantined)) as bar:
            found = foresee_reading(quarantined, bar.update)
        _say_numbers(
            [
                *((found.operations[kind], f"{kind} to follow from reading again") for kind in KINDS),
                (found.without_effect, "read again without effect"),
                (found.stay, "still unreadable, to stay in quarantine"),
            ]
        )


def _say_numbers(numbers: Sequence[tuple[int, str]]) -> None:
    for number, what in numbers:
        if number:
            notice(f"  {number:>6} {what}")
