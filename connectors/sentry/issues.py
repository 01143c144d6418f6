"""Reads changes of an issue: created, resolved, assigned, archived, or unresolved again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.events import Changed, Event, Opened, Resolved, digest
from connectors.contract.messages import Remark
from connectors.contract.settings import SourceSettings
from connectors.sentry.facts import Hook, level_of, priority_of_level, project_of
from connectors.toolbox.reasons import without_effect
from connectors.toolbox.rendering import attributes, block, compose, filled, subject_line
from connectors.toolbox.strict_json import object_at, read_id, read_instant, text_at, within
from connectors.toolbox.text import readable

ACTIONS: Mapping[str, tuple[type[Event], str]] = {
    "created": (Opened, "Created"),
    "unresolved": (Opened, "Unresolved again"),
    "resolved": (Resolved, "Resolved"),
    "archived": (Resolved, "Archived"),
    "ignored": (Resolved, "Archived"),
    "assigned": (Changed, "Assigned"),
}
"""Older versions call `archived` `ignored`."""


def issue(hook: Hook, settings: SourceSettings) -> Event | Remark:
    """Return the event, or the reason why there is none. Raises ValueError."""
    if hook.action not in ACTIONS:
        return without_effect("action", hook.action)
    kind, happened = ACTIONS[hook.action]
    it = within(hook.data, "issue")
    key = case_key(read_id(it, "id"))
    at = _at(hook, it)
    began = min(_first_seen(it) or at, at) if hook.action != "unresolved" else at
    level = level_of(it)
    facts = _facts(it)
    by = f"{happened} by {hook.person}." if hook.person else f"{happened}."
    return kind(
        case_key=key,
        source_message_id=f"{key}:{hook.action}:{hook.delivery}" if hook.action != "created" else f"{key}:created",
        occurred_at=at,
        started_at=began,
        subject=subject_line(text_at(it, "title"), f"Sentry issue {text_at(it, 'shortId') or key}"),
        text=compose(
            by,
            [block("Issue", facts)],
            [("At", readable(at)), ("Sentry", text_at(it, "web_url") or text_at(it, "permalink"))],
        ),
        content_digest=digest(hook.action, *(part for pair in facts for part in pair)),
        severity=level,
        priority=priority_of_level(level) if level else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes(
            {
                "labels.project": project_of(it.get("project")) or None,
                "labels.platform": text_at(it, "platform") or None,
            }
        ),
    )


def case_key(issue_id: str) -> str:
    """Return the case key of an issue, which its alerts share."""
    return f"issue:{issue_id}"


def _at(hook: Hook, it: Mapping[str, Any]) -> datetime:
    """Return the time of the change: for a creation, when the issue was first seen; else the time of sending."""
    first = _first_seen(it) if hook.action == "created" else None
    return first or hook.at


def _first_seen(it: Mapping[str, Any]) -> datetime | None:
    seen = read_instant(it, "firstSeen")
    return seen.time if seen else None


def _facts(it: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an issue's facts that count as content, without counters and the time of the last event."""
    return filled(
        {
            "id": text_at(it, "shortId"),
            "title": text_at(it, "title"),
            "where": text_at(it, "culprit"),
            "level": text_at(it, "level"),
            "status": text_at(it, "status"),
            "substatus": text_at(it, "substatus"),
            "project": project_of(it.get("project")),
            "assigned to": text_at(object_at(it, "assignedTo"), "name"),
        }
    )
