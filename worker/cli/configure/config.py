"""`ticketrelay config`: prints the settings in force, and the origin of each."""

from __future__ import annotations

import json
from pathlib import Path

import click

from worker.cli.shell.common import data_option, local
from worker.runtime.terminal import echo, echo_json
from worker.settings.showing import Shown, as_json, as_yaml, shown


@click.group()
def config() -> None:
    """Show the settings that are in force."""


@config.command()
@click.option("--listen", metavar="HOST:PORT", help="The address that `run --listen` would get.")
@click.option("--origin", is_flag=True, help="Print where each setting comes from: flag, environment, file or default.")
@data_option
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True,
              help="Print YAML or JSON.")  # fmt: skip
def show(listen: str | None, origin: bool, data: Path, output: str) -> None:
    """Print the settings of `run` and of an operator's commands, without secrets.

    Flags take precedence over the environment, the environment over the configuration file, and the file over the
    defaults.

    \b
    Example: ticketrelay config show --config ticketrelay.yaml --origin
    """
    tree: Shown = shown(local(data, listen=listen))
    if output == "json":
        echo_json(json.dumps(as_json(tree, origins=origin), ensure_ascii=False, indent=2))
    else:
        echo(as_yaml(tree, origins=origin))
