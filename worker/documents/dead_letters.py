"""Shapes of the `dead` commands: dead letters, and what a person decided about them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger import DeadLetter, Try


@dataclass(frozen=True, slots=True)
class LetterShown:
    """`dead show`"""

    letter: DeadLetter
    body: str
    idempotency_key: str | None
    may_have_been_executed: bool
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """`dead list --by`"""

    group: str
    letters: int
    holds_up: int
    first: str


@dataclass(frozen=True, slots=True)
class LetterDone:
    """A dead letter that was retried or skipped."""

    id: str
    operations: int
    """How many went on, or were given up, with it."""


@dataclass(frozen=True, slots=True)
class LetterRefused:
    """A dead letter that stays as it is."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class LettersDone:
    """`dead retry` and `dead skip`; a line of `-o jsonl` is one of the letters."""

    done: list[LetterDone]
    refused: list[LetterRefused]


@dataclass(frozen=True, slots=True)
class LetterEdited:
    """`dead edit`"""

    id: str
    edited: bool
    released: int


@dataclass(frozen=True, slots=True)
class LetterBound:
    """`dead bind`"""

    id: str
    ticket: str
    status: str
    released: int
