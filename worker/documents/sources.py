"""Shapes of the `sources` commands: the health of each source, and its pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from worker.ledger import FailingJob, Pause

Health = Literal["ok", "paused", "needs somebody", "silent"]


@dataclass(frozen=True, slots=True)
class SourceListed:
    """One source of `sources list`."""

    source: str
    kind: str | None
    """None: not configured here."""
    health: Health
    """`silent`: no message came in the last 24 hours."""
    last_message_at: datetime | None
    open_operations: int
    dead: int
    pause: Pause | None


@dataclass(frozen=True, slots=True)
class SourcesListed:
    """The document of `sources list`."""

    sources: tuple[SourceListed, ...]
    all_paused: Pause | None


@dataclass(frozen=True, slots=True)
class SourceShown:
    """The document of `sources show`."""

    source: str
    kind: str | None
    health: Health
    """silent: no message came since `counted_since`; needs somebody: the source has dead letters."""
    last_message_at: datetime | None
    open_operations: int
    dead: int
    """Number of dead letters."""
    pause: Pause | None
    counted_since: datetime
    deliveries: dict[str, int]
    """By outcome."""
    attempts: dict[str, int]
    """By outcome."""
    has_previous_secret: bool
    failing_jobs: tuple[FailingJob, ...]
    """Jobs of this source, such as `confirm:prometheus`."""


@dataclass(frozen=True, slots=True)
class SourceTested:
    """The document of `sources test`: how far a sample came."""

    source: str
    kind: str
    sample: str | None
    """The fixture that was read; None when the connector has none, and only its signature is tested."""
    verified: bool
    refuses_forged: bool
    """The same message with another secret is denied."""
    parsed: bool
    events: int
    asked: bool | None
    """True if the product listed its open alerts just now; None if no `api_url` is set, so that it is not asked."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """The document of `sources pause` and `sources resume`."""

    scope: str
    """A source, or * for all sources."""
    paused: bool
    changed: bool
