"""Shapes of the `dead` commands: dead letters, and decisions about them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.ledger import DeadLetter, Try


@dataclass(frozen=True, slots=True)
class DeadLetterShown:
    """The document of `dead show`."""

    letter: DeadLetter
    body: str
    idempotency_key: str | None
    may_have_been_executed: bool
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class DeadLetterGroup:
    """A group of `dead list --by`."""

    group: str
    letters: int
    holds_up: int
    first: str


@dataclass(frozen=True, slots=True)
class DeadLetterDone:
    """A dead letter that was retried or skipped."""

    id: str
    operations: int
    """Operations that waited for this one, and that went on or were given up with it."""


@dataclass(frozen=True, slots=True)
class DeadLetterRefused:
    """A dead letter that stays as it is."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class DeadLettersDone:
    """The document of `dead retry` and `dead skip`; a line of `-o jsonl` is one of the letters."""

    done: list[DeadLetterDone]
    refused: list[DeadLetterRefused]


@dataclass(frozen=True, slots=True)
class DeadLetterEdited:
    """The document of `dead edit`."""

    id: str
    edited: bool
    released: int


@dataclass(frozen=True, slots=True)
class DeadLetterBound:
    """The document of `dead bind`."""

    id: str
    ticket: str
    status: str
    released: int
