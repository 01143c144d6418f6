"""`ticketrelay check`: checks the settings, and whether the services in them can be reached."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from worker.actions import check as actions
from worker.cli.shell.common import DEFAULT_DATA, config_file, config_option, fail, with_local_defaults
from worker.cli.shell.output import emit, notice, output_option
from worker.runtime.terminal import echo
from worker.settings.loader import gather
from worker.settings.problems import render


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
@click.option(
    "--connect",
    is_flag=True,
    help="Also ask the Tickets API, the broker, the database and each api_url. No data is written.",
)
@click.option("--without-secrets", is_flag=True, help="Do not read the files of secrets, for a pipeline that has none.")
@click.option("--deny-warnings", is_flag=True, help="Exit with 1 for warnings too.")
@output_option
def check(file: Path | None, connect: bool, without_secrets: bool, deny_warnings: bool, output: str) -> None:
    """Check the configuration FILE (else that of --config), together with the environment.

    Every problem is printed, with its place and a remedy. Warnings are about settings that are allowed and probably not
    intended, and about files that other users of the machine may read. A secret is judged as at a start: if one is
    weak, the ledger is asked whether its source is in use. Without a file, the environment alone is checked. Exits 1
    when a setting is wrong.

    \b
    Example: ticketrelay check ticketrelay.yaml --connect --deny-warnings
    """
    if connect and without_secrets:
        fail(["--connect needs the secrets that --without-secrets leaves out; remove one of the two flags"])
    chosen = file or config_file()
    judged = actions.check(
        lambda: with_local_defaults(gather(os.environ, chosen), DEFAULT_DATA),
        chosen,
        secrets=not without_secrets,
        connect=connect,
    )
    if output == "json":
        emit("check", judged.document())
    else:
        for each in judged.found:
            echo(render(each, judged.hidden))
        if not judged.found:
            echo(f"{chosen or 'the environment'}: all settings are valid")
        for one in judged.probed:
            echo(f"{one.what:<12} {'ok   ' if one.ok else 'WRONG'}  {one.said}")
        if connect and judged.loaded is None:
            notice("--connect was left out, because the settings are wrong.")
    sys.exit(1 if judged.is_wrong(deny_warnings=deny_warnings) else 0)
