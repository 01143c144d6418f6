"""`ticketrelay test`: runs the configuration's `tests` section on its samples."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from worker.actions.trials import try_all, with_tests_of
from worker.cli.operate.byhand import exit_on_error
from worker.cli.shell.common import DEFAULT_DATA, config_file, config_option, fail_settings, with_local_defaults
from worker.cli.shell.output import cell, notice, output_option, print_document
from worker.documents.settings import TestDone, TestsDone
from worker.rehearsal.trial import Value
from worker.runtime.terminal import echo, secho
from worker.settings import SettingsError
from worker.settings.loader import gather, judge

BESIDE = "*.tests.yaml"


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
@click.option("--without-secrets", is_flag=True, help="Do not read the files of secrets, for a pipeline that has none.")
@output_option
def test(files: tuple[Path, ...], without_secrets: bool, output: str) -> None:
    """Try the configuration of --config on the samples in its `tests` section and in FILES.

    A file holds another such section. Without FILES, the files beside the configuration whose names end with
    .tests.yaml are taken. No data is stored or sent. Exits 1 when a result differs from a test's expectation, and when
    there is no test.

    \b
    Examples:
      ticketrelay test --config ticketrelay.yaml
      ticketrelay test --config new.yaml samples/payments.tests.yaml -o json
    """
    chosen = config_file()
    beside = sorted(chosen.parent.glob(BESIDE)) if chosen is not None else []
    try:
        given = with_local_defaults(gather(os.environ, chosen), DEFAULT_DATA)
        parts = [(judge(given, secrets=not without_secrets), chosen.parent if chosen is not None else Path())]
        with exit_on_error():
            others = [(with_tests_of(given, each), each.parent) for each in files or beside]
        parts += [(judge(each, secrets=not without_secrets), folder) for each, folder in others]
    except SettingsError as error:
        fail_settings(error)
    told = try_all(parts, datetime.now(UTC))
    print_document("test", told, output, _print_all)
    sys.exit(1 if told.failed or not told.tests else 0)


def _print_all(told: TestsDone) -> None:
    for each in told.tests:
        _print(each)
    notice(f"{told.passed} passed, {told.failed} failed" if told.tests else "Error: there is no test")


def _print(done: TestDone) -> None:
    secho(f"{'ok    ' if done.ok else 'FAILED'}  {cell(done.name)}", fg=None if done.ok else "red")
    for each in done.mismatches:
        step = f"step {each.step}: " if each.step else ""
        place = f"{done.file}:{done.line}: " if done.file else ""
        echo(f"        {place}{step}{each.what}: expected {_shown(each.expected)}, got {_shown(each.got)}")


def _shown(value: Value) -> str:
    match value:
        case list():
            return ", ".join(value) or "none"
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
    return cell(value)
