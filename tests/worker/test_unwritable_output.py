"""A command whose output goes nowhere says one line or nothing, and does not exit with 0."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.cli import unsupported
from worker.ledger import Ledger

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")

COMMANDS = [
    ("-m", "worker.cli", "secret", "new"),
    ("-m", "worker.cli", "--help"),
    ("-m", "worker.cli", "schema"),
    ("-m", "worker.cli", "status", "-o", "json"),
    ("dev.py", "sbom"),
    ("dev.py", "--help"),
    ("-m", "tests.quietly", "tests.ablations", "--list"),
]


def ran(arguments: tuple[str, ...], stdout: int, ledger: Ledger) -> tuple[int, list[str]]:
    environment = os.environ | {"TICKETRELAY_LEDGER__URL": str(ledger.database.url)}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stderr.splitlines()


@needs_full
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_full_disk_is_said_in_one_line(sqlite_ledger: Ledger, arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as full:
        code, said = ran(arguments, full.fileno(), sqlite_ledger)
    assert code == 1
    (line,) = said
    assert line.endswith("the output cannot be written: No space left on device")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_reader_that_has_ended_is_no_error_to_talk_about(sqlite_ledger: Ledger, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        code, said = ran(arguments, writing, sqlite_ledger)
    finally:
        os.close(writing)
    assert (code, said) == (1, [])


def test_a_command_that_fails_for_another_reason_says_that_reason(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    code, said = ran(("-m", "worker.cli", "secret", "new", "--file", str(tmp_path)), subprocess.DEVNULL, sqlite_ledger)
    assert code == 2
    assert "the output" not in "".join(said)


def test_windows_is_refused_in_one_line() -> None:
    assert unsupported("posix") is None
    why = unsupported("nt")
    assert why is not None
    assert why.startswith("Windows is not supported")
