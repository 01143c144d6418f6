"""Reads alerts of Sentry: issue alerts, about an event of an issue, and metric alerts, about a threshold."""

from __future__ import annotations

from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Remark
from connectors.contract.settings import SourceSettings
from connectors.sentry.facts import Hook, level_of, priority_of_level, project_of
from connectors.sentry.issues import case_key
from connectors.toolbox.reasons import without_effect
from connectors.toolbox.rendering import attributes, block, compose, filled, subject_line
from connectors.toolbox.strict_json import object_at, read_id, read_instant, read_time, text_at, within
from connectors.toolbox.text import one_line, readable

THRESHOLDS = ("critical", "warning")
"""Actions of an open metric alert."""


def issue_alert(hook: Hook, settings: SourceSettings) -> Event | Remark:
    """Return an opening of the issue's case: an alert rule matched an event. Raises ValueError."""
    if hook.action != "triggered":
        return without_effect("action", hook.action)
    it = within(hook.data, "event")
    key = case_key(read_id(it, "issue_id"))
    happened = read_time(it, "datetime")
    level = level_of(it)
    rule = one_line(text_at(hook.data, "triggered_rule"))
    facts = filled(
        {
            "title": text_at(it, "title"),
            "where": text_at(it, "culprit"),
            "level": text_at(it, "level"),
            "environment": text_at(it, "environment"),
            "release": text_at(it, "release"),
        }
    )
    return Opened(
        start_known=False,  # each event of the issue reports again that the issue goes on
        case_key=key,
        source_message_id=f"{key}:event:{read_id(it, 'event_id')}",
        occurred_at=happened.time,
        started_at=happened.time,
        subject=subject_line(text_at(it, "title"), f"Sentry {key}"),
        text=compose(
            text_at(it, "message"),
            [block("Event", facts), f"Alert rule: {rule}" if rule else ""],
            [("At", readable(happened.time)), ("Sentry", it.get("web_url"))],
        ),
        content_digest=digest(*(part for pair in facts for part in pair)),
        severity=level,
        priority=priority_of_level(level) if level else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes(
            {
                "labels.project": project_of(it.get("project")) or None,
                "labels.platform": text_at(it, "platform") or None,
                "labels.environment": text_at(it, "environment") or None,
                "labels.rule": rule or None,
            }
        ),
    )


def metric_alert(hook: Hook, settings: SourceSettings) -> Event | Remark:
    """Return one crossing of a threshold. `critical` and `warning` may follow each other, as changes of one crossing.

    Raises ValueError.
    """
    if hook.action not in (*THRESHOLDS, "resolved"):
        return without_effect("action", hook.action)
    it = within(hook.data, "metric_alert")
    key = f"metric:{read_id(it, 'id')}"
    started = read_time(it, "date_started")
    is_over = hook.action == "resolved"
    closed = read_instant(it, "date_closed") if is_over else None
    ended = max(closed.time if closed else hook.at, started.time)
    severity = None if is_over else hook.action
    rule = one_line(text_at(object_at(it, "alert_rule"), "name"))
    title = text_at(hook.data, "description_title") or text_at(it, "title") or rule
    return (Resolved if is_over else Opened)(
        case_key=key,
        source_message_id=f"{key}:{'closed' if is_over else 'open'}:{started.text}",
        occurred_at=ended if is_over else started.time,
        started_at=started.time,
        subject=subject_line(title, f"Sentry {key}"),
        text=compose(
            text_at(hook.data, "description_text"),
            [f"Alert rule: {rule}" if rule else ""],
            [
                ("Started", readable(started.time)),
                ("Ended", readable(ended) if is_over else None),
                ("Sentry", hook.data.get("web_url")),
            ],
        ),
        content_digest=digest(hook.action, title),
        severity=severity,
        priority=priority_of_level(severity) if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes({"labels.rule": rule or None}),
    )
