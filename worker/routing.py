"""Applies the routes to an event before it is planned: sets its fields, its policy and its wording.

Pure: nothing is looked up. The event's content digest stays the source's, so that another route or template makes no
known message a changed one. Case key and source message id never depend on routing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

from connectors.contract.events import Event
from connectors.contract.settings import SourceSettings
from connectors.toolbox.text import clean, one_line
from tickets.assumptions import MAX_SUBJECT, MAX_TEXT
from worker.planning.grouping import group_of, storm_of
from worker.planning.model import Policy, Storm, Treatment, Wording
from worker.settings import PolicySettings, Source
from worker.settings.attributes import attributes_of
from worker.settings.models import Routing
from worker.settings.routes import Named, Resolution, Route, Setting, resolve
from worker.settings.templates import CannotRender, Template

MAX_METADATA_VALUE = 1024  # characters

NEVER_PRIVATE = frozenset({"source", "kind", "event", "severity", "priority", "category", "private"})
"""Attributes that metadata may hold for a private event. The others hold its text, or its author."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A template that could not be used for an event."""

    route: str
    what: str
    """`subject`, `description` or `metadata.NAME`."""
    why: str


@dataclass(frozen=True, slots=True)
class Routed:
    """An event with its treatment."""

    event: Event
    treatment: Treatment
    resolution: Resolution
    misfits: tuple[Misfit, ...] = ()

    @property
    def dropped_by(self) -> str | None:
        """The route that drops the event; None when it is not dropped."""
        drop = self.resolution.settings.get("drop")
        return None if drop is None else drop.route

    @property
    def why_dropped(self) -> str | None:
        drop = self.resolution.settings.get("drop")
        return None if drop is None else f"dropped by route {drop.route}: {drop.value}"


def route(source: Source, event: Event) -> Routed:
    """Apply the routes of the source to the event."""
    values = attributes_of(source.id, source.connector.kind, event)
    found = resolve(source.routing.routes, values)
    routed = _as_set(event, found, source.settings)
    expires = source.settings.expire_after is not None
    policy = _policy(source.routing.policy, found, is_reaction="reaction" in values, expires=expires)
    if "drop" in found.settings:
        return Routed(routed, Treatment(policy), found)
    wording, misfits = _worded(source.routing, found, values, is_private=routed.private)
    group = group_of(event, found.settings["group_by"].value, values) if "group_by" in found.settings else None
    storm = _storm(source, found, routed)
    return Routed(routed, Treatment(policy, wording, group, storm), found, misfits)


def default_policy(chosen: PolicySettings) -> Policy:
    """Return the policy for events about which no route decides."""
    return Policy(timedelta(seconds=chosen.reopen_window), chosen.note_on_change, timedelta(seconds=chosen.damping))


def may_delay(policy: PolicySettings, routes: Iterable[Route]) -> bool:
    """Return True when an opening may have to wait for the opening delay."""
    return policy.damping > 0 or any(each.damping for each in routes)


def may_group(policy: PolicySettings, routes: Iterable[Route]) -> bool:
    """Return True when an event may share a ticket with others."""
    return policy.storm_above is not None or any(each.group_by or each.storm_above for each in routes)


def may_answer(sources: Mapping[str, Source]) -> bool:
    """Return True when a source has receipts."""
    on = ((each.connector.receipts, each.settings) for each in sources.values())
    return any(receipts is not None and receipts.is_on(settings) for receipts, settings in on)


_OF_POLICY = ("reopen_window", "on_change", "damping", "on_resolve", "on_repeat", "on_comment", "on_reaction")
"""The settings of routes that make a policy."""


def _storm(source: Source, found: Resolution, event: Event) -> Storm | None:
    chosen = found.settings.get("storm_above")
    above, route = (source.routing.policy.storm_above, "") if chosen is None else (chosen.value, chosen.route)
    return storm_of(event, source.id, above, route)


def _as_set(event: Event, found: Resolution, source: SourceSettings) -> Event:
    changes: dict[str, Any] = {
        name: found.settings[name].value for name in ("category", "priority") if name in found.settings
    }
    private = found.settings.get("private")
    if private is not None:
        # A connector that keeps an event of a public source private has a reason of its own.
        by_default = source.private and source.routes_publish
        changes["private"] = private.value or (event.private and not by_default)
        changes["public_note"] = event.public_note and not private.value
    return replace(event, **changes) if changes else event


def _policy(chosen: PolicySettings, found: Resolution, *, is_reaction: bool, expires: bool) -> Policy:
    decided = tuple((name, found.settings[name].value) for name in _OF_POLICY if name in found.settings)
    defaults = (chosen.reopen_window, chosen.note_on_change, chosen.damping)
    return _policy_of(defaults, decided, is_reaction=is_reaction, expires=expires)


@lru_cache(maxsize=1024)  # the routes make few different policies, for many events
def _policy_of(
    defaults: tuple[float, bool, float], decided: tuple[tuple[str, Any], ...], *, is_reaction: bool, expires: bool
) -> Policy:
    says = dict(decided)
    reopen_window, note_on_change, damping = defaults
    on_comment = says.get("on_comment", "note")
    if is_reaction:
        on_comment = says.get("on_reaction", on_comment)
    return Policy(
        reopen_window=timedelta(seconds=says.get("reopen_window", reopen_window)),
        note_on_change=says.get("on_change", "note" if note_on_change else "nothing") == "note",
        damping=timedelta(seconds=says.get("damping", damping)),
        on_resolve=says.get("on_resolve", Policy().on_resolve),
        note_on_repeat=says.get("on_repeat") == "note",
        check_on_repeat=says.get("on_repeat") == "check",
        note_on_comment=on_comment == "note",
        expires=expires,
    )


def _worded(
    routing: Routing, found: Resolution, values: Mapping[str, str], *, is_private: bool
) -> tuple[Wording, tuple[Misfit, ...]]:
    texts: dict[str, str] = {}
    misfits: list[Misfit] = []
    for name, setting, template in _templates(routing, found):
        if is_private and name.startswith("metadata.") and not template.names <= NEVER_PRIVATE:
            continue
        try:
            texts[name] = _rendered(name, template, values)
        except CannotRender as error:
            misfits.append(Misfit(setting.route, name, str(error)))
    metadata = tuple(
        (name.removeprefix("metadata."), text) for name, text in texts.items() if name.startswith("metadata.") and text
    )
    remark = "\n".join(
        f"[The template for {each.what} of route {one_line(each.route)} could not be used: {each.why}.]"
        for each in misfits
    )
    return Wording(texts.get("subject"), texts.get("description"), metadata, remark or None), tuple(misfits)


def _templates(routing: Routing, found: Resolution) -> Iterator[tuple[str, Setting, Template]]:
    for name, setting in found.settings.items():
        if name in ("subject", "description") or name.startswith("metadata."):
            named = isinstance(setting.value, Named)
            yield name, setting, routing.templates[setting.value.template] if named else setting.value


def _rendered(name: str, template: Template, values: Mapping[str, str]) -> str:
    """Render the template, and clean the text like all text of senders. Raises CannotRender."""
    if name.startswith("metadata."):
        return one_line(template.render(values, MAX_METADATA_VALUE))
    if name == "subject":
        text = one_line(template.render(values, MAX_SUBJECT))
    else:
        text = clean(template.render(values, MAX_TEXT))
    if not text.strip():
        raise CannotRender("the result is empty")
    return text
