"""An edited dead letter is sent as edited; an invalid request is refused before anything is written."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tickets.models import AddNote, AnyRequest, CloseTicket, CreateTicket, Revision, UpdateTicket, encode
from worker.actions.edits import NotARequest, request, shown
from worker.ledger import Ledger
from worker.ledger.schema.tables import interventions, operations

from .builders import (
    NOON,
    again,
    claim_one,
    dead,
    delivery,
    opened,
    rows,
)
from .commands import command, every_row, in_a_process
from .conftest import MakeLedger
from .dead_letters import blocked, dead_note, edited, states

pytestmark = pytest.mark.one_database


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    """A ledger by the real time, as the commands see it."""
    made = make_ledger(clock=None)
    made.upgrade()
    return made


def test_an_edit_with_an_editor_is_what_was_saved_there(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    dead_letter = blocked(ledger)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ngrep -q trm "$1" && exit 1\nsed -i "s/disk is full/db1 is full/" "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    result = command(database_url, "dead", "edit", dead_letter, EDITOR=str(editor))
    assert (result.exit_code, result.stderr) == (0, "")
    request = json.loads(rows(ledger, operations)[0]["request"])
    assert (request["subject"], "Ticketrelay trm" in request["description"]) == ("db1 is full", True)


def test_what_was_typed_in_an_editor_can_be_mended_there(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    dead_letter = blocked(ledger)
    before = every_row(ledger)
    editor = tmp_path / "editor"
    mend = "sed -i 's/BROKEN//; s/disk is full/mended/' \"$1\""
    editor.write_text(f'#!/bin/sh\nif grep -q BROKEN "$1"; then {mend}; else sed -i \'1s/^/BROKEN/\' "$1"; fi\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    given_up = command(database_url, "dead", "edit", dead_letter, EDITOR=str(editor), typed="n\n")
    assert (given_up.exit_code, "Error: the body cannot be sent: the body is not JSON" in given_up.stderr) == (1, True)
    assert every_row(ledger) == before
    assert command(database_url, "dead", "edit", dead_letter, EDITOR=str(editor), typed="y\n").exit_code == 0
    assert json.loads(rows(ledger, operations)[0]["request"])["subject"] == "mended"


def test_without_an_editor_and_a_file_nothing_is_edited(ledger: Ledger, database_url: str) -> None:
    result = command(database_url, "dead", "edit", blocked(ledger))
    assert (result.exit_code, "give --file" in result.stderr, states(ledger)[0]) == (2, True, "dead")


@pytest.mark.parametrize("by", ["file", "editor"])
def test_an_edit_that_changes_nothing_does_nothing(ledger: Ledger, database_url: str, tmp_path: Path, by: str) -> None:
    dead_letter = blocked(ledger)
    before = every_row(ledger)
    how = ("--file", edited(ledger, dead_letter, tmp_path)) if by == "file" else ()
    result = command(database_url, "dead", "edit", dead_letter, *how, EDITOR="true")
    assert (result.exit_code, "The body is unchanged." in result.stderr) == (0, True)
    assert every_row(ledger) == before


@pytest.mark.parametrize(
    ("changes", "said_"),
    [
        ({"priority": "huge"}, "priority: "),
        ({"prioritty": "high"}, "prioritty: "),
        ({"subject": " "}, "subject: must not be blank"),
        ({"subject": 7}, "subject: "),
        ({"marker": "mine"}, "marker: remove this field"),
        ({"metadata": {"a": "b"}}, "metadata: revision A of the Tickets API has no such field"),
    ],
)
def test_what_is_no_request_is_refused_before_anything_is_written(
    ledger: Ledger, database_url: str, tmp_path: Path, changes: dict[str, Any], said_: str
) -> None:
    dead_letter = blocked(ledger)
    before = every_row(ledger)
    result = command(
        database_url, "dead", "edit", dead_letter, "--file", edited(ledger, dead_letter, tmp_path, **changes)
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert said_ in result.stderr
    assert every_row(ledger) == before


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "{}"])
def test_what_is_no_json_object_is_refused(ledger: Ledger, database_url: str, text: str) -> None:
    dead_letter = blocked(ledger)
    result = command(database_url, "dead", "edit", dead_letter, "--file", "-", typed=text)
    assert (result.exit_code, "stays as it is" in result.stderr) == (1, True)
    assert states(ledger) == ["dead", "held", "held"]


def test_a_private_note_does_not_become_public_by_leaving_the_word_out(ledger: Ledger, database_url: str) -> None:
    dead_letter = dead_note(ledger)
    result = command(database_url, "dead", "edit", dead_letter, "--file", "-", typed='{"body": "other words"}')
    assert (result.exit_code, "private: missing, and required for add_note" in result.stderr) == (1, True)
    assert states(ledger) == ["done", "dead"]


def test_an_edited_create_that_may_have_been_executed_is_looked_for_before_it_is_sent(
    ledger: Ledger, database_url: str, tmp_path: Path
) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    create = claim_one(ledger)
    ledger.settle([(create, dead())])
    dead_letter = f"op-{create.case_id}-{create.seq}"
    path = edited(ledger, dead_letter, tmp_path, subject="x")
    assert command(database_url, "dead", "edit", dead_letter, "--file", path).exit_code == 0
    (row,) = rows(ledger, operations)
    assert (row["ambiguous"], row["unproven"]) == (True, True)


def test_a_person_edits_through_pipes(ledger: Ledger, database_url: str) -> None:
    dead_letter = blocked(ledger)
    shown = in_a_process(database_url, "dead", "show", dead_letter, "-o", "json")
    body = json.loads(json.loads(shown.stdout)["body"]) | {"subject": "through pipes"}
    ended = in_a_process(
        database_url, "dead", "edit", dead_letter, "--file", "-", "--as", "ada", typed=json.dumps(body)
    )
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
    with pytest.raises(NotARequest, match="has no body to edit"):
        request("reopen_ticket", b'{"status":"open"}', b'{"status":"pending"}', "A")
