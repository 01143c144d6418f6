"""What is done to many dead letters at once? First said, then asked, then done one by one, each in its transaction.

So it can be stopped at any time and run again: what is done is no dead letter any more. The budget and the order are
delivery's; here nothing is sent.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import click

from connectors.contract.messages import OverLimit
from worker.cli.operate.byhand import ask
from worker.cli.shell.common import F, fail
from worker.cli.shell.output import emit, emit_line, notice, progress
from worker.documents.dead_letters import LetterDone, LetterRefused, LettersDone
from worker.intake.quarantine import StillUnreadable, foresee
from worker.intake.quarantine import retry as read_again
from worker.ledger import CannotBeDone, DeadLetter, Ledger, NoSuchDeadLetter
from worker.planning.model import KINDS
from worker.settings import Settings

WHAT = (*KINDS, "quarantined")
PROGRESS_FROM = 20  # letters


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters a command is for, where it does not name them; every condition must hold."""

    everything: bool
    reason: str | None
    source: str | None
    kind: str | None
    yes: bool

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.reason or self.source or self.kind)

    def takes(self, letter: DeadLetter) -> bool:
        return (
            (self.reason is None or self.reason.lower() in letter.reason.lower())
            and self.source in (None, letter.source)
            and self.kind in (None, letter.what)
        )


