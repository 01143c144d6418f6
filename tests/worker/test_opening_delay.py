"""The opening delay: an incident that ends within it costs no call and leaves no trace at the service.

First the decision as a value, then the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract.events import Event
from worker.ledger import Claim, Ledger
from worker.ledger.recording.opening_delay import ENDED_EARLY
from worker.ledger.schema.tables import operations, seen
from worker.planning.lifecycle import plan
from worker.planning.model import UNSEEN, CaseState, Plan, Policy

from .builders import (
    ManualClock,
    again,
    case_row,
    changed,
    claim,
    claim_one,
    commented,
    deliver_all,
    delivery,
    done,
    kinds_of,
    minute,
    opened,
    resolved,
    rows,
)
from .conftest import MakeLedger

DELAYED = Policy(damping=timedelta(seconds=120))
WAITS = CaseState(episode=1, phase="open", started_at=minute(0), priority="medium", delayed=True)


def decide(case: CaseState, event: Event, policy: Policy = DELAYED) -> Plan:
    return plan("prom", case, event, UNSEEN, policy)


@pytest.mark.parametrize(
    ("policy", "waits"),
    [pytest.param(DELAYED, True, id="delayed"), pytest.param(Policy(), False, id="by default")],
)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(CaseState(), id="new"),
        pytest.param(replace(WAITS, phase="closed", ended_at=minute(10), delayed=False), id="closed long ago"),
    ],
)
def test_a_ticket_for_an_opening_waits_where_openings_are_delayed(case: CaseState, policy: Policy, waits: bool) -> None:
    decided = decide(case, opened(start=600), policy)
    assert [each.kind for each in decided.intents] == ["create_ticket"]
    assert decided.case.delayed is waits


@pytest.mark.parametrize(
    ("case", "event", "expected"),
    [
        pytest.param(
            WAITS,
            resolved(end=1),
            (replace(WAITS, phase="new", ended_at=minute(1), delayed=False), [], True),
            id="its end takes it back",
        ),
        pytest.param(WAITS, resolved(end=-1), (WAITS, [], False), id="the end of an earlier episode does not"),
        pytest.param(WAITS, commented(), (replace(WAITS, delayed=False), ["add_note"], False), id="a comment sends it"),
        pytest.param(
            WAITS,
            changed(priority="medium"),
            (replace(WAITS, changed_at=changed().occurred_at), ["add_note"], False),
            id="what its source changed waits with it",
        ),
        pytest.param(
            replace(WAITS, delayed=False),
            resolved(end=1),
            (replace(WAITS, phase="closed", ended_at=minute(1), delayed=False), ["close_ticket"], False),
            id="once it waits no more, its end closes",
        ),
    ],
)
def test_what_follows_while_an_opening_waits(
    case: CaseState, event: Event, expected: tuple[CaseState, list[str], bool]
) -> None:
    decided = decide(case, event)
    assert (decided.case, [each.kind for each in decided.intents], decided.takes_back) == expected


@pytest.fixture
def delayed(make_ledger: MakeLedger) -> Ledger:
    made = make_ledger(policy=DELAYED)
    made.upgrade()
    return made


def states(ledger: Ledger) -> list[tuple[str, str, Any]]:
    return [(each["kind"], each["state"], each["why"]) for each in rows(ledger, operations)]


def claim_one_later(ledger: Ledger, clock: ManualClock) -> Claim:
    clock.advance(seconds=120)
    return claim_one(ledger)


def test_an_opening_is_sent_when_it_has_waited(delayed: Ledger, clock: ManualClock) -> None:
    _, due = delayed.record([delivery(opened())])
    assert due == frozenset()
    clock.advance(seconds=119.9)
    assert claim(delayed) == []
    clock.advance(seconds=0.1)
    assert deliver_all(delayed) == ["create_ticket"]
    delayed.record([delivery(resolved())])
    assert deliver_all(delayed) == ["close_ticket"]


@pytest.mark.parametrize("together", [True, False], ids=["in one delivery", "one after the other"])
def test_an_incident_that_ends_while_it_waits_costs_no_call(
    delayed: Ledger, clock: ManualClock, together: bool
) -> None:
    events = (opened(private=True), changed(priority="high"), resolved(end=1))
    for some in [events] if together else [[each] for each in events]:
        delayed.record([delivery(*some)])
        clock.advance(seconds=10)
    assert {(state, why) for _, state, why in states(delayed)} == {("skipped", ENDED_EARLY)}
    assert "close_ticket" not in kinds_of(delayed)
    clock.advance(hours=1)
    assert deliver_all(delayed) == []
    assert case_row(delayed)["state"] == "idle"


def test_replays_of_what_cost_nothing_do_nothing(delayed: Ledger, clock: ManualClock) -> None:
    events = (opened(), resolved(end=1))
    delayed.record([delivery(*events)])
    before = (rows(delayed, operations), rows(delayed, seen))
    clock.advance(hours=1)
    for _ in range(2):
        delayed.record([delivery(*events)])
        delayed.record([delivery(opened(message="from the other peer"))])  # of the same episode, which is over
    assert rows(delayed, operations) == before[0]
    assert len(rows(delayed, seen)) == len(before[1]) + 1
    assert deliver_all(delayed) == []


def test_the_next_opening_gets_a_ticket_of_its_own(delayed: Ledger, clock: ManualClock) -> None:
    delayed.record([delivery(opened(), resolved(end=1)), delivery(opened(start=5))])
    clock.advance(seconds=120)
    assert deliver_all(delayed) == ["create_ticket"]
    skipped, made = rows(delayed, operations)
    assert (skipped["state"], made["state"]) == ("skipped", "done")
    assert (skipped["episode"], made["episode"]) == (1, 2)
    delayed.record([delivery(resolved(end=10, start=5))])
    assert deliver_all(delayed) == ["close_ticket"]


def test_a_comment_ends_the_wait_and_is_delivered(delayed: Ledger) -> None:
    delayed.record([delivery(opened())])
    _, due = delayed.record([delivery(commented())])
    assert due == {"create_ticket"}
    delayed.record([delivery(resolved(end=1))])
    assert deliver_all(delayed) == ["create_ticket", "add_note", "close_ticket"]


def test_what_was_sent_is_not_taken_back(delayed: Ledger, clock: ManualClock) -> None:
    delayed.record([delivery(opened())])
    create = claim_one_later(delayed, clock)
    delayed.settle([(create, again(clock.now + timedelta(seconds=60), unknown=True))])
    delayed.record([delivery(resolved(end=1))])
    clock.advance(seconds=60)
    assert deliver_all(delayed) == ["create_ticket", "close_ticket"]


def test_what_is_under_way_is_not_taken_back(delayed: Ledger, clock: ManualClock) -> None:
    delayed.record([delivery(opened())])
    create = claim_one_later(delayed, clock)
    delayed.record([delivery(resolved(end=1))])
    delayed.settle([(create, done())])
    assert deliver_all(delayed) == ["close_ticket"]


def test_an_end_after_the_wait_makes_one_closed_ticket(delayed: Ledger, clock: ManualClock) -> None:
    delayed.record([delivery(opened())])
    clock.advance(seconds=120)
    delayed.record([delivery(resolved(end=1))])
    assert deliver_all(delayed) == ["create_ticket", "close_ticket"]


def test_an_opening_behind_another_call_of_its_case_does_not_wait_longer(delayed: Ledger, clock: ManualClock) -> None:
    delayed.record([delivery(opened())])
    clock.advance(seconds=120)
    assert deliver_all(delayed) == ["create_ticket"]
    delayed.record([delivery(resolved(end=10), opened(start=100))])
    assert deliver_all(delayed, "T-2") == ["close_ticket", "create_ticket"]
    delayed.record([delivery(resolved(end=101, start=100))])
    assert deliver_all(delayed) == ["close_ticket"]
