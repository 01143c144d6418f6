"""`ticketrelay explain`: what would happen with a message, without any effect."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from connectors.base import ConnectorError, Denied, Inbound, Parsed, Unverified, Verified
from connectors.events import Event
from tickets.models import encode
from worker.cli.common import DEFAULT_DATA, fail, local_settings
from worker.intake.reading import NO_KEYS, parse
from worker.ledger import policy_of
from worker.lifecycle import CaseState, Sighting, idempotency_key, plan
from worker.settings import Settings, Source


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--unverified", is_flag=True, help="Read it although nobody vouches for its sender.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header it came with; repeatable.")
@click.option("--source", "source_id", help="The source that it came to; its kind by default.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(
    kind: str, file: str, unverified: bool, headers: tuple[str, ...], source_id: str | None, output: str
) -> None:
    """Show what would happen with the message in FILE (- for standard input), as if it were the first of its source.

    Nothing is stored or sent. A description gets the ledger's marker as its last line besides. Exits 1 when the
    message cannot be read or its sender is not verified.
    """
    settings = local_settings(DEFAULT_DATA)
    source = _source(settings, kind, source_id)
    with click.open_file(file, "rb") as stream:
        body: bytes = stream.read()
    arrived = Inbound(source.id, datetime.now(UTC), body, _headers(headers))
    try:
        result = _explain(settings, source, _message(source, arrived, unverified))
    except (ConnectorError, PermissionError) as error:
        result = {"events": [], "ignored": [], "error": str(error)}
    if output == "json":
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
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


def _explain(settings: Settings, source: Source, message: Verified | Unverified) -> dict[str, Any]:
    parsed = parse(source, message)
    cases: dict[str, CaseState] = {}
    seen: dict[str, tuple[str, int]] = {}
    return {
        "events": [_event(settings, source, event, cases, seen) for event in parsed.events],
        "ignored": [{"item": each.item, "reason": each.reason} for each in parsed.ignored],
        "unreadable": [{"item": each.item, "reason": each.reason} for each in parsed.unreadable],
        "error": _problem(parsed),
    }


def _problem(parsed: Parsed) -> str | None:
    return "; ".join(f"{each.item}: {each.reason}" for each in parsed.unreadable) or None


def _event(
    settings: Settings,
    source: Source,
    event: Event,
    cases: dict[str, CaseState],
    seen: dict[str, tuple[str, int]],
) -> dict[str, Any]:
    """Plan one event after those before it, as the ledger would."""
    before = cases.get(event.case_key, CaseState())
    known = seen.get(event.source_message_id)
    sighting, episode = Sighting.NEW, None
    if known is not None:
        sighting = Sighting.REPEAT if known[0] == event.content_digest else Sighting.CHANGED
        episode = known[1]
    decided = plan(source.id, before, event, sighting, policy_of(settings), episode=episode)
    cases[event.case_key] = decided.case
    seen[event.source_message_id] = (event.content_digest, decided.case.episode)
    in_episode = episode if episode is not None else decided.case.episode
    return {
        "kind": event.kind,
        "case": event.case_key,
        "source_message_id": event.source_message_id,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "subject": event.subject,
        "description": event.text,
        "priority": event.priority,
        "category": event.category,
        "private": event.private,
        "operations": [
            {
                "kind": intent.kind,
                "idempotency_key": idempotency_key(
                    source.id, event.case_key, in_episode, event.source_message_id, intent
                ),
                "body": json.loads(encode(intent.request, settings.api.revision)),
            }
            for intent in decided.intents
        ],
        "reason": decided.reason,
    }


def _print(result: dict[str, Any]) -> None:
    for event in result["events"]:
        click.echo(f"{event['kind']}  {event['subject']}")
        click.echo(f"  case {event['case']}  message {event['source_message_id']}  at {event['occurred_at']}")
        for each in event["operations"]:
            click.echo(f"  → {each['kind']}  {json.dumps(each['body'], ensure_ascii=False)}")
        if event["reason"]:
            click.echo(f"  → nothing: {event['reason']}")
    for each in result["ignored"]:
        click.echo(f"ignored {each['item']}: {each['reason']}")
    if result["error"]:
        click.echo(f"error: {result['error']}", err=True)
