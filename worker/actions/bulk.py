"""What a person may do to many dead letters at once: retry and skip, one by one, each in its own transaction.

So it can be stopped at any time and run again: what is done is no dead letter any more. The budget and the order are
delivery's; here nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.contract.messages import OverLimit
from worker.documents.dead_letters import LetterDone, LetterRefused
from worker.intake.quarantine import StillUnreadable, foresee
from worker.intake.quarantine import retry as read_again
from worker.ledger import CannotBeDone, DeadLetter, Ledger, NoSuchDeadLetter
from worker.planning.model import KINDS
from worker.settings import Source

WHAT = (*KINDS, "quarantined")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant, where they are not named; every condition must hold."""

    everything: bool = False
    reason: str | None = None
    """Text that the reason holds, in any case."""
    source: str | None = None
    kind: str | None = None
    """One of `WHAT`."""

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.reason or self.source or self.kind)

    def takes(self, letter: DeadLetter) -> bool:
        return (
            (self.reason is None or self.reason.lower() in letter.reason.lower())
            and self.source in (None, letter.source)
            and self.kind in (None, letter.what)
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one letter."""

    text: str
    released: int = 0
    """How many operations went on, or were given up, with it."""


def retry_one(ledger: Ledger, sources: Mapping[str, Source], letter: str, *, by: str) -> Done:
    """Raises NoSuchDeadLetter, CannotBeDone, StillUnreadable, OverLimit."""
    recorded = read_again(ledger, sources, letter, by=by)
    if recorded is not None:
        planned = sum(len(effect.operations) for effect in recorded.effects)
        return Done(f"{letter} was read: {len(recorded.effects)} events, {planned} operations", planned)
    released = ledger.retry_operation(letter, by=by)
    more = f"; {released} operations that waited for its ticket will follow" if released else ""
    return Done(f"{letter} will be sent again{more}", released)


def skip_one(ledger: Ledger, letter: str, why: str, *, by: str) -> Done:
    """Raises NoSuchDeadLetter."""
    skipped = ledger.skip(letter, why, by=by)
    more = f", and {skipped - 1} operations that waited for it" if skipped > 1 else ""
    return Done(f"{letter} was skipped{more}", max(skipped - 1, 0))


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one letter of many, as a document and in words."""

    document: LetterDone | LetterRefused
    text: str


def act_on(letters: Sequence[str], act: Callable[[str], Done], *, named: bool) -> Iterator[Tried | None]:
    """Do something to each letter, as the caller takes what became of it.

    None: somebody else decided on it meanwhile. A letter that was named, and is none, is refused instead.
    """
    for letter in letters:
        try:
            done = act(letter)
        except (StillUnreadable, OverLimit) as error:
            yield _refused(letter, f"{letter} stays in quarantine: {error}")
        except CannotBeDone as error:
            yield _refused(letter, f"{letter} stays as it is: {error}")
        except NoSuchDeadLetter as error:
            yield Tried(LetterRefused(letter, str(error)), f"Error: {error}") if named else None
        else:
            yield Tried(LetterDone(letter, done.released), done.text)


def _refused(letter: str, why: str) -> Tried:
    return Tried(LetterRefused(letter, why), why)


@dataclass(slots=True)
class ReadingForeseen:
    """What would follow from deliveries in quarantine that are read again."""

    operations: Counter[str] = field(default_factory=Counter)
    """By kind."""
    without_effect: int = 0
    stay: int = 0
    """They cannot be read today either."""


def reading_foreseen(
    ledger: Ledger, sources: Mapping[str, Source], letters: Sequence[str], advanced: Callable[[int], None]
) -> ReadingForeseen:
    """What would follow from deliveries that are read again, each by the ledger as it is; nothing is kept."""
    found = ReadingForeseen()
    for each in letters:
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
