"""All generated pages."""

from __future__ import annotations

from pathlib import Path

from tests.reference import commands, settings, tables

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    return {
        "settings.md": settings.page(),
        "commands.md": commands.page(),
        "metrics.md": tables.metrics(),
        "log-events.md": tables.log_events(),
        "alarms.md": tables.alarms(),
        "schemas.md": tables.schemas(),
        "attributes.md": tables.attributes(),
    }
