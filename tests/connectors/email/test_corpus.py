"""Tests that quote removal keeps every word of a reply's writer, and removes most quoted words of the corpus.

`pytest -s` prints the figures.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from connectors.email.content import FULL_MESSAGE
from tests.connectors.email.corpus import LANGUAGES, PAIRS, Pair
from tests.connectors.email.mails import event

LEAST_REMOVED = 0.9
"""The minimum share of quoted words that are removed from the part of a note before the full message."""

each_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def first_words(pair: Pair) -> str:
    """Return the beginning of the note, up to the full message if the note repeats it."""
    headers: dict[str, str | None] = {"In-Reply-To": "<parent.1@customer.example>"}
    if pair.html:
        headers["Content-Type"] = "text/html; charset=utf-8"
    text = event(pair.text, headers).text
    return text.partition("\n\n")[2].partition(FULL_MESSAGE)[0]


def test_the_corpus_has_eight_languages_four_programs_and_more_than_sixty_pairs() -> None:
    assert len(LANGUAGES) == 8
    assert len(PAIRS) >= 60


@each_pair
def test_no_word_that_somebody_wrote_is_lost(pair: Pair) -> None:
    assert words(pair.own) - words(first_words(pair)) == Counter()


def test_most_quoted_words_do_not_stand_before_the_whole() -> None:
    lost = kept = quoted = 0
    clean = []
    for pair in PAIRS.values():
        said = words(first_words(pair))
        lost += (words(pair.own) - said).total()
        quoted += words(pair.quoted).total()
        left = (said - words(pair.own)) & words(pair.quoted)
        kept += left.total()
        clean += [pair.name] if pair.quoted and not said - words(pair.own) else []
    share = 1 - kept / quoted
    with_quotes = sum(bool(pair.quoted) for pair in PAIRS.values())
    print(  # noqa: T201 — the figures are the output of this test
        f"\n{len(PAIRS)} pairs: {lost} wanted words lost, {share:.1%} of {quoted} quoted words removed, "
        f"{len(clean)} of {with_quotes} replies with quotes cut off exactly"
    )
    assert lost == 0
    assert share >= LEAST_REMOVED
