"""Text is cleaned and cut so that the service accepts it and a reader sees no damage."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.text import ELLIPSIS, clean, cut, fit, one_line

from .texts import ANY

FAMILY = "👩\u200d👩\u200d👧"


@given(ANY)
def test_cleaned_text_can_be_stored_anywhere_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.text())
def test_text_without_damage_is_not_changed(text: str) -> None:
    assert clean(text) == text.replace("\0", "\ufffd")


def test_halves_of_a_surrogate_pair_are_joined_and_lone_ones_replaced() -> None:
    assert clean("a\ud83d\ude00b\ud83dc\udc00\ufeff") == "a😀b\ufffdc\ufffd\ufeff"


@given(ANY)
def test_a_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert not any(unicodedata.category(each) == "Cc" for each in line)
    assert one_line(line) == line


@given(ANY.map(clean), st.integers(1, 300))
def test_a_cut_text_is_short_enough_and_begins_as_the_whole(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        assert short.endswith(ELLIPSIS)
        assert text.startswith(short[:-1])


@pytest.mark.parametrize(
    "cluster",
    ["e\u0301", FAMILY, "👍🏽", "🇩🇪", "❤\ufe0f",
     "🏴\U000e0067\U000e0062\U000e007f", "\u1100\u1161\u11a8", "\r\n", "a\u0300\u0301"],
)  # fmt: skip
def test_what_is_seen_as_one_character_is_kept_whole_or_left_out(cluster: str) -> None:
    text = "ab" + cluster * 3 + "yz"
    for limit in range(3, len(text)):
        kept = cut(text, limit)[:-1]
        wholes = ["ab" + cluster * times for times in range(4)]
        assert kept in [*(each.rstrip() for each in wholes), "a", "ab" + cluster * 3 + "y"]


def test_only_as_much_is_left_out_as_must_be() -> None:
    assert cut("x" * 300, 255) == "x" * 254 + ELLIPSIS
    assert cut("🇩🇪" * 10, 6) == "🇩🇪" * 2 + ELLIPSIS
    assert cut("ab" + FAMILY + "c", 7) == "ab" + ELLIPSIS


def test_endless_marks_are_cut_all_the_same() -> None:
    assert cut("e" + "\u0301" * 1000, 255) == "e" + "\u0301" * 253 + ELLIPSIS


@given(ANY.map(clean), st.integers(200, 1500), st.text(max_size=50))
def test_a_fitted_text_keeps_its_tail_and_says_that_it_was_cut(text: str, limit: int, tail: str) -> None:
    fitted = fit(text, limit, tail)
    assert len(fitted) <= limit
    assert fitted.endswith(tail)
    if len(text) + len(tail) <= limit:
        assert fitted == text + tail
    else:
        assert f"\n[cut here: the whole text has {len(text)} characters]{tail}" in fitted
