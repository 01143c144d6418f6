"""A person retries, edits, skips or binds a dead letter, and the operations behind it follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors import fixtures
from tickets.markers import word_in_request
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, interventions, operations

from .builders import (
    NOON,
    again,
    claim_one,
    dead,
    delivery,
    inbound,
    kill_create,
    opened,
    resolved,
    rows,
)
from .commands import command, deliver, every_row, said
from .conftest import MakeLedger
from .dead_letters import blocked, dead_note, edited, states

pytestmark = pytest.mark.one_database


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


def effects(tickets: LocalTicketsApi) -> list[str]:
    return [each.kind for each in tickets.effects()]


def test_a_create_that_is_sent_again_takes_what_waited_along(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str
) -> None:
    dead_letter = blocked(ledger)
    result = command(database_url, "dead", "retry", dead_letter)
    assert (result.exit_code, result.stdout) == (
        0, f"{dead_letter} will be sent again. 2 operations that waited for its ticket will follow.\n",
    )  # fmt: skip
    assert deliver(ledger, api) == ["create_ticket", "add_note", "close_ticket"]
    assert effects(tickets) == ["create_ticket", "add_note", "close_ticket"]


def test_an_edited_create_reaches_the_api_with_its_marker_and_what_waited_follows(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str, tmp_path: Path
) -> None:
    dead_letter = blocked(ledger)
    before = rows(ledger, operations)[0]
    path = edited(ledger, dead_letter, tmp_path, subject="Disk of db1", priority="high")
    result = command(database_url, "dead", "edit", dead_letter, "--file", path)
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
    dead_letter = blocked(ledger)
    result = command(database_url, "dead", "skip", dead_letter, "--why", "a test alert")
    assert (result.exit_code, "2 operations that waited for it" in result.stdout) == (0, True)
    assert deliver(ledger, api) == []
    assert (states(ledger), effects(tickets)) == (["skipped"] * 3, [])


def test_a_bound_create_makes_no_ticket_and_what_waited_goes_to_the_bound_one(
    ledger: Ledger, database_url: str, tickets: LocalTicketsApi, api: str
) -> None:
    ledger.record([delivery(opened("other"))])
    deliver(ledger, api)
    there = ledger.find("other")[0].ticket_id or ""
    with ledger.database.write() as connection:  # without its row, the ledger takes the ticket for one of a person
        connection.exec_driver_sql("DELETE FROM tickets")
    dead_letter = blocked(ledger)
    result = command(database_url, "dead", "bind", dead_letter, there, api=api)
    assert (result.exit_code, "2 operations that waited for its ticket will be sent to it." in result.stdout) == (
        0,
        True,
    )
    assert deliver(ledger, api) == ["add_note", "close_ticket"]
    assert [(each.kind, each.ticket_id) for each in tickets.effects()] == [
        ("create_ticket", there), ("add_note", there), ("close_ticket", there),
    ]  # fmt: skip
    assert ledger.find("disk")[0].ticket_id == there


def test_a_ticket_that_is_not_there_is_not_bound(ledger: Ledger, database_url: str, api: str) -> None:
    dead_letter = blocked(ledger)
    before = every_row(ledger)
    result = command(database_url, "dead", "bind", dead_letter, "4711", api=api)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has no ticket 4711" in result.stderr
    assert every_row(ledger) == before


def test_nothing_is_bound_while_the_api_cannot_be_asked(ledger: Ledger, database_url: str) -> None:
    dead_letter = blocked(ledger)
    before = every_row(ledger)
    result = command(database_url, "dead", "bind", dead_letter, "4711", api="http://127.0.0.1:1/api/v1")
    assert (result.exit_code, "cannot be asked for ticket" in result.stderr) == (1, True)
    assert every_row(ledger) == before


def test_a_ticket_of_another_case_is_not_bound(ledger: Ledger, database_url: str, api: str) -> None:
    ledger.record([delivery(opened("other"))])
    deliver(ledger, api)
    dead_letter = blocked(ledger)
    result = command(database_url, "dead", "bind", dead_letter, ledger.find("other")[0].ticket_id or "", api=api)
    assert (result.exit_code, "belongs to another case" in result.stderr) == (1, True)
    assert (states(ledger)[1:], rows(ledger, interventions)) == (["dead", "held", "held"], [])


def test_a_delivery_can_be_neither_edited_nor_bound(ledger: Ledger, database_url: str) -> None:
    ((recorded,), _) = ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    dead_letter = f"in-{recorded.inbound_id}"
    for arguments in (("edit", dead_letter, "--file", "-"), ("bind", dead_letter, "1")):
        result = command(database_url, "dead", *arguments, typed="{}")
        assert (result.exit_code, "is a delivery" in result.stderr) == (1, True)


def test_a_note_whose_key_is_forgotten_is_sent_again_as_a_repeat(ledger: Ledger, database_url: str) -> None:
    dead_letter = dead_note(ledger)
    old = NOON
    with ledger.database.write() as connection:
        parked = operations.update().where(operations.c.kind == "add_note")
        connection.execute(parked.values(ambiguous=True, first_sent_at=old, last_sent_at=old))
    assert command(database_url, "dead", "retry", dead_letter).exit_code == 0
    with ledger.database.write() as connection:  # the operation died just now: its ghost wait has a minute left
        connection.execute(cases.update().values(run_at=old))
    note = claim_one(ledger, "add_note", repeat_notes=False)
    assert (note.mode, "may be a repeat" in json.loads(note.request)["body"]) == ("send", True)


def test_dead_letters_are_listed_by_reason_with_what_they_hold_up(ledger: Ledger, database_url: str) -> None:
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
    """Create three rejected creates of two sources: one has a close behind it, one was perhaps executed."""
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
    assert "1 waiting for their tickets, and sent with them" in refused.stderr
    assert "1 perhaps executed before: looked up first" in refused.stderr
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
    dead_letters = several(ledger)
    result = command(database_url, "dead", "skip", *conditions, "--why", "a test", "--yes")
    assert (result.exit_code, [each.id for each in ledger.list_dead()]) == (0, [dead_letters[place] for place in left])


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
        ["1", "create_ticket", "to", "follow", "from", "reading", "again"],
        ["1", "read", "again", "without", "effect"],
    ]
    assert "1 still unreadable, to stay in quarantine" in refused.stderr
    assert every_row(ledger) == before


def test_one_that_cannot_be_done_does_not_stop_the_others(ledger: Ledger, database_url: str) -> None:
    dead_letters = several(ledger)
    ledger.record([Delivery(inbound(b"<xml/>", source="alertmanager"), unreadable="not JSON")])
    readable = inbound(fixtures("alertmanager")["firing"].body, source="alertmanager")
    ledger.record([Delivery(readable, unreadable="a defect of ours")])
    result = command(database_url, "dead", "retry", "--all", "--yes", "-o", "json")
    told = said(result)
    assert (result.exit_code, len(told["done"])) == (1, len(dead_letters) + 1)
    (refused,) = told["refused"]
    assert "stays in quarantine" in refused["why"]
    assert [each.reason for each in ledger.list_dead()] == ["not JSON"]


@pytest.mark.parametrize("arguments", [(), ("op-1-1", "--all"), ("op-1-1", "--source", "prom")])
def test_dead_letters_are_named_or_selected_and_not_both(
    ledger: Ledger, database_url: str, arguments: tuple[str, ...]
) -> None:
    result = command(database_url, "dead", "retry", *arguments)
    assert (result.exit_code, "name dead letters, or select them" in result.stderr) == (2, True)
