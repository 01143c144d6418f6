"""The page about channels has the gestures of each platform."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from connectors import connector
from connectors.chats.channels import GESTURES
from tests.reference.pages import FOLDER

COLUMNS = {"Slack": "slack", "Teams": "teams", "Teams with a bot": "teams_bot", "Telegram": "telegram",
           "Discord": "discord"}  # fmt: skip


WORD = ""
"""Key of the first column."""


def table() -> list[dict[str, str]]:
    """Return the rows of the table of gestures, by the heads of the columns; the first column has the gestures."""
    section = (FOLDER / "channels.md").read_text(encoding="utf-8").partition("## Gestures")[2].partition("\n## ")[0]
    lines = [[each.strip() for each in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    head, _, *rows = lines
    return [dict(zip([WORD, *head[1:]], row, strict=True)) for row in rows]


def gestures_of(kind: str) -> set[str]:
    """Return the gestures that a kind's settings accept."""
    annotation: Any = connector(kind).settings.model_fields["gestures"].annotation
    return set(get_args(get_args(annotation)[0]))


@pytest.mark.parametrize(("column", "kind"), COLUMNS.items())
def test_the_column_of_a_platform_has_each_gesture_of_its_kind_and_no_other(column: str, kind: str) -> None:
    listed = {name for row in table() if row[column] == "yes" for name in re.findall(r"`(\w+)`", row[WORD])}
    assert listed == gestures_of(kind)


def test_every_gesture_has_a_row() -> None:
    assert {name for row in table() for name in re.findall(r"`(\w+)`", row[WORD])} == set(GESTURES)
