"""Matchers hold as Alertmanager's do, and an error in a matcher is shown at its place."""

from __future__ import annotations

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.toolbox.patterns import MAX_EXPRESSION
from worker.settings.matchers import MAX_MATCHERS, Matcher, Operator, parse_matchers
from worker.settings.section import AtOffset


def one(text: str) -> Matcher:
    (found,) = parse_matchers(text)
    return found


def refused(text: str) -> tuple[str, str]:
    """Return the reason of an error, and the wrong part of the text."""
    with pytest.raises(AtOffset) as caught:
        parse_matchers(text)
    error = caught.value
    assert 0 <= error.offset <= len(text)
    return str(error), text[error.offset : error.offset + error.length]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity = critical", [("severity", "=", "critical")]),
        ("severity=critical", [("severity", "=", "critical")]),
        ('labels.team =~ "pay.*|core"', [("labels.team", "=~", "pay.*|core")]),
        ("labels.team=~pay.*|core", [("labels.team", "=~", "pay.*|core")]),
        ('a != ""', [("a", "!=", "")]),
        ("a !~ b", [("a", "!~", "b")]),
        ('größe = "sehr \\"groß\\"\\n\\t\\\\"', [("größe", "=", 'sehr "groß"\n\t\\')]),
        ('"a name" = 🔥', [("a name", "=", "🔥")]),
        ('{a="1", b!=2,}', [("a", "=", "1"), ("b", "!=", "2")]),
        ("  a = 1 , b = 2  ", [("a", "=", "1"), ("b", "=", "2")]),
    ],
)
def test_matchers_are_read_as_alertmanager_writes_them(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(each.name, each.operator, each.value) for each in parse_matchers(text)] == expected


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("severity = very critical", "critical", "double quotes"),
        ("severity critical", "c", "one of = != =~ !~"),
        ("severity =", "=", "two double quotes"),
        ("= critical", "=", "a name is missing here"),
        ('"" = critical', '""', "must not be empty"),
        ('a = "never ends', '"never ends', "the closing quote is missing"),
        ('a = "\\d+"', "\\d", "a backslash itself is written twice"),
        ("{a = b", "{", "the closing brace } is missing"),
        ("a = b}", "}", "cannot stand here"),
        ('a =~ "("', '"("', "cannot be read as RE2"),
        ('a =~ "a)(b"', '"a)(b"', "cannot be read as RE2"),
        ('b = 1, a =~ "x(?=y)"', '"x(?=y)"', "cannot be read as RE2"),
        ("", "", "a name is missing here"),
    ],
)
def test_what_cannot_be_read_is_shown_where_it_stands(text: str, part: str, hint: str) -> None:
    reason, where = refused(text)
    assert where == part
    assert hint in reason


def test_texts_and_expressions_have_a_longest_length() -> None:
    assert "expected at most" in refused("a =~ " + "x" * (MAX_EXPRESSION + 1))[0]
    assert "more than" in refused("a=" + "x" * MAX_MATCHERS)[0]


def test_an_expression_matches_the_whole_value_and_lines_too() -> None:
    assert one("a =~ x.*").matches("x\nand more")
    assert not one("a =~ x").matches("xy")
    assert not one("a =~ a|b").matches("ab")
    assert one('a =~ "(?i)disk.*"').matches("DISK full")


def test_a_missing_attribute_is_the_empty_text() -> None:
    assert one('a = ""').holds({})
    assert one("a != x").holds({})
    assert one('a =~ "x?"').holds({})
    assert one("a !~ x").holds({})
    assert not one("a =~ .+").holds({})


def test_an_expression_that_would_keep_a_backtracking_engine_busy_for_ever_answers() -> None:
    evil = one('a =~ "(a|a)*(a+)+(a*)*b"')
    assert not evil.matches("a" * 50_000)


def test_half_a_character_is_matched_as_something_and_breaks_nothing() -> None:
    assert one("a =~ .").matches("\ud800")


names = st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable())
values = st.text("ab.\n\\\"'{}, =~ü", max_size=6)
simple = st.lists(st.sampled_from(["a", "b", ".", "a|b", "(ab)", "a*", "[ab]", "b+"]), max_size=4).map("".join)


@hypothesis.given(st.lists(st.tuples(names, st.sampled_from(["=", "!="]), values), min_size=1, max_size=3))
def test_what_is_written_is_read_again(parts: list[tuple[str, Operator, str]]) -> None:
    matchers = tuple(Matcher(*each) for each in parts)
    assert parse_matchers(", ".join(map(str, matchers))) == matchers


@hypothesis.given(simple, st.text("ab", max_size=5), st.booleans())
def test_a_matcher_means_what_the_reference_does(expression: str, value: str, negated: bool) -> None:
    """The reference is Python's engine, on expressions that mean the same in both syntaxes."""
    expected = re.fullmatch(f"(?:{expression})", value, re.DOTALL) is not None
    assert Matcher("a", "!~" if negated else "=~", expression).matches(value) == (expected != negated)
    assert Matcher("a", "!=" if negated else "=", expression).matches(value) == ((expression == value) != negated)


@hypothesis.given(st.text(max_size=40))
def test_any_text_is_read_or_refused_at_a_place_within_it(text: str) -> None:
    place = 0, 0
    try:
        parse_matchers(text)
    except AtOffset as error:
        place = error.offset, error.length
    assert 0 <= place[0] <= sum(place) <= max(1, len(text))
