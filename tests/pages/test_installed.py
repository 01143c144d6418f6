"""The preforked command of the pages is used as the installed one: input, output, folder, signals and exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import answers, kept_port, wait_until
from tests.killable import lives
from tests.pages.installed import installed

PATIENCE_S = 120


@pytest.fixture(scope="module")
def command() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="ticketrelay-") as name, installed(Path(name)) as binaries:
        yield str(binaries / "ticketrelay")


def done(folder: Path, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=folder,
        input=typed,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_output_errors_and_exit_code_are_those_of_the_command(command: str, tmp_path: Path) -> None:
    assert done(tmp_path, command, "--help").stdout.startswith("Usage: ticketrelay")
    wrong = done(tmp_path, command, "no-such-command")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "no-such-command" in wrong.stderr


def test_it_runs_in_the_folder_and_with_the_environment_of_the_caller(command: str, tmp_path: Path) -> None:
    made = done(tmp_path, command, "db", "upgrade", TICKETRELAY_LEDGER__URL="sqlite:///own.db")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "own.db").exists()


def test_it_reads_its_input(command: str, tmp_path: Path) -> None:
    source = {"KIND": "email", "SECRET": "only-for-trying", "ADDRESS": "support@example.net"}
    settings = {f"TICKETRELAY_SOURCES__SUPPORT__{name}": value for name, value in source.items()}
    pipe = (command, "pipe", "--source", "support", "--data", str(tmp_path))
    assert done(tmp_path, *pipe, **settings).returncode == os.EX_DATAERR
    taken = done(tmp_path, *pipe, typed="From: ada@example.org\n\nHelp\n", **settings)
    assert (taken.returncode, taken.stdout) == (0, "in-1 accepted\n"), taken.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_signal_ends_the_command_and_its_caller(
    command: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    listen = f"127.0.0.1:{kept_port()}"
    arguments = [command, "run", "--no-demo", "--smtp", "off", "--data", str(tmp_path / "data")]
    running = subprocess.Popen(
        arguments, cwd=tmp_path, env={"TICKETRELAY_SERVER__LISTEN": listen}, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: answers(f"http://{listen}/readyz"), "ready")
    os.kill(running.pid, number)
    assert running.wait(PATIENCE_S) == code
    wait_until(lambda: not answers(f"http://{listen}/livez"), "the forked process has ended")
    assert not lives(running.pid)
