"""`ticketrelay send`: a signed sample, posted to a running listener."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
import httpx

from connectors import Fixture, fixtures
from connectors.contract.messages import ConnectorError
from worker.cli.shell.common import DEFAULT_DATA, config_option, fail, local_settings


@click.command()
@click.argument("source_id", metavar="SOURCE")
@click.argument("fixture", required=False)
@config_option
@click.option("--url", help="Where the listener is; by default as TICKETRELAY_SERVER__LISTEN says.")
@click.option("--list", "only_list", is_flag=True, help="List the samples instead.")
def send(source_id: str, fixture: str | None, url: str | None, only_list: bool) -> None:
    """Send a sample message to SOURCE, signed with its secret. FIXTURE is its name; one that opens a case by default.

    Sending the same sample twice has no second effect: it is the same message. Exits 1 when it was not accepted.

    \b
    Example: ticketrelay send alertmanager --url http://127.0.0.1:8080
    """
    settings = local_settings(DEFAULT_DATA)
    source = settings.sources.get(source_id)
    if source is None:
        fail([f"no source {source_id!r} is configured; there are: {', '.join(sorted(settings.sources))}"])
    samples = fixtures(source.connector.kind)
    if only_list:
        click.echo("\n".join(samples))
        return
    name = fixture or next(each.name for each in samples.values() if _opens(each))
    if name not in samples:
        fail([f"{source.connector.kind} has no sample {name!r}; there are: {', '.join(samples)}"])
    body = samples[name].body
    target = f"{(url or f'http://{settings.server.listen}').rstrip('/')}/in/{source_id}"
    try:
        headers = samples[name].headers | source.connector.sign(body, source.settings, datetime.now(UTC))
    except ConnectorError as error:
        fail([str(error)])
    try:
        answer = httpx.post(target, content=body, headers=headers, timeout=30, trust_env=False)
    except httpx.TransportError as error:
        click.echo(f"Error: {target} did not answer ({error}); is `ticketrelay run` or `serve` up?", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.text}")
    sys.exit(0 if answer.is_success else 1)


def _opens(sample: Fixture) -> bool:
    return any(event["kind"] == "Opened" for event in sample.expected.get("events", ()))
