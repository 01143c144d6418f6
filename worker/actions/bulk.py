"""Retries or skips many dead letters, one by one, each in its own transaction.

So the action can be stopped at any time and run again: a finished one has left the dead letters. Nothing is sent
here: delivery keeps the budget and the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.contract.messages import OverLimit
from worker.documents.dead_letters import DeadLetterDone, DeadLetterRefused
from worker.intake.quarantine import StillUnreadable, foresee
from worker.intake.quarantine import retry as read_again
from worker.ledger import CannotBeDone, DeadLetter, Ledger, NoSuchDeadLetter
from worker.planning.model import KINDS
from worker.settings import Source
from worker.wording import counted

WHAT = (*KINDS, "quarantined")


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions for dead letters that are not named; all of them must hold."""

    everything: bool = False
    reason: str | None = None
    """Text that the reason contains, ignoring case."""
    source: str | None = None
    kind: str | None = None
    """One of `WHAT`."""

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.reason or self.source or self.kind)

    def takes(self, dead_letter: DeadLetter) -> bool:
        return (
            (self.reason is None or self.reason.lower() in dead_letter.reason.lower())
            and self.source in (None, dead_letter.source)
            and self.kind in (None, dead_letter.what)
        )


@dataclass(frozen=True, slots=True)
class DeadLetterResult:
    """The result for one dead letter."""

    text: str
    released: int = 0
    """Operations that waited for this one, and that went on or were given up with it."""


def retry_one(
    ledger: Ledger, sources: Mapping[str, Source], dead_letter: str, *, by: str, other_settings: Sequence[str] = ()
) -> DeadLetterResult:
    """Retry one dead letter. Raises NoSuchDeadLetter, CannotBeDone, StillUnreadable, OverLimit.

    `other_settings`: the settings that the live processes have otherwise, for the record of a delivery read again.
    """
    recorded = read_again(ledger, sources, dead_letter, by=by, other_settings=other_settings)
    if recorded is not None:
        planned = sum(len(effect.operations) for effect in recorded.effects)
        return DeadLetterResult(
            f"{dead_letter} was read: {counted(len(recorded.effects), 'event')}, {counted(planned, 'operation')}.",
            planned,
        )
    released = ledger.retry_operation(dead_letter, by=by)
    more = f" {counted(released, 'operation')} that waited for its ticket will follow." if released else ""
    return DeadLetterResult(f"{dead_letter} will be sent again.{more}", released)


def skip_one(ledger: Ledger, dead_letter: str, why: str, *, by: str) -> DeadLetterResult:
    """Skip one dead letter. Raises NoSuchDeadLetter."""
    skipped = ledger.skip(dead_letter, why, by=by)
    more = f", with {counted(skipped - 1, 'operation')} that waited for its ticket" if skipped > 1 else ""
    return DeadLetterResult(f"{dead_letter} was skipped{more}.", max(skipped - 1, 0))


@dataclass(frozen=True, slots=True)
class DeadLetterReport:
    """The result for one dead letter of many, as a document and as text."""

    document: DeadLetterDone | DeadLetterRefused
    text: str


def act_on(
    dead_letters: Sequence[str], act: Callable[[str], DeadLetterResult], *, named: bool
) -> Iterator[DeadLetterReport | None]:
    """Apply `act` to each dead letter, and yield each result as the caller takes it.

    Yields None when somebody else decided on it meanwhile. A dead letter that was named explicitly is refused
    instead.
    """
    for dead_letter in dead_letters:
        try:
            done = act(dead_letter)
        except (StillUnreadable, OverLimit) as error:
            yield _refused(dead_letter, f"{dead_letter} stays in quarantine: {error}")
        except CannotBeDone as error:
            yield _refused(dead_letter, f"{dead_letter} stays as it is: {error}")
        except NoSuchDeadLetter as error:
            yield DeadLetterReport(DeadLetterRefused(dead_letter, str(error)), f"Error: {error}") if named else None
        else:
            yield DeadLetterReport(DeadLetterDone(dead_letter, done.released), done.text)


def _refused(dead_letter: str, why: str) -> DeadLetterReport:
    return DeadLetterReport(DeadLetterRefused(dead_letter, why), f"Error: {why}")


@dataclass(slots=True)
class ReadingForecast:
    """Forecast of reading quarantined deliveries again."""

    operations: Counter[str] = field(default_factory=Counter)
    """By kind."""
    without_effect: int = 0
    stay: int = 0
    """Deliveries that cannot be read today either."""


def forecast_reading(
    ledger: Ledger, sources: Mapping[str, Source], dead_letters: Sequence[str], advanced: Callable[[int], None]
) -> ReadingForecast:
    """Forecast the effect of reading deliveries again, each against the ledger as it is. Nothing is stored."""
    found = ReadingForecast()
    for each in dead_letters:
        try:
            recorded = foresee(ledger, sources, each)
        except (StillUnreadable, OverLimit):
            found.stay += 1
        except NoSuchDeadLetter:
            pass  # somebody else decided on it meanwhile
        else:
            planned = [kind for effect in recorded.effects for kind in effect.operations] if recorded else []
            found.operations.update(planned)
            found.without_effect += not planned
        advanced(1)
    return found
