"""Tests of mapping a sender's severities, times and texts to ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.toolbox.text import SEVERITIES, clean, cut, instant, one_line, priority_of, readable

EXPECTED = {
    "urgent": ["critical", "emergency", "disaster", "fatal", "page", "P1", "Sev0", "Sev1", "urgent"],
    "high": ["high", "major", "error", "P2", "Sev2"],
    "medium": ["warning", "average", "minor", "P3", "Sev3", "medium"],
    "low": ["info", "low", "notice", "none", "P4", "P5", "Sev4"],
}


@pytest.mark.parametrize("priority", EXPECTED)
def test_a_severity_has_its_priority_in_any_case(priority: str) -> None:
    for severity in EXPECTED[priority]:
        for spelling in (severity, severity.upper(), severity.lower(), f" {severity.title()} "):
            assert priority_of(spelling) == (priority, True), spelling


@pytest.mark.parametrize("severity", ["", "sev9", "criticall", "7"])
def test_an_unknown_severity_is_medium_and_said_to_be_unknown(severity: str) -> None:
    assert priority_of(severity) == ("medium", False)


def test_no_word_stands_for_two_priorities() -> None:
    words = [word for each in SEVERITIES.values() for word in each]
    assert len(words) == len(set(words))
    assert words == [word.casefold() for word in words]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000000000Z",
        "2026-01-01T01:00:00+01:00",
        "2025-12-31T18:30:00-05:30",
        "2026-01-01t00:00:00z",
        "2026-01-01 00:00:00+00:00",
        "2026-01-01T01:00:00+0100",
        " 2026-01-01T00:00:00Z\n",
    ],
)
def test_an_instant_has_one_spelling(text: str) -> None:
    found = instant(text)
    assert found is not None
    assert found.text == "2026-01-01T00:00:00Z"
    assert found.time == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fraction", "spelled", "microsecond"),
    [
        (".1", ".1", 100_000),
        (".120", ".12", 120_000),
        (".123456789", ".123456789", 123_456),
        (".000000001", ".000000001", 0),
        (".999999999", ".999999999", 999_999),
        (".1234567891", ".123456789", 123_456),
    ],
)
def test_the_time_is_cut_to_microseconds_and_the_spelling_keeps_nanoseconds(
    fraction: str, spelled: str, microsecond: int
) -> None:
    found = instant(f"2026-01-01T00:00:59{fraction}Z")
    assert found is not None
    assert found.text == f"2026-01-01T00:00:59{spelled}Z"
    assert (found.time.second, found.time.microsecond) == (59, microsecond)


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T01:00:00+01:00",
        "0000-12-31T19:00:00-05:00",
    ],
)
def test_the_zero_time_of_go_is_no_time(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1767225600",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+99:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z and more",
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"an RFC 3339 time with a zone|a time that exists"):
        instant(text)


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@hypothesis.settings(deadline=None)
@hypothesis.given(st.datetimes(timezones=OFFSETS))
def test_a_time_of_any_offset_is_read_back_as_the_same_instant(moment: datetime) -> None:
    hypothesis.assume(2 <= moment.year < 9999)
    found = instant(moment.isoformat())
    assert found is not None
    assert found.time == moment.astimezone(UTC)
    assert moment.year == 2 or instant(found.text) == found


def test_a_readable_time_has_no_fraction() -> None:
    assert readable(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)) == "2026-01-02 03:04:05 UTC"


def test_control_characters_and_lone_surrogates_never_stay() -> None:
    assert clean("a\x00b\x1b[31m\x7f\x9b\ud800c") == "ab[31m\ufffdc"


def test_every_ending_of_a_line_becomes_a_line_feed() -> None:
    assert clean("a\r\nb\rc\x85d\x0ce\n\tf") == "a\nb\nc\nd\ne\n\tf"


def test_letters_of_every_script_stay_as_they_are() -> None:
    text = "Größe, 東京, \u202fnarrow, 👩\u200d💻, שלום"
    assert clean(text) == text


def test_one_line_folds_all_white_space() -> None:
    assert one_line(" a\r\n\t b\u2028c\x00 ") == "a b c"


@pytest.mark.parametrize(
    ("text", "shorter"),
    [("", ""), ("12345", "12345"), ("123456", "1234…"), ("123 56", "123…"), ("🚨" * 6, "🚨🚨🚨🚨…")],
)
def test_text_is_cut_by_character_with_an_ellipsis(text: str, shorter: str) -> None:
    assert cut(text, 5) == shorter


@hypothesis.settings(deadline=None)
@hypothesis.given(st.text(st.characters()), st.integers(1, 40))
def test_clean_text_can_be_encoded_and_cut_text_fits(text: str, limit: int) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert len(cut(cleaned, limit)) <= limit
