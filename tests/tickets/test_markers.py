"""Markers survive an edit, a cut and a quotation; tables and properties."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import hypothesis
import pytest
from hypothesis import strategies as st

from tickets.assumptions import MAX_TEXT
from tickets.markers import as_repeat, marker, with_marker_of, without_marker, word_in_request, word_of
from tickets.models import AddNote, CreateTicket, encode

SECRET = b"a secret of this ledger"
MARKER = marker(SECRET, "tr1-key")
WORD = str(word_of(MARKER))
FIRST = datetime(2026, 2, 20, 12, tzinfo=UTC)
LINE = "This note may be a repeat: whether it was added on 2026-02-20 12:00 UTC is not known."
BLANKS = st.text(" \t\r\n", max_size=5)
TEXTS = st.text(max_size=200)


@pytest.mark.parametrize(
    ("description", "word"),
    [
        (MARKER, WORD),
        (f"Full.\n\n{MARKER}", WORD),
        (f"Full.\r\n\r\n{MARKER}\r\n\r\n", WORD),
        (f"Full.\n  {MARKER}  ", WORD),
        (f"> {MARKER}\n\n{marker(SECRET, 'another')}", word_of(marker(SECRET, "another"))),
        (f"{MARKER}\nmind you", None),
        (f"> {MARKER}", None),
        (f"see {MARKER}", None),
        (f"{MARKER}.", None),
        (MARKER[:-1], None),
        (MARKER.lower(), None),
        (MARKER.upper(), None),
        ("", None),
        (None, None),
    ],
)
def test_only_the_last_line_counts(description: str | None, word: str | None) -> None:
    assert word_of(description) == word


def test_a_marker_is_the_same_for_a_key_and_another_for_any_other_key_or_secret() -> None:
    assert marker(SECRET, "tr1-key") == MARKER
    assert len({MARKER, marker(SECRET, "tr1-kez"), marker(b"another secret", "tr1-key")}) == 3
    assert WORD.isalnum(), "a full-text index takes it as one word"


@hypothesis.given(TEXTS, st.integers(0, 3))
def test_whatever_a_ticket_says_it_ends_with_its_marker(text: str, times: int) -> None:
    description = text * 10**times
    request = encode(CreateTicket(subject="s", description=description, marker=MARKER))
    assert word_in_request(request) == WORD
    assert len(json.loads(request)["description"]) <= MAX_TEXT


@hypothesis.given(TEXTS, BLANKS)
def test_without_its_marker_a_description_is_what_it_was(text: str, blanks: str) -> None:
    hypothesis.assume(word_of(text) is None)
    assert without_marker(f"{text}\n\n{MARKER}{blanks}").rstrip() == text.rstrip()
    assert without_marker(text) == text


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"])
def test_whatever_separates_lines_only_the_marker_is_taken_away(separator: str) -> None:
    assert without_marker(f"first{separator}second{separator}{MARKER}") == f"first{separator}second"


@hypothesis.given(TEXTS, st.booleans())
def test_an_edited_create_is_looked_for_by_the_marker_of_the_original(text: str, keeps_a_marker: bool) -> None:
    original = encode(CreateTicket(subject="s", description="before", marker=MARKER))
    quoted = f"{text}\n{marker(SECRET, 'another')}" if keeps_a_marker else text
    edited = json.dumps({"subject": "t", "description": quoted}).encode()
    made = with_marker_of(original, edited)
    assert word_in_request(made) == WORD
    assert json.loads(made)["subject"] == "t"
    assert json.loads(with_marker_of(original, made))["description"].count(WORD) == 1


def test_an_edit_of_a_create_without_a_marker_gets_none() -> None:
    original = encode(CreateTicket(subject="s", description="before"))
    assert word_in_request(with_marker_of(original, b'{"subject":"t","description":"after"}')) is None


@hypothesis.given(TEXTS, st.booleans(), st.integers(0, 3))
def test_a_note_that_may_be_a_repeat_says_so_once_at_its_end(text: str, private: bool, times: int) -> None:
    note = encode(AddNote(body=text * 10**times, private=private))
    repeated = json.loads(as_repeat(note, FIRST))
    assert repeated["body"].endswith(f"\n\n{LINE}")
    assert repeated["body"].count(LINE) == 1 + text.count(LINE)
    assert len(repeated["body"]) <= MAX_TEXT
    assert repeated | {"body": None} == json.loads(note) | {"body": None}
    again = as_repeat(as_repeat(note, FIRST), FIRST)
    assert again == as_repeat(note, FIRST)


def test_a_note_that_is_too_long_is_cut_before_the_line() -> None:
    note = encode(AddNote(body="x" * MAX_TEXT))
    body = json.loads(as_repeat(note, FIRST))["body"]
    assert (len(body) <= MAX_TEXT, body.endswith(LINE)) == (True, True)
