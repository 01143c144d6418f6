"""Shapes of the `dead` commands: dead letters, and decisions about them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger import DeadLetter, Try


@dataclass(frozen=True, slots=True)
class LetterShown:
    """The document of `dead show`."""

    letter: DeadLetter
    body: str
    idempotency_key: str | None
    may_have_been_executed: bool
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """A group of `dead list --by`."""

    group: str
    letters: int
    holds_up: int
    first: str


@dataclass(frozen=True, slots=True)
class LetterDone:
    """A dead letter that was retried or skipped."""

    id: str
    operations: int
    """Operations that waited for this one, and that went on or were given up with it."""


@dataclass(frozen=True, slots=True)
class LetterRefused:
    """A dead letter that stays as it is."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class LettersDone:
    """The document of `dead retry` and `dead skip`; a line of `-o jsonl` is one of the letters."""

    done: list[LetterDone]
    refused: list[LetterRefused]


@dataclass(frozen=True, slots=True)
class LetterEdited:
    """The document of `dead edit`."""

    id: str
    edited: bool
    released: int


@dataclass(frozen=True, slots=True)
class LetterBound:
    """The document of `dead bind`."""

    id: str
    ticket: str
    status: str
    released: int
