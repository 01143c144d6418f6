"""The pages work as printed: the README, the tutorial and the how-to pages, each from its clone to its tickets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import kept_port
from tests.limits import ROOT
from tests.pages.runner import Machine

pytestmark = pytest.mark.timeout(900)  # the first page installs all requirements

HTTP, SMTP, ALERTMANAGER = f"127.0.0.1:{kept_port()}", f"127.0.0.1:{kept_port()}", f"127.0.0.1:{kept_port()}"

REPLACED = [
    # Ports, which other tests on this machine may use at the same time.
    ("python3 dev.py run\n", f"python3 dev.py run --listen {HTTP} --smtp {SMTP}\n"),
    ("127.0.0.1:8080", HTTP),
    ("127.0.0.1:8025", SMTP),
    ("127.0.0.1:9093", ALERTMANAGER),
]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for all pages, so that packages are installed once."""
    with tempfile.TemporaryDirectory(prefix="ticketrelay-pages-") as folder:
        yield Machine(Path(folder), replacements=REPLACED)


def run(machine: Machine, page: str) -> None:
    if missing := machine.run(ROOT / page):
        pytest.skip(f"without {', '.join(sorted(missing))}, the blocks that need it were left out")


def test_the_tutorial(machine: Machine) -> None:
    run(machine, "docs/tutorial.md")
