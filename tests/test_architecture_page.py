"""The paths and names on the architecture page and on the page of the moves are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
_ROW = re.compile(r"^\| (?!question|---)(.*) \|$", re.MULTILINE)
_PLACE = re.compile(r"`([\w/<>.]+(?:\.py|/))`(?::((?:,? `\w+`)+))?")


def rows() -> list[str]:
    """The rows of the tables that say where to find what."""
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


def test_the_page_of_the_moves_names_files_that_are_there() -> None:
    now = re.findall(r"^\| `[\w/.]+` \| `([\w/.]+)` \|$", (ROOT / "docs" / "moves.md").read_text(), re.MULTILINE)
    assert len(now) > 100
    assert [each for each in now if not (ROOT / each).exists()] == []
