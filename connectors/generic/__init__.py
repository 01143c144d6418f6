"""JSON of any program: expressions locate the case, the action and the other fields.

The default settings read PagerDuty's Events API v2. A CloudEvent (1.0), in the body or in headers, is unwrapped:
expressions apply to its data, in which `ce` holds the CloudEvent's attributes.

Source: developer.pagerduty.com, "Events API v2"; github.com/cloudevents/spec, 1.0.2 (JSON format, HTTP binding).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.events import Changed, Commented, Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed, Remark, UnreadableMessage, Unverified, Verified
from connectors.generic.proofs import ID, PROOF
from connectors.generic.settings import Settings, compiled
from connectors.toolbox.reading import Said, of_items, parsed, unknown_severity
from connectors.toolbox.rendering import MAX_ATTRIBUTE, attributes, block, compose, reason, subject_line
from connectors.toolbox.strict_json import UnreadableItem, found, read_object, scalar, text_at
from connectors.toolbox.text import Instant, cut, instant, one_line, priority_of, readable

CE_ATTRIBUTES = ("id", "source", "type", "subject", "time")
LAST_IN_SECONDS = 10**11
"""A larger number since 1970 is in milliseconds."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    """Data that all items of a delivery share."""

    id: str
    """The program's id of the delivery; empty if it gives none."""
    time: str
    """The CloudEvent's own time; empty if it has none."""
    arrived: datetime


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event for each item.

    Raises UnreadableMessage if the body or the list of items cannot be read, OverLimit for too many items.
    """
    inbound = message.inbound
    document, delivery = _unwrapped(read_object(inbound.body), inbound)
    if settings.items is None:
        try:
            return parsed(_said("body", document, delivery, settings))
        except ValueError as error:
            raise UnreadableMessage(reason(error)) from None
    items = _items(document, settings.items)
    return of_items(
        "items", items, settings.max_items, lambda index, item: _said(f"items[{index}]", item, delivery, settings)
    )


def _said(where: str, item: object, delivery: _Delivery, settings: Settings) -> Iterator[Said]:
    event = _event(item, delivery, settings)
    if event is None:
        yield Remark(f"{where}.action", "nothing is done about an action that settings do not name")
    else:
        yield event
        yield from unknown_severity(event, f"{where}.severity")


def _unwrapped(body: dict[str, Any], inbound: Inbound) -> tuple[dict[str, Any], _Delivery]:
    """Return the data of a CloudEvent with its attributes as `ce`; any other document unchanged."""
    arrived = inbound.received_at.astimezone(UTC)
    ce = {name: inbound.header(f"ce-{name}") or "" for name in CE_ATTRIBUTES}
    data: dict[str, Any] = body
    if isinstance(body.get("specversion"), str) and "source" in body and "id" in body:
        ce, data = {name: text_at(body, name) for name in CE_ATTRIBUTES}, body.get("data", {})
        if not isinstance(data, dict):
            raise UnreadableMessage(f"data: {found(data)} is no object with what the CloudEvent is about")
    if not (ce["id"] and ce["source"]):
        return body, _Delivery(one_line(inbound.header(ID) or ""), "", arrived)
    return {**data, "ce": ce}, _Delivery(digest(ce["source"], ce["id"]), ce["time"], arrived)


def _items(document: Mapping[str, Any], expression: str) -> list[Any]:
    try:
        items = _search(expression, document)
    except ValueError as error:
        raise UnreadableMessage(f"items: {reason(error)}") from None
    if not isinstance(items, list):
        raise UnreadableMessage(f"items: {expression} is {found(items)}, no list")
    return items


def _event(item: object, delivery: _Delivery, settings: Settings) -> Event | None:
    """Return the event of one item; None for an action that the settings do not name. Raises ValueError."""
    if not isinstance(item, dict):
        raise UnreadableItem(f"it is {found(item)}, not an object")
    action = _text(item, "action", settings.action).casefold()
    if not action:
        raise UnreadableItem(f"action: there is nothing at {settings.action}")
    kind = _kind(action, settings)
    if kind is None:
        return None
    key = _text(item, "case", settings.case)
    if not key:
        raise UnreadableItem(f"case: there is nothing at {settings.case}")
    at = _time(item, delivery, settings)
    own = _text(item, "message_id", settings.message_id) or delivery.id or at.text
    severity = cut(_text(item, "severity", settings.severity), MAX_ATTRIBUTE) or None
    subject = _text(item, "subject", settings.subject)
    details = _search(settings.text, item)
    labels = _labels(_search(settings.labels, item))
    text = compose(
        details if isinstance(details, str) else subject,
        [block("Details", _listed(details)), block("Labels", labels.items())],
        [("Action", action), ("At", readable(at.time))],
    )
    fields: dict[str, Any] = {"unknown": "wait", "reopens": False} if kind is Commented else {}
    return kind(
        case_key=key,
        source_message_id=f"{key}:{action}:{own}",
        occurred_at=at.time,
        started_at=at.time,
        subject=subject_line(subject, key),
        text=text,
        content_digest=digest(action, subject, severity or "", _spelled(details), *_flat(labels)),
        severity=severity,
        priority=priority_of(severity)[0] if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes({f"labels.{name}": value for name, value in labels.items()}),
        **fields,
    )


def _kind(action: str, settings: Settings) -> type[Event] | None:
    table: tuple[tuple[tuple[str, ...], type[Event]], ...] = (
        (settings.opened, Opened),
        (settings.noted, Commented),
        (settings.changed, Changed),
        (settings.resolved, Resolved),
    )
    return next((kind for words, kind in table if action in words), None)


def _search(expression: str, item: Mapping[str, Any]) -> Any:
    """Return the value at the expression. Raises ValueError (JMESPathError is one)."""
    try:
        return compiled(expression).search(item)
    except (TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        # The library's functions check the types of their arguments, but not of all values within them.
        raise UnreadableItem(f"{expression} cannot be applied: {type(error).__name__}") from None


def _text(item: Mapping[str, Any], name: str, expression: str) -> str:
    """Return the text, number or boolean at the expression as one line; empty if there is none."""
    try:
        return one_line(scalar(_search(expression, item)))
    except ValueError as error:
        raise UnreadableItem(f"{name}: {error}") from None


def _time(item: Mapping[str, Any], delivery: _Delivery, settings: Settings) -> Instant:
    """Return the item's own time, else the CloudEvent's, else the time of arrival."""
    value = _search(settings.time, item)
    given = delivery.time if value is None or value == "" else value
    try:
        at = instant(_rfc_3339(given)) if given != "" else None
    except (ValueError, OverflowError, OSError):
        raise UnreadableItem(f"time: {found(given)} is no time") from None
    return at or Instant(delivery.arrived, delivery.arrived.isoformat())


def _rfc_3339(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= LAST_IN_SECONDS else value
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    if isinstance(value, str):
        return value
    raise ValueError("neither text nor number")


def _labels(value: object) -> dict[str, str]:
    """Return an object's texts, numbers and booleans, sorted by name."""
    pairs = sorted(value.items()) if isinstance(value, dict) else []
    kept = ((one_line(name), one_line(scalar(each))) for name, each in pairs if not isinstance(each, list | dict))
    return {name: text for name, text in kept if name and text}


def _listed(details: object) -> list[tuple[str, str]]:
    if not isinstance(details, dict):
        return []
    return [(name, _spelled(value)) for name, value in sorted(details.items())]


def _spelled(value: object) -> str:
    """Return a text unchanged, anything else as JSON with sorted keys."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except RecursionError:
        raise UnreadableItem("text: it is nested too deeply") from None


def _flat(labels: Mapping[str, str]) -> list[str]:
    return [part for pair in labels.items() for part in pair]


CONNECTOR = Connector(
    kind="generic",
    title="JSON of any program",
    settings=Settings,
    proof=PROOF,
    parse=parse,
    attributes={"labels.*": "what the setting `labels` takes from the document"},
)
