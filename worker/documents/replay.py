"""Shape of `replay`: the effect of stored deliveries that were read again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replayed:
    """The document of `replay`."""

    deliveries: int
    events: dict[str, int]
    """By recurrence: new, repeat, changed."""
    operations: dict[str, int]
    """Planned, by kind."""
    left_quarantine: int
    not_read: dict[str, str]
    """The reason, by delivery."""
    dry_run: bool
