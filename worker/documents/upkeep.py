"""Shapes of the `db` commands and of `doctor`: the tables of the ledger, and a bundle for support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The document of `db upgrade`."""

    ledger: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The document of `db restored`."""

    ledger: str
    unfinished: int


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The document of `db backup`."""

    ledger: str
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PruneDone:
    """The document of `db prune`."""

    bodies: int
    body_bytes: int
    """Compressed size."""
    attempts: int
    bodies_before: datetime | None
    """None: bodies are kept for ever."""
    attempts_before: datetime | None
    """None: attempts are kept for ever."""
    dry_run: bool
    is_complete: bool
    """False when the pruning was interrupted: run it again."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """The document of `doctor`."""

    file: str
    parts: tuple[str, ...]
    problems: tuple[str, ...]
    """Parts that could not be read, and why."""
