"""Tests of the subject and text of an alert, as the person on call reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.alerts.labelled_text import About, subject, text
from connectors.toolbox.rendering import MAX_BLOCK, MAX_SUBJECT, MAX_TEXT

START = datetime(2026, 3, 14, 2, 0, 7, 120_000, tzinfo=UTC)


def about(**changes: Any) -> About:
    fields: dict[str, Any] = {
        "labels": {},
        "annotations": {},
        "ended": None,
    }
    return About(started=START, **(fields | changes))


@pytest.mark.parametrize(
    ("annotations", "labels", "line"),
    [
        ({"summary": "S", "title": "T"}, {"alertname": "A"}, "S"),
        ({"summary": " \n", "title": "T"}, {"alertname": "A"}, "T"),
        ({"summary": "\x00"}, {"alertname": "A"}, "A"),
        ({}, {"alertname": "A", "job": "j", "instance": "i"}, "A (instance: i)"),
        ({}, {"alertname": "A", "job": "j", "zone": "z"}, "A (job: j)"),
        ({}, {"alertname": "A", "instance": "", "job": "j"}, "A (job: j)"),
        ({}, {"alertname": "A", "zone": "z"}, "A"),
        ({}, {"job": "j"}, "job: j"),
        ({}, {}, "An alert without a name"),
    ],
)
def test_the_subject_is_the_first_thing_that_says_something(
    annotations: dict[str, str], labels: dict[str, str], line: str
) -> None:
    assert subject(about(annotations=annotations, labels=labels)) == line


def test_the_subject_is_one_line() -> None:
    assert subject(about(annotations={"summary": "a\r\n b\tc\u2028d "})) == "a b c d"
    assert subject(about(labels={"alertname": "a\nb", "job": "c\nd"})) == "a b (job: c d)"


@pytest.mark.parametrize("length", [MAX_SUBJECT - 1, MAX_SUBJECT])
def test_a_subject_that_fits_is_not_cut(length: int) -> None:
    assert subject(about(annotations={"summary": "é" * length})) == "é" * length


def test_a_long_subject_is_cut_by_character_and_its_whole_text_is_in_the_text() -> None:
    long = about(annotations={"summary": "é" * 300})
    assert subject(long) == "é" * (MAX_SUBJECT - 1) + "…"
    assert "é" * 300 in text(long)


def test_the_text_holds_everything_in_the_order_of_its_worth() -> None:
    whole = about(
        labels={"alertname": "DiskFull", "instance": "db-1"},
        annotations={
            "description": "Line one.\nLine two.",
            "impact": "No writes.\nNo logins.",
            "runbook_url": "https://runbooks.example.net/disk",
            "summary": "The disk is full",
        },
        ended=START + timedelta(minutes=30),
        links=(("Source", "http://prometheus.example.net/graph"), ("Alertmanager", "http://alertmanager.example.net")),
    )
    assert text(whole).split("\n") == [
        "Line one.",
        "Line two.",
        "",
        "Annotations:",
        "  impact: No writes.",
        "    No logins.",
        "  summary: The disk is full",
        "",
        "Labels:",
        "  alertname: DiskFull",
        "  instance: db-1",
        "",
        "Started: 2026-03-14 02:00:07 UTC",
        "Ended: 2026-03-14 02:30:07 UTC",
        "Runbook: https://runbooks.example.net/disk",
        "Source: http://prometheus.example.net/graph",
        "Alertmanager: http://alertmanager.example.net",
    ]


@pytest.mark.parametrize(
    ("annotations", "first"),
    [
        ({"description": "D", "message": "M", "summary": "S"}, "D"),
        ({"description": "", "message": "\n M\x00\n\n", "summary": "S"}, "M"),
        ({"other": "O", "summary": "S"}, "S"),
    ],
)
def test_the_text_begins_with_what_was_written_for_people(annotations: dict[str, str], first: str) -> None:
    lines = text(about(annotations=annotations)).split("\n")
    assert lines[0] == first
    assert lines.count(first) == 1
    for name, value in annotations.items():
        assert first in value or f"  {name}: {value}" in lines


def test_an_alert_with_nothing_in_it_still_says_when_it_started() -> None:
    assert text(about()) == "Started: 2026-03-14 02:00:07 UTC"


@pytest.mark.parametrize("link", [None, 7, "", " ", ["http://x"]])
def test_a_link_that_is_no_text_is_left_out(link: object) -> None:
    assert text(about(links=(("Source", link),))) == "Started: 2026-03-14 02:00:07 UTC"


def test_a_value_cannot_pass_itself_off_as_a_line_of_ours() -> None:
    forged = about(annotations={"note": "a\r\nSource: http://evil"}, labels={"b\nEnded: now": "c\nEnded: now"})
    assert [line for line in text(forged).split("\n") if line.startswith(("Source", "Ended"))] == []


def test_a_thousand_labels_are_counted_where_they_do_not_fit() -> None:
    many = about(
        labels={f"label_{number:04}": "x" * 40 for number in range(1000)}, links=(("Source", "http://source"),)
    )
    lines = text(many).split("\n")
    shown = [line for line in lines if line.startswith("  label_")]
    assert lines[len(shown) + 1] == f"  … and {1000 - len(shown)} more"
    assert 200 < len(shown) < 1000
    assert lines[-1] == "Source: http://source"


def test_huge_values_are_cut_and_the_links_stay() -> None:
    huge = "x" * 100_000
    names = ("description", "message", "runbook_url", "summary", "a", "b")
    monstrous = about(
        labels=dict.fromkeys("abcdefghijklmnop", huge),
        annotations=dict.fromkeys(names, huge),
        links=(("Source", huge), ("Alertmanager", "http://alertmanager.example.net")),
    )
    found = text(monstrous)
    assert 2 * MAX_BLOCK < len(found) <= MAX_TEXT
    assert found.endswith("\nAlertmanager: http://alertmanager.example.net")
