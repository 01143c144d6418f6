"""Claim, settle and take back, at a time that the test moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract.events import Reference
from worker.delivery.dispatch import Dispatch
from worker.ledger import Claim, ClockWatch, Lease, Ledger
from worker.ledger.schema.tables import attempts, cases, operations
from worker.planning.model import Kind

from .builders import (
    LEASE,
    NOON,
    ManualClock,
    again,
    at_once,
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
    rules_of,
    take_back,
)
from .conftest import MakeLedger

GHOST = timedelta(seconds=60)


def keys_of(ledger: Ledger, claims: list[Claim]) -> list[str]:
    """Return the case keys of claims, in their order."""
    names = {each["id"]: each["key"] for each in rows(ledger, cases)}
    return [names[each.case_id] for each in claims]


def head(ledger: Ledger, seq: int = 1) -> dict[str, object]:
    """Return the operation with this number of the only case."""
    (found,) = [each for each in rows(ledger, operations) if each["seq"] == seq]
    return found


def test_a_claim_holds_all_that_is_needed_to_send(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    clock.advance(seconds=5)
    found = claim_one(ledger)
    operation = head(ledger)
    assert found == Claim(
        case_id=case_row(ledger)["id"],
        seq=1,
        epoch=1,
        kind="create_ticket",
        mode="send",
        source="prom",
        inbound_id=found.inbound_id,
        ticket_id=None,
        request=found.request,
        idempotency_key=found.idempotency_key,
        first_sent_at=clock.now,
        last_sent_at=clock.now,
        claimed_at=clock.now,
        ambiguous=False,
        unproven=False,
        conflicts=0,
        attempts=0,
        rank=2,
        planned_at=NOON,
        tries=0,
    )
    assert (found.request, found.idempotency_key) == (operation["request"], operation["idempotency_key"])
    assert found.inbound_id == operation["inbound_id"]


def test_the_intent_to_send_is_committed_with_the_claim(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    claim(ledger, owner="worker-7")
    row = case_row(ledger)
    assert head(ledger)["first_sent_at"] == NOON
    assert (row["state"], row["owner"], row["lease_until"], row["epoch"]) == ("leased", "worker-7", NOON + LEASE, 1)


def test_the_urgent_are_claimed_first_and_then_those_that_waited_longest(ledger: Ledger, clock: ManualClock) -> None:
    for name, priority in [("old low", "low"), ("old high", "high"), ("new high", "high"), ("urgent", "urgent")]:
        ledger.record([delivery(opened(name, priority=priority))])
        clock.advance(seconds=1)
    assert keys_of(ledger, claim(ledger)) == ["urgent", "old high", "new high", "old low"]


def test_no_more_are_claimed_than_asked_for(ledger: Ledger) -> None:
    ledger.record([delivery(*(opened(f"disk-{number}") for number in range(5)))])
    assert [len(claim(ledger, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_only_heads_of_the_asked_kind_are_claimed(ledger: Ledger) -> None:
    ledger.record([delivery(opened(), resolved())])
    assert claim(ledger, "close_ticket") == []
    assert [each.kind for each in claim(ledger)] == ["create_ticket"]


def test_one_operation_of_a_case_is_under_way_at_a_time(ledger: Ledger) -> None:
    ledger.record([delivery(opened(), commented())])
    create = claim_one(ledger)
    assert claim(ledger, "add_note") == claim(ledger) == []
    ledger.settle([(create, done("T-9"))])
    note = claim_one(ledger, "add_note")
    assert (note.seq, note.ticket_id, note.epoch) == (2, "T-9", 2)


def test_what_is_not_due_yet_is_not_claimed(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON + timedelta(seconds=10)))])
    clock.advance(seconds=9.999)
    assert claim(ledger) == []
    assert ledger.due_kinds() == frozenset()
    clock.advance(seconds=0.001)
    assert len(claim(ledger)) == 1


def test_two_processes_never_claim_the_same_case(ledger: Ledger, make_ledger: MakeLedger) -> None:
    ledger.record([delivery(*(opened(f"disk-{number}") for number in range(60)))])

    def work() -> list[Claim]:
        own, found = make_ledger(), []
        while claims := claim(own, limit=3):
            found += claims
        return found

    counted = Counter(each.case_id for found in at_once(work, work, work, work) for each in found)
    assert len(counted) == 60
    assert set(counted.values()) == {1}


def test_a_done_operation_keeps_what_the_service_said_and_the_case_rests(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    found = claim_one(ledger)
    clock.advance(seconds=2)
    stale, due = ledger.settle([(found, replace(done("T-9"), latency=timedelta(milliseconds=1500)))])
    row, operation = case_row(ledger), head(ledger)
    assert (stale, due) == ([], frozenset())
    assert (row["state"], row["kind"], row["head_seq"], row["next_seq"]) == ("idle", None, 2, 2)
    assert (row["ticket_id"], row["ticket_status"], row["owner"], row["lease_until"]) == ("T-9", "open", None, None)
    assert (operation["state"], operation["ended_at"], operation["response"]) == ("done", clock.now, "made")
    (tried,) = rows(ledger, attempts)
    assert (tried["outcome"], tried["status"], tried["latency_ms"], tried["at"]) == ("done", 201, 1500, clock.now)


def test_when_one_is_done_the_next_is_due(ledger: Ledger) -> None:
    ledger.record([delivery(opened(), resolved())])
    _, due = ledger.settle([(claim_one(ledger), done())])
    row = case_row(ledger)
    assert due == {"close_ticket"}
    assert (row["state"], row["kind"], row["rank"], row["head_seq"]) == ("ready", "close_ticket", 4, 2)


def test_what_arrived_during_the_call_is_found_when_it_ends(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    create = claim_one(ledger)
    _, due_at_once = ledger.record([delivery(resolved())])
    _, due = ledger.settle([(create, done())])
    assert due_at_once == frozenset()
    assert due == {"close_ticket"}


def test_a_resting_case_wakes_with_its_next_message(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    deliver_all(ledger)
    _, due = ledger.record([delivery(resolved())])
    assert due == {"close_ticket"}
    assert claim_one(ledger, "close_ticket").seq == 2


def test_again_waits_until_its_time_and_sends_the_same_bytes_and_key(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    first = claim_one(ledger)
    _, due = ledger.settle([(first, again(NOON + timedelta(seconds=70), unknown=True))])
    row = case_row(ledger)
    assert due == frozenset()
    assert (row["state"], row["run_at"], row["last_error"]) == ("ready", NOON + timedelta(seconds=70), "unknown")
    clock.advance(seconds=70)
    second = claim_one(ledger)
    assert (second.request, second.idempotency_key) == (first.request, first.idempotency_key)
    assert (second.epoch, second.attempts) == (2, 1)


def test_a_send_of_unknown_outcome_began_the_life_of_its_key(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    clock.advance(hours=1)
    second = claim_one(ledger)
    assert (second.first_sent_at, second.ambiguous) == (NOON, True)
    ledger.settle([(second, again(clock.now))])
    third = claim_one(ledger)
    assert (third.first_sent_at, third.ambiguous) == (NOON, True)


def test_what_was_not_executed_did_not_begin_the_life_of_its_key(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON))])
    assert head(ledger)["first_sent_at"] is None
    clock.advance(hours=30)
    second = claim_one(ledger)
    assert (second.first_sent_at, second.ambiguous) == (clock.now, False)


def test_what_is_proven_absent_is_sent_as_if_for_the_first_time(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(clock.now, unknown=True))])
    clock.advance(hours=25)
    look_up = claim_one(ledger)
    assert (look_up.mode, look_up.first_sent_at) == ("look_up", NOON)
    ledger.settle([(look_up, again(clock.now, absent=True, reads=True))])
    first = claim_one(ledger)
    assert (first.mode, first.ambiguous, first.first_sent_at) == ("send", False, clock.now)


def test_conflicts_are_counted(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    for number in range(3):
        found = claim_one(ledger)
        assert found.conflicts == number
        ledger.settle([(found, again(NOON, unknown=True, conflict=True))])


def test_attempts_begin_anew_with_the_next_operation(ledger: Ledger) -> None:
    ledger.record([delivery(opened(), commented())])
    for _ in range(3):
        ledger.settle([(claim_one(ledger), again(NOON, unknown=True))])
    fourth = claim_one(ledger)
    assert fourth.attempts == 3
    ledger.settle([(fourth, done())])
    assert claim_one(ledger, "add_note").attempts == 0


def test_a_dead_create_blocks_its_case_and_no_other(ledger: Ledger) -> None:
    ledger.record([delivery(opened()), delivery(opened("other"))])
    first, second = claim(ledger)
    _, due = ledger.settle([(first, dead("422: no")), (second, done())])
    row = case_row(ledger)
    assert due == ledger.due_kinds() == frozenset()
    assert (row["state"], row["lost"], row["last_error"]) == ("blocked", True, "422: no")
    assert case_row(ledger, "other")["state"] == "idle"
    ledger.record([delivery(commented()), delivery(resolved())])
    assert case_row(ledger)["state"] == "blocked"
    assert [each["state"] for each in rows(ledger, operations) if each["case_id"] == row["id"]][1:] == ["held"] * 2
    assert claim(ledger, "add_note") == claim(ledger, "close_ticket") == []


def test_what_waits_for_a_dead_create_is_not_due(ledger: Ledger) -> None:
    kill_create(ledger, opened(), commented())
    assert (case_row(ledger)["state"], ledger.due_kinds()) == ("blocked", frozenset())


def test_what_comes_after_a_dead_create_is_not_due(ledger: Ledger) -> None:
    kill_create(ledger, opened())
    ledger.record([delivery(commented())])
    assert (head(ledger, 2)["state"], ledger.due_kinds()) == ("held", frozenset())


@pytest.mark.parametrize("kind", ["add_note", "close_ticket"])
def test_any_other_dead_operation_is_passed_over(ledger: Ledger, kind: Kind) -> None:
    middle = commented() if kind == "add_note" else resolved(end=0.5)
    ledger.record([delivery(opened(), middle, commented(message="last", reopens=False))])
    ledger.settle([(claim_one(ledger), done())])
    _, due = ledger.settle([(claim_one(ledger, kind), dead())])
    assert due == {"add_note"}
    assert claim_one(ledger, "add_note").seq == 3
    assert (head(ledger, 2)["state"], head(ledger, 2)["why"]) == ("dead", "422: the subject is not liked")


def test_a_settle_with_an_old_epoch_is_refused(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    frozen = claim_one(ledger)
    clock.advance(seconds=61)
    take_back(ledger, GHOST)
    clock.advance(seconds=60)
    current = claim_one(ledger, owner="two")
    assert ledger.settle([(frozen, done("T-old"))]) == ([frozen], frozenset())
    assert (case_row(ledger)["state"], case_row(ledger)["ticket_id"]) == ("leased", None)
    ledger.settle([(current, done("T-new"))])
    assert case_row(ledger)["ticket_id"] == "T-new"
    assert ledger.settle([(current, done("T-twice"))])[0] == [current]
    assert case_row(ledger)["ticket_id"] == "T-new"


def test_a_settle_after_the_lease_was_taken_back_is_refused(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    frozen = claim_one(ledger)
    clock.advance(seconds=61)
    take_back(ledger, GHOST)
    assert ledger.settle([(frozen, done())])[0] == [frozen]
    assert head(ledger)["state"] == "open"


@pytest.mark.parametrize("order", [1, -1])
def test_an_old_claim_settled_together_with_the_current_one_does_not_hide_it(
    ledger: Ledger, clock: ManualClock, order: int
) -> None:
    ledger.record([delivery(opened())])
    frozen = claim_one(ledger)
    clock.advance(seconds=61)
    take_back(ledger, timedelta(0))
    current = claim_one(ledger)
    stale, _ = ledger.settle([(frozen, done("T-old")), (current, done("T-new"))][::order])
    assert stale == [frozen]
    assert case_row(ledger)["ticket_id"] == "T-new"


def test_an_expired_lease_is_taken_back_and_waits_for_the_ghost(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    claim(ledger)
    clock.advance(seconds=59)
    assert take_back(ledger, GHOST) == 0
    clock.advance(seconds=21)
    assert take_back(ledger, GHOST) == 1
    row = case_row(ledger)
    assert (row["state"], row["run_at"], row["owner"]) == ("ready", clock.now + GHOST, None)
    assert take_back(ledger, GHOST) == 0
    clock.advance(seconds=60)
    assert claim_one(ledger).ambiguous is True
    assert [each["outcome"] for each in rows(ledger, attempts)] == ["unknown"]


def test_a_lease_that_was_settled_meanwhile_is_not_taken_back(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON))])
    seen_before = [Lease(case_row(ledger)["id"], case_row(ledger)["epoch"])]
    assert ledger.take_back(GHOST, seen_before) == 0
    claim_one(ledger)
    assert ledger.take_back(GHOST, seen_before) == 0
    assert case_row(ledger)["state"] == "leased"


def test_dispatch_takes_expired_leases_back(ledger: Ledger) -> None:
    passed = [0.0]
    dispatch = Dispatch(ledger, lambda _: None, lambda _: 0, rules_of(), ClockWatch(lambda: passed[0]))
    ledger.record([delivery(opened())])
    claim(ledger)
    dispatch.once()
    passed[0] = 59.9
    dispatch.once()
    assert case_row(ledger)["state"] == "leased"
    passed[0] = 60.0
    dispatch.once()
    assert case_row(ledger)["state"] == "ready"


def test_leases_of_owners_that_are_gone_end_at_once(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("one")), delivery(opened("two"))])
    claim(ledger)
    clock.advance(seconds=1)
    assert ledger.take_all_back(GHOST) == 2
    assert {each["run_at"] for each in rows(ledger, cases)} == {clock.now + GHOST}


def test_what_arrived_during_a_lost_call_is_delivered_after_it(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    claim(ledger)
    ledger.record([delivery(resolved())])
    clock.advance(seconds=60)
    take_back(ledger, GHOST)
    clock.advance(seconds=60)
    assert deliver_all(ledger) == ["create_ticket", "close_ticket"]


def test_the_kinds_that_are_due_are_those_of_ready_heads(ledger: Ledger, clock: ManualClock) -> None:
    assert ledger.due_kinds() == frozenset()
    ledger.record([delivery(opened("one"), resolved("one")), delivery(opened("two"))])
    assert ledger.due_kinds() == {"create_ticket"}
    one, _ = claim(ledger)
    assert ledger.due_kinds() == frozenset()
    ledger.settle([(one, done())])
    assert ledger.due_kinds() == {"close_ticket"}


def test_the_updates_of_a_life_are_delivered_in_its_order(ledger: Ledger) -> None:
    for each in [opened(), opened(text="worse", priority="high"), resolved(), opened(start=20), resolved(end=30)]:
        ledger.record([delivery(each)])
    expected = ["create_ticket", "update_ticket", "add_note", "close_ticket", "reopen_ticket", "add_note"]
    assert deliver_all(ledger) == [*expected, "close_ticket"]


def test_a_ticket_number_is_a_name_of_its_case(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), done("1042"))])
    reply = commented("elsewhere", "reply", unknown="open", references=(Reference("ticket:1042"),))
    ledger.record([delivery(reply)])
    assert kinds_of(ledger) == ["create_ticket", "add_note"]
