"""`ticketrelay explain`: what would happen with a message, without any effect."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from connectors.contract.events import Event
from connectors.contract.messages import ConnectorError, Denied, Inbound, Parsed, Unverified, Verified
from connectors.toolbox.text import cut, one_line
from tickets.models import encode
from worker.actions.samples import NotOneMessage, sample_in
from worker.cli.shell.common import DEFAULT_DATA, config_option, fail, local_settings
from worker.cli.shell.output import cell, emit, output_option
from worker.documents.explain import EventExplained, Explained, Planned, RoutingExplained
from worker.intake.reading import NO_KEYS, parse
from worker.planning.arrival import Arrival, Effect
from worker.rehearsal.memory import Memory
from worker.routing import Routed, route
from worker.settings import Settings, Source
from worker.settings.attributes import attributes_of
from worker.settings.routes import Route

SHOWN = 100  # characters of an attribute


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@config_option
@click.option("--unverified", is_flag=True, help="Read it although nobody vouches for its sender.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header it came with; repeatable.")
@click.option("--source", "source_id", help="The source that it came to; its kind by default.")
@output_option
def explain(
    kind: str, file: str, unverified: bool, headers: tuple[str, ...], source_id: str | None, output: str
) -> None:
    """Show what would happen with the message in FILE (- for standard input), as if it were the first of its source.

    FILE holds its body, or what `events export` printed of it. Nothing is stored or sent. A description gets the
    ledger's marker as its last line besides. Exits 1 when the message cannot be read or its sender is not verified.

    \b
    Example: ticketrelay explain alertmanager alert.json --unverified --config ticketrelay.yaml
    """
    settings = local_settings(DEFAULT_DATA)
    source = _source(settings, kind, source_id)
    with click.open_file(file, "rb") as stream:
        raw: bytes = stream.read()
    try:
        sample = sample_in(raw)
    except NotOneMessage as error:
        fail([f"{file}: {error}"])
    given = (*sample.headers, *_headers(headers))
    arrived = Inbound(source.id, datetime.now(UTC), sample.body, given, sample.query)
    try:
        result: Explained = _explain(settings, source, _message(source, arrived, unverified))
    except (ConnectorError, PermissionError) as error:
        result = {"verified": None, "events": [], "ignored": [], "unreadable": [], "error": str(error)}
    if output == "json":
        emit("explain", result)
    else:
        _print(result)
    sys.exit(1 if result["error"] else 0)


def _source(settings: Settings, kind: str, source_id: str | None) -> Source:
    """The source of that id, or the first of that kind; one that is named like its kind comes first."""
    of_kind = {name: each for name, each in sorted(settings.sources.items()) if each.connector.kind == kind}
    if source_id is not None and source_id not in of_kind:
        there = ", ".join(of_kind) or "none"
        fail([f"--source {source_id!r}: no source of kind {kind!r} has that id; there are: {there}"])
    if not of_kind:
        known = sorted({each.connector.kind for each in settings.sources.values()})
        fail([f"no source of kind {kind!r} is configured; there are: {', '.join(known)}"])
    return of_kind.get(source_id or kind) or next(iter(of_kind.values()))


def _headers(given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for each in given:
        name, colon, value = each.partition(":")
        if not colon:
            fail([f"--header {each!r}: a header is 'NAME: VALUE'"])
        pairs.append((name.strip().lower(), value.strip()))
    return tuple(pairs)


def _message(source: Source, arrived: Inbound, unverified: bool) -> Verified | Unverified:
    if unverified:
        return Unverified(arrived)
    verdict = source.connector.verify(arrived, source.settings, arrived.received_at, NO_KEYS)
    if isinstance(verdict, Denied):
        raise PermissionError(
            f"its sender is not verified: {verdict.reason} (give its headers with --header, or use --unverified)"
        )
    return verdict


def _explain(settings: Settings, source: Source, message: Verified | Unverified) -> Explained:
    parsed = parse(source, message)
    memory = Memory()
    proven = f"by what source {source.id!r} knows: {source.connector.kind}, as its settings say"
    return {
        "verified": proven if isinstance(message, Verified) else None,
        "events": [_event(settings, source, event, memory, message.inbound.received_at) for event in parsed.events],
        "ignored": [{"item": each.item, "reason": each.reason} for each in parsed.ignored],
        "unreadable": [{"item": each.item, "reason": each.reason} for each in parsed.unreadable],
        "error": _problem(parsed),
    }


def _problem(parsed: Parsed) -> str | None:
    return "; ".join(f"{each.item}: {each.reason}" for each in parsed.unreadable) or None


def _event(settings: Settings, source: Source, event: Event, memory: Memory, now: datetime) -> EventExplained:
    """Route and plan one event after those before it, as intake and ledger would."""
    routed = route(source, event)
    values = attributes_of(source.id, source.connector.kind, event)
    routing = _routing(settings.routes, values, routed) if settings.routes else None
    if routed.why_dropped is not None:
        return _facts(routed.event, routing, [], routed.why_dropped, "none: it is dropped before")
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
    """Which case an event came to, where so many were known before it."""
    if outcome.case_id is None:
        return "none that is known here"
    return "a new case" if outcome.case_id >= known else f"the case of an event before it, {outcome.case_key}"


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
    """Which routes matched and what each set, which of them a single matcher kept from it, and what did not fit."""
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
    """How many routes were looked at before the search ended."""
    ends = (number for number, each in enumerate(routes, 1) if each.name in matched and not each.goes_on)
    return next(ends, len(routes))


def _print_routing(routing: RoutingExplained) -> None:
    for each in routing["matched"]:
        click.echo(f"  route {each['route']} matched, and sets {', '.join(each['sets']) or 'nothing'}")
    if not routing["matched"]:
        click.echo("  no route matched")
    for missed in routing["nearly"]:
        click.echo(f"  route {missed['route']} nearly matched: {missed['failed']} does not hold of {missed['value']!r}")
    if routing["group"] is not None:
        click.echo(f"  one ticket for the group {cell(routing['group'])}")
    for misfit in routing["misfits"]:
        click.echo(f"  the template for {misfit['template']} of route {misfit['route']} does not fit: {misfit['why']}")


def _print_case(event: EventExplained) -> None:
    click.echo(f"  message {cell(event['source_message_id'])} of {event['occurred_at']}")
    click.echo(f"  case {cell(event['case'])}: {cell(event['correlated'])}")
    if event["aliases"]:
        click.echo(f"  known from now on as {cell(', '.join(event['aliases']))}")
    if event["looked_for_as"]:
        click.echo(f"  looked for as {cell(', '.join(event['looked_for_as']))}")


def _print_operation(operation: Planned) -> None:
    """The call, and its request field by field: what is of several lines stands beneath its name."""
    click.echo(f"  → {operation['kind']}  key {operation['idempotency_key']}")
    for name, value in operation["body"].items():
        lines = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).splitlines() or [""]
        if len(lines) == 1:
            click.echo(f"      {name}: {cell(lines[0])}")
        else:
            click.echo("\n".join([f"      {name}:", *(f"        {cell(line)}".rstrip() for line in lines)]))


def _print(result: Explained) -> None:
    if not result["error"] or result["events"]:
        click.echo(f"verified {result['verified']}" if result["verified"] else "not verified: nobody vouches for it")
    for event in result["events"]:
        click.echo(f"{event['kind']}  {cell(event['subject'])}")
        _print_case(event)
        if event["routing"] is not None:
            _print_routing(event["routing"])
        for each in event["operations"]:
            _print_operation(each)
        if event["reason"]:
            click.echo(f"  → nothing: {cell(event['reason'])}")
    for left in result["ignored"]:
        click.echo(f"ignored {cell(left['item'])}: {cell(left['reason'])}")
    if not (result["events"] or result["ignored"] or result["unreadable"] or result["error"]):
        click.echo("it says nothing: its sender only wants an answer")
    if result["error"]:
        click.echo(f"error: {cell(result['error'])}", err=True)
