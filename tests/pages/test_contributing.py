"""The pages for contributors work as printed: a first change, and a new kind of source, each from a fresh clone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.limits import ROOT
from tests.pages.runner import INSTALLING_S, Machine

pytestmark = pytest.mark.timeout(900)  # the first page installs all requirements


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for both pages, so that packages are installed once."""
    with tempfile.TemporaryDirectory(prefix="ticketrelay-pages-") as folder:
        yield Machine(Path(folder), patience_s=INSTALLING_S)


def test_a_first_change(machine: Machine) -> None:
    machine.run(ROOT / "CONTRIBUTING.md")


def test_a_new_source(machine: Machine) -> None:
    machine.run(ROOT / "docs" / "adding-a-source.md")
