"""Fields that all of Sentry's webhooks share, and the priorities of levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.contract.events import Priority
from connectors.toolbox.rendering import MAX_ATTRIBUTE
from connectors.toolbox.strict_json import text_at
from connectors.toolbox.text import cut, one_line

LEVELS: Mapping[str, Priority] = {
    "fatal": "urgent",
    "critical": "urgent",
    "error": "high",
    "warning": "medium",
    "info": "low",
    "debug": "low",
    "sample": "low",
}
"""Levels of events and issues; `critical` and `warning` are also those of metric alerts."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook."""

    action: str
    data: Mapping[str, Any]
    at: datetime
    """When Sentry sent the webhook."""
    actor: Mapping[str, Any]
    delivery: str
    """The id of the delivery."""

    @property
    def person(self) -> str:
        """The name of the user who acted; empty if the actor is not a user."""
        return one_line(text_at(self.actor, "name")) if self.actor.get("type") == "user" else ""


def priority_of_level(level: str) -> Priority:
    """Return the level's priority; medium for an unknown level."""
    return LEVELS.get(level.casefold(), "medium")


def is_level(level: str) -> bool:
    return level.casefold() in LEVELS


def level_of(document: Mapping[str, Any]) -> str | None:
    """Return the level in a form that can be stored; None if it is missing."""
    return cut(one_line(text_at(document, "level")), MAX_ATTRIBUTE) or None


def project_of(value: object) -> str:
    """Return the slug or name of a project: an object in issues, a number or slug in events."""
    if isinstance(value, dict):
        return one_line(text_at(value, "slug") or text_at(value, "name"))
    return one_line(value) if isinstance(value, str) else ""
