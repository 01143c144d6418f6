"""What can a person do about a dead letter, what becomes of what waits behind it, and what reaches the Tickets API?"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import fixtures
from tickets.marks import word_in_request
from tickets.models import AddNote, AnyRequest, CloseTicket, CreateTicket, Revision, UpdateTicket, encode
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.actions.edits import NotARequest, request, shown
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, interventions, operations

from .builders import (
    NOON,
    again,
    claim_one,
    commented,
    dead,
    delivery,
    done,
    inbound,
    kill_create,
    opened,
    resolved,
    rows,
)
from .commands import command, deliver, every_row, in_a_process, said
from .conftest import MakeLedger


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    """A ledger by the real time, as the commands see it."""
    made = make_ledger(clock=None)
    made.upgrade()
    return made


@pytest.fixture
def tickets(tmp_path: Path) -> Iterator[LocalTicketsApi]:
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))
    with LocalTicketsApi(options) as api:
        yield api


@pytest.fixture
def api(tickets: LocalTicketsApi) -> Iterator[str]:
    with running(tickets) as served:
        yield served.base_url


def blocked(ledger: Ledger) -> str:
    """A case whose create was rejected, with a note and a close behind it; gives the dead letter's id."""
    return kill_create(ledger, opened(), commented(), resolved())


def states(ledger: Ledger) -> list[str]:
    return [each["state"] for each in rows(ledger, operations)]


def effects(tickets: LocalTicketsApi) -> list[str]:
    return [each.kind for each in tickets.effects()]


def body_of(ledger: Ledger, letter: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ledger.show_dead(letter).body)
    return found


def edited(ledger: Ledger, letter: str, tmp_path: Path, **changes: Any) -> str:
    """A file with the body of a dead letter, and these changes."""
    path = tmp_path / "edited.json"
    path.write_text(json.dumps({**body_of(ledger, letter), **changes}))
    return str(path)


def dead_note(ledger: Ledger, *, private: bool = True) -> str:
    ledger.record([delivery(opened(), commented(private=private))])
    ledger.settle([(claim_one(ledger), done())])
    note = claim_one(ledger, "add_note")
    ledger.settle([(note, dead("404: no such ticket"))])
    return f"op-{note.case_id}-{note.seq}"


def test_a_create_that_is_sent_again_takes_what_waited_along(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str
) -> None:
    letter = blocked(ledger)
    result = command(database_url, "dead", "retry", letter)
    assert (result.exit_code, result.stdout) == (
        0, f"{letter} will be sent again; 2 operations that waited for its ticket will follow\n",
    )  # fmt: skip
    assert deliver(ledger, api) == ["create_ticket", "add_note", "close_ticket"]
    assert effects(tickets) == ["create_ticket", "add_note", "close_ticket"]


def test_an_edited_create_reaches_the_api_with_its_marker_and_what_waited_follows(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str, tmp_path: Path
) -> None:
    letter = blocked(ledger)
    before = rows(ledger, operations)[0]
    path = edited(ledger, letter, tmp_path, subject="Disk of db1", priority="high")
    result = command(database_url, "dead", "edit", letter, "--file", path)
    assert (result.exit_code, "2 operations that waited for its ticket will follow" in result.stdout) == (0, True)
    after = rows(ledger, operations)[0]
    assert after["idempotency_key"] != before["idempotency_key"]
    assert word_in_request(after["request"]) == word_in_request(before["request"]) is not None
    assert deliver(ledger, api) == ["create_ticket", "add_note", "close_ticket"]
    (made,) = [each for each in tickets.effects() if each.kind == "create_ticket"]
    assert json.loads(after["request"]) | {"subject": "Disk of db1", "priority": "high"} == json.loads(after["request"])
    assert made.kind == "create_ticket"


def test_a_skipped_create_takes_what_waited_with_it_and_nothing_is_sent(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str
) -> None:
    letter = blocked(ledger)
    result = command(database_url, "dead", "skip", letter, "--why", "a test alert")
    assert (result.exit_code, "2 operations that waited for it" in result.stdout) == (0, True)
    assert deliver(ledger, api) == []
    assert (states(ledger), effects(tickets)) == (["skipped"] * 3, [])


def test_a_bound_create_makes_no_ticket_and_what_waited_goes_to_the_bound_one(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str
) -> None:
    ledger.record([delivery(opened("other"))])
    deliver(ledger, api)
    there = ledger.find("other")[0].ticket_id or ""
    with ledger.database.write() as connection:  # made by a person, as far as the ledger knows
        connection.exec_driver_sql("DELETE FROM tickets")
    letter = blocked(ledger)
    result = command(database_url, "dead", "bind", letter, there, api=api)
    assert (result.exit_code, "2 operations that waited for it will be sent to it" in result.stdout) == (0, True)
    assert deliver(ledger, api) == ["add_note", "close_ticket"]
    assert [(each.kind, each.ticket_id) for each in tickets.effects()] == [
        ("create_ticket", there), ("add_note", there), ("close_ticket", there),
    ]  # fmt: skip
    assert ledger.find("disk")[0].ticket_id == there