def selection_options(command: F) -> F:
    """The options that select many; the command gets them as `select`, a `Selection`."""

    @wraps(command)
    def called(
        *, everything: bool, reason: str | None, source: str | None, kind: str | None, yes: bool, **rest: Any
    ) -> Any:
        return command(select=Selection(everything, reason, source, kind, yes), **rest)

    options = [
        click.option("--all", "everything", is_flag=True, help="All dead letters."),
        click.option("--reason", metavar="TEXT", help="Those whose reason holds this text, in any case."),
        click.option("--source", metavar="ID", help="Those of this source."),
        click.option("--kind", type=click.Choice(WHAT), help="Those of this kind."),
        click.option("--yes", is_flag=True, help="Do not ask."),
    ]
    decorated: Any = called
    for option in reversed(options):
        decorated = option(decorated)
    result: F = decorated
    return result


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one letter."""

    text: str
    released: int = 0
    """How many operations went on, or were given up, with it."""


@dataclass(slots=True)
class _Tally:
    done: list[LetterDone] = field(default_factory=list)
    refused: list[LetterRefused] = field(default_factory=list)


def retry_one(ledger: Ledger, settings: Settings, letter: str, who: str) -> Done:
    """Raises NoSuchDeadLetter, CannotBeDone, StillUnreadable, OverLimit."""
    recorded = read_again(ledger, settings.sources, letter, by=who)
    if recorded is not None:
        planned = sum(len(effect.operations) for effect in recorded.effects)
        return Done(f"{letter} was read: {len(recorded.effects)} events, {planned} operations", planned)
    released = ledger.retry_operation(letter, by=who)
    more = f"; {released} operations that waited for its ticket will follow" if released else ""
    return Done(f"{letter} will be sent again{more}", released)


def reading_foreseen(ledger: Ledger, settings: Settings, letters: Sequence[str]) -> list[str]:
    """What would follow from deliveries that are read again, each by the ledger as it is; nothing is kept."""
    operations: Counter[str] = Counter()
    stay = without_effect = 0
    with progress("reading again", len(letters)) as bar:
        for each in letters:
            try:
                recorded = foresee(ledger, settings.sources, each)
            except (StillUnreadable, OverLimit):
                stay += 1
            except NoSuchDeadLetter:
                pass  # somebody else decided on it meanwhile
            else:
                planned = [kind for effect in recorded.effects for kind in effect.operations] if recorded else []
                operations.update(planned)
                without_effect += not planned
            bar.update(1)
    lines = [f"  {operations[kind]:>6} {kind} would follow from reading again" for kind in KINDS if operations[kind]]
    lines += [f"  {without_effect:>6} deliveries would have no effect"] if without_effect else []
    return lines + ([f"  {stay:>6} deliveries would stay in quarantine"] if stay else [])


def skip_one(ledger: Ledger, letter: str, why: str, who: str) -> Done:
    """Raises NoSuchDeadLetter."""
    skipped = ledger.skip(letter, why, by=who)
    more = f", and {skipped - 1} operations that waited for it" if skipped > 1 else ""
    return Done(f"{letter} was skipped{more}", max(skipped - 1, 0))


def act_on(
    ledger: Ledger,
    named: Sequence[str],
    selection: Selection,
    verb: str,
    act: Callable[[str], Done],
    output: str,
    foresee_reading: Callable[[Sequence[str]], list[str]] = lambda _: [],
) -> None:
    """Do something to the letters that are named or selected. Ends with exit code 1 where one could not be done.

    `foresee_reading` says of deliveries in quarantine what would follow.
    """
    if bool(named) == (not selection.is_empty):
        fail([f"dead {verb}: name letters, or select them with --all, --reason, --source or --kind"])
    letters = list(named)
    if not named:
        chosen = [each for each in ledger.reading.dead() if selection.takes(each)]
        letters = [each.id for each in chosen]
        if chosen:
            notice(foreseen(verb, chosen))
            quarantined = [each.id for each in chosen if each.what == "quarantined"]
            for line in foresee_reading(quarantined) if quarantined else ():
                notice(line)
            ask("go on?", yes=selection.yes)
    tally = _Tally()
    hidden = not sys.stderr.isatty() or len(letters) < PROGRESS_FROM
    stopped = False
    try:
        with click.progressbar(letters, label=verb, file=sys.stderr, hidden=hidden, show_eta=True) as progress:
            for each in progress:
                _try(each, act, tally, named=bool(named), output=output)
    except KeyboardInterrupt:
        stopped = True
        decided = len(tally.done) + len(tally.refused)
        notice(f"\nstopped after {decided} of {len(letters)}: what is done is done; run it again for the others")
    _report(verb, letters, tally, output, named=bool(named))
    sys.exit(1 if tally.refused or stopped else 0)


def _try(letter: str, act: Callable[[str], Done], tally: _Tally, *, named: bool, output: str) -> None:
    try:
        done = act(letter)
    except (StillUnreadable, OverLimit) as error:
        why = f"{letter} stays in quarantine: {error}"
    except CannotBeDone as error:
        why = f"{letter} stays as it is: {error}"
    except NoSuchDeadLetter as error:
        if not named:
            return  # somebody else decided on it meanwhile
        why = f"Error: {error}"
    else:
        tally.done.append(LetterDone(letter, done.released))
        if output == "jsonl":
            emit_line("dead-letter", tally.done[-1])
        elif named and output == "table":
            click.echo(done.text)
        return
    tally.refused.append(LetterRefused(letter, why.removeprefix("Error: ")))
    if output == "jsonl":
        emit_line("dead-letter", tally.refused[-1])
    notice(why)


def _report(verb: str, letters: Sequence[str], tally: _Tally, output: str, *, named: bool) -> None:
    if output == "json":
        emit(f"dead-{verb}", LettersDone(tally.done, tally.refused))
    elif output == "jsonl":
        return
    elif not letters:
        click.echo("no dead letter is selected")
    elif not named:
        word = {"retry": "will be sent or were read again", "skip": "were skipped"}[verb]
        more = sum(each.operations for each in tally.done)
        follow = f", {more} operations with them" if more else ""
        click.echo(f"{len(tally.done)} of {len(letters)} {word}{follow}")


def foreseen(verb: str, letters: Sequence[DeadLetter]) -> str:
    """What would be done, by the nature of each call, and what of it may have been executed before."""
    kinds = Counter(each.what for each in letters)
    lines = [f"to {verb}: {len(letters)} dead letters"]
    lines += [f"  {number:>6} {kind}" for kind in WHAT if (number := kinds[kind])]
    if held := sum(each.holds_up for each in letters):
        follow = "will follow them" if verb == "retry" else "are given up with them"
        lines.append(f"  {held:>6} operations that wait for their tickets {follow}")
    if doubtful := sum(each.may_have_been_executed for each in letters):
        what = "is looked for, or says that it may be a repeat" if verb == "retry" else "may be in the ticket system"
        lines.append(f"  {doubtful:>6} of them may have been executed before: what is of unknown outcome {what}")
    return "\n".join(lines)
