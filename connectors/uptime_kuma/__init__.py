"""Uptime Kuma, webhook notifications with a JSON body: a monitor is a case; down opens it, up resolves it.

Deliveries are not signed: the secret is in a header, or in the query of the URL. A notification is sent once, without
retries. A notification without a heartbeat is a test, or a warning about an expiring certificate; only its text shows
which.

Source: github.com/louislam/uptime-kuma, `server/notification-providers/webhook.js`, `src/util.js` (statuses).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed, Remark
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Basic
from connectors.toolbox.reading import of_object, unknown_severity
from connectors.toolbox.reasons import TEXT, one_of, shown, unexpected, without_effect
from connectors.toolbox.rendering import MAX_ATTRIBUTE, attributes, block, compose, filled, subject_line
from connectors.toolbox.signatures import Username
from connectors.toolbox.strict_json import number_at, objects_in, read_id, text_at, within
from connectors.toolbox.text import Instant, cut, instant, one_line, priority_of, readable

STATUSES: Mapping[int, tuple[type[Event] | None, str]] = {
    0: (Opened, "down"),
    1: (Resolved, "up"),
    2: (None, "pending"),
    3: (None, "under maintenance"),
}
"""Event and name of each heartbeat status."""

STATUS_IN_TEXT: tuple[tuple[str, int], ...] = (("[🔴 Down]", 0), ("[✅ Up]", 1))
"""Words in the message that show the status of a heartbeat without one."""

SEVERITY_TAGS = ("severity", "priority")
"""Tags of a monitor that hold the severity."""

_CERTIFICATE = re.compile(r"\bcertificate\b.*\bexpired?\b.*?\b[0-9]+ days?\b", re.IGNORECASE)
_DAYS = re.compile(r"\b[0-9]+ days?\b")
_USER_IN_URL = re.compile(r"(?<=://)[^/?#@\s]{1,500}@")


class Settings(SourceSettings):
    """A source of kind `uptime_kuma`."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""


@of_object
def parse(payload: Mapping[str, Any], inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event.

    Raises UnreadableMessage if the monitor, its status or the time is missing.
    """
    if payload.get("heartbeat") is None:
        return _without_heartbeat(payload, inbound.received_at, settings)
    heartbeat = within(payload, "heartbeat")
    monitor = {} if payload.get("monitor") is None else within(payload, "monitor")
    kind, state = STATUSES[_status(heartbeat, text_at(payload, "msg"))]
    if kind is None:
        return Parsed(ignored=(without_effect("heartbeat.status", heartbeat.get("status"), f"the monitor is {state}"),))
    event = _event(kind, state, heartbeat, monitor, settings)
    return Parsed((event,), ignored=unknown_severity(event, "monitor.tags"))


def _event(
    kind: type[Event], state: str, heartbeat: Mapping[str, Any], monitor: Mapping[str, Any], settings: Settings
) -> Event:
    key = read_id(monitor, "id") if monitor.get("id") is not None else read_id(heartbeat, "monitorID")
    at = _time(heartbeat)
    tags = _tags(monitor)
    severity = next((cut(tags[name], MAX_ATTRIBUTE) for name in SEVERITY_TAGS if tags.get(name)), None)
    name = one_line(text_at(monitor, "pathName") or text_at(monitor, "name")) or f"Monitor {key}"
    facts = _facts(monitor)
    event = kind(
        case_key=key,
        source_message_id=f"{key}:{state}:{at.text}",
        occurred_at=at.time,
        started_at=at.time,
        subject=subject_line(f"{name} is {state}", ""),
        text=compose(text_at(heartbeat, "msg"), [block("Monitor", facts)], [("At", readable(at.time))]),
        content_digest=digest(state, *(part for pair in facts for part in pair)),
        severity=severity,
        priority=priority_of(severity)[0] if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes({**{f"labels.{tag}": value for tag, value in tags.items()}, "labels.monitor": name}),
    )
    # A repeated notification does not report the start of the outage.
    return replace(event, start_known=False) if isinstance(event, Opened) else event


def _without_heartbeat(payload: Mapping[str, Any], arrived: datetime, settings: Settings) -> Parsed:
    """Return a case for a certificate's warning, named by its text without the days: the warning names no monitor."""
    written = one_line(text_at(payload, "msg"))
    if not written:
        raise unexpected(payload, "msg", f"{TEXT}, since the notification has no heartbeat")
    if not _CERTIFICATE.search(written):
        return Parsed(
            ignored=(Remark("heartbeat", f"heartbeat is missing, as in a test notification: {shown(written, 100)}"),)
        )
    at = arrived.astimezone(UTC)
    key = f"certificate:{digest(_DAYS.sub('', written))}"
    event = Opened(
        case_key=key,
        source_message_id=f"{key}:{digest(written)[:16]}:{at.date().isoformat()}",
        occurred_at=at,
        started_at=at,
        subject=subject_line(written, ""),
        text=compose(written, [], [("At", readable(at))]),
        content_digest=digest(written),
        category=settings.category,
        private=settings.private,
    )
    return Parsed((event,))


def _status(heartbeat: Mapping[str, Any], message: str) -> int:
    status = heartbeat.get("status")
    if isinstance(status, int) and not isinstance(status, bool) and status in STATUSES:
        return status
    told = next((number for words, number in STATUS_IN_TEXT if words in message), None) if status is None else None
    if told is None:
        raise unexpected(heartbeat, "status", one_of(f"{number} ({name})" for number, (_, name) in STATUSES.items()))
    return told


def _time(heartbeat: Mapping[str, Any]) -> Instant:
    """Return the time: `time` is UTC without a zone; an older version has `localDateTime` and its offset."""
    spelled = [
        f"{text_at(heartbeat, 'time')}Z",
        text_at(heartbeat, "localDateTime") + text_at(heartbeat, "timezoneOffset"),
    ]
    for each in spelled:
        try:
            at = instant(each)
        except ValueError:
            continue
        if at is not None:
            return at
    raise unexpected(heartbeat, "time", "a time in UTC, like 2026-01-05 10:00:00")


def _tags(monitor: Mapping[str, Any]) -> dict[str, str]:
    """Return names and values of the monitor's tags; the last of two with one name."""
    tags = objects_in(monitor.get("tags"))
    named = ((one_line(text_at(each, "name")), one_line(text_at(each, "value"))) for each in tags)
    return {name: value for name, value in named if name}


def _facts(monitor: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a monitor's facts that count as content, without a name and password in its URL."""
    facts = {
        "name": text_at(monitor, "pathName") or text_at(monitor, "name"),
        "type": text_at(monitor, "type"),
        "url": _USER_IN_URL.sub("", text_at(monitor, "url")),
        "host": text_at(monitor, "hostname"),
        "port": number_at(monitor, "port"),
        "description": text_at(monitor, "description"),
        **{f"tag {name}": value for name, value in sorted(_tags(monitor).items())},
    }
    return filled(facts)


CONNECTOR = Connector(
    kind="uptime_kuma",
    title="Uptime Kuma",
    settings=Settings,
    proof=Basic(in_url=True),
    parse=parse,
    attributes={"labels.*": "labels.monitor, the monitor's name; and its tags"},
)