def test_a_ticket_that_is_not_there_is_not_bound(ledger: Ledger, database_url: str, api: str) -> None:
    letter = blocked(ledger)
    before = every_row(ledger)
    result = command(database_url, "dead", "bind", letter, "4711", api=api)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "knows no ticket 4711" in result.stderr
    assert every_row(ledger) == before


def test_nothing_is_bound_while_the_api_cannot_be_asked(ledger: Ledger, database_url: str) -> None:
    letter = blocked(ledger)
    before = every_row(ledger)
    result = command(database_url, "dead", "bind", letter, "4711", api="http://127.0.0.1:1/api/v1")
    assert (result.exit_code, "cannot be asked now" in result.stderr) == (1, True)
    assert every_row(ledger) == before


def test_a_ticket_of_another_case_is_not_bound(ledger: Ledger, database_url: str, api: str) -> None:
    ledger.record([delivery(opened("other"))])
    deliver(ledger, api)
    letter = blocked(ledger)
    result = command(database_url, "dead", "bind", letter, ledger.find("other")[0].ticket_id or "", api=api)
    assert (result.exit_code, "belongs to another case" in result.stderr) == (1, True)
    assert (states(ledger)[1:], rows(ledger, interventions)) == (["dead", "held", "held"], [])


def test_an_edit_with_an_editor_is_what_was_saved_there(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    letter = blocked(ledger)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q trm "$1" && exit 1\nsed -i "s/disk is full/db1 is full/" "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    result = command(database_url, "dead", "edit", letter, EDITOR=str(editor))
    assert (result.exit_code, result.stderr) == (0, "")
    request = json.loads(rows(ledger, operations)[0]["request"])
    assert (request["subject"], "Ticketrelay trm" in request["description"]) == ("db1 is full", True)


def test_what_was_typed_in_an_editor_can_be_mended_there(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    letter = blocked(ledger)
    before = every_row(ledger)
    editor = tmp_path / "editor"
    mend = "sed -i 's/BROKEN//; s/disk is full/mended/' \"$1\""
    editor.write_text(f'#!/bin/sh\nif grep -q BROKEN "$1"; then {mend}; else sed -i \'1s/^/BROKEN/\' "$1"; fi\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    given_up = command(database_url, "dead", "edit", letter, EDITOR=str(editor), typed="n\n")
    assert (given_up.exit_code, "it cannot be sent so: not JSON" in given_up.stderr) == (1, True)
    assert every_row(ledger) == before
    assert command(database_url, "dead", "edit", letter, EDITOR=str(editor), typed="y\n").exit_code == 0
    assert json.loads(rows(ledger, operations)[0]["request"])["subject"] == "mended"


def test_without_an_editor_and_a_file_nothing_is_edited(ledger: Ledger, database_url: str) -> None:
    result = command(database_url, "dead", "edit", blocked(ledger))
    assert (result.exit_code, "give --file" in result.stderr, states(ledger)[0]) == (2, True, "dead")


@pytest.mark.parametrize("by", ["file", "editor"])
def test_an_edit_that_changes_nothing_does_nothing(ledger: Ledger, database_url: str, tmp_path: Path, by: str) -> None:
    letter = blocked(ledger)
    before = every_row(ledger)
    how = ("--file", edited(ledger, letter, tmp_path)) if by == "file" else ()
    result = command(database_url, "dead", "edit", letter, *how, EDITOR="true")
    assert (result.exit_code, "nothing is different" in result.stderr) == (0, True)
    assert every_row(ledger) == before


@pytest.mark.parametrize(
    ("changes", "said_"),
    [
        ({"priority": "huge"}, "priority: "),
        ({"prioritty": "high"}, "prioritty: "),
        ({"subject": " "}, "subject: is blank"),
        ({"subject": 7}, "subject: "),
        ({"marker": "mine"}, "marker: the ledger keeps it"),
        ({"metadata": {"a": "b"}}, "metadata: not in revision A"),
    ],
)
def test_what_is_no_request_is_refused_before_anything_is_written(
    ledger: Ledger, database_url: str, tmp_path: Path, changes: dict[str, Any], said_: str
) -> None:
    letter = blocked(ledger)
    before = every_row(ledger)
    result = command(database_url, "dead", "edit", letter, "--file", edited(ledger, letter, tmp_path, **changes))
    assert (result.exit_code, result.stdout) == (1, "")
    assert said_ in result.stderr
    assert every_row(ledger) == before


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "{}"])
def test_what_is_no_json_object_is_refused(ledger: Ledger, database_url: str, text: str) -> None:
    letter = blocked(ledger)
    result = command(database_url, "dead", "edit", letter, "--file", "-", typed=text)
    assert (result.exit_code, "stays as it is" in result.stderr) == (1, True)
    assert states(ledger) == ["dead", "held", "held"]


def test_a_private_note_does_not_become_public_by_leaving_the_word_out(ledger: Ledger, database_url: str) -> None:
    letter = dead_note(ledger)
    result = command(database_url, "dead", "edit", letter, "--file", "-", typed='{"body": "other words"}')
    assert (result.exit_code, "private: is required here" in result.stderr) == (1, True)
    assert states(ledger) == ["done", "dead"]


def test_a_delivery_can_be_neither_edited_nor_bound(ledger: Ledger, database_url: str) -> None:
    ((recorded,), _) = ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    letter = f"in-{recorded.inbound_id}"
    for arguments in (("edit", letter, "--file", "-"), ("bind", letter, "1")):
        result = command(database_url, "dead", *arguments, typed="{}")
        assert (result.exit_code, "is a delivery" in result.stderr) == (1, True)


def test_an_edited_create_that_may_have_been_executed_is_looked_for_before_it_is_sent(
    ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    create = claim_one(ledger)
    ledger.settle([(create, dead())])
    letter = f"op-{create.case_id}-{create.seq}"
    assert command(database_url, "dead", "edit", letter, "--file", edited(ledger, letter, tmp_path, subject="x")
                   ).exit_code == 0  # fmt: skip
    (row,) = rows(ledger, operations)
    assert (row["ambiguous"], row["unproven"]) == (True, True)


def test_a_note_whose_key_is_forgotten_is_sent_again_as_a_repeat(ledger: Ledger, database_url: str) -> None:
    letter = dead_note(ledger)
    old = NOON
    with ledger.database.write() as connection:
        parked = operations.update().where(operations.c.kind == "add_note")
        connection.execute(parked.values(ambiguous=True, first_sent_at=old, last_sent_at=old))
    assert command(database_url, "dead", "retry", letter).exit_code == 0
    with ledger.database.write() as connection:  # it died just now: its ghost has a minute
        connection.execute(cases.update().values(run_at=old))
    note = claim_one(ledger, "add_note", repeat_notes=False)
    assert (note.mode, "may be a repeat" in json.loads(note.request)["body"]) == ("send", True)


def test_letters_are_listed_by_reason_with_what_they_hold_up(ledger: Ledger, database_url: str) -> None:
    kill_create(ledger, opened("a"), resolved("a"))
    kill_create(ledger, opened("b"), resolved("b"), why="create_ticket: 422: the subject is not liked")
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    groups = said(command(database_url, "dead", "list", "--by", "reason", "-o", "json"))
    assert [(each["group"], each["letters"], each["holds_up"]) for each in groups] == [
        ("create_ticket: 422: the subject is not liked", 2, 2), ("quarantined: not JSON", 1, 0),
    ]  # fmt: skip
    assert "holds up 1 operation" in command(database_url, "dead", "list").stdout
    assert [each["group"] for each in said(command(database_url, "dead", "list", "--by", "source", "-o", "json"))] == [
        "prom"
    ]


def several(ledger: Ledger) -> list[str]:
    """Three rejected creates of two sources, one of them with a close behind it, one perhaps executed."""
    first = kill_create(ledger, opened("a"), resolved("a"))
    ledger.record([delivery(opened("b"), source="nagios")])
    create = claim_one(ledger)
    ledger.settle([(create, dead("400 bad_request"))])
    ledger.record([delivery(opened("c"))])
    ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    third = claim_one(ledger)
    ledger.settle([(third, dead())])
    return [first, f"op-{create.case_id}-1", f"op-{third.case_id}-1"]


def test_many_are_sent_again_after_it_was_said_what_that_is_and_a_person_agreed(
    ledger: Ledger, database_url: str
) -> None:
    several(ledger)
    refused = command(database_url, "dead", "retry", "--all", typed="n\n")
    assert (refused.exit_code, len(ledger.list_dead()), refused.stdout) == (1, 3, "")
    assert "3 dead letters" in refused.stderr
    assert "3 create_ticket" in refused.stderr
    assert "1 operations that wait for their tickets will follow them" in refused.stderr
    assert "1 of them may have been executed before" in refused.stderr
    unasked = command(database_url, "dead", "retry", "--all", typed="")
    assert (unasked.exit_code, len(ledger.list_dead())) == (1, 3)
    agreed = command(database_url, "dead", "retry", "--all", typed="y\n")
    assert (agreed.exit_code, ledger.list_dead()) == (0, [])
    assert [each["what"] for each in rows(ledger, interventions)] == ["dead retry"] * 3


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        (("--reason", "BAD_request"), [0, 2]),
        (("--source", "nagios"), [0, 2]),
        (("--kind", "create_ticket", "--source", "prom"), [1]),
        (("--kind", "add_note"), [0, 1, 2]),
        (("--all",), []),
    ],
)
def test_only_what_is_selected_is_skipped(
    ledger: Ledger, database_url: str, conditions: tuple[str, ...], left: list[int]
) -> None:
    letters = several(ledger)
    result = command(database_url, "dead", "skip", *conditions, "--why", "a test", "--yes")
    assert (result.exit_code, [each.id for each in ledger.list_dead()]) == (0, [letters[place] for place in left])


