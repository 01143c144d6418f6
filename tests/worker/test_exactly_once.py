"""One effect each, in order, when answers get lost, a day passes, keys are refused and every message is repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from connectors.contract.events import Event
from tickets.server import FaultRule
from worker.ledger import Ledger
from worker.ledger.schema.tables import attempts, cases, operations
from worker.runtime.alarm_watch import AlarmWatch

from .builders import ManualClock, changed, commented, delivery, minute, opened, resolved, rows
from .relay import Did, Relay, relaying


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


def life(case: str) -> list[Event]:
    """Build an alert that opens, gets worse, gets comments, ends, and begins anew within the hour."""
    return [
        opened(case),
        commented(case, f"{case}:one", text=f"{case} one"),
        changed(case, f"{case}:worse", text=f"{case} worse", priority="high"),
        commented(case, f"{case}:two", text=f"{case} two"),
        resolved(case, 10),
        opened(case, 20, text=f"{case} anew"),
        commented(case, f"{case}:three", text=f"{case} three"),
    ]


LIFE = ["create_ticket", "add_note", "update_ticket", "add_note", "add_note", "close_ticket", "reopen_ticket",
        "add_note", "add_note"]  # fmt: skip


def without_marked_repeats(did: list[Did]) -> list[Did]:
    """Return the effects on one ticket, without notes that say that they may be a repeat and are one."""
    kept: list[Did] = []
    for each in did:
        is_repeat = each.says_that_it_may_be_a_repeat and any(
            one.kind == "add_note" and each.text.startswith(one.text) for one in kept
        )
        if not is_repeat:
            kept.append(each)
    return kept


def by_ticket(relay: Relay) -> dict[str, list[Did]]:
    found: dict[str, list[Did]] = {}
    for each in relay.effects():
        found.setdefault(each.ticket or "", []).append(each)
    return found


def test_everything_observed_again_a_day_later_has_no_second_effect(relay: Relay) -> None:
    names = [f"disk-{number}" for number in range(45)]
    observed = [delivery(*life(name)) for name in names]
    relay.ledger.record(observed)
    # One in ten calls gets no answer; half of these were executed.
    relay.api.faults.add(FaultRule(action="reset", when="after", probability=0.05, seed=1))
    relay.api.faults.add(FaultRule(action="reset", when="before", probability=0.05, seed=2))
    relay.send_what_is_due()
    unknown = [each["kind"] for each in rows(relay.ledger, operations) if each["ambiguous"]]
    assert {"create_ticket", "add_note"} <= set(unknown), "the day begins with questions"
    before = len(relay.effects())
    relay.api.faults.clear()
    relay.advance(hours=25)
    relay.ledger.record([delivery(*life(name)) for name in names])
    relay.run()
    assert {each["state"] for each in rows(relay.ledger, operations)} == {"done"}
    tickets = by_ticket(relay)
    assert len(tickets) == len(names)
    for did in tickets.values():
        assert [each.kind for each in without_marked_repeats(did)] == LIFE
    repeats = [each for each in relay.effects()[before:] if each.says_that_it_may_be_a_repeat]
    assert len(repeats) == unknown.count("add_note"), "no note says so that need not"
    notes = Counter(each.text for each in relay.effects() if each.kind == "add_note")
    assert set(notes.values()) == {1}


WHATEVER_FAILS = [
    FaultRule(action="reset", when="before"),
    FaultRule(action="reset", when="after"),
    FaultRule(action="status", status=500, when="before"),
    FaultRule(action="status", status=500, when="after"),
    FaultRule(action="status", status=502),
    FaultRule(action="status", status=503, retry_after=2),
    FaultRule(action="status", status=429, retry_after=3),
    FaultRule(action="truncate"),
    FaultRule(
        action="latency", when="after", seconds=0.6, probability=0.25
    ),  # takes time, and so does not happen often
]


@pytest.mark.one_database
def test_two_hundred_operations_of_one_case_are_applied_in_order_and_once_whatever_fails(relay: Relay) -> None:
    texts = [f"note {number:03}" for number in range(198)]
    relay.ledger.record(
        [delivery(opened(), *(commented(message=text, text=text) for text in texts), resolved(start=0))]
    )
    for seed, fault in enumerate(WHATEVER_FAILS):
        relay.api.faults.add(replace(fault, probability=fault.probability * 0.036, seed=seed))
    relay.lose_patience()
    relay.run()
    tried = Counter(each["outcome"] for each in rows(relay.ledger, attempts))
    assert tried["unknown"] > 20
    assert tried["not executed"] > 5
    assert [each.kind for each in relay.effects()] == ["create_ticket", *["add_note"] * 198, "close_ticket"]
    assert [each.text for each in relay.effects() if each.kind == "add_note"] == texts


def test_a_refused_key_costs_no_attempt_raises_one_alarm_and_is_over_when_it_is_mended(relay: Relay) -> None:
    relay.use_key("ak_test_of_nobody")
    watch = AlarmWatch(relay.ledger, relay.timing)
    relay.ledger.record([delivery(opened(f"disk-{number}"), resolved(f"disk-{number}")) for number in range(30)])
    with structlog.testing.capture_logs() as log:
        for _ in range(30):
            relay.send_what_is_due()
            watch.look()
            relay.advance(seconds=20)
        refused = rows(relay.ledger, cases)
        relay.use_key("ak_test_local")
        relay.run()
        watch.look()
    assert {(each["attempts"], each["state"]) for each in refused} == {(0, "ready")}
    assert {each["state"] for each in rows(relay.ledger, operations)} == {"done"}
    assert relay.counts() == {"create_ticket": 30, "close_ticket": 30}
    observed = [(each["event"], each["alarm"]) for each in log if each["event"].startswith("alarm.")]
    assert observed == [("alarm.raised", "gate_closed"), ("alarm.ended", "gate_closed")]
    refusals = [each for each in rows(relay.ledger, attempts) if each["outcome"] == "refused"]
    assert len(refusals) <= 30 + 600 / relay.timing.probe_interval, "what was under way at once, then one at a time"


def test_a_note_that_is_never_accepted_does_not_hold_up_the_close_of_its_case(relay: Relay) -> None:
    relay.api.faults.add(FaultRule(action="status", status=422, method="POST", path=r"/notes$", body="unloved"))
    relay.ledger.record([delivery(opened(), commented(text="unloved"), commented(message="two"), resolved())])
    relay.run()
    assert [each.kind for each in relay.effects()] == ["create_ticket", "add_note", "close_ticket"]
    (dead_letter,) = relay.ledger.list_dead()
    assert (dead_letter.what, dead_letter.holds_up) == ("add_note", 0)


def test_a_request_that_is_late_lands_before_what_follows_it(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), commented(text="late"), resolved())])
    relay.turn()
    relay.lose_patience()
    relay.break_once("latency", when="before", seconds=0.8, body="late")
    relay.turn()
    relay.turn()
    assert relay.operation(2)["ambiguous"], "given up while it was on its way"
    assert relay.ledger.due_kinds() == frozenset(), "the ghost is waited for"
    while not relay.counts()["add_note"]:
        pass  # the service is a thread of its own
    relay.run()
    assert relay.counts() == {"create_ticket": 1, "add_note": 1, "close_ticket": 1}


def test_what_dies_with_an_unknown_outcome_is_waited_for_by_what_comes_later(relay: Relay) -> None:
    """After three 409s the call may still be under way, so the case rests when the next message comes."""
    relay.api.faults.add(FaultRule(action="status", status=409, path=r"/notes$", times=3))
    relay.ledger.record([delivery(opened(), commented())])
    relay.run()
    died_at = relay.operation(2)["ended_at"]
    assert relay.operation(2)["state"] == "dead"
    relay.ledger.record([delivery(resolved())])
    assert relay.ledger.due_kinds() == frozenset()
    relay.run()
    assert relay.operation(3)["first_sent_at"] - died_at >= timedelta(seconds=relay.timing.ghost_wait)


def test_the_frozen_bytes_of_an_operation_are_what_every_attempt_sends(relay: Relay) -> None:
    relay.ledger.record([delivery(opened())])
    planned = relay.operation(1)["request"]
    relay.break_once("reset", when="before")
    relay.break_once("status", status=500)
    relay.run()
    (made,) = relay.api.effects()
    assert json.loads(made.body) == json.loads(planned)
    assert made.body.encode() == planned
    assert minute(0) < rows(relay.ledger, attempts)[-1]["at"]
