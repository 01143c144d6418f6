"""Reads alerts with labels, in the format of Alertmanager, which Grafana adopted.

One alert episode is one opening and one end. Only an alert's own state counts: a group's state can be `firing` over
resolved alerts, and `resolved` if the firing ones were cut off. The group key holds route matchers and is not unique,
so it is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from connectors.alerts import labelled_text
from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed, Remark, UnreadableMessage
from connectors.contract.settings import SourceSettings
from connectors.toolbox.reading import Said, of_items, unknown_severity
from connectors.toolbox.reasons import (
    LIST,
    OBJECT,
    TEXT,
    UnreadableItem,
    found,
    joined,
    located,
    missing,
    named,
    one_of,
    unexpected,
    unexpected_value,
)
from connectors.toolbox.rendering import MAX_ATTRIBUTE, attributes, reason
from connectors.toolbox.strict_json import checked_id, read_instant, read_list, read_object, scalar
from connectors.toolbox.text import Instant, cut, one_line, priority_of

STATUSES = ("firing", "resolved")
SEVERITY_LABELS = ("severity", "priority")
"""The first label that is not blank is the severity."""

Document = Mapping[str, Any]
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Differences of one product within this format. Each function gets an alert and the whole payload."""

    product: str
    links: Callable[[Document, Document], tuple[tuple[str, object], ...]]
    """Titles and addresses; shown, but not content."""
    prefix: Callable[[Document, Document], str] = lambda _alert, _payload: ""
    """A prefix that makes a fingerprint unique within the source."""
    measured: Callable[[Document, Document], Pairs] = lambda _alert, _payload: ()
    """Names and values that differ with every evaluation; shown, but not content."""
    is_noise: Callable[[Mapping[str, str], str], bool] = lambda _labels, _annotation: False
    """True for an annotation that differs with every evaluation; shown, but not content."""
    is_hidden: Callable[[str], bool] = lambda _name: False
    """True for a label or annotation that the product uses internally; not shown."""
    trouble: Callable[[Mapping[str, str]], str] = lambda _labels: ""
    """The trouble that an alert reports, if its annotations do not describe it."""


def parse_alerts(inbound: Inbound, settings: SourceSettings, dialect: Dialect) -> Parsed:
    """Return one event for each alert, in the order of the payload.

    Payloads are also made by templates, and some give no start of an alert. Such an alert goes on since its first
    report, and each report of it is a message of its own.

    Raises UnreadableMessage if the list of alerts is missing, OverLimit if it is longer than `max_items`.
    """
    payload = read_object(inbound.body)
    alerts = payload.get("alerts")
    if not isinstance(alerts, list):
        raise UnreadableMessage(str(unexpected(payload, "alerts", LIST)))
    remarked: set[str | None] = set()

    def said(index: int, alert: object) -> Iterator[Said]:
        event = _event(alert, payload, settings, dialect, inbound.received_at)
        yield event
        if event.severity not in remarked:
            remarked.add(event.severity)
            if event.severity and not priority_of(event.severity)[1]:
                label = _severity_label(dict(event.attributes))
                yield from unknown_severity(event, f"alerts[{index}].labels.{label}")

    return of_items("alerts", alerts, settings.max_items, said, _left_out(payload, dialect))


def listed(body: bytes, dialect: Dialect, prefix: str = "") -> frozenset[str]:
    """Return the case keys of all alerts in an answer of `GET /api/v2/alerts`.

    All states count, because silenced and inhibited alerts go on too. An alert is listed under its fingerprint and
    under its labels: the template of a webhook's body decides which one is the case key. Raises UnreadableMessage,
    also if a single alert cannot be identified: it could be any.

    Source: Alertmanager, api/v2/openapi.yaml, `gettableAlerts`.
    """
    keys: set[str] = set()
    for index, alert in enumerate(read_list(body)):
        try:
            names = _names(alert, dialect)
        except UnreadableItem as error:
            raise UnreadableMessage(reason(located(error, f"alerts[{index}]"))) from None
        keys.update(prefix + name for name in names)
    return frozenset(keys)


def _names(alert: object, dialect: Dialect) -> tuple[str, ...]:
    """Return the possible case keys of a listed alert. Raises UnreadableItem."""
    if not isinstance(alert, dict):
        raise unexpected_value("", alert, OBJECT)
    labels = _texts(alert, "labels", dialect)
    return (_name(alert, labels), _name_by_labels(labels)) if labels else (_name(alert, labels),)