def test_what_would_follow_from_reading_many_again_is_said_before_it_is_asked(
    ledger: Ledger, database_url: str
) -> None:
    for body, problem in (
        (b"<xml/>", "not JSON"),
        (fixtures("alertmanager")["firing"].body, "a defect of ours"),
        (b'{"alerts": []}', "another one"),
    ):
        ledger.record([Delivery(inbound(body, source="alertmanager"), unreadable=problem)])
    before = every_row(ledger)
    refused = command(database_url, "dead", "retry", "--kind", "quarantined", typed="n\n")
    assert refused.exit_code == 1
    assert [line.split() for line in refused.stderr.splitlines()[1:4]] == [
        ["3", "quarantined"],
        ["1", "create_ticket", "would", "follow", "from", "reading", "again"],
        ["1", "deliveries", "would", "have", "no", "effect"],
    ]
    assert "1 deliveries would stay in quarantine" in refused.stderr
    assert every_row(ledger) == before


def test_one_that_cannot_be_done_does_not_stop_the_others(ledger: Ledger, database_url: str) -> None:
    letters = several(ledger)
    ledger.record([Delivery(inbound(b"<xml/>", source="alertmanager"), unreadable="not JSON")])
    readable = inbound(fixtures("alertmanager")["firing"].body, source="alertmanager")
    ledger.record([Delivery(readable, unreadable="a defect of ours")])
    result = command(database_url, "dead", "retry", "--all", "--yes", "-o", "json")
    told = said(result)
    assert (result.exit_code, len(told["done"])) == (1, len(letters) + 1)
    (refused,) = told["refused"]
    assert "stays in quarantine" in refused["why"]
    assert [each.reason for each in ledger.list_dead()] == ["not JSON"]


