"""`ticketrelay schema`: the JSON Schema of the configuration file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from worker.cli.shell.common import fail
from worker.runtime.terminal import echo_json
from worker.settings.schema import schema as schema_of_file


@click.command()
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the schema into this file. By default it is printed.",
)
def schema(target: Path | None) -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file, for editors and other checks.

    \b
    Example: ticketrelay schema --to ticketrelay.schema.json
    """
    text = json.dumps(schema_of_file(), ensure_ascii=False, indent=2)
    if target is None:
        echo_json(text)
        return
    try:
        target.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        fail([f"--to {target}: the file cannot be written: {error.strerror}"])
