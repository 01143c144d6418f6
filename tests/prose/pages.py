"""Checks the prose of a Markdown page: phrases everywhere, openings and lengths of sentences outside of tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from tests.limits import ROOT
from tests.prose.phrases import Fault, opening, phrases, too_much

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for folder in ("docs", "connectors", "deploy") for page in (ROOT / folder).rglob("*.md")),
    ]
)
"""The paths of all Markdown pages."""

_NOT_PROSE = re.compile(r"^([ ]*)(`{3,}|~{3,})(?!`).*?^\1\2[ ]*$|<!--.*?-->|^---\n.*?^---$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\((?:[^()\s]|\([^()]*\))*\)")
_NEW_BLOCK = re.compile(r"\s*(?:[-*+] |\d+[.)] |#|>)")
_MARK = re.compile(r"\s*(?:[-*+] (?:\[.\] )?|\d+[.)] |#+ |> ?)*")
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)[.?!][\"')*_]*\s+(?=[\"'(*_\[]*[A-Z`\d])")


class Kind(Enum):
    """A kind of block; only a text has sentences."""

    TEXT = auto()
    HEADING = auto()
    ROW = auto()


class Block(NamedTuple):
    """A paragraph, an item, a heading, or a row of a table."""

    lines: list[tuple[int, str]]  # number of the line, and its text without marks
    kind: Kind

    @property
    def text(self) -> str:
        return " ".join(text for _, text in self.lines)

    def line_at(self, place: int) -> int:
        """Return the number of the line in which this place of `text` lies."""
        for number, text in self.lines:
            if place <= len(text):
                return number
            place -= len(text) + 1
        return self.lines[-1][0]


def _blank(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def prose(page: str) -> str:
    """Return a page of as many lines, without blocks of code and comments; code is `x`, links are their texts."""
    text = _NOT_PROSE.sub(_blank, page)
    text = _CODE.sub(lambda found: "`x`" + _blank(found), text)
    return _LINK.sub(lambda found: found.group(1), text)


def blocks(page: str) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate([*prose(page).splitlines(), ""], start=1):
        alone = Kind.ROW if line.lstrip().startswith("|") else Kind.HEADING if line.startswith("#") else None
        if lines and (not line.strip() or alone or _NEW_BLOCK.match(line)):
            yield Block(lines, Kind.TEXT)
            lines = []
        if alone:
            yield Block([(number, " ".join(line.split()))], alone)
        elif line.strip():
            lines.append((number, " ".join(_MARK.sub("", line, count=1).split())))


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield place and text of each sentence."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, text[start : end.end()].strip()
        start = end.end()
    if text[start:].strip():
        yield start, text[start:].strip()


def page_faults(name: str, page: str) -> Iterator[Fault]:
    """Yield the faults of a page."""
    for block in blocks(page):
        text = block.text
        for place, advice in phrases(text):
            yield Fault(name, block.line_at(place), advice)
        for place, sentence in sentences(text) if block.kind is Kind.TEXT else ():
            for fault in (opening(sentence.lstrip("\"'(*_")), too_much(sentence)):
                if fault:
                    yield Fault(name, block.line_at(place), fault)