@pytest.mark.parametrize("arguments", [(), ("op-1-1", "--all"), ("op-1-1", "--source", "prom")])
def test_letters_are_named_or_selected_and_not_both(
    ledger: Ledger, database_url: str, arguments: tuple[str, ...]
) -> None:
    result = command(database_url, "dead", "retry", *arguments)
    assert (result.exit_code, "name letters, or select them" in result.stderr) == (2, True)


def test_a_person_edits_through_pipes(ledger: Ledger, database_url: str) -> None:
    letter = blocked(ledger)
    shown = in_a_process(database_url, "dead", "show", letter, "-o", "json")
    body = json.loads(json.loads(shown.stdout)["body"]) | {"subject": "through pipes"}
    ended = in_a_process(database_url, "dead", "edit", letter, "--file", "-", "--as", "ada", typed=json.dumps(body))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(rows(ledger, operations)[0]["request"])["subject"] == "through pipes"
    assert [(each["who"], each["what"]) for each in rows(ledger, interventions)] == [("ada", "dead edit")]


WHOLE: dict[str, AnyRequest] = {
    "create_ticket": CreateTicket(
        subject="s", description="d", category="disk", requester_email="a@example.com", metadata={"k": "v"}, marker="m"
    ),
    "add_note": AddNote(body="b", private=True),
    "update_ticket": UpdateTicket(priority="low", category="disk"),
    "close_ticket": CloseTicket(resolution_notes="r"),
}


@pytest.mark.parametrize("revision", ["A", "B"])
@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("create_ticket", "subject", "other"),
        ("create_ticket", "description", "other"),
        ("add_note", "body", "other"),
        ("add_note", "private", False),
        ("update_ticket", "priority", "high"),
        ("close_ticket", "resolution_notes", "other"),
    ],
)
def test_an_edit_changes_what_was_edited_and_nothing_else(
    kind: str, field: str, value: object, revision: Revision
) -> None:
    body = encode(WHOLE[kind], revision)
    fields = json.loads(body)
    new = request(kind, body, json.dumps({**fields, field: value}), revision)
    assert new is not None
    assert json.loads(new) == {**fields, field: value}
    assert request(kind, body, shown(body), revision) is None


def test_a_reopening_has_nothing_to_edit() -> None:
    with pytest.raises(NotARequest, match="nothing in it to edit"):
        request("reopen_ticket", b'{"status":"open"}', b'{"status":"pending"}', "A")
