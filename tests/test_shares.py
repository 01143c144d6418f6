"""A run tries the share of the generated cases that its commit chooses, and `--whole` tries all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shares import WHOLE, is_in_share

ROOT = Path(__file__).parent.parent
FOUR_OF_TWELVE = """
import hypothesis, pytest
from tests.shares import examples
tried = []

@pytest.mark.share(of=3)
@pytest.mark.parametrize("case", range(12))
def test_generated(case): pass

@pytest.mark.parametrize("case", range(5))
def test_written(case): pass

@hypothesis.settings(max_examples=examples(60, of=4), derandomize=True, database=None)
@hypothesis.given(hypothesis.strategies.integers(0, 10**12))
def test_property(number): tried.append(number)

def test_number_of_examples(): print("tried", len(tried))
"""


def output_of(folder: Path, test: str, *options: str, **environment: str) -> str:
    """Run a test with the options of ours, and return what it prints."""
    (folder / "test_it.py").write_text(test)
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), *options, str(folder / "test_it.py")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in (WHOLE, "CI")} | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_without_an_option_a_run_tries_the_share_and_says_what_it_left_out(tmp_path: Path) -> None:
    said = output_of(tmp_path, FOUR_OF_TWELVE)
    assert "deselected 8 generated cases beyond this commit's share: --whole tries them" in said
    assert "11 passed, 8 deselected" in said
    assert "tried 15" in said


def test_whole_tries_all(tmp_path: Path) -> None:
    said = output_of(tmp_path, FOUR_OF_TWELVE, "--whole")
    assert "19 passed" in said
    assert "deselected" not in said
    assert "tried 60" in said


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_consecutive_numbers_choose_each_case_exactly_once(of: int) -> None:
    for first in (0, 5, 0xFFFFFFFF):
        chosen = [place for number in range(first, first + of) for place in range(20) if is_in_share(place, of, number)]
        assert sorted(chosen) == list(range(20))


def test_the_examples_of_a_property_are_drawn_by_the_commit(tmp_path: Path) -> None:
    """Under CI too, where Hypothesis would draw the same ones at every commit."""
    drawn = "import hypothesis\n@hypothesis.given(hypothesis.strategies.integers())\ndef test_it(n): print('drew', n)\n"
    first, again, other = (
        [line for line in output_of(tmp_path, drawn, *options, CI="true").splitlines() if "drew" in line]
        for options in ([], [], ["--hypothesis-seed=1"])
    )
    assert first == again != other
