"""A run tries the share of the generated cases that its commit chooses, and `--whole` tries all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shares import WHOLE, is_in_share, number_of_the_commit

ROOT = Path(__file__).parent.parent
TESTS = """
import hypothesis, pytest
from tests.shares import examples
drawn = []

@pytest.mark.share(of=3)
@pytest.mark.parametrize("case", range(12))
def test_generated(case): pass

@pytest.mark.parametrize("case", range(5))
def test_written(case): pass

@hypothesis.settings(max_examples=examples(60, of=4), database=None)
@hypothesis.given(hypothesis.strategies.integers(0, 10**12))
def test_property(number): drawn.append(number)

def test_examples(request):
    print("drawn", len(drawn), "by", request.config.option.hypothesis_seed, hypothesis.settings().derandomize)

@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request): return request.param

@pytest.mark.one_database
@pytest.mark.parametrize("case", range(5))
def test_above_the_statements(database_url, case): print("case", case, "on", database_url)

def test_of_a_statement(database_url): pass
"""


def output_of(folder: Path, *options: str) -> str:
    """Run the tests as under CI, where Hypothesis by itself would draw the same examples at every commit."""
    (folder / "test_it.py").write_text(TESTS)
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, "-c", str(ROOT / "pyproject.toml"), *options, str(folder / "test_it.py")],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != WHOLE} | {"CI": "true"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.postgresql
def test_without_an_option_a_run_tries_the_share_and_says_what_it_left_out(tmp_path: Path) -> None:
    said = output_of(tmp_path)
    assert "deselected 13 generated cases beyond this commit's share: --whole tries them" in said
    assert (
        "18 passed, 13 deselected" in said
    )  # 4 generated, 5 written, the property, its examples, 5 and 2 on databases
    assert f"drawn 15 by {number_of_the_commit()} False" in said
    tried = [line.split()[-1] for case in range(5) for line in said.splitlines() if f"case {case} on" in line]
    assert len(tried) == 5
    assert set(tried) == {"sqlite", "postgresql"}


def test_whole_tries_all(tmp_path: Path) -> None:
    said = output_of(tmp_path, "--whole")
    assert "31 passed" in said
    assert "deselected" not in said
    assert "drawn 60 by None True" in said


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_consecutive_numbers_choose_each_case_exactly_once(of: int) -> None:
    for first in (0, 5, 0xFFFFFFFF):
        chosen = [place for number in range(first, first + of) for place in range(20) if is_in_share(place, of, number)]
        assert sorted(chosen) == list(range(20))
