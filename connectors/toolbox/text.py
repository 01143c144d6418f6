"""Normalises senders' words: severities by table, RFC 3339 times, text that a database accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from connectors.contract.events import Priority

SEVERITIES: dict[Priority, tuple[str, ...]] = {
    "urgent": ("critical", "emergency", "disaster", "fatal", "page", "p1", "sev0", "sev1", "urgent"),
    "high": ("high", "major", "error", "p2", "sev2"),
    "medium": ("warning", "average", "minor", "p3", "sev3", "medium"),
    "low": ("info", "low", "notice", "none", "p4", "p5", "sev4"),
}
"""Senders' severities, in lower case. Our own four priorities mean themselves."""

PRIORITIES: dict[str, Priority] = {word: priority for priority, words in SEVERITIES.items() for word in words}

ELLIPSIS = "…"

# Line feed and tab are text. Other control characters end lines, move cursors or are refused by databases.
_CLEANING: dict[int, str | None] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], None),
    **dict.fromkeys([0x0B, 0x0C, 0x0D, 0x85], "\n"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    0x09: "\t",
    0x0A: "\n",
}

RFC_3339 = "an RFC 3339 time with a zone, like 2026-01-05T10:00:00Z"
"""The expectation in reasons about times."""

_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))"
)


def priority_of(severity: str) -> tuple[Priority, bool]:
    """Return the priority of a severity in upper or lower case; ("medium", False) for one that is in no table."""
    found = PRIORITIES.get(severity.strip().casefold())
    return (found or "medium", found is not None)


@dataclass(frozen=True, slots=True)
class Instant:
    """A time with the precision of its source."""

    time: datetime
    """UTC, truncated to microseconds."""
    text: str
    """The canonical spelling, to the nanosecond: `2026-01-01T00:00:00.5Z`, `2026-01-01T00:00:00Z`."""


def instant(text: str) -> Instant | None:
    """Return the instant of an RFC 3339 time; None for the zero time of Go, which means "not yet".

    Raises ValueError for anything else, a time without a zone included. The message is what was expected.
    """
    match = _RFC_3339.fullmatch(text.strip())
    if match is None:
        raise ValueError(RFC_3339)
    year, month, day, hour, minute, second = (int(each) for each in match.groups()[:6])
    if year <= 1:
        return None  # in a zone west of Greenwich, Go writes its zero time in the year 0000
    nanoseconds = int((match[7] or "").ljust(9, "0")[:9])
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0))
    try:
        zone = timezone(-offset if match[8] == "-" else offset)
        local = datetime(year, month, day, hour, minute, second, nanoseconds // 1000, tzinfo=zone)
        utc = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a time that exists") from None
    fraction = f".{nanoseconds:09}".rstrip("0").rstrip(".")
    return Instant(utc, f"{utc.replace(tzinfo=None, microsecond=0).isoformat()}{fraction}Z")


def readable(moment: datetime) -> str:
    """Return a UTC time for people: `2026-01-01 00:00:00 UTC`."""
    return f"{moment.replace(tzinfo=None).isoformat(sep=' ', timespec='seconds')} UTC"


def clean(text: str) -> str:
    """Return the text without control characters and lone surrogates; lines end with line feeds.

    PostgreSQL refuses NUL, UTF-8 refuses surrogates, and terminals obey the rest.
    """
    return text if text.isprintable() else text.replace("\r\n", "\n").translate(_CLEANING)


def one_line(text: str) -> str:
    """Return the cleaned text with every run of white space as one space."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """Return the text, or its first `limit` - 1 characters and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS
