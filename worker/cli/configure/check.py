"""`ticketrelay check`: are the settings right, and can what they name be reached?"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from worker.actions.reaching import probe_all
from worker.cli.shell.common import DEFAULT_DATA, config_file, config_option, fail, with_local_defaults
from worker.cli.shell.output import emit, output_option
from worker.documents.settings import ProblemTold
from worker.settings import SettingsError
from worker.settings.lints import warnings
from worker.settings.loader import Loaded, gather, judge
from worker.settings.origin import Place
from worker.settings.problems import Problem, in_order, render, where


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
@click.option(
    "--connect",
    is_flag=True,
    help="Ask the Tickets API, the broker, the database and each api_url too; nothing is written.",
)
@click.option(
    "--without-secrets", is_flag=True, help="Do not read files of secrets, where there are none: in a pipeline."
)
@click.option("--deny-warnings", is_flag=True, help="Exit with 1 for warnings too.")
@output_option
def check(file: Path | None, connect: bool, without_secrets: bool, deny_warnings: bool, output: str) -> None:
    """Check the configuration FILE (else that of --config), together with the environment.

    Exits 1 where something is wrong: every problem is said, with its place and what to do. Warnings are what is allowed
    and probably not meant. Without a file, the environment alone is checked.

    \b
    Example: ticketrelay check ticketrelay.yaml --connect --deny-warnings
    """
    if connect and without_secrets:
        fail(["--connect needs the secrets that --without-secrets leaves out; give one of them"])
    chosen = file or config_file()
    loaded, found, hidden = _judged(chosen, secrets=not without_secrets)
    probed = probe_all(loaded.settings) if connect and loaded is not None else []
    is_wrong = any(each.severity == "error" or deny_warnings for each in found) or not all(each.ok for each in probed)
    if output == "json":
        emit("check", {"problems": [_plain(each) for each in found], "connections": [asdict(each) for each in probed]})
    else:
        for each in found:
            click.echo(render(each, hidden))
        if not found:
            click.echo(f"{chosen or 'the environment'}: all settings are right")
        for one in probed:
            click.echo(f"{one.what:<12} {'ok   ' if one.ok else 'WRONG'}  {one.said}")
        if connect and loaded is None:
            click.echo("nothing was asked: the settings are wrong", err=True)
    sys.exit(1 if is_wrong else 0)


def _judged(file: Path | None, *, secrets: bool) -> tuple[Loaded | None, list[Problem], frozenset[int]]:
    """The settings, or None where they are wrong; what is to be said, and the lines that hold a secret."""
    try:
        loaded = judge(with_local_defaults(gather(os.environ, file), DEFAULT_DATA), secrets=secrets)
    except SettingsError as error:
        return None, error.found, error.hidden
    return loaded, in_order(warnings(loaded)), loaded.hidden


def _plain(problem: Problem) -> ProblemTold:
    place = problem.origin if isinstance(problem.origin, Place) else None
    return {
        "severity": problem.severity,
        "file": place.text.name if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "length": place.length if place else None,
        "setting": ".".join(map(str, problem.path)) or None,
        "given_by": None if place else where(problem.origin, problem.path),
        "message": problem.message,
        "todo": problem.todo or None,
    }
