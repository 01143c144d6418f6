"""Shows the effect that a message would have as the first of its source. Nothing is stored or sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connectors.contract.events import Event
from connectors.contract.messages import ConnectorError, Denied, Inbound, Parsed, Unverified, Verified
from connectors.toolbox.text import cut, one_line
from tickets.models import encode
from worker.actions.errors import UnknownSource
from worker.documents.explain import EventExplained, Explained, Planned, RoutingExplained
from worker.intake.reading import NO_KEYS, parse
from worker.planning.arrival import Arrival, Effect
from worker.rehearsal.memory import Memory
from worker.routing import Routed, route
from worker.settings import Settings, Source
from worker.settings.attributes import attributes_of
from worker.settings.routes import Route

SHOWN = 100  # characters of an attribute


def explain(settings: Settings, source: Source, arrived: Inbound, *, unverified: bool) -> Explained:
    """Return the effect of a message. With `unverified`, the sender needs no proof."""
    try:
        return of_message(settings, source, _message(source, arrived, unverified))
    except (ConnectorError, PermissionError) as error:
        return {"verified": None, "verdict": None, "events": [], "ignored": [], "unreadable": [], "error": str(error)}


def source_of(settings: Settings, kind: str, source_id: str | None) -> Source:
    """Return the source of that id; without an id, the only one of that kind, or the one named like the kind.

    Raises UnknownSource: the message names the sources that there are.
    """
    of_kind = {name: each for name, each in sorted(settings.sources.items()) if each.connector.kind == kind}
    if source_id is not None and source_id not in of_kind:
        there = ", ".join(of_kind) or "none"
        raise UnknownSource(f"--source {source_id!r}: no source of kind {kind!r} has this id; there are: {there}")
    if not of_kind and (named := settings.sources.get(kind)) is not None:
        raise UnknownSource(
            f"{kind!r} is a source, not a kind: write `explain {named.connector.kind} FILE --source {kind}`"
        )
    if not of_kind:
        raise UnknownSource(f"no source of kind {kind!r} is configured; there are: {kinds_of(settings)}")
    if source_id is None and kind not in of_kind and len(of_kind) > 1:
        raise UnknownSource(f"--source is missing: several sources are of kind {kind}: {', '.join(of_kind)}")
    return of_kind.get(source_id or kind) or next(iter(of_kind.values()))


def kinds_of(settings: Settings) -> str:
    """Return the kinds of the configured sources, each once, in one line."""
    return ", ".join(sorted({each.connector.kind for each in settings.sources.values()}))


def _message(source: Source, arrived: Inbound, unverified: bool) -> Verified | Unverified:
    if unverified:
        return Unverified(arrived)
    verdict = source.connector.verify(arrived, source.settings, arrived.received_at, NO_KEYS)
    if isinstance(verdict, Denied):
        raise PermissionError(
            f"the sender is not verified: {verdict.reason}; give its headers with --header, or use --unverified"
        )
    return verdict


def of_message(settings: Settings, source: Source, message: Verified | Unverified) -> Explained:
    """Return the effect of a message whose sender is proven, or need not be. Raises ConnectorError."""
    parsed = parse(source, message)
    memory = Memory()
    proven = f"with the settings of source {source.id!r}, of kind {source.connector.kind}"
    return {
        "verified": proven if isinstance(message, Verified) else None,
        "verdict": parsed.verdict,
        "events": [_event(settings, source, event, memory, message.inbound.received_at) for event in parsed.events],
        "ignored": [{"item": each.item, "reason": each.reason} for each in parsed.ignored],
        "unreadable": [{"item": each.item, "reason": each.reason} for each in parsed.unreadable],
        "error": _problem(parsed),
    }


def _problem(parsed: Parsed) -> str | None:
    return "; ".join(str(each) for each in parsed.unreadable) or None


def _event(settings: Settings, source: Source, event: Event, memory: Memory, now: datetime) -> EventExplained:
    """Route and plan one event after the events before it, as intake and the ledger would."""
    routed = route(source, event)
    values = attributes_of(source.id, source.connector.kind, event)
    routing = _routing(settings.routes, values, routed) if settings.routes else None
    if routed.why_dropped is not None:
        return _facts(routed.event, routing, [], routed.why_dropped, "none, since a route drops the event")
    known = memory.cases
    outcomes = memory.take([Arrival(source.id, routed.event, 0, routed.treatment)], now)
    operations: list[Planned] = [
        {
            "kind": intent.kind,
            "idempotency_key": outcome.key(intent),
            "body": json.loads(encode(intent.request, settings.api.revision)),
        }
        for outcome in outcomes
        for intent in outcome.intents
    ]
    return _facts(routed.event, routing, operations, outcomes[0].reason, _correlated(outcomes[0], known))


def _correlated(outcome: Effect, known: int) -> str:
    """Return the case of an event, where `known` is the number of cases before it."""
    if outcome.case_id is None:
        return "no case is known"
    return "a new case" if outcome.case_id >= known else f"the case of an earlier event, {outcome.case_key}"


def _facts(
    event: Event, routing: RoutingExplained | None, operations: list[Planned], reason: str | None, correlated: str
) -> EventExplained:
    return {
        "kind": event.kind,
        "case": event.case_key,
        "aliases": list(event.aliases),
        "looked_for_as": [each.alias for each in event.references],
        "correlated": correlated,
        "source_message_id": event.source_message_id,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "subject": event.subject,
        "description": event.text,
        "priority": event.priority,
        "category": event.category,
        "private": event.private,
        "routing": routing,
        "operations": operations,
        "reason": reason,
    }


def _routing(routes: Sequence[Route], values: Mapping[str, str], routed: Routed) -> RoutingExplained:
    """Return the routes that matched and their settings, the routes that failed by one matcher, and the misfits."""
    found = routed.resolution
    return {
        "matched": [
            {"route": name, "sets": [what for what, each in found.settings.items() if each.route == name]}
            for name in found.matched
        ],
        "nearly": [
            {"route": name, "failed": str(matcher), "value": cut(one_line(values.get(matcher.name, "")), SHOWN)}
            for name, matcher in found.nearly
        ],
        "not_reached": [each.name for each in routes[_looked_at(routes, found.matched) :]],
        "misfits": [{"route": each.route, "template": each.what, "why": each.why} for each in routed.misfits],
        "group": routed.treatment.group.title if routed.treatment.group is not None else None,
    }


def _looked_at(routes: Sequence[Route], matched: Sequence[str]) -> int:
    """Return how many routes were examined before the search ended."""
    ends = (number for number, each in enumerate(routes, 1) if each.name in matched and not each.goes_on)
    return next(ends, len(routes))
