"""Checks prose with proselint, a collection of advice from style guides; it works offline.

proselint finds what patterns of ours would have to list: clichés, archaisms, redundant words, misspellings.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from proselint.checks import __register__ as every_check  # type: ignore[import-untyped]
from proselint.config import DEFAULT, Config  # type: ignore[import-untyped]
from proselint.registry import CheckRegistry  # type: ignore[import-untyped]
from proselint.tools import LintFile  # type: ignore[import-untyped]

from tests.prose.phrases import Fault

OFF = {
    "archaism": "reads `for ever` in `for every`",
    "dates_times.am_pm": "reads a time in `429 among`",
    "lexical_illusions": "takes a heading and the first word of its text for a repetition; `phrases` has a better one",
    "misc.phrasal_adjectives.ly": "`exactly-once` is the word of the field",
    "spelling.consistency": "compares the texts of all files; a quotation of a vendor may be spelled in another way",
    "typography.diacritical_marks": "`resume` is a command, not a résumé",
    "typography.symbols": "pages are written with the signs of a keyboard",
    "uncomparables": "takes a second, and has found nothing in these texts",
    "weasel_words.very": "advises to write `damn`",
}
"""The checks that are wrong here, each with the reason."""

_CONFIG = Config(
    max_errors=1000,
    checks=dict.fromkeys(OFF, False) | {name: on for name, on in DEFAULT["checks"].items() if name not in OFF},
)
_BETWEEN = "\n\n"
_QUOTATION_MARKS = re.compile(r"[\"“”‘]")

CheckRegistry().register_many(every_check)


class Text(NamedTuple):
    """A text, and the place where it begins."""

    file: str
    line: int
    text: str


def linter_faults(texts: Iterable[Text]) -> Iterator[Fault]:
    """Yield the faults that proselint finds; all texts are examined at once, since a call takes longer than a text."""
    gathered = list(texts)
    starts = list(accumulate((len(each.text) + len(_BETWEEN) for each in gathered), initial=0))
    # A quotation mark without its partner would make a quotation of all that follows, and proselint skips quotations.
    whole = _QUOTATION_MARKS.sub("*", _BETWEEN.join(each.text for each in gathered))
    for found in LintFile("all texts", whole).lint(_CONFIG) if whole.strip() else ():
        result = found.check_result
        place = max(0, result.span[0] - 1)  # proselint puts a line break before the text
        index = bisect_right(starts, place) - 1
        file, line, text = gathered[index]
        line += text.count("\n", 0, place - starts[index])
        yield Fault(file, line, f"{result.message} (proselint: {result.check_path})")
