"""The pages about states name exactly the states of the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from worker.cli.shell import words
from worker.ledger import ALARMS
from worker.ledger.schema.words import (
    CasePhase,
    DeliveryState,
    InboundOutcome,
    OperationState,
    ReceiptState,
)
from worker.runtime.log_events import LOG_EVENTS
from worker.wording import NEEDS

DOCS = Path(__file__).parents[2] / "docs"
STATES: list[tuple[str, type[StrEnum]]] = [
    ("inbound.outcome", InboundOutcome),
    ("cases.state", DeliveryState),
    ("cases.phase", CasePhase),
    ("operations.state", OperationState),
    ("receipts.state", ReceiptState),
]


def diagram_of(column: str) -> list[tuple[str, str]]:
    """Return the moves of the state diagram after the first mention of this column."""
    page = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    diagram = re.search(rf"`{re.escape(column)}`.*?```mermaid\nstateDiagram-v2\n(.*?)```", page, re.DOTALL)
    assert diagram is not None
    return re.findall(r"^ +(\S+) --> (\w+|\[\*\])", diagram[1], re.MULTILINE)


@pytest.mark.parametrize(("column", "words"), STATES)
def test_the_diagram_of_a_column_has_each_of_its_states_and_no_other(column: str, words: type[StrEnum]) -> None:
    moves = diagram_of(column)
    assert {state for move in moves for state in move} - {"[*]"} == {*words}


@pytest.mark.parametrize(("column", "words"), STATES)
def test_every_state_of_a_diagram_can_be_reached(column: str, words: type[StrEnum]) -> None:
    moves, reached = diagram_of(column), {"[*]"}
    for _ in words:
        reached |= {after for before, after in moves if before in reached}
    assert reached - {"[*]"} == {*words}


@pytest.mark.parametrize(("column", "words"), STATES)
def test_the_glossary_has_every_state(column: str, words: type[StrEnum]) -> None:
    terms = re.findall(r"^\| ([^|]+) \|", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {word.strip() for term in terms for word in term.split(",")}
    named |= {word for line in terms_of_phases() for word in line}
    assert {*words} <= named


@pytest.mark.parametrize(
    "table",
    [words.PHASES, words.CASES, words.OPERATIONS, words.ATTEMPTS],
    ids=["phases", "cases", "operations", "attempts"],
)
def test_the_glossary_says_how_the_screens_show_a_state_and_what_to_do(table: Mapping[str, words.Word]) -> None:
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    rows = {
        tuple(each.strip() for each in row) for row in re.findall(r"^\| (.+?) \| (.*?) \| (.*?) \|", page, re.MULTILINE)
    }
    assert {(stored, word.shown, word.to_do) for stored, word in table.items()} <= rows


def test_the_glossary_explains_the_three_words_for_what_to_do_as_the_page_of_alarms_does() -> None:
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    assert [f"| *{word}* | {meaning} |" for word, meaning in NEEDS.items()] == re.findall(
        r"^\| \*.*", page, re.MULTILINE
    )


def test_log_alarm_and_screen_say_the_same_word_about_a_dead_letter() -> None:
    assert LOG_EVENTS["operation.dead"].needs == ALARMS["dead_letters"].needs == words.OPERATIONS["dead"].to_do


def test_the_glossary_has_at_most_30_words_of_our_own() -> None:
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    ours = page.partition("## Words of Ticketrelay")[2].partition("\n## ")[0]
    assert 0 < len(re.findall(r"^\| (?!word )[^|]+ \|", ours, re.MULTILINE)) <= 30


def terms_of_phases() -> list[list[str]]:
    """Return the phases in the glossary; they are in the meaning of the term `phase`.

    Two of their words are also states of operations and receipts.
    """
    page = (DOCS / "glossary.md").read_text(encoding="utf-8")
    return [re.findall(r"\w+", line) for line in re.findall(r"^\| phase \| ([^|]+) \|", page, re.MULTILINE)]
