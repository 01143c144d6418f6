"""`ticketrelay doctor`: writes a bundle for support."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from worker.actions.doctor import bundle
from worker.cli.shell.common import data_option, fail, settings_without_api
from worker.cli.shell.output import notice, output_option, print_document
from worker.runtime.terminal import echo


@click.command()
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="The file to write. By default ticketrelay-doctor-TIME.tar.gz in this folder.")  # fmt: skip
@data_option
@output_option
def doctor(target: Path | None, data: Path, output: str) -> None:
    """Write a bundle for support: versions, settings without secrets, status, counts, disk; no text of a message.

    The ledger is only read. Look into the bundle before you send it: it holds names of sources, hosts and mailboxes.
    Exits 1 when an alarm is up, or when a part could not be read; then the bundle holds the other parts.

    \b
    Examples:
      ticketrelay doctor
      ticketrelay doctor --to /tmp/support.tar.gz -o json
    """
    settings = settings_without_api(data)
    now = datetime.now(UTC)
    file = target or Path(f"ticketrelay-doctor-{now:%Y%m%d-%H%M%S}.tar.gz")
    try:
        bundled, is_alarmed = bundle(settings, data, file, now)
    except OSError as error:
        fail([f"--to {file}: {error.strerror or error}"])
    print_document("doctor", bundled, output, lambda each: echo(f"{each.file}: {', '.join(each.parts)}"))
    for each in bundled.problems:
        notice(f"Error: left out of the bundle: {each}")
    sys.exit(1 if bundled.problems or is_alarmed else 0)
