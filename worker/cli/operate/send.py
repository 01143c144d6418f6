"""`ticketrelay send`: posts a signed sample to a running listener."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from worker.actions import sending
from worker.cli.operate.byhand import exit_on_error
from worker.cli.shell.common import DEFAULT_DATA, config_option, settings_without_api
from worker.runtime.terminal import echo


@click.command()
@click.argument("source_id", metavar="SOURCE")
@click.argument("fixture", required=False)
@config_option
@click.option("--url", help="The URL of the listener. By default the address in TICKETRELAY_SERVER__LISTEN.")
@click.option("--list", "only_list", is_flag=True, help="List the samples of SOURCE, and send none.")
def send(source_id: str, fixture: str | None, url: str | None, only_list: bool) -> None:
    """Send a sample message to SOURCE, signed with its secret. FIXTURE names the sample. The default one opens a case.

    Sending the same sample twice has no second effect: it is the same message. Exits 1 when SOURCE did not accept it.

    \b
    Example: ticketrelay send alertmanager --url http://127.0.0.1:8080
    """
    settings = settings_without_api(DEFAULT_DATA)
    with exit_on_error():
        if only_list:
            echo("\n".join(sending.samples(settings, source_id)))
            return
        got = sending.send(settings, source_id, fixture, url, datetime.now(UTC))
    echo(f"{got.status_code} {got.text}")
    sys.exit(0 if got.is_success else 1)
