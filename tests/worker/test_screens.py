"""Lists for people: a header, a subject, a priority, an age, a ticket and a reason in each row; keys come last."""

from __future__ import annotations

import re

import pytest

from worker.cli.shell import words
from worker.cli.shell.output import without_names
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, inbound
from worker.ledger.schema.words import (
    AttemptOutcome,
    CasePhase,
    DeliveryState,
    InboundOutcome,
    OperationState,
)
from worker.runtime.terminal import fitted, padded, width_of

from .builders import (
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    kill_create,
    opened,
    rows,
)
from .builders import inbound as arrived
from .commands import command, said


@pytest.fixture
def url(sqlite_ledger: Ledger) -> str:
    return str(sqlite_ledger.database.url)


def table(url: str, *arguments: str, width: str | None = None) -> list[dict[str, str]]:
    """Run a command that prints a table, and return its rows by title; lines below a row are left out."""
    more = {} if width is None else {"COLUMNS": width}
    head, *lines = command(url, *arguments, **more).stdout.splitlines()
    starts = [match.start() for match in re.finditer(r"(?<!\S)\S+( [(A-Z]\S*)*", head)]
    bounds = list(zip(starts, [*starts[1:], None], strict=True))
    titles = [head[start:end].strip() for start, end in bounds]
    return [
        {title: line[start:end].strip() for title, (start, end) in zip(titles, bounds, strict=True)}
        for line in lines
        if not line.startswith(" ")
    ]


def test_the_list_of_dead_letters_has_subject_priority_age_ticket_and_reason(sqlite_ledger: Ledger, url: str) -> None:
    kill_create(sqlite_ledger, opened(priority="urgent"), why="create_ticket: 422: not liked")
    (row,) = table(url, "dead", "list")
    assert (row["ID"], row["PRIORITY"], row["SUBJECT"]) == ("op-1-1", "urgent", "disk is full")
    assert row["AGE"]
    below = command(url, "dead", "list").stdout.splitlines()[2:]
    assert below[0].split() == ["why", "create_ticket:", "422:", "not", "liked"]
    assert below[1].split()[0] == "act"
    assert "`dead edit op-1-1`" in below[1]
    assert below[2].split() == ["also", "case", "disk"]


def test_a_dead_note_names_the_ticket_that_it_is_for(sqlite_ledger: Ledger, url: str) -> None:
    sqlite_ledger.record([delivery(opened(), commented())])
    sqlite_ledger.settle([(claim_one(sqlite_ledger), done("T-7"))])
    sqlite_ledger.settle([(claim_one(sqlite_ledger, "add_note"), dead())])
    (row,) = table(url, "dead", "list")
    assert (row["WHAT"], row["TICKET"]) == ("add_note", "T-7")


def test_a_delivery_in_quarantine_is_listed_with_its_subject_where_a_part_was_read(
    sqlite_ledger: Ledger, url: str
) -> None:
    sqlite_ledger.record([Delivery(arrived(b"<xml/>"), unreadable="not JSON")])
    (row,) = table(url, "dead", "list")
    assert (row["ID"], row["WHAT"], row["SUBJECT"]) == ("in-1", "quarantined", "")
    assert "not JSON" in command(url, "dead", "list").stdout


def test_the_list_of_cases_has_the_key_last_and_the_states_in_words(sqlite_ledger: Ledger, url: str) -> None:
    sqlite_ledger.record([delivery(opened(priority="high"))])
    deliver_all(sqlite_ledger, "T-1")
    (row,) = table(url, "cases", "list")
    assert [*row][-1] == "KEY"
    assert (row["CASE"], row["PRIORITY"], row["PHASE"], row["STATE"]) == ("case-1", "high", "open", "nothing to send")
    assert (row["TICKET"], row["SUBJECT"], row["KEY"]) == ("T-1 (open)", "disk is full", "disk")
    assert row["AGE"].endswith((" s", " min", " h", " d"))


def test_the_list_of_cases_says_why_one_goes_not_on(sqlite_ledger: Ledger, url: str) -> None:
    kill_create(sqlite_ledger, opened(), why="create_ticket: 422: not liked")
    shown = command(url, "cases", "list").stdout
    assert "blocked: its create is dead" in shown
    assert "create_ticket: 422: not liked" in shown


def test_the_list_of_deliveries_has_subject_sender_priority_ticket_and_what_followed(
    sqlite_ledger: Ledger, url: str
) -> None:
    sqlite_ledger.record([delivery(opened(author="ada@customer.example"))])
    sqlite_ledger.record([delivery(opened())])
    deliver_all(sqlite_ledger, "T-1")
    repeat, first = table(url, "events", "list")
    assert (first["OUTCOME"], first["PRIORITY"], first["TICKET"]) == ("1 operation", "medium", "T-1 (open)")
    assert first["SUBJECT"] == "disk is full"
    assert " ada@customer.example" in command(url, "events", "list").stdout
    assert (repeat["OUTCOME"], repeat["TICKET"], repeat["SUBJECT"]) == ("a repeat", "T-1 (open)", "disk is full")


def test_a_delivery_about_several_cases_says_so(sqlite_ledger: Ledger, url: str) -> None:
    sqlite_ledger.record([delivery(opened("one"), opened("two"), opened("three"))])
    (row,) = table(url, "events", "list")
    assert (row["OUTCOME"], row["SUBJECT"]) == ("3 operations", "one is full (and 2 more)")


