"""Shape of `events export`: deliveries as they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exported:
    """A delivery as it arrived, in the document of `events export`."""

    id: str
    source: str
    kind: str | None
    received_at: datetime
    redacted: bool
    headers: tuple[tuple[str, str], ...]
    query: str
    body: str | None
    """The body as text; None when it is not UTF-8."""
    body_base64: str | None
    """The body's bytes, when it is not UTF-8."""
