"""`python3 dev.py trace`: its output for both kinds of message, and the counting of calls."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.parts.tracing import Tracer, total
from benchmarks.trace import main

STAGES = ("reading", "recording", "claiming", "sending", "settling")
COLUMNS = ("files", "functions", "returns", "types")

FIRST = """
from traced import second

class Made:
    def __init__(self):
        self.value = 1

def door():
    second.once()
    second.back()
    return [helper() for _ in range(2)]

def helper():
    return Made()

def each():
    yield 1
    yield 2
"""
SECOND = """
from traced import first

def once():
    pass

def back():
    first.helper()
    return list(first.each())
"""


@pytest.mark.parametrize("kind", ["alert", "mail"])
def test_a_trace_counts_what_a_message_passes_in_each_stage_and_in_all(kind: str) -> None:
    command = [sys.executable, "-m", "benchmarks.trace", kind, "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    stages, whole = found["stages"], found["total"]
    assert (found["trace"], tuple(stages)) == (kind, STAGES)
    for each in stages.values():
        assert set(each) == set(whole) == set(COLUMNS)
        assert each["files"] > 1
        assert each["functions"] > each["files"]
        assert each["types"] > 0
        assert all(each[column] <= whole[column] for column in COLUMNS)
    assert whole["returns"] == sum(each["returns"] for each in stages.values())
    assert whole["files"] < sum(each["files"] for each in stages.values())  # some files are passed in several stages


@pytest.mark.parametrize("arguments", [[], ["letter"]], ids=["no kind", "an unknown kind"])
def test_without_a_known_kind_a_trace_says_in_one_line_which_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    assert capsys.readouterr() == ("", "dev.py trace: which one? There are: alert, mail\n")


def test_a_call_into_a_file_left_before_is_a_return_and_only_what_a_door_leads_to_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "traced"
    folder.mkdir()
    for name, text in {"first": FIRST, "second": SECOND}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    first = importlib.import_module("traced.first")
    tracer = Tracer(tmp_path, ["traced"], "traced.left_out", {"way": [first.door]})

    with tracer.installed():
        first.door()  # not counted: tracing has not begun
        tracer.begin()
        first.helper()
        assert tracer.stages["way"].counts() == dict.fromkeys(COLUMNS, 0)
        first.door()

    # Returns: to `second` for `back`, then to `first` for `helper`, and for `each` once, however often it resumes.
    assert tracer.stages["way"].counts() == {"files": 2, "functions": 6, "returns": 3, "types": 1}
    assert tracer.stages["way"].types == {"traced.first.Made"}
    assert total(list(tracer.stages.values())).counts() == tracer.stages["way"].counts()
