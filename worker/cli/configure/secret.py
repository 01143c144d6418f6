"""`ticketrelay secret new`: makes a secret for a source."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import click

from tickets.private_files import write_new
from worker.cli.shell.common import fail
from worker.runtime.terminal import echo

BYTES = 32
STANDARD = "whsec_"


@click.group()
def secret() -> None:
    """Make secrets for sources, and for the control listener."""


@secret.command()
@click.option("--standard", is_flag=True, help="Make one for a generic source with proof=standard (Standard Webhooks).")
@click.option(
    "--file",
    metavar="FILE",
    help="Write it to a new file that only you may read, and print nothing (- prints it).",
)
def new(standard: bool, file: str | None) -> None:
    """Print a random secret: 32 bytes as letters, digits, - and _, which every header, URL and platform takes.

    It is for secrets that you choose and give to the sender: `secret` of most sources, and `control_token`. Discord,
    PagerDuty, Sentry, Slack and Teams issue theirs. No settings are read or changed.

    \b
    Example: ticketrelay secret new --file secrets/alertmanager.secret
    """
    if file == "":
        fail(["--file is empty: give the name of a new file, or leave --file out to print the secret"])
    value = secrets.token_urlsafe(BYTES)
    if standard:
        value = STANDARD + base64.b64encode(secrets.token_bytes(BYTES)).decode()
    if file is None or file == "-":
        echo(value)
        return
    try:
        write_new(Path(file), f"{value}\n")
    except FileExistsError:
        fail([f"--file {file}: the file exists already; give another one, or remove it"])
    except OSError as error:
        fail([f"--file {file}: cannot be written: {error.strerror}"])
