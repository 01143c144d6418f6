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
from connectors.contract.messages import Inbound, Parsed, UnreadableMessage, Unverified, Verified
from connectors.generic.proofs import ID, PROOF
from connectors.generic.settings import Settings, compiled
from connectors.toolbox.reading import Said, of_items, parsed, unknown_severity
from connectors.toolbox.reasons import (
    LIST,
    MAX_NAME,
    OBJECT,
    TIME,
    UnreadableItem,
    joined,
    missing,
    unexpected,
    unexpected_value,
    unquoted_without_effect,
)
from connectors.toolbox.rendering import MAX_ATTRIBUTE, attributes, block, compose, reason, subject_line
from connectors.toolbox.strict_json import checked_id, read_object, scalar, text_at
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
            return parsed(_said("", document, delivery, settings))
        except ValueError as error:
            raise UnreadableMessage(reason(error)) from None
    name, items = _path(settings.items), _items(document, settings.items)
    return of_items(
        name, items, settings.max_items, lambda index, item: _said(f"{name}[{index}]", item, delivery, settings)
    )


def _said(where: str, item: object, delivery: _Delivery, settings: Settings) -> Iterator[Said]:
    event = _event(item, delivery, settings)
    if event is None:
        path = joined(where, _path(settings.action))
        yield unquoted_without_effect(path, "none of the settings opened, noted, changed and resolved lists the value")
    else:
        yield event
        yield from unknown_severity(event, joined(where, _path(settings.severity)))


def _unwrapped(body: dict[str, Any], inbound: Inbound) -> tuple[dict[str, Any], _Delivery]:
    """Return the data of a CloudEvent with its attributes as `ce`; any other document unchanged."""
    arrived = inbound.received_at.astimezone(UTC)
    ce = {name: inbound.header(f"ce-{name}") or "" for name in CE_ATTRIBUTES}
    data: dict[str, Any] = body
    if isinstance(body.get("specversion"), str) and "source" in body and "id" in body:
        ce, data = {name: text_at(body, name) for name in CE_ATTRIBUTES}, body.get("data", {})
        if not isinstance(data, dict):
            raise UnreadableMessage(str(unexpected(body, "data", f"{OBJECT}, the CloudEvent's data")))
    if not (ce["id"] and ce["source"]):
        return body, _Delivery(one_line(inbound.header(ID) or ""), "", arrived)
    return {**data, "ce": ce}, _Delivery(digest(ce["source"], ce["id"]), ce["time"], arrived)


def _items(document: Mapping[str, Any], expression: str) -> list[Any]:
    try:
        items = _search(expression, document)
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None
    if not isinstance(items, list):
        path, expected = _path(expression), f"{LIST} (setting items)"
        problem = missing(path, expected) if items is None else unexpected_value(path, items, expected)
        raise UnreadableMessage(str(problem))
    return items


def _event(item: object, delivery: _Delivery, settings: Settings) -> Event | None:
    """Return the event of one item; None for an action that the settings do not name. Raises ValueError."""
    if not isinstance(item, dict):
        raise unexpected_value("", item, OBJECT)
    action = _text(item, settings.action).casefold()
    if not action:
        raise missing(_path(settings.action), "the action's word (setting action)")
    kind = _kind(action, settings)
    if kind is None:
        return None
    key = _text(item, settings.case)
    if not key:
        raise missing(_path(settings.case), "the case's name (setting case)")
    checked_id(key, _path(settings.case))
    at = _time(item, delivery, settings)
    own = _text(item, settings.message_id) or delivery.id or at.text
    severity = cut(_text(item, settings.severity), MAX_ATTRIBUTE) or None
    subject = _text(item, settings.subject)
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


def _path(expression: str) -> str:
    """Return an expression as a path in reasons; most expressions are the path of a field."""
    return cut(one_line(expression), MAX_NAME)


def _search(expression: str, item: Any) -> Any:
    """Return the value at the expression. Raises UnreadableItem."""
    try:
        return compiled(expression).search(item)
    except (TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        # The library's functions check the types of their arguments, but not of all values within them.
        raise UnreadableItem(f"cannot be evaluated: {type(error).__name__}", _path(expression)) from None
    except ValueError as error:
        raise UnreadableItem(f"cannot be evaluated: {error}", _path(expression)) from None


def _text(item: Mapping[str, Any], expression: str) -> str:
    """Return the text, number or boolean at the expression as one line; empty if there is none."""
    return one_line(scalar(_search(expression, item), _path(expression)))


def _time(item: Mapping[str, Any], delivery: _Delivery, settings: Settings) -> Instant:
    """Return the item's own time, else the CloudEvent's, else the time of arrival."""
    value = _search(settings.time, item)
    given = delivery.time if value is None or value == "" else value
    try:
        at = instant(_rfc_3339(given)) if given != "" else None
    except (ValueError, OverflowError, OSError):
        path = _path(settings.time) if given == value else "ce.time"
        raise unexpected_value(path, given, f"{TIME}, or seconds since 1970") from None
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
        raise UnreadableItem("is nested too deeply to be read", "text") from None


def _flat(labels: Mapping[str, str]) -> list[str]:
    return [part for pair in labels.items() for part in pair]


CONNECTOR = Connector(
    kind="generic",
    title="JSON of any program",
    settings=Settings,
    proof=PROOF,
    body_credentials=lambda settings: settings.body_credentials,
    parse=parse,
    attributes={"labels.*": "what the setting `labels` takes from the document"},
)
