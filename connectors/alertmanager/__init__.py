"""Prometheus Alertmanager, webhook v4 (also vmalert and Mimir): one alert episode is one event each way.

Each alert's own state is what counts: the group's says `firing` over resolved alerts, and `resolved` where
`max_alerts` cut the firing ones off. The group key holds route matchers and is not unique: nothing reads it.
Two peers of a high-availability pair send the same alert with other links: links are no content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from connectors.alertmanager import rendering
from connectors.base import (
    Connector,
    Denied,
    Inbound,
    Keys,
    OverLimit,
    Parsed,
    Remark,
    SourceSettings,
    UnreadableMessage,
    Unverified,
    Verified,
)
from connectors.documents import UnreadableItem, found, read_object, scalar
from connectors.events import Event, Opened, Resolved, digest
from connectors.mapping import Instant, clean, cut, instant, one_line, priority_of
from connectors.signatures import authorize, basic, bearer

SEVERITY_LABELS = ("severity", "priority")
"""The first that is not blank is the severity."""

MAX_ATTRIBUTE = 1024
"""Characters of a label's name or value that routing sees."""

MAX_REASON = 300
"""Characters of a remark's reason."""


class Settings(SourceSettings):
    """A source of kind `alertmanager`."""

    username: Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]*[^:\s\x00-\x1f\x7f]$")] | None = None
    """Accept `Basic` with this name and the secret as password too; it holds no colon (RFC 7617)."""


def verify(inbound: Inbound, settings: Settings, _now: datetime, _keys: Keys) -> Verified | Denied:
    """`Authorization: Bearer SECRET`, and `Basic` where a username is configured."""
    return authorize(inbound, settings.secrets, settings.username) or Verified(inbound)


def sign(_body: bytes, settings: Settings, _now: datetime) -> dict[str, str]:
    """The header that Alertmanager sends with these settings."""
    secret = settings.secrets[0]
    return bearer(secret) if settings.username is None else basic(settings.username, secret)


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """One event for each alert, in the order of the payload.

    Raises UnreadableMessage where there is no list of alerts, OverLimit where it is longer than `max_items`.
    """
    payload = read_object(message.inbound.body)
    alerts = payload.get("alerts")
    if not isinstance(alerts, list):
        there = f"it is {found(alerts)}" if "alerts" in payload else "it is missing"
        raise UnreadableMessage(f"alerts is no list of alerts: {there}")
    if len(alerts) > settings.max_items:
        raise OverLimit(f"{len(alerts)} alerts in one delivery, more than {settings.max_items}")
    events: list[Event] = []
    unreadable: list[Remark] = []
    ignored = list(_about_the_group(payload, alerts))
    unknown: set[str] = set()
    for index, alert in enumerate(alerts):
        try:
            event = _event(alert, payload, settings)
        except ValueError as error:
            unreadable.append(Remark(f"alerts[{index}]", cut(one_line(str(error)), MAX_REASON)))
            continue
        events.append(event)
        if event.severity and event.severity not in unknown and not priority_of(event.severity)[1]:
            unknown.add(event.severity)
            reason = f"the severity {found(event.severity)} is not in the table: its priority is {event.priority}"
            ignored.append(Remark(f"alerts[{index}].severity", reason))
    return Parsed(tuple(events), tuple(ignored), tuple(unreadable))


def _about_the_group(payload: Mapping[str, Any], alerts: list[Any]) -> Iterator[Remark]:
    if not alerts:
        yield Remark("alerts", "the list is empty")
    truncated = payload.get("truncatedAlerts")
    if isinstance(truncated, int) and not isinstance(truncated, bool) and truncated > 0:
        reason = f"Alertmanager left {truncated} more alerts out of this delivery: set max_alerts to 0"
        yield Remark("truncatedAlerts", cut(reason, MAX_REASON))


def _event(alert: object, payload: Mapping[str, Any], settings: Settings) -> Event:
    """What one alert says. Raises ValueError: an UnreadableItem, or what `Event` refuses."""
    if not isinstance(alert, dict):
        raise UnreadableItem(f"it is {found(alert)}, not an object")
    status = alert.get("status")
    if status not in ("firing", "resolved"):
        raise UnreadableItem(f"status: {_found(alert, 'status')} is neither firing nor resolved")
    labels, annotations = _texts(alert, "labels"), _texts(alert, "annotations")
    started = _instant(alert, "startsAt")
    if started is None:
        raise UnreadableItem(f"startsAt: {_found(alert, 'startsAt')} is no start")
    ended = (_instant(alert, "endsAt") or started) if status == "resolved" else None
    key = _case_key(alert, labels)
    severity = _severity(labels)
    about = rendering.About(
        labels=labels,
        annotations=annotations,
        started=started.time,
        ended=ended.time if ended else None,
        source=alert.get("generatorURL"),
        alertmanager=payload.get("externalURL"),
    )
    suffix = f"resolved:{started.text}:{ended.text}" if ended else f"firing:{started.text}"
    return (Resolved if ended else Opened)(
        case_key=key,
        source_message_id=f"{key}:{suffix}",
        occurred_at=(ended or started).time,
        started_at=started.time,
        subject=rendering.subject(about),
        text=rendering.text(about),
        content_digest=digest(str(len(labels)), *_flat(labels), *_flat(annotations)),
        severity=severity,
        priority=priority_of(severity)[0] if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=_attributes(labels, payload.get("receiver")),
    )


def _texts(alert: Mapping[str, Any], field: str) -> dict[str, str]:
    """The object of strings at `field`, sorted by name; empty where there is none."""
    value = alert.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableItem(f"{field}: {found(value)}, not an object")
    texts = {}
    for name in sorted(value):
        try:
            texts[name] = scalar(value[name])
        except UnreadableItem as error:
            raise UnreadableItem(f"{field}.{cut(name, 100)}: {error}") from None
    return texts


def _instant(alert: Mapping[str, Any], field: str) -> Instant | None:
    """The time at `field`; None where it is missing, null or zero."""
    value = alert.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableItem(f"{field}: {found(value)} is no text with a time")
    try:
        return instant(value)
    except ValueError as error:
        raise UnreadableItem(f"{field}: {found(value)} is {error}") from None


def _case_key(alert: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    fingerprint = alert.get("fingerprint")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise UnreadableItem(f"fingerprint: {found(fingerprint)} is no text")
    if fingerprint and fingerprint.strip():
        return fingerprint.strip()
    if not labels:
        raise UnreadableItem("fingerprint: there is none, and there are no labels to tell the alert from others by")
    return f"labels:{digest(*_flat(labels))}"


def _severity(labels: Mapping[str, str]) -> str | None:
    words = (one_line(labels.get(name, "")) for name in SEVERITY_LABELS)
    return next((cut(word, MAX_ATTRIBUTE) for word in words if word), None)


def _attributes(labels: Mapping[str, str], receiver: object) -> tuple[tuple[str, str], ...]:
    pairs = [(f"labels.{name}", value) for name, value in labels.items()]
    if isinstance(receiver, str) and receiver:
        pairs.append(("receiver", receiver))
    return tuple(sorted((cut(clean(name), MAX_ATTRIBUTE), cut(clean(value), MAX_ATTRIBUTE)) for name, value in pairs))


def _flat(texts: Mapping[str, str]) -> Iterator[str]:
    for pair in texts.items():
        yield from pair


def _found(alert: Mapping[str, Any], field: str) -> str:
    return found(alert[field]) if field in alert else "nothing"


CONNECTOR = Connector(
    kind="alertmanager",
    title="Prometheus Alertmanager",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
)
