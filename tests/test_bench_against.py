"""Comparisons of this checkout with another revision: tiny runs of the real processes; times are not checked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.parts.against import FIGURES, ROOT, quickness

PATIENCE_S = 240
HEAD = "HEAD"
GIT = shutil.which("git") or "git"

needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this copy of the project is no git checkout")
pytestmark = pytest.mark.timeout(PATIENCE_S + 60)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.parts.against", *arguments]


def against(folder: Path | None, *arguments: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the comparison of a checkout; its temporary files go to `folder`, or to the usual place."""
    return subprocess.run(
        command(*arguments),
        cwd=root,
        env=os.environ | ({"TMPDIR": str(folder)} if folder else {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@needs_git
def test_each_pair_has_both_figures_and_their_ratio_and_the_folder_is_gone_afterwards(tmp_path: Path) -> None:
    done = against(tmp_path, "rehearse", "--against", HEAD, "--pairs", "1", "--deliveries", "40", "--rounds", "1")

    assert done.returncode == 0, done.stderr
    head, names, pair, median, last = done.stdout.splitlines()
    found = json.loads(last)
    assert head == "rehearse: CPU ms of each delivery (less is better)"
    assert names.split() == ["this", "checkout", found["against"], "ratio"]
    assert pair.split()[:2] == ["pair", "1"]
    assert median.split()[0] == "median"
    (only,) = found["pairs"]
    assert only["this"] > 0
    assert only["other"] > 0
    assert only["ratio"] == found["median_ratio"] == round(only["other"] / only["this"], 4)
    assert (found["benchmark"], found["figure"]) == ("rehearse", "cpu_ms_per_delivery")
    assert list(tmp_path.iterdir()) == []


@needs_git
@pytest.mark.own_postgresql
@pytest.mark.own_redis
def test_the_processes_that_a_benchmark_starts_run_the_code_of_their_own_side(tmp_path: Path) -> None:
    """In the other revision, `ticketrelay serve` ends with its own message; in this checkout it serves."""
    clone = tmp_path / "clone"
    git = (GIT, "-C", str(clone), "-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run([GIT, "clone", "--quiet", str(ROOT), str(clone)], check=True)
    package = clone / "worker" / "__init__.py"
    before = package.read_text()
    package.write_text(f'{before}import sys\nif "serve" in sys.argv:\n    raise SystemExit("the other one serves")\n')
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "Another serve"], check=True)
    package.write_text(before)

    done = against(None, "intake", "--against", HEAD, "--pairs", "1", "--requests", "20", root=clone)

    commit = subprocess.run([*git, "rev-parse", HEAD], capture_output=True, text=True, check=True).stdout.strip()
    assert done.returncode == 1
    assert f"dev.py bench: {commit[:10]}: intake ended with 1" in done.stderr
    assert "the other one serves" in done.stderr


@needs_git
def test_a_revision_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    done = against(tmp_path, "rehearse", "--against", "no-such-revision")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dev.py bench: --against: this repository has no commit 'no-such-revision'\n"


def test_a_folder_without_git_is_one_line(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "benchmarks", tmp_path / "copy" / "benchmarks")

    done = against(tmp_path, "rehearse", "--against", HEAD, root=tmp_path / "copy")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"dev.py bench: --against needs a git checkout, and {tmp_path / 'copy'} is none\n"


def test_a_benchmark_without_a_figure_is_one_line(tmp_path: Path) -> None:
    done = against(tmp_path, "storm", "--against", HEAD)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert all(name in done.stderr for name in FIGURES)


@needs_git
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_comparison_that_is_interrupted_ends_its_benchmark_and_leaves_no_folder(
    tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        command("rehearse", "--against", HEAD, "--deliveries", "100000"),
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + PATIENCE_S
        while not list(tmp_path.glob("ticketrelay-bench-*/ledger.db")):  # the first benchmark is running
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        process.wait(PATIENCE_S)

    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_a_ratio_of_more_than_one_is_quicker_whichever_way_the_figure_counts() -> None:
    assert quickness(FIGURES["rehearse"], mine=0.5, theirs=1.0) == 2
    assert quickness(FIGURES["intake"], mine=1000, theirs=500) == 2
