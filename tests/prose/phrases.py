"""The patterns of words that make a sentence hard to read, each with advice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_WORDS = 45
"""The longest sentence of a page, in words; a piece of code in backticks is one word."""


MAX_CLAUSES = 3
"""How many of the words who, which, that and what a sentence of a page may have."""


class Fault(NamedTuple):
    """A place that is hard to read, and how to mend it."""

    file: str
    line: int
    advice: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.advice}"


PHRASES = {
    r"\bnothing is (?:no|neither|not|there|missing|said|known|due|told)\b": "say that the thing is missing",
    r"\bwhat (?:is|are|was|were) to be\b": "name the thing",
    r"\bwhich of (?:them|those|these)\b": "name the thing",
    r"\bwho(?:ever)? (?:may say so|said so)\b": "name the person",
    r"(?<!there\s)\b(?:is|are|was|were) no (?=\w)(?!longer\b|more\b|matter\b|later\b)": "write `is not a …`",
    r"\b(?:that|those|one|ones) of (?:which|whom)\b": "make two sentences of it",
    r"\bof (?:what|whoever|who|whom) (?:is|was|are|were|has|had)\b": "name the thing",
    r"[;:] what (?:is|are|was|were|has|had)\b": "name the thing that the clause is about",
    r"\b(?!that\b|had\b|x\b)(?-i:([a-z]+)[\x20\n]\1)\b(?!-)": "the word stands twice",
}
"""Phrases that are read twice, wherever they stand."""

_CLAUSES = re.compile(r"\b(?:who|whose|whom|whoever|which|that|what|whatever)\b", re.IGNORECASE)
_WORD = re.compile(r"\w[\w'’`.:/-]*")
_OPENINGS = {
    r"(?:What|Whatever)\b": "name the thing that the sentence is about",
    r"(?:Who|Whoever|Whose|Whom)\b": "name the person or the program",
    r"Of (?:a|an|the|all|each|every|one|those|these|them|it|what|several|two)\b": "begin with the subject",
    r"(?:Which|Whether)\b": "begin with the subject",
}
"""First words of a sentence that leave its subject unnamed; a question may begin with them."""

_COMPILED = [(re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), advice) for pattern, advice in PHRASES.items()]
_COMPILED_OPENINGS = [(re.compile(pattern), advice) for pattern, advice in _OPENINGS.items()]


def phrases(text: str) -> Iterator[tuple[int, str]]:
    """Yield the place and the advice of each phrase that is read twice; lines may end within one."""
    for pattern, advice in _COMPILED:
        for found in pattern.finditer(text):
            yield found.start(), f"{' '.join(found.group().split())!r}: {advice}"


def opening(sentence: str) -> str | None:
    """Return advice about the first words of a sentence; None if they name the subject, or if it is a question."""
    if sentence.rstrip("*_\"') ").endswith("?"):
        return None
    for pattern, advice in _COMPILED_OPENINGS:
        if found := pattern.match(sentence):
            return f"{found.group()!r} opens a sentence: {advice}"
    return None


def too_much(sentence: str) -> str | None:
    """Return advice about a sentence with too many words or clauses; None if it is short enough."""
    if (words := len(_WORD.findall(sentence))) > MAX_WORDS:
        return f"a sentence of {words} words (at most {MAX_WORDS}): divide it"
    if (clauses := len(_CLAUSES.findall(sentence))) > MAX_CLAUSES:
        return f"who, which, that and what stand {clauses} times in a sentence (at most {MAX_CLAUSES}): divide it"
    return None
