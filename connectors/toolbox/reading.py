"""What parsing a body has in common: one JSON object, items one by one, events beside remarks."""

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
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import found, read_object
from connectors.toolbox.text import priority_of

S = TypeVar("S")

Said = Event | Remark
"""What becomes of an item: an event, or the reason why there is none."""

Parse = Callable[[Verified | Unverified, S], Parsed]
"""What a connector calls `parse`."""


def of_object(read: Callable[[Mapping[str, Any], Inbound, S], Parsed]) -> Parse[S]:
    """Makes a `parse` of what reads the one JSON object that the body is.

    A ValueError of `read` (an UnreadableItem, or what an event refuses) makes the whole message unreadable.
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
    """Events and remarks of each item; one that `read` raises a ValueError for is unreadable, its neighbours are not.

    Raises OverLimit where there are more than `most`. `about_all` are remarks on the list itself, which come first.
    """
    if len(items) > most:
        raise OverLimit(f"{len(items)} {name} in one delivery, more than {most}")
    said: list[Said] = [*([] if items else [Remark(name, "the list is empty")]), *about_all]
    unreadable: list[Remark] = []
    for index, item in enumerate(items):
        try:
            said += list(read(index, item))
        except ValueError as error:
            unreadable.append(Remark(f"{name}[{index}]", reason(error)))
    return parsed(said, unreadable)


def parsed(said: Iterable[Said], unreadable: Iterable[Remark] = (), reply: Reply | None = None) -> Parsed:
    """Events and remarks, each in the order in which they were said."""
    each = tuple(said)
    return Parsed(
        events=tuple(one for one in each if not isinstance(one, Remark)),
        ignored=tuple(one for one in each if isinstance(one, Remark)),
        unreadable=tuple(unreadable),
        reply=reply,
    )


def unknown_severity(event: Event, item: str) -> tuple[Remark, ...]:
    """The remark on a severity that is in no table; none where the event has none, or a known one."""
    if not event.severity or priority_of(event.severity)[1]:
        return ()
    return (
        Remark(item, f"the severity {found(event.severity)} is not in the table: its priority is {event.priority}"),
    )
