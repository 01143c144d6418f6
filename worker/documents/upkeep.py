"""Shapes of the `db` commands and of `doctor`: the tables of the ledger, and a bundle for support."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Upgraded:
    """`db upgrade`"""

    ledger: str


@dataclass(frozen=True, slots=True)
class Restored:
    """`db restored`"""

    ledger: str
    unfinished: int


@dataclass(frozen=True, slots=True)
class BackedUp:
    """`db backup`"""

    ledger: str
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PruneDone:
    """`db prune`"""

    bodies: int
    body_bytes: int
    """Compressed."""
    attempts: int
    bodies_before: datetime
    attempts_before: datetime
    dry_run: bool
    is_complete: bool
    """False when it was interrupted: run it again."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """`doctor`"""

    file: str
    parts: tuple[str, ...]
    problems: tuple[str, ...]
    """What could not be found out, and why."""
