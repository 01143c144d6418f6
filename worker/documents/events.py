"""Shape of `events export`: deliveries as they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exported:
    """`events export`: a delivery as it arrived."""

    id: str
    source: str
    kind: str | None
    received_at: datetime
    redacted: bool
    headers: tuple[tuple[str, str], ...]
    query: str
    body: str | None
    """Its text; None where it is not UTF-8."""
    body_base64: str | None
    """Its bytes, where it is not UTF-8."""
