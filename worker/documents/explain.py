"""Shapes of `explain`: the effect that a message would have."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic requires it on Python older than 3.12

from connectors.contract.events import Priority
from worker.planning.model import Kind


class Left(TypedDict):
    """An item of a payload that became no event, or an incomplete one."""

    item: str
    reason: str


class Planned(TypedDict):
    """A call that would follow."""

    kind: Kind
    idempotency_key: str
    body: dict[str, Any]
    """The body as it would be sent."""


class RouteMatched(TypedDict):
    """A route that matched, and the names of its settings that apply."""

    route: str
    sets: list[str]


class RouteMissed(TypedDict):
    """A route that failed by a single matcher, and the value of the attribute."""

    route: str
    failed: str
    value: str


class TemplateMisfit(TypedDict):
    """A template that could not be used."""

    route: str
    template: str
    why: str


class RoutingExplained(TypedDict):
    """The effect of the routes on an event."""

    matched: list[RouteMatched]
    nearly: list[RouteMissed]
    not_reached: list[str]
    misfits: list[TemplateMisfit]
    group: str | None


class EventExplained(TypedDict):
    """One event, after routing."""

    kind: str
    case: str
    aliases: list[str]
    """Further names of the case that the event adds."""
    looked_for_as: list[str]
    """Names by which the event looks up an existing case, before the one in `case`."""
    correlated: str
    """The case that the event came to, in words."""
    source_message_id: str
    occurred_at: str
    subject: str
    description: str
    priority: Priority
    category: str | None
    private: bool
    routing: RoutingExplained | None
    """None when no routes are configured."""
    operations: list[Planned]
    reason: str | None
    """Why the event has no effect."""


class Explained(TypedDict):
    """The document of `explain`."""

    verified: str | None
    """How the sender was proven, in words; None without proof."""
    verdict: str | None
    """The verdict on the author of a mail and its reason: pass, vouched, unknown or fail; None for other messages."""
    events: list[EventExplained]
    ignored: list[Left]
    unreadable: list[Left]
    error: str | None
    """Why the message, or a part of it, cannot be read; or why its sender is not proven."""
