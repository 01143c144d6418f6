"""Shape of `replay`: what stored deliveries led to when they were read again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replayed:
    """`replay`"""

    deliveries: int
    events: dict[str, int]
    """By sighting: new, repeat, changed."""
    operations: dict[str, int]
    """Planned, by kind."""
    left_quarantine: int
    not_read: dict[str, str]
    """Why, by delivery."""
    dry_run: bool
