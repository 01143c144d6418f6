"""Runs the tests of a configuration on their samples. Nothing is stored or sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from worker.actions.errors import WrongInput
from worker.actions.samples import NotOneMessage, sample_in
from worker.documents.settings import TestDone, TestsDone
from worker.rehearsal.trial import Mismatch, Sample, try_out
from worker.settings.expectations import Test
from worker.settings.loader import Given, Loaded, gather
from worker.settings.origin import Branch, Place, node_at

SECTION = "tests"


def with_tests_of(given: Given, file: Path) -> Given:
    """Replace the tests of the configuration by those of that file. Raises SettingsError and WrongInput."""
    other = gather({}, file)
    if others := sorted(set(other.root.entries) - {SECTION}):
        raise WrongInput(f"{file}: remove {', '.join(others)}: a file of tests has the section tests and no other")
    entries = {name: each for name, each in given.root.entries.items() if name != SECTION}
    root = Branch({**entries, **other.root.entries}, given.root.origin)
    return replace(given, root=root, problems=(*given.problems, *other.problems))


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
        found = [Mismatch(0, "file", "a readable file", f"{error.filename}: {error.strerror}")]
    except NotOneMessage as error:
        found = [Mismatch(0, "file", "one message", str(error))]
    else:
        found = try_out(loaded.settings, wanted, messages, now)
    at = (place.text.name, place.line) if place is not None else (None, None)
    return TestDone(wanted.name, wanted.source, not found, tuple(found), *at)


def try_all(parts: Sequence[tuple[Loaded, Path]], now: datetime) -> TestsDone:
    """Run each test. Its files are relative to the folder given with its settings."""
    tests = tuple(
        _one(loaded, number, each, folder, now)
        for loaded, folder in parts
        for number, each in enumerate(loaded.settings.tests)
    )
    passed = sum(each.ok for each in tests)
    return TestsDone(passed, len(tests) - passed, tests)
