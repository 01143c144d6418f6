"""`ticketrelay explain`: shows the effect that a message would have, without any effect."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click

from connectors.contract.messages import Inbound
from worker.actions import explain as actions
from worker.actions.samples import NotOneMessage, sample_in
from worker.cli.operate.byhand import exit_on_error
from worker.cli.shell.common import DEFAULT_DATA, config_option, fail, settings_without_api
from worker.cli.shell.output import cell, notice, output_option, print_document
from worker.documents.explain import EventExplained, Explained, Planned, RoutingExplained
from worker.runtime.terminal import echo


@click.command()
@click.argument("kind", required=False, metavar="KIND")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), required=False, metavar="FILE")
@config_option
@click.option("--unverified", is_flag=True, help="Read the message although its sender is not verified.")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'",
              help="A header of the message. May be given several times.")  # fmt: skip
@click.option("--source", "source_id", metavar="ID", help="The source of the message. By default the one named KIND.")
@output_option
def explain(
    kind: str | None, file: str | None, unverified: bool, headers: tuple[str, ...], source_id: str | None, output: str
) -> None:
    """Show the effect that the message in FILE (- for standard input) would have as the first of its source.

    FILE holds the message's body, or the output of `events export`. No data is stored or sent. The description of a
    ticket also gets the ledger's marker as its last line. Exits 1 when the message cannot be read or its sender is not
    verified.

    \b
    Example: ticketrelay explain alertmanager alert.json --unverified --config ticketrelay.yaml
    """
    settings = settings_without_api(DEFAULT_DATA)
    if kind is None or file is None:
        what = "KIND and FILE are" if kind is None else "FILE is"
        fail(
            [f"explain: {what} missing: give the kind of a source, and a file; there are: {actions.kinds_of(settings)}"]
        )
    with exit_on_error():
        source = actions.source_of(settings, kind, source_id)
    with click.open_file(file, "rb") as stream:
        raw: bytes = stream.read()
    try:
        sample = sample_in(raw)
    except NotOneMessage as error:
        fail([f"{file}: {error}"])
    given = (*sample.headers, *_headers(headers))
    arrived = Inbound(source.id, datetime.now(UTC), sample.body, given, sample.query)
    result = actions.explain(settings, source, arrived, unverified=unverified)
    print_document("explain", result, output, show)
    sys.exit(1 if result["error"] else 0)


def _headers(given: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for each in given:
        name, colon, value = each.partition(":")
        if not colon:
            fail([f"--header {each!r}: the colon is missing: expected 'NAME: VALUE'"])
        pairs.append((name.strip().lower(), value.strip()))
    return tuple(pairs)


def _print_routing(routing: RoutingExplained) -> None:
    for each in routing["matched"]:
        echo(f"  route {each['route']} matches, and sets {', '.join(each['sets']) or 'no value'}")
    if not routing["matched"]:
        echo("  no route matches")
    for missed in routing["nearly"]:
        echo(f"  route {missed['route']} nearly matches: {missed['failed']} is false for {missed['value']!r}")
    if routing["group"] is not None:
        echo(f"  one ticket for the group {cell(routing['group'])}")
    for misfit in routing["misfits"]:
        echo(f"  the template for {misfit['template']} of route {misfit['route']} does not fit: {misfit['why']}")


def _print_case(event: EventExplained) -> None:
    echo(f"  message {cell(event['source_message_id'])} of {event['occurred_at']}")
    echo(f"  case {cell(event['case'])}: {cell(event['correlated'])}")
    if event["aliases"]:
        echo(f"  the case gets the aliases {cell(', '.join(event['aliases']))}")
    if event["looked_for_as"]:
        echo(f"  the case is looked up by {cell(', '.join(event['looked_for_as']))}")


def _print_operation(operation: Planned) -> None:
    """Print the call, and its request field by field; a value of several lines stands beneath its name."""
    echo(f"  → {operation['kind']}  key {operation['idempotency_key']}")
    for name, value in operation["body"].items():
        lines = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).splitlines() or [""]
        if len(lines) == 1:
            echo(f"      {name}: {cell(lines[0])}")
        else:
            echo("\n".join([f"      {name}:", *(f"        {cell(line)}".rstrip() for line in lines)]))


def show(result: Explained) -> None:
    """Print the explanation."""
    if not result["error"] or result["events"]:
        echo(f"verified {result['verified']}" if result["verified"] else "not verified (--unverified)")
    if result["verdict"]:
        echo(f"sender   {cell(result['verdict'])}")
    for event in result["events"]:
        echo(f"{event['kind']}  {cell(event['subject'])}")
        _print_case(event)
        if event["routing"] is not None:
            _print_routing(event["routing"])
        for each in event["operations"]:
            _print_operation(each)
        if event["reason"]:
            echo(f"  → no effect: {cell(event['reason'])}")
    for left in result["ignored"]:
        echo(f"ignored {cell(left['item'])}: {cell(left['reason'])}")
    if not (result["events"] or result["ignored"] or result["unreadable"] or result["error"]):
        echo("The message holds no event. Its sender only waits for an answer.")
    if result["error"]:
        notice(f"Error: {cell(result['error'])}")
