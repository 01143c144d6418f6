"""After a restore from a backup, repeated messages and calls made since the backup have no second effect."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.contract.events import Event
from tickets.server import FaultRule
from worker.ledger import Ledger
from worker.ledger.recording.restoring import SUPERSEDED
from worker.ledger.schema.tables import cases, operations
from worker.ledger.schema.words import OperationState

from .builders import ManualClock, case_row, changed, claim_one, commented, delivery, done, opened, resolved, rows
from .relay import Relay, relaying

pytestmark = pytest.mark.one_database

NAMES = [f"disk-{number}" for number in range(12)]


def first_part(case: str) -> list[Event]:
    return [opened(case), commented(case, f"{case}:one", text=f"{case} one")]


def second_part(case: str) -> list[Event]:
    """Return the events after the backup; `disk-0` ends for good, the others begin anew."""
    observed: list[Event] = [
        changed(case, f"{case}:worse", text=f"{case} worse", priority="high"),
        commented(case, f"{case}:two", text=f"{case} two"),
        resolved(case, 10),
    ]
    if case != "disk-0":
        observed += [opened(case, 20, text=f"{case} anew"), commented(case, f"{case}:three", text=f"{case} three")]
    if int(case.rpartition("-")[2]) % 3 == 0 and case != "disk-0":
        observed += [resolved(case, 30, start=20), opened(case, 999, text=f"{case} next day")]
    return observed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


@pytest.fixture
def relay(path: Path, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    made = Ledger(f"sqlite:///{path}", clock=clock)
    made.upgrade()
    with relaying(made, clock, tmp_path) as relay:
        yield relay
        relay.ledger.close()


def back_up(path: Path) -> Path:
    backup = path.with_suffix(".backup")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    return backup


def restore(relay: Relay, path: Path, backup: Path) -> None:
    """Copy the backup back, as an operator does with everything stopped, and mark the ledger as restored."""
    relay.stop()
    relay.ledger.close()
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    shutil.copy(backup, path)
    relay.ledger = Ledger(f"sqlite:///{path}", clock=relay.clock)
    relay.ledger.mark_restored()


@pytest.mark.parametrize("hours", [0.1, 30], ids=["minutes later", "a day later"])
@pytest.mark.parametrize("delivered", [0, 1, 3], ids=lambda turns: f"{turns} calls of each case were in the backup")
def test_everything_observed_again_after_a_restore_has_no_second_effect(
    relay: Relay, path: Path, hours: float, delivered: int
) -> None:
    relay.ledger.record([delivery(*first_part(name)) for name in NAMES])
    for _ in range(delivered):
        relay.turn()
    backup = back_up(path)
    relay.run()
    relay.ledger.record([delivery(*second_part(name)) for name in NAMES])
    relay.run()
    relay.advance(hours=17)  # the last event happened in minute 999
    before, statuses = relay.effects(), states_of_tickets(relay)
    relay.advance(hours=hours)
    restore(relay, path, backup)
    relay.advance(seconds=1)
    relay.ledger.record([delivery(*first_part(name), *second_part(name)) for name in NAMES])
    relay.run()
    again = relay.effects()[len(before) :]
    assert {each.kind for each in again} <= {"add_note"}, "no second ticket, close or reopening"
    assert all(each.says_that_it_may_be_a_repeat for each in again)
    assert states_of_tickets(relay) == statuses
    assert relay.ledger.list_dead() == []
    assert {each["state"] for each in rows(relay.ledger, cases)} == {"idle"}
    relay.advance(hours=1)
    relay.ledger.record([delivery(commented("disk-1", "fresh", text="fresh", occurred_at=relay.clock.now))])
    relay.run()
    assert not relay.effects()[-1].says_that_it_may_be_a_repeat, "what is new is not in doubt"


def states_of_tickets(relay: Relay) -> list[tuple[str, str, str]]:
    listed = relay.by_hand("GET", "/tickets?limit=100")["data"]
    return sorted((str(each["id"]), each["status"], each["priority"]) for each in listed)


def test_a_worker_of_before_the_restore_can_record_nothing(relay: Relay, path: Path) -> None:
    relay.ledger.record([delivery(opened())])
    backup = back_up(path)
    stale = claim_one(relay.ledger)
    restore(relay, path, backup)
    refused, due = relay.ledger.settle([(stale, done())])
    assert (refused, due) == ([stale], frozenset())
    relay.advance(hours=1)
    fresh = claim_one(relay.ledger)
    assert fresh.epoch > stale.epoch
    assert relay.ledger.settle([(stale, done())])[0] == [stale]


def test_nothing_is_sent_until_a_request_of_before_the_restore_can_have_no_effect(relay: Relay, path: Path) -> None:
    relay.ledger.record([delivery(opened("waits")), delivery(opened("rests"))])
    relay.run()
    relay.ledger.record([delivery(commented("waits"))])
    restore(relay, path, back_up(path))
    relay.ledger.record([delivery(opened("unknown")), delivery(commented("rests"))])
    relay.advance(seconds=relay.timing.lease + relay.timing.ghost_wait - 1)
    assert relay.ledger.due_kinds() == frozenset()
    relay.advance(seconds=1)
    assert relay.ledger.due_kinds() == {"create_ticket", "add_note"}


def test_of_the_closes_and_reopenings_in_doubt_only_the_last_is_made_true(relay: Relay, path: Path) -> None:
    """Two closes and a reopening are unfinished in the backup; all three were executed after the backup."""
    relay.ledger.record([delivery(opened())])
    relay.run()
    relay.ledger.record([delivery(resolved(), opened(start=20), resolved(end=30, start=20))])
    backup = back_up(path)
    relay.run()
    before = relay.did()
    restore(relay, path, backup)
    relay.run()
    assert [kind for kind, _ in relay.did()[len(before) :]] == ["add_note"]
    planned = [(each["kind"], each["state"], each["why"]) for each in rows(relay.ledger, operations)]
    assert planned[1:] == [
        ("close_ticket", "skipped", SUPERSEDED),
        ("reopen_ticket", "skipped", SUPERSEDED),
        ("add_note", "done", None),
        ("close_ticket", "done", None),
    ]
    assert relay.ticket("1001")["status"] == "closed"


def test_a_dead_letter_of_a_backup_may_have_been_mended_since(relay: Relay, path: Path) -> None:
    relay.api.faults.add(FaultRule(action="status", status=422, times=1))
    relay.ledger.record([delivery(opened())])
    relay.run()
    backup = back_up(path)
    relay.ledger.retry_operation("op-1-1")
    relay.run()
    relay.advance(hours=30)
    restore(relay, path, backup)
    (dead_letter,) = relay.ledger.list_dead()
    assert relay.ledger.show_dead(dead_letter.id).may_have_been_executed
    relay.ledger.retry_operation(dead_letter.id)
    relay.run()
    assert relay.counts() == {"create_ticket": 1}
    assert relay.ledger.find("disk")[0].ticket_id == "1001"


def test_notes_of_a_restored_ledger_are_left_to_a_person_where_that_is_the_policy(relay: Relay, path: Path) -> None:
    relay.repeat_notes = False
    relay.ledger.record([delivery(opened())])
    relay.run()
    relay.ledger.record([delivery(commented())])
    restore(relay, path, back_up(path))
    relay.run()
    (dead_letter,) = relay.ledger.list_dead()
    assert dead_letter.what == "add_note"
    relay.ledger.retry_operation(dead_letter.id)
    relay.run()
    assert relay.effects()[-1].says_that_it_may_be_a_repeat
    assert relay.ledger.list_dead() == []
    assert relay.operation(2)["last_sent_at"] - relay.operation(2)["created_at"] >= timedelta(seconds=120)


def restored_with_a_close(ledger: Ledger, clock: ManualClock) -> None:
    """Restore a ledger that holds a ticket and its unfinished close; nothing from before is under way any more."""
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done())])
    clock.advance(hours=1)
    ledger.record([delivery(resolved())])
    ledger.mark_restored()
    clock.advance(hours=1)


def closes(ledger: Ledger) -> list[tuple[str, str | None]]:
    return [(each["state"], each["why"]) for each in rows(ledger, operations) if each["kind"] == "close_ticket"]


def test_leases_of_before_the_restore_are_over(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    claim_one(ledger)
    ledger.mark_restored()
    assert (case_row(ledger)["state"], case_row(ledger)["owner"]) == ("ready", None)
    clock.advance(hours=1)
    assert claim_one(ledger).ambiguous


def test_a_reopening_takes_the_place_of_a_close_in_doubt(ledger: Ledger, clock: ManualClock) -> None:
    restored_with_a_close(ledger, clock)
    ledger.record([delivery(opened(start=12))])
    assert closes(ledger) == [("skipped", SUPERSEDED)]


def test_a_close_in_doubt_that_is_under_way_keeps_its_place(ledger: Ledger, clock: ManualClock) -> None:
    restored_with_a_close(ledger, clock)
    close = claim_one(ledger, "close_ticket")
    ledger.record([delivery(opened(start=12))])
    assert closes(ledger) == [("open", None)]
    ledger.settle([(close, done(status="closed"))])
    assert closes(ledger) == [("done", None)]


def test_an_operation_that_was_ended_while_its_call_was_under_way_stays_ended(
    ledger: Ledger, clock: ManualClock
) -> None:
    """No verb ends an operation that is under way. So the ledger is written by hand here, as a later version might."""
    ledger.record([delivery(opened(), commented())])
    ledger.settle([(claim_one(ledger), done())])
    note = claim_one(ledger, "add_note")
    ended = {"state": OperationState.SKIPPED, "why": SUPERSEDED, "ended_at": clock.now}
    with ledger.database.write() as connection:
        connection.execute(update(operations).where(operations.c.seq == note.seq).values(ended))
    assert ledger.settle([(note, done())]) == ([], frozenset())
    (after,) = [each for each in rows(ledger, operations) if each["seq"] == note.seq]
    assert {name: after[name] for name in ended} == ended
    assert case_row(ledger)["state"] == "idle"
