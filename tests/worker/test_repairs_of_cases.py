"""The four remedies for a create that always fails, and their effects at the Tickets API on all that waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tickets.markers import word_of
from tickets.server import FaultRule
from worker.ledger import CannotBeDone, Ledger
from worker.ledger.schema.tables import cases, inbound, operations, pending

from .builders import ManualClock, commented, delivery, opened, resolved, rows
from .relay import Relay, relaying

pytestmark = pytest.mark.one_database


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


@pytest.fixture
def dead_letter(relay: Relay) -> str:
    """A create that is rejected for its text, with a note and a close behind it."""
    relay.api.faults.add(FaultRule(action="status", status=422, body="3% free"))
    relay.ledger.record([delivery(opened(), commented(), resolved())])
    relay.run()
    (dead,) = relay.ledger.list_dead()
    return dead.id


REST = [("add_note", "1001"), ("close_ticket", "1001")]


def test_a_create_that_is_never_accepted_is_seen_with_what_it_holds_up(relay: Relay, dead_letter: str) -> None:
    (dead,) = relay.ledger.list_dead()
    assert (dead.what, dead.holds_up) == ("create_ticket", 2)
    assert (relay.ledger.overview().cases, relay.ledger.overview().dead) == ({"blocked": 1}, 1)
    assert relay.effects() == []
    assert relay.ledger.show_dead(dead_letter).tries[-1].status == 422


def test_sent_again_when_the_cause_is_gone_all_of_it_happens(relay: Relay, dead_letter: str) -> None:
    relay.api.faults.clear()
    relay.ledger.retry_operation(dead_letter)
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), *REST]
    assert relay.ledger.overview().cases == {"idle": 1}


def test_sent_again_while_the_cause_is_there_it_is_as_before(relay: Relay, dead_letter: str) -> None:
    relay.ledger.retry_operation(dead_letter)
    relay.run()
    (dead,) = relay.ledger.list_dead()
    assert (dead.id, dead.holds_up) == (dead_letter, 2)
    assert relay.effects() == []


def test_edited_all_of_it_happens_and_the_ticket_keeps_its_marker(relay: Relay, dead_letter: str) -> None:
    before = json.loads(relay.operation(1)["request"])
    relay.ledger.edit_operation(dead_letter, json.dumps(before | {"description": "little is free"}).encode())
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), *REST]
    assert word_of(relay.ticket("1001")["description"]) == word_of(before["description"])


def test_an_edited_create_that_may_have_been_executed_is_adopted_instead(relay: Relay) -> None:
    relay.api.faults.add(FaultRule(action="reset", when="after", times=1))
    relay.api.faults.add(FaultRule(action="status", status=409, times=3))
    relay.ledger.record([delivery(opened(), commented())])
    relay.run()
    (dead,) = relay.ledger.list_dead()
    relay.ledger.edit_operation(dead.id, b'{"subject":"edited","description":"by a person"}')
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), ("add_note", "1001")]


def test_skipped_nothing_happens_and_the_next_opening_makes_a_ticket(relay: Relay, dead_letter: str) -> None:
    assert relay.ledger.skip(dead_letter, "a test alert") == 3
    relay.run()
    assert relay.effects() == []
    assert relay.ledger.overview().cases == {"idle": 1}
    relay.ledger.record([delivery(opened(start=20, text="real"))])
    relay.run()
    assert relay.did() == [("create_ticket", "1001")]


def test_bound_to_a_ticket_what_waited_goes_there(relay: Relay, dead_letter: str) -> None:
    by_hand = str(relay.by_hand("POST", "/tickets", subject="By hand", description="made by hand")["id"])
    assert relay.ledger.bind(dead_letter, by_hand, "open") == 2
    relay.run()
    assert relay.did() == [("create_ticket", by_hand), ("add_note", by_hand), ("close_ticket", by_hand)]
    relay.ledger.record([delivery(opened(start=20, text="full again"))])
    relay.run()
    assert relay.did()[3:] == [("reopen_ticket", by_hand), ("add_note", by_hand)]


@pytest.mark.parametrize(
    ("status", "did"), [("open", ["add_note"]), ("closed", ["reopen_ticket", "add_note"])], ids=["open", "closed"]
)
def test_the_next_alert_meets_a_bound_ticket_as_people_left_it(relay: Relay, status: str, did: list[str]) -> None:
    """The case's former ticket is gone and does not count any more."""
    relay.ledger.record([delivery(opened())])
    relay.run()
    relay.by_hand("POST", "/sandbox/reset")
    relay.ledger.record([delivery(commented())])
    relay.run()
    (dead,) = relay.ledger.list_dead()
    by_hand = relay.by_hand("POST", "/tickets", subject="By hand", description="made by hand")
    found = relay.by_hand("PUT", f"/tickets/{by_hand['id']}", status=status)
    number = str(found["id"])
    relay.ledger.bind(dead.id, number, found["status"])
    relay.run()
    before = len(relay.did())
    relay.ledger.record([delivery(opened(start=20, text="full again"))])
    relay.run()
    assert relay.did()[before:] == [(each, number) for each in did]


