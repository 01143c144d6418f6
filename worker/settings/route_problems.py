"""Judges the routes: names that are not known, routes that no event reaches, matchers that cannot hold.

An error is a route that cannot mean what it says. An oddity is allowed, and `check` warns of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from connectors import kinds
from worker.settings import attributes, habits
from worker.settings.matchers import Matcher
from worker.settings.problems import Finding, meant
from worker.settings.routes import Named, Route
from worker.settings.templates import Template

PRIORITIES = ("low", "medium", "high", "urgent")


def problems(
    routes: Sequence[Route],
    templates: Mapping[str, Template],
    sources: Collection[str] | None = None,
    *,
    are_templates_whole: bool = True,
) -> list[Finding]:
    """Return every error and oddity, in the order of the routes, the templates last.

    With `sources`, matchers of other sources are oddities. With `are_templates_whole` False, the templates could not be
    read, and a template that a route names is not looked up.
    """
    found: list[Finding] = []
    used: set[str] = set()
    first_of: dict[str, int] = {}
    for index, route in enumerate(routes):
        if (earlier := first_of.setdefault(route.name, index)) != index:
            said = f"route {earlier + 1} has the same name"
            found.append(Finding(("routes", index, "name"), said, "give each route a name of its own", is_error=True))
        for field in ("subject", "description"):
            text = getattr(route, field)
            if isinstance(text, Named):
                used.add(text.template)
                if text.template not in templates and are_templates_whole:
                    found.append(_no_template(("routes", index, field, "template"), text.template, templates))
        found += _odd(index, route, sources)
        if (shadow := _shadow(routes[:index], route)) is not None:
            todo = "move this route up, or give that one `continue: true`"
            found.append(Finding(("routes", index, "match"), shadow, todo, is_error=True))
    for name in templates:
        if name not in used:
            found.append(Finding(("templates", name), "no route uses this template", "remove it"))
    return found


def _no_template(path: tuple[str | int, ...], name: str, templates: Mapping[str, Template]) -> Finding:
    close = meant(name, templates)
    there = f"there are: {', '.join(sorted(templates)) or 'none'}"
    return Finding(
        path, f"there is no template {name!r}", f"did you mean {close!r}?" if close else there, is_error=True
    )


def _odd(index: int, route: Route, sources: Collection[str] | None) -> Iterator[Finding]:
    names = attributes.documented()
    yield from _odd_group(index, route, names)
    for each in route.match:
        path = ("routes", index, "match", each.item)
        if wrong := attributes.unknown(each.name, names):
            yield Finding(path, f"{each}: {wrong[0]}", wrong[1], is_error=True)
        elif no_value := _no_such_value(each, sources):
            # A source may be configured in the processes that take its messages in, and nowhere else.
            yield Finding(path, f"{each}: {no_value[0]}", no_value[1], is_error=each.name != "source")
    against = next(((one, other) for one in route.match for other in route.match if _contradict(one, other)), None)
    if against is not None:
        said = f"this route can never match: {against[0]} contradicts {against[1]}"
        yield Finding(("routes", index, "match", against[0].item), said, "remove one of the two")


def _no_such_value(matcher: Matcher, sources: Collection[str] | None) -> tuple[str, str] | None:
    """Return the problem and the remedy for a matcher that names a value which its attribute never has."""
    values: Mapping[str, Collection[str] | None] = {
        "kind": kinds(),
        "source": sources,
        "event": tuple(attributes.EVENTS.values()),
        "priority": PRIORITIES,
        "private": ("true", "false"),
    }
    known = values.get(matcher.name)
    if known is None or any(_equals(matcher, each) for each in known):
        return None
    word = f"no {matcher.name} {matcher.value!r}" if matcher.operator in ("=", "!=") else f"no such {matcher.name}"
    return f"there is {word}", _value_meant(matcher, known)


def _equals(matcher: Matcher, value: str) -> bool:
    """Return True if the value is the one that the matcher asks for, or asks not to have."""
    return matcher.matches(value) is (matcher.operator in ("=", "=~"))


def _value_meant(matcher: Matcher, known: Collection[str]) -> str:
    word = matcher.value.casefold()
    if matcher.name == "priority" and word in habits.SEVERITIES:
        return f"write severity {matcher.operator} {matcher.value}: priorities are {', '.join(PRIORITIES)}"
    habit = {"event": habits.EVENT_WORDS, "priority": habits.PRIORITY_WORDS}.get(matcher.name, {}).get(word)
    close = habit or meant(matcher.value, known)
    if close:
        return f"did you mean {close}?"
    return f"there are: {', '.join(known)}" if known else "none is configured"


def _odd_group(index: int, route: Route, names: Mapping[str, str]) -> Iterator[Finding]:
    for number, each in enumerate(route.group_by or ()):
        path = ("routes", index, "group_by", number)
        if each == "...":
            yield Finding(
                path,
                "events have no attribute '...'",
                "remove group_by: each alert has its own ticket then",
                is_error=True,
            )
        elif wrong := attributes.unknown(each, names):
            yield Finding(path, wrong[0], wrong[1], is_error=True)
        elif each in attributes.OF_ONE:
            said = f"{each!r} differs from event to event, so every event would be a group by itself"
            yield Finding(path, said, "group by labels that many alerts share")


def _contradict(one: Matcher, other: Matcher) -> bool:
    """Return True when an attribute cannot fulfil both; only detected when `one` requires a certain value."""
    return one.name == other.name and one.operator == "=" and not other.matches(one.value)


def _shadow(earlier: Iterable[Route], route: Route) -> str | None:
    """Return why an earlier route takes every event that this one would match; None when there is no such route."""
    for other in earlier:
        if not other.goes_on and all(_implied(route.match, each) for each in other.match):
            return (
                f"this route can never match: route {other.name!r} before it takes the same events (without continue)"
            )
    return None


def _implied(given: Iterable[Matcher], wanted: Matcher) -> bool:
    """Return True when the given matchers can hold only if the wanted one holds."""
    return any(
        each == wanted or (each.name == wanted.name and each.operator == "=" and wanted.matches(each.value))
        for each in given
    )
