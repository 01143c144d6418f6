"""Helpers for parsing a body: one JSON object, lists of items, and separating events from remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from connectors.contract.events import Event
from connectors.contract.messages import (
    Inbound,
    OverLimit,
    Parsed,
    Remark,
    Reply,
    UnreadableMessage,
    Unverified,
    Verified,
)
from connectors.toolbox.reasons import found, located, too_many
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import read_object
from connectors.toolbox.text import priority_of

S = TypeVar("S")

Said = Event | Remark
"""The result for an item: an event, or a remark with the reason for its absence."""

Parse = Callable[[Verified | Unverified, S], Parsed]
"""The type of a connector's `parse`."""


def of_object(read: Callable[[Mapping[str, Any], Inbound, S], Parsed]) -> Parse[S]:
    """Make a `parse` from a function that reads the body's JSON object.

    A ValueError of `read` (an UnreadableItem, or a value that an event refuses) makes the whole message unreadable.
    """

    @wraps(read)
    def parse(message: Verified | Unverified, settings: S) -> Parsed:
        payload = read_object(message.inbound.body)
        try:
            return read(payload, message.inbound, settings)
        except ValueError as error:
            raise UnreadableMessage(reason(error)) from None

    return parse


def of_items(
    name: str,
    items: Sequence[object],
    most: int,
    read: Callable[[int, object], Iterable[Said]],
    about_all: Iterable[Remark] = (),
) -> Parsed:
    """Return events and remarks of all items. If `read` raises ValueError, only that item is unreadable.

    Raises OverLimit for more than `most` items. `about_all` are remarks on the list itself, which come first.
    """
    if len(items) > most:
        raise OverLimit(too_many(name, len(items), most, "max_items"))
    said: list[Said] = [*([] if items else [Remark(name, f"{name} is an empty list")]), *about_all]
    unreadable: list[Remark] = []
    for index, item in enumerate(items):
        try:
            said += list(read(index, item))
        except ValueError as error:
            item = f"{name}[{index}]"
            unreadable.append(Remark(item, reason(located(error, item))))
    return parsed(said, unreadable)


def parsed(said: Iterable[Said], unreadable: Iterable[Remark] = (), reply: Reply | None = None) -> Parsed:
    """Separate events from remarks; both keep their order."""
    each = tuple(said)
    return Parsed(
        events=tuple(one for one in each if not isinstance(one, Remark)),
        ignored=tuple(one for one in each if isinstance(one, Remark)),
        unreadable=tuple(unreadable),
        reply=reply,
    )


def unknown_severity(event: Event, path: str) -> tuple[Remark, ...]:
    """Return the remark on a severity that is missing from the table; empty for a known severity or none."""
    if not event.severity or priority_of(event.severity)[1]:
        return ()
    return (unknown_word(event, path, "a known severity, like critical, warning or info"),)


def unknown_word(event: Event, path: str, expected: str) -> Remark:
    """Return the remark on a severity of the sender's own, and the priority that the event has instead."""
    return Remark(path, f"{path} is {found(event.severity)}: expected {expected}; the priority is {event.priority}")