def test_effects_hides_repeats_and_keeps_what_waits_for_a_person(sqlite_ledger: Ledger, url: str) -> None:
    for each in (delivery(opened()), delivery(opened()), Delivery(arrived(b"<xml/>"), unreadable="not JSON")):
        sqlite_ledger.record([each])
    assert [each["id"] for each in said(command(url, "events", "list", "--effects", "-o", "json"))] == ["in-3", "in-1"]
    followed = said(command(url, "tail", "--no-follow", "--effects", "-o", "json"))
    assert [each["id"] for each in followed] == ["in-1", "in-3"]
    assert len(said(command(url, "tail", "--no-follow", "-o", "json"))) == 3


def test_tail_has_a_header_and_names_what_each_line_is_about(sqlite_ledger: Ledger, url: str) -> None:
    sqlite_ledger.record([delivery(opened(priority="urgent"))])
    deliver_all(sqlite_ledger, "T-1")
    came, made = table(url, "tail", "--no-follow")
    assert [*came][-1] == "KEY"
    assert (came["WHAT"], came["SUBJECT"], came["PRIORITY"]) == ("delivery", "disk is full", "urgent")
    assert (made["WHAT"], made["OUTCOME"], made["TICKET"]) == ("create_ticket", "done 201", "T-1 (open)")
    assert (made["SUBJECT"], made["KEY"]) == ("disk is full", "disk")


SCREENS = [
    ("events", "list"),
    ("events", "show", "case-1"),
    ("events", "find", "disk"),
    ("cases", "list"),
    ("cases", "show", "case-1"),
    ("dead", "list"),
    ("dead", "list", "--by", "reason"),
    ("tail", "--no-follow"),
]


@pytest.mark.parametrize("screen", SCREENS, ids=" ".join)
def test_no_screen_shows_the_subject_or_the_sender_of_a_private_message(
    sqlite_ledger: Ledger, url: str, screen: tuple[str, ...]
) -> None:
    kill_create(sqlite_ledger, opened(private=True, subject="I was fired", author="ada@customer.example"))
    shown = command(url, *screen).stdout
    assert "fired" not in shown
    assert "ada" not in shown
    if screen[:2] != ("dead", "list") or len(screen) == 2:
        assert "A private message from prom" in shown


def test_the_change_of_a_message_that_may_have_been_private_has_a_neutral_subject(sqlite_ledger: Ledger) -> None:
    first = opened(message="m-1", text="one")
    sqlite_ledger.record([delivery(first)])
    sqlite_ledger.record([delivery(opened(message="m-1", text="two", private_change=True, author="ada"))])
    assert [(each["subject"], each["sender"]) for each in rows(sqlite_ledger, inbound)] == [
        ("disk is full", None),
        ("A private message from prom", None),
    ]


def test_a_subject_is_one_line_of_bounded_length_without_invisible_characters(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.record([delivery(opened(subject="one\r\ntwo\u202e\x00" + "x" * 999, author="a\nb"))])
    (came,), (case,) = rows(sqlite_ledger, inbound), rows(sqlite_ledger, cases)
    assert came["subject"] == case["subject"]
    assert came["subject"].isprintable()
    assert (len(came["subject"]), came["subject"][:8], came["sender"]) == (255, "one two\ufffd", "a b")


def test_at_a_terminal_a_row_fits_into_its_width_and_in_a_pipe_it_is_whole(sqlite_ledger: Ledger, url: str) -> None:
    subject = "the disk of a machine with a very long name is full " * 4
    sqlite_ledger.record([delivery(opened(subject=subject))])
    (row,) = command(url, "cases", "list", COLUMNS="160").stdout.splitlines()[1:]
    assert (len(row) <= 160, "…" in row) == (True, True)
    assert subject.strip() in command(url, "cases", "list").stdout


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("disk", 4, "disk"),
        ("disks", 4, "dis…"),
        ("ディスク", 8, "ディスク"),
        ("ディスク", 7, "ディス…"),
        ("ディスク", 6, "ディ…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("שלום עולם", 5, "שלום…"),
    ],
)
def test_a_text_is_cut_by_the_columns_that_a_terminal_needs(text: str, width: int, shown: str) -> None:
    assert fitted(text, width) == shown
    assert width_of(fitted(text, width)) <= width
    assert width_of(padded(fitted(text, width), 12)) == 12


def test_every_stored_state_has_its_word_on_the_screens() -> None:
    assert {*CasePhase} == {*words.PHASES}
    assert {*DeliveryState} == {*words.CASES}
    assert {*OperationState} == {*words.OPERATIONS}
    assert {*InboundOutcome} == {*words.DELIVERIES}
    assert {*AttemptOutcome} == {*words.ATTEMPTS}


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (None, ""),
        ("disk:firing:0 of a long name: a repeat: this message is known", "a repeat: this message is known"),
        ("dedup_key has 600 characters: expected at most 512", "dedup_key has 600 characters: expected at most 512"),
        ("alerts[0].status is missing: expected firing", "alerts[0].status is missing: expected firing"),
        ("badbbdf1f597aaaa: a repeat; 0123456789abcdef: a repeat", "a repeat"),
        ("alerts[3]: status is missing", "alerts[3]: status is missing"),
        ("the sender asked for nothing", "the sender asked for nothing"),
    ],
)
def test_a_list_leaves_the_names_of_messages_out_of_a_reason(reason: str | None, shown: str) -> None:
    assert without_names(reason) == shown
