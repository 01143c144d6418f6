"""Shapes of `explain`: what a message would lead to."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic needs it where Python is older than 3.12

from connectors.contract.events import Priority
from worker.planning.model import Kind


class Left(TypedDict):
    """An item of a payload that became no event, or not a whole one."""

    item: str
    reason: str


class Planned(TypedDict):
    """A call that would follow."""

    kind: Kind
    idempotency_key: str
    body: dict[str, Any]
    """As it would be sent."""


class RouteMatched(TypedDict):
    """A route that matched, and the names of what it set."""

    route: str
    sets: list[str]


class RouteMissed(TypedDict):
    """A route that a single matcher kept from matching, and the value that it met."""

    route: str
    failed: str
    value: str


class TemplateMisfit(TypedDict):
    """A template that could not be used."""

    route: str
    template: str
    why: str


class RoutingExplained(TypedDict):
    """What the routes made of an event."""

    matched: list[RouteMatched]
    nearly: list[RouteMissed]
    not_reached: list[str]
    misfits: list[TemplateMisfit]
    group: str | None


class EventExplained(TypedDict):
    """One event, as its route has it."""

    kind: str
    case: str
    aliases: list[str]
    """Further names of the case that it makes known."""
    looked_for_as: list[str]
    """Names under which it looks for a case that is there, before the one that `case` names."""
    correlated: str
    """Which case it came to, in words."""
    source_message_id: str
    occurred_at: str
    subject: str
    description: str
    priority: Priority
    category: str | None
    private: bool
    routing: RoutingExplained | None
    """None where no routes are configured."""
    operations: list[Planned]
    reason: str | None
    """Why nothing follows."""


class Explained(TypedDict):
    """`explain`"""

    verified: str | None
    """How it was proven who sent it, in words; None where it is not."""
    events: list[EventExplained]
    ignored: list[Left]
    unreadable: list[Left]
    error: str | None
    """Why the message, or a part of it, cannot be read; or who sent it is not proven."""
