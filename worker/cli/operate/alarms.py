"""`ticketrelay alarms test`: tries whether alarms reach those who are to know of them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from worker.actions.alarms import send_test
from worker.cli.operate.byhand import exit_on_error
from worker.cli.shell.common import DEFAULT_DATA, config_option, settings_without_api
from worker.cli.shell.output import output_option, print_document
from worker.documents.status import AlarmsTested
from worker.runtime.terminal import echo


@click.group()
def alarms() -> None:
    """Try whether alarms reach those who are to know of them. `status` shows the alarms themselves."""


@alarms.command("test")
@click.argument("targets", metavar="[TARGET]...", nargs=-1)
@config_option
@output_option
def test(targets: tuple[str, ...], output: str) -> None:
    """Send a test message to each TARGET of alarms.notify, or to all. No alarm is raised, and nothing is stored.

    The target `ping` is the URL of alarms.ping_url, which is asked once. Exits 1 when a target did not take the
    message, or the URL did not answer.

    \b
    Example: ticketrelay alarms test oncall --config ticketrelay.yaml
    """
    settings = settings_without_api(DEFAULT_DATA)
    with exit_on_error():
        tested = send_test(settings, targets, datetime.now(UTC))
    print_document("alarms-test", tested, output, _print)
    sys.exit(0 if all(each.ok for each in tested.targets) else 1)


def _print(tested: AlarmsTested) -> None:
    for each in tested.targets:
        echo(f"{each.name:<12} {'ok   ' if each.ok else 'WRONG'}  {each.said}")