def test_a_ticket_of_one_case_cannot_be_bound_to_another(relay: Relay, dead_letter: str) -> None:
    relay.ledger.record([delivery(opened("other", text="else"))])
    relay.run()
    with pytest.raises(CannotBeDone, match="belongs to another case"):
        relay.ledger.bind(dead_letter, "1001", "open")
    assert [each.id for each in relay.ledger.list_dead()] == [dead_letter]


def test_the_episodes_of_a_case_are_mended_each_by_itself(relay: Relay, dead_letter: str) -> None:
    """Two creates are dead. Skipping the latest leaves the operations behind the first where they wait."""
    relay.api.faults.add(FaultRule(action="status", status=422, body="still"))
    relay.ledger.record([delivery(opened(start=20, text="still full"), commented(message="second"))])
    relay.run()
    first, second = relay.ledger.list_dead()
    assert (first.holds_up, second.holds_up) == (2, 1)
    assert relay.ledger.skip(second.id, "no") == 2
    relay.api.faults.clear()
    relay.ledger.retry_operation(first.id)
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), *REST]
    assert relay.ledger.overview().cases == {"idle": 1}


def test_a_close_is_not_sent_again_by_hand_when_its_case_was_opened_since(relay: Relay) -> None:
    relay.api.faults.add(FaultRule(action="status", status=422, path="/close$", times=1))
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.ledger.record([delivery(opened(start=20))])
    relay.run()
    (dead,) = relay.ledger.list_dead()
    for remedy in (relay.ledger.retry_operation, lambda name: relay.ledger.bind(name, "1001", "open")):
        with pytest.raises(CannotBeDone, match="opened again"):
            remedy(dead.id)
    assert relay.ledger.skip(dead.id, "not over") == 1
    relay.run()
    assert relay.ticket("1001")["status"] == "open"


def test_a_repair_does_not_shorten_the_wait_for_a_ghost(relay: Relay) -> None:
    """The dead create may be under way, so the ticket bound to the case gets no call before the ghost wait ends."""
    relay.api.faults.add(FaultRule(action="status", status=409, times=3))
    relay.ledger.record([delivery(opened(), commented())])
    relay.run()
    (dead,) = relay.ledger.list_dead()
    by_hand = str(relay.by_hand("POST", "/tickets", subject="By hand", description="made by hand")["id"])
    relay.ledger.bind(dead.id, by_hand, "open")
    assert relay.ledger.due_kinds() == frozenset()
    (case,) = rows(relay.ledger, cases)
    last = rows(relay.ledger, operations)[0]["last_sent_at"]
    assert case["run_at"] - last >= timedelta(seconds=relay.timing.ghost_wait)


def test_a_skipped_reopening_leaves_a_ticket_that_is_known_to_be_closed(relay: Relay) -> None:
    """The ticket's state cannot be looked up. A person skips the reopening, and the next opening reopens the ticket."""
    relay.ledger.record([delivery(opened(), resolved(), opened(start=20))])
    relay.break_once("reset", when="before", method="PUT")
    relay.break_once("status", status=400, method="GET")
    relay.run()
    (dead,) = relay.ledger.list_dead()
    relay.ledger.skip(dead.id, "let it be")
    relay.ledger.record([delivery(opened(start=30))])
    relay.run()
    assert relay.counts()["reopen_ticket"] == 1
    assert relay.ticket("1001")["status"] == "open"


def test_a_comment_for_a_case_whose_ticket_was_given_up_waits_and_is_dropped_with_the_reason(
    relay: Relay, dead_letter: str
) -> None:
    relay.ledger.skip(dead_letter, "a test alert")
    relay.ledger.record([delivery(commented(message="later"))])
    relay.ledger.pair_waiting()
    assert len(rows(relay.ledger, pending)) == 1
    relay.advance(hours=1)
    relay.ledger.pair_waiting()
    assert rows(relay.ledger, pending) == []
    (story,) = [each for each in rows(relay.ledger, inbound) if each["reason"]]
    assert story["reason"].startswith("dropped: its case was not opened")
