"""Paths and names on the architecture page and on the page of moves exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from worker.ledger.schema.tables import metadata

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
_ROW = re.compile(r"^\| (?!question|---)(.*) \|$", re.MULTILINE)
_PLACE = re.compile(r"`([\w/<>.]+(?:\.py|/))`(?::((?:,? `\w+`)+))?")


def rows() -> list[str]:
    """Rows of the tables in "Where to find what"."""
    return _ROW.findall(PAGE.read_text().partition("## Where to find what")[2])


@pytest.mark.parametrize("row", rows())
def test_each_place_that_a_row_names_is_there(row: str) -> None:
    for path, names in _PLACE.findall(row):
        if "<" in path:
            continue
        place = ROOT / path
        assert place.exists(), path
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^(\s*(async )?def |class |){name}\b", place.read_text(), re.MULTILINE), (
                f"{path}: {name}"
            )


@pytest.mark.parametrize("row", [each for each in rows() if "decisions/" not in each])
def test_each_row_names_a_test(row: str) -> None:
    held_by = row.rpartition(" | ")[2]
    assert all(path.startswith("tests/") for path, _ in _PLACE.findall(held_by)), held_by
    assert "tests/" in held_by


def test_each_table_of_the_ledger_has_a_row() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(set(listed) & set(metadata.tables)) == sorted(metadata.tables)


def test_the_page_of_the_moves_names_files_that_are_there() -> None:
    now = re.findall(r"^\| `[\w/.]+` \| `([\w/.]+)` \|$", (ROOT / "docs" / "moves.md").read_text(), re.MULTILINE)
    assert len(now) > 100
    assert [each for each in now if not (ROOT / each).exists()] == []