def _left_out(payload: Document, dialect: Dialect) -> Iterator[Remark]:
    truncated = payload.get("truncatedAlerts")
    if isinstance(truncated, int) and not isinstance(truncated, bool) and truncated > 0:
        left_out = f"{dialect.product} left out alerts; set its max_alerts to 0"
        yield Remark("truncatedAlerts", f"truncatedAlerts is {found(truncated)}: {left_out}")


def _event(
    alert: object, payload: Document, settings: SourceSettings, dialect: Dialect, received_at: datetime
) -> Event:
    """Return the event of one alert. Raises ValueError: an UnreadableItem, or a value that `Event` refuses."""
    if not isinstance(alert, dict):
        raise unexpected_value("", alert, OBJECT)
    status = alert.get("status")
    if status not in STATUSES:
        raise unexpected(alert, "status", one_of(STATUSES))
    labels, annotations = (_texts(alert, name, dialect) for name in ("labels", "annotations"))
    observed = Instant(received_at, f"told {received_at.isoformat()}")
    begun = read_instant(alert, "startsAt")
    ended = (read_instant(alert, "endsAt") or begun or observed) if status == "resolved" else None
    started = begun or ended or observed
    key = dialect.prefix(alert, payload) + checked_id(_name(alert, labels), "fingerprint")
    severity = _severity(labels)
    about = labelled_text.About(
        labels=labels,
        annotations=annotations,
        started=begun.time if begun else None,
        ended=ended.time if ended else None,
        links=dialect.links(alert, payload),
        measured=dialect.measured(alert, payload),
        trouble=dialect.trouble(labels),
    )
    suffix = f"resolved:{started.text}:{ended.text}" if ended else f"firing:{started.text}"
    content = {name: text for name, text in annotations.items() if not dialect.is_noise(labels, name)}
    kind = Resolved if ended else partial(Opened, start_known=begun is not None)
    return kind(
        case_key=key,
        source_message_id=f"{key}:{suffix}",
        occurred_at=(ended or started).time,
        started_at=started.time,
        subject=labelled_text.subject(about),
        text=labelled_text.text(about),
        content_digest=digest(str(len(labels)), *_flat(labels), *_flat(content)),
        severity=severity,
        priority=priority_of(severity)[0] if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=_attributes(labels, payload.get("receiver")),
    )


def _texts(alert: Document, field: str, dialect: Dialect) -> dict[str, str]:
    """Return the object of strings at `field`, sorted by name; empty if it is missing."""
    value = alert.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unexpected(alert, field, OBJECT)
    texts = {}
    for name in sorted(value):
        # The path costs more than the rest, and only an error shows it.
        text = value[name] if isinstance(value[name], str) else scalar(value[name], joined(field, named(name)))
        if not dialect.is_hidden(name):
            texts[name] = text
    return texts


def _name(alert: Document, labels: Mapping[str, str]) -> str:
    fingerprint = alert.get("fingerprint")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise unexpected(alert, "fingerprint", TEXT)
    if fingerprint and fingerprint.strip():
        return fingerprint.strip()
    if not labels:
        raise missing("fingerprint", "a fingerprint or labels, which tell alerts apart")
    return _name_by_labels(labels)


def _name_by_labels(labels: Mapping[str, str]) -> str:
    return f"labels:{digest(*_flat(labels))}"


def _severity_label(attributes: Mapping[str, str]) -> str:
    """Return the name of the label that holds the severity."""
    filled = (name for name in SEVERITY_LABELS if one_line(attributes.get(f"labels.{name}", "")))
    return next(filled, SEVERITY_LABELS[0])


def _severity(labels: Mapping[str, str]) -> str | None:
    words = (one_line(labels.get(name, "")) for name in SEVERITY_LABELS)
    return next((cut(word, MAX_ATTRIBUTE) for word in words if word), None)


def _attributes(labels: Mapping[str, str], receiver: object) -> Pairs:
    routed = receiver if isinstance(receiver, str) and receiver else None
    return attributes({**{f"labels.{name}": value for name, value in labels.items()}, "receiver": routed})


def _flat(texts: Mapping[str, str]) -> Iterator[str]:
    for pair in texts.items():
        yield from pair
