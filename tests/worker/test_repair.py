"""Repair of dead letters in the ledger: show, retry, skip; the case continues accordingly."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors import connector
from worker.intake.quarantine import StillUnreadable
from worker.intake.quarantine import retry as read_again
from worker.ledger import Delivery, Ledger, NoSuchDeadLetter
from worker.ledger.schema.tables import inbound, operations
from worker.settings import Source

from .builders import (
    NOON,
    ManualClock,
    again,
    case_row,
    claim,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    kill_create,
    kinds_of,
    opened,
    resolved,
    rows,
)
from .builders import inbound as arrived

ALERT = (
    b'{"alerts": [{"status": "firing", "labels": {"a": "b"}, "startsAt": "2026-02-20T12:00:00Z", "fingerprint": "f"}]}'
)
NOT_THERE = ["op-1-99", "op-99-1", "in-99", "nonsense", "", "op-1", "op-0001-x", f"op-{10**17}-1", "in-1; --"]


def states(ledger: Ledger) -> list[str]:
    return [each["state"] for each in rows(ledger, operations)]


def quarantine(ledger: Ledger, body: bytes = b"<xml/>") -> str:
    ((recorded,), _) = ledger.record([Delivery(arrived(body), unreadable="not JSON")])
    return f"in-{recorded.inbound_id}"


def sources() -> dict[str, Source]:
    code = connector("alertmanager")
    return {"prom": Source("prom", code, code.settings.model_validate({"secret": "s3cret"}))}


def dead_note(ledger: Ledger, *more: Any) -> str:
    """Record a case with a finished create and a dead first note; the events `more` wait behind the note."""
    ledger.record([delivery(opened(), commented(), *more)])
    ledger.settle([(claim_one(ledger), done())])
    note = claim_one(ledger, "add_note")
    ledger.settle([(note, dead("404: no such ticket"))])
    return f"op-{note.case_id}-{note.seq}"


def test_dead_letters_are_listed_operations_first(ledger: Ledger, clock: ManualClock) -> None:
    kept = quarantine(ledger)
    quarantine(ledger)
    clock.advance(seconds=5)
    dead_letter = kill_create(ledger, opened())
    operation, delivered = ledger.list_dead()
    assert (operation.id, operation.source, operation.since) == (dead_letter, "prom", clock.now)
    assert (operation.what, operation.about) == ("create_ticket", "case disk")
    assert operation.reason == "422: the subject is not liked"
    assert (delivered.id, delivered.what, delivered.reason) == (kept, "quarantined", "not JSON")
    assert delivered.about == "arrived 2 times"


def test_a_dead_operation_is_shown_with_its_bytes_key_and_tries(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    create = claim_one(ledger)
    ledger.settle([(create, dead())])
    shown = ledger.show_dead(f"op-{create.case_id}-1")
    assert (shown.body, shown.idempotency_key) == (create.request, create.idempotency_key)
    assert shown.may_have_been_executed
    assert [(each.outcome, each.status) for each in shown.tries] == [("unknown", None), ("rejected", 422)]


def test_a_quarantined_delivery_is_shown_with_its_bytes(ledger: Ledger) -> None:
    shown = ledger.show_dead(quarantine(ledger, b"<xml/>"))
    assert (shown.body, shown.idempotency_key, shown.tries) == (b"<xml/>", None, ())


@pytest.mark.parametrize("dead_letter", NOT_THERE)
def test_what_is_no_dead_letter_is_said_to_be_none(ledger: Ledger, dead_letter: str) -> None:
    ledger.record([delivery(opened())])
    for call in (ledger.show_dead, ledger.retry_operation, lambda name: ledger.skip(name, "why")):
        with pytest.raises(NoSuchDeadLetter, match=r"dead letter|quarantine"):
            call(dead_letter)


def test_an_operation_that_is_not_dead_can_be_neither_sent_again_nor_skipped(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    dead_letter = f"op-{case_row(ledger)['id']}-1"
    for call in (ledger.show_dead, ledger.retry_operation, lambda name: ledger.skip(name, "why")):
        with pytest.raises(NoSuchDeadLetter):
            call(dead_letter)
    assert states(ledger) == ["open"]


def test_a_dead_create_that_is_sent_again_unblocks_what_waited(ledger: Ledger, clock: ManualClock) -> None:
    dead_letter = kill_create(ledger, opened(), resolved())
    clock.advance(hours=30)
    ledger.retry_operation(dead_letter)
    create = claim_one(ledger)
    # A rejected call was not executed, so the life of its key begins anew.
    assert (create.first_sent_at, create.conflicts, create.attempts) == (clock.now, 0, 0)
    ledger.settle([(create, done())])
    assert deliver_all(ledger) == ["close_ticket"]
    assert ledger.list_dead() == []


def test_a_dead_operation_is_sent_again_with_the_same_bytes_and_key(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened())
    before = ledger.show_dead(dead_letter)
    ledger.retry_operation(dead_letter)
    create = claim_one(ledger)
    assert (create.request, create.idempotency_key) == (before.body, before.idempotency_key)


def test_a_dead_note_that_is_sent_again_goes_before_what_waits(ledger: Ledger) -> None:
    ledger.retry_operation(dead_note(ledger, resolved()))
    assert deliver_all(ledger) == ["add_note", "close_ticket"]


def test_a_dead_note_of_a_resting_case_can_be_sent_again(ledger: Ledger) -> None:
    dead_letter = dead_note(ledger)
    assert case_row(ledger)["state"] == "idle"
    ledger.retry_operation(dead_letter)
    assert deliver_all(ledger) == ["add_note"]


def test_a_retry_while_a_call_is_under_way_waits_for_its_end(ledger: Ledger) -> None:
    dead_letter = dead_note(ledger, resolved())
    close = claim_one(ledger, "close_ticket")
    ledger.retry_operation(dead_letter)
    assert case_row(ledger)["state"] == "leased"
    assert claim(ledger, "add_note") == []
    stale, due = ledger.settle([(close, done())])
    assert (stale, claim_one(ledger, "add_note").seq) == ([], 2)
    assert due == {"add_note"}


def test_a_skip_while_a_call_is_under_way_leaves_it_alone(ledger: Ledger) -> None:
    dead_letter = dead_note(ledger, resolved())
    close = claim_one(ledger, "close_ticket")
    assert ledger.skip(dead_letter, "not needed") == 1
    assert ledger.settle([(close, done())])[0] == []
    assert states(ledger) == ["done", "skipped", "done"]


def test_a_retry_does_not_shorten_the_wait_for_a_ghost(ledger: Ledger, clock: ManualClock) -> None:
    dead_letter = dead_note(ledger, resolved())
    later = NOON + timedelta(seconds=60)
    ledger.settle([(claim_one(ledger, "close_ticket"), again(later, unknown=True))])
    ledger.retry_operation(dead_letter)
    assert ledger.due_kinds() == frozenset()
    clock.advance(seconds=60)
    assert deliver_all(ledger) == ["add_note", "close_ticket"]


def test_a_skipped_note_keeps_the_reason_and_the_rest_goes_on(ledger: Ledger) -> None:
    dead_letter = dead_note(ledger, resolved())
    assert ledger.skip(dead_letter, "the ticket was deleted") == 1
    assert [each["why"] for each in rows(ledger, operations)][1] == "the ticket was deleted"
    assert deliver_all(ledger) == ["close_ticket"]
    assert ledger.list_dead() == []


def test_with_a_create_all_that_waited_for_its_ticket_is_skipped(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened(), commented(), resolved())
    assert ledger.skip(dead_letter, "a test alert") == 3
    assert states(ledger) == ["skipped"] * 3
    assert (case_row(ledger)["state"], ledger.due_kinds()) == ("idle", frozenset())


def test_after_a_skipped_create_the_next_opening_makes_a_ticket(ledger: Ledger) -> None:
    ledger.skip(kill_create(ledger, opened()), "a test alert")
    ledger.record([delivery(opened())])
    assert ledger.due_kinds() == frozenset()
    ledger.record([delivery(opened(start=20))])
    assert deliver_all(ledger) == ["create_ticket"]
    assert case_row(ledger)["episode"] == 2


def test_after_a_skipped_create_comments_and_ends_have_no_ticket_to_go_to(ledger: Ledger) -> None:
    ledger.skip(kill_create(ledger, opened()), "a test alert")
    ledger.record([delivery(commented(), resolved())])
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_reopening_of_a_ticket_that_was_never_made_becomes_a_create_and_goes_on(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened(), resolved(), opened(start=20, subject="full again"))
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "create_ticket", "add_note"]
    assert ledger.skip(dead_letter, "a test alert") == 2
    assert json.loads(rows(ledger, operations)[2]["request"])["subject"] == "full again"
    assert deliver_all(ledger) == ["create_ticket", "add_note"]
    ledger.record([delivery(resolved(end=30, start=20))])
    assert claim_one(ledger, "close_ticket").ticket_id == "T-1"


def test_a_later_create_of_the_case_goes_on_when_an_earlier_one_is_skipped(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened(), resolved(), opened(start=999), commented())
    assert ledger.skip(dead_letter, "a test alert") == 2
    assert deliver_all(ledger) == ["create_ticket", "add_note"]
    ledger.record([delivery(resolved(end=1009))])
    assert deliver_all(ledger) == ["close_ticket"]


def test_a_skipped_delivery_keeps_both_reasons_and_leaves_the_list(ledger: Ledger) -> None:
    dead_letter = quarantine(ledger)
    assert ledger.skip(dead_letter, "a scanner") == 0
    (kept,) = rows(ledger, inbound)
    assert (kept["outcome"], kept["reason"]) == ("skipped", "not JSON (skipped: a scanner)")
    assert ledger.list_dead() == []
    with pytest.raises(NoSuchDeadLetter):
        ledger.skip(dead_letter, "again")
    assert quarantine(ledger) != dead_letter


def test_a_delivery_that_can_be_read_today_leaves_quarantine_with_its_effect(ledger: Ledger) -> None:
    dead_letter = quarantine(ledger, ALERT)
    recorded = read_again(ledger, sources(), dead_letter)
    assert recorded is not None
    assert [each.operations for each in recorded.effects] == [("create_ticket",)]
    (kept,) = rows(ledger, inbound)
    assert (f"in-{recorded.inbound_id}", kept["outcome"], kept["reason"]) == (dead_letter, "accepted", None)
    assert ledger.list_dead() == []
    with ledger.database.read() as connection:
        assert connection.execute(select(operations.c.inbound_id)).scalars().all() == [kept["id"]]
    ledger.record([delivery(opened("f", message="other"))])
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_delivery_that_cannot_be_read_today_either_stays_as_it_was(ledger: Ledger) -> None:
    dead_letter = quarantine(ledger)
    before = rows(ledger, inbound)
    with pytest.raises(StillUnreadable, match="JSON"):
        read_again(ledger, sources(), dead_letter)
    with pytest.raises(StillUnreadable, match="'prom' is not configured"):
        read_again(ledger, {}, dead_letter)
    assert rows(ledger, inbound) == before


def test_reading_again_is_for_deliveries_alone(ledger: Ledger) -> None:
    assert read_again(ledger, sources(), kill_create(ledger, opened())) is None
    with pytest.raises(NoSuchDeadLetter):
        read_again(ledger, sources(), "in-99999999")


def key_after(ledger: Ledger, dead_letter: str) -> str:
    """Return the key of a dead letter's operation after a person's repair."""
    place = dead_letter.removeprefix("op-").split("-")
    (found,) = [each for each in rows(ledger, operations) if [str(each["case_id"]), str(each["seq"])] == place]
    key: str = found["idempotency_key"]
    return key


def test_a_key_follows_from_what_was_edited_so_that_another_edit_after_a_restore_is_no_conflict(
    tmp_path: Path,
) -> None:
    """A ledger from a backup lacks the first edit, but the API may remember its key."""
    keys = []
    for name, text in (("lost", "one"), ("restored", "two"), ("again", "two")):
        with closing(Ledger(f"sqlite:///{tmp_path / name}.db", clock=ManualClock())) as other:
            other.upgrade()
            dead_letter = dead_note(other)
            other.edit_operation(dead_letter, json.dumps({"body": text, "private": False}).encode())
            keys.append(key_after(other, dead_letter))
    assert keys[0] != keys[1] == keys[2]


def test_the_key_of_a_note_that_may_be_a_repeat_follows_from_the_time_that_it_names(tmp_path: Path) -> None:
    keys = []
    for number, first_sent_at in enumerate([NOON, NOON - timedelta(hours=5), NOON - timedelta(hours=5)]):
        with closing(Ledger(f"sqlite:///{tmp_path / str(number)}.db", clock=ManualClock())) as other:
            other.upgrade()
            dead_letter = dead_note(other)
            in_doubt = operations.update().where(operations.c.kind == "add_note")
            with other.database.write() as connection:
                connection.execute(in_doubt.values(ambiguous=True, unproven=True, first_sent_at=first_sent_at))
            other.retry_operation(dead_letter)
            keys.append(key_after(other, dead_letter))
    assert keys[0] != keys[1] == keys[2]
