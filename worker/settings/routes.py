"""Routes: which events each route matches, and what it sets.

Routes are examined in their order. The first match ends the search, unless the route has `continue`. An earlier route's
settings stay, and a later one fills those that are not set. `policy` and the source apply where no route sets a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, InstanceOf, StringConstraints, WithJsonSchema, model_validator

from connectors.contract.durations import SecondsOrNone
from connectors.contract.events import Priority
from worker.settings.matchers import Matcher, parse_matchers
from worker.settings.section import AtOffset, Section
from worker.settings.templates import Template, TemplateText, template

OnResolve = Literal["close", "resolve", "note", "nothing"]
NoteOrNothing = Literal["note", "nothing"]

OnRepeat = Literal["note", "check", "nothing"]

MAX_METADATA = 50  # names
MAX_GROUP_BY = 20  # attributes


def _parsed(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    found: list[object] = []
    for index, each in enumerate(value):
        try:
            found += (replace(one, item=index) for one in parse_matchers(each)) if isinstance(each, str) else (each,)
        except AtOffset as error:
            raise AtOffset(str(error), error.offset, error.length, item=index) from None
    return tuple(found)


class Named(Section):
    """A template of the `templates` section."""

    template: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    """The template's name in that section."""


def _worded(value: object) -> object:
    """Return a template, or the name of one; raise one error for any other value."""
    match value:
        case str():
            return template(value)
        case {"template": str() as name, **others} if name.strip() and not others:
            return Named(template=name)
        case Template() | Named():
            return value
    raise ValueError("must be a template, or template: NAME with the name of one in the section templates")


Matchers = Annotated[
    tuple[InstanceOf[Matcher], ...],
    BeforeValidator(_parsed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Text = Annotated[
    InstanceOf[Template] | InstanceOf[Named],
    BeforeValidator(_worded),
    WithJsonSchema({"anyOf": [{"type": "string"}, Named.model_json_schema()]}),
]


class Route(Section):
    """Conditions on events, and the settings for those that match. A missing setting is not set."""

    name: Line
    """A unique name, used in `explain`, metrics and reasons."""
    match: Matchers = ()
    """Conditions that must all hold; without any, every event matches."""
    goes_on: bool = Field(default=False, alias="continue")
    """Examine later routes too, which fill missing settings."""
    category: Line | None = None
    """The tickets' category."""
    priority: Priority | dict[str, Priority] | None = None
    """One priority for all, or one for each severity; a severity that is not in the table has none."""
    private: bool | None = None
    """Keep the text out of subject and description.

    False overrides the source's own setting, but not what a connector keeps private for a reason of its own. False has
    no effect on chat: there, `channels` decides what is public.
    """
    metadata: dict[Line, TemplateText] = Field(default_factory=dict, max_length=MAX_METADATA)
    """The ticket's metadata. Each name is a setting by itself. Revision A of the API does not support metadata."""
    subject: Text | None = None
    """The ticket's subject instead of the source's own: a template, or `template: NAME`."""
    description: Text | None = None
    """The ticket's description, likewise."""
    group_by: tuple[Line, ...] | None = Field(default=None, max_length=MAX_GROUP_BY)
    """One ticket for all events of a source with equal values of these attributes; with an empty list, one for each."""
    storm_above: int | None = Field(default=None, ge=1)
    """When more incidents than these begin in a minute, the others share one ticket; urgent ones do not."""
    reopen_window: SecondsOrNone | None = None
    """How soon after its end a new opening reopens the ticket; later it creates a new one."""
    damping: SecondsOrNone | None = None
    """The opening delay: how long an opening waits before its ticket is created. An end by then costs no call."""
    on_change: NoteOrNothing | None = None
    """The effect of a known message with other content."""
    on_repeat: OnRepeat | None = None
    """The effect of a known message with the same content; `check` brings back a ticket that a person has closed."""
    on_resolve: OnResolve | None = None
    """`resolve` gives the ticket the status resolved; with `note` and `nothing` it stays open for a person to close."""
    on_comment: NoteOrNothing | None = None
    """The effect of a comment on a case."""
    on_reaction: NoteOrNothing | None = None
    """The effect of a comment that is a reaction; None: that of `on_comment`."""
    drop: Line | None = None
    """The reason for which the event has no effect."""

    @model_validator(mode="after")
    def _a_drop_sets_nothing(self) -> Self:
        others = [name for name, value in self.sets if name != "drop"]
        if self.drop is not None and (others or self.goes_on):
            what = ", ".join(["continue"] if self.goes_on else others)
            raise ValueError(f"a route that drops events can set no other value, but this one sets {what}")
        return self

    def misses(self, values: Mapping[str, str]) -> tuple[Matcher, ...]:
        """Return the matchers that do not hold; the route matches when there are none."""
        return tuple(each for each in self.match if not each.holds(values))

    @cached_property
    def sets(self) -> tuple[tuple[str, Any], ...]:
        """The names and values of the settings that the route has; metadata one by one, as `metadata.NAME`."""
        found: list[tuple[str, Any]] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name == "metadata":
                found += ((f"metadata.{key}", each) for key, each in value.items())
            elif name not in ("name", "match", "goes_on") and value is not None:
                found.append((name, value))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and the route that set it."""

    value: Any
    route: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The result of the routes for an event."""

    settings: Mapping[str, Setting]
    matched: tuple[str, ...]
    """Names of the routes that matched, in their order."""
    nearly: tuple[tuple[str, Matcher], ...]
    """Routes that failed by a single matcher, and that matcher."""


def resolve(routes: Iterable[Route], values: Mapping[str, str]) -> Resolution:
    """Resolve the routes for an event with these attributes: first match wins, setting by setting."""
    found: dict[str, Setting] = {}
    matched: list[str] = []
    nearly: list[tuple[str, Matcher]] = []
    for route in routes:
        misses = route.misses(values)
        if misses:
            nearly += [(route.name, misses[0])] if len(misses) == 1 else []
            continue
        matched.append(route.name)
        for name, value in route.sets:
            chosen = _by_severity(value, values["severity"]) if name == "priority" else value
            if chosen is not None:
                found.setdefault(name, Setting(chosen, route.name))
        if not route.goes_on:
            break
    return Resolution(found, tuple(matched), tuple(nearly))


def _by_severity(value: Priority | Mapping[str, Priority], severity: str) -> Priority | None:
    if not isinstance(value, Mapping):
        return value
    word = severity.strip().casefold()
    return next((priority for name, priority in value.items() if name.strip().casefold() == word), None)
