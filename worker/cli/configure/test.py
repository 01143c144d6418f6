"""`ticketrelay test`: does the configuration do with samples what its `tests` section says?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from worker.actions.samples import NotOneMessage, sample_in
from worker.cli.shell.common import DEFAULT_DATA, config_file, config_option, fail, fail_settings, with_local_defaults
from worker.cli.shell.output import cell, emit, notice, output_option
from worker.documents.settings import TestDone, TestsDone
from worker.rehearsal.trial import Mismatch, Sample, Value, try_out
from worker.settings import SettingsError
from worker.settings.expectations import Test
from worker.settings.loader import Given, Loaded, gather, judge
from worker.settings.origin import Branch, Place, node_at

SECTION = "tests"
BESIDE = "*.tests.yaml"


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
@click.option(
    "--without-secrets", is_flag=True, help="Do not read files of secrets, where there are none: in a pipeline."
)
@output_option
def test(files: tuple[Path, ...], without_secrets: bool, output: str) -> None:
    """Try the configuration of --config on the samples of its `tests` section, and of FILES.

    A file holds another such section. Without FILES, those beside the configuration whose names end with .tests.yaml
    are taken. Nothing is stored or sent. Exits 1 when something comes out otherwise than a test says, and when there is
    no test.

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
        parts += [
            (judge(_with_tests_of(given, each), secrets=not without_secrets), each.parent) for each in files or beside
        ]
    except SettingsError as error:
        fail_settings(error)
    told = _tell([done for loaded, folder in parts for done in _done(loaded, folder)])
    if output == "json":
        emit("test", told)
    else:
        for each in told.tests:
            _print(each)
        notice(f"{told.passed} passed, {told.failed} failed" if told.tests else "there is no test")
    sys.exit(1 if told.failed or not told.tests else 0)


def _with_tests_of(given: Given, file: Path) -> Given:
    """The configuration with the tests of that file in place of its own. Raises SettingsError."""
    other = gather({}, file)
    if others := sorted(set(other.root.entries) - {SECTION}):
        fail([f"{file}: a file of tests holds the section tests alone, and this one has {', '.join(others)}"])
    entries = {name: each for name, each in given.root.entries.items() if name != SECTION}
    root = Branch({**entries, **other.root.entries}, given.root.origin)
    return replace(given, root=root, problems=(*given.problems, *other.problems))


def _done(loaded: Loaded, folder: Path) -> list[TestDone]:
    """Each test with what came of it; the files that it names are relative to the folder."""
    now = datetime.now(UTC)
    return [_one(loaded, number, each, folder, now) for number, each in enumerate(loaded.settings.tests)]


def _one(loaded: Loaded, number: int, wanted: Test, folder: Path, now: datetime) -> TestDone:
    node = node_at(loaded.root, (SECTION, number))
    place = node.origin if node is not None and isinstance(node.origin, Place) else None
    try:
        messages = [
            sample_in((folder / each.file).read_bytes())
            if each.file is not None
            else Sample((each.message or "").encode())
            for each in wanted.steps
        ]
    except OSError as error:
        found = [Mismatch(0, "file", "one that can be read", f"{error.filename}: {error.strerror}")]
    except NotOneMessage as error:
        found = [Mismatch(0, "file", "one message", str(error))]
    else:
        found = try_out(loaded.settings, wanted, messages, now)
    at = (place.text.name, place.line) if place is not None else (None, None)
    return TestDone(wanted.name, wanted.source, not found, tuple(found), *at)


def _tell(tests: Sequence[TestDone]) -> TestsDone:
    passed = sum(each.ok for each in tests)
    return TestsDone(passed, len(tests) - passed, tuple(tests))


def _print(done: TestDone) -> None:
    click.secho(f"{'ok    ' if done.ok else 'FAILED'}  {cell(done.name)}", fg=None if done.ok else "red")
    for each in done.mismatches:
        step = f"step {each.step}: " if each.step else ""
        place = f"{done.file}:{done.line}: " if done.file else ""
        click.echo(f"        {place}{step}{each.what}: expected {_shown(each.expected)}, got {_shown(each.got)}")


def _shown(value: Value) -> str:
    match value:
        case list():
            return ", ".join(value) or "none"
        case bool():
            return "true" if value else "false"
        case None:
            return "none"
    return cell(value)
