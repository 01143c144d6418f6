"""Attributes of an event that matchers and templates may use. Each is a text.

Every event has those of `COMMON`. A connector lists its own in `Connector.attributes`, where `labels.*` stands for any
number of attributes with that beginning.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from connectors import connector, kinds
from connectors.contract.events import Changed, Commented, Event, Opened, Resolved, TicketChanged
from worker.settings.habits import LABELS

COMMON: dict[str, str] = {
    "source": "the id of the source",
    "kind": "the kind of the source's connector",
    "event": "opened, commented, changed, resolved or ticket_changed",
    "severity": "the source's own word for the severity; empty if the source has none",
    "priority": "the priority that the connector makes of the severity: low, medium, high or urgent",
    "category": "the category in the source's settings; empty if there is none",
    "subject": "one line that says what happened",
    "text": "the text of the message",
    "author": "the person who wrote the message, as the source names people; empty if the source does not say",
    "private": "true or false",
    "case": "the name of the case within its source, such as the fingerprint of an alert",
}

OF_ONE = frozenset({"event", "case", "subject", "text"})
"""Attributes that distinguish an event, or a case, from others."""

EVENTS: dict[type[Event], str] = {
    Opened: "opened",
    Commented: "commented",
    Changed: "changed",
    Resolved: "resolved",
    TicketChanged: "ticket_changed",
}


def attributes_of(source: str, kind: str, event: Event) -> dict[str, str]:
    """Return the attributes of an event, as the connector made it."""
    return dict(event.attributes) | {
        "source": source,
        "kind": kind,
        "event": EVENTS[type(event)],
        "severity": event.severity or "",
        "priority": event.priority,
        "category": event.category or "",
        "subject": event.subject,
        "text": event.text,
        "author": event.author or "",
        "private": "true" if event.private else "false",
        "case": event.case_key,
    }


def documented() -> dict[str, str]:
    """Return every attribute of any kind of source, with its meaning; attributes of a group appear as `labels.*`."""
    of_kinds: dict[str, str] = {}
    for kind in kinds():
        of_kinds |= connector(kind).attributes
    return of_kinds | COMMON


def groups(names: Mapping[str, str]) -> frozenset[str]:
    """Return the groups among documented names, such as `labels`."""
    return frozenset(name.removesuffix(".*") for name in names if name.endswith(".*"))


def unknown(name: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the problem and the remedy for an unknown attribute; None when some kind of source has it."""
    beginning, dot, rest = name.partition(".")
    if name in names or (dot and rest and beginning in groups(names)):
        return None
    return f"events have no attribute {name!r}", _attribute_meant(name, names)


def _attribute_meant(name: str, names: Mapping[str, str]) -> str:
    """Return what to write in place of an unknown attribute: a label where Prometheus' users name labels bare."""
    bare = name.removeprefix("$").removeprefix(".")
    beginning, dot, rest = bare.partition(".")
    if "labels.*" in names:
        if beginning.casefold() in ("labels", "commonlabels", "grouplabels", "label") and dot and rest:
            return f"write labels.{rest}"
        if bare in LABELS:
            return f"write labels.{bare}"
        if name in ("labels", "label"):
            return "name one of them: labels.NAME"
    if dot and rest and (group := difflib.get_close_matches(beginning, groups(names), n=1, cutoff=0.6)):
        return f"did you mean {group[0]}.{rest}?"
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    there_are = f"there are: {', '.join(sorted(names))}"
    return f"a label is written labels.{bare}; {there_are}" if "labels.*" in names and not dot else there_are
