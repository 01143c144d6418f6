"""`ticketrelay config`: prints the settings in force, and the origin of each."""

from __future__ import annotations

import json
from pathlib import Path

import click

from worker.cli.shell.common import data_option, local
from worker.settings.showing import Shown, as_json, as_yaml, shown


@click.group()
def config() -> None:
    """The settings that are in force."""


@config.command()
@click.option("--listen", metavar="HOST:PORT", help="As `run --listen`.")
@click.option("--origin", is_flag=True, help="Say where each setting comes from: flag, environment, file or default.")
@data_option
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def show(listen: str | None, origin: bool, data: Path, output: str) -> None:
    """Print the settings as `run` and an operator's commands have them, without secrets.

    Flags take precedence over the environment, the environment over the configuration file, and the file over the
    defaults.

    \b
    Example: ticketrelay config show --config ticketrelay.yaml --origin
    """
    tree: Shown = shown(local(data, listen=listen))
    if output == "json":
        click.echo(json.dumps(as_json(tree, origins=origin), ensure_ascii=False, indent=2))
    else:
        click.echo(as_yaml(tree, origins=origin))
