"""The breaker: when it pauses delivery and how it probes, over values and in front of a real Tickets API."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tickets.server import FaultRule
from worker.delivery.breaker import Breaker
from worker.ledger import CloseGate, Ledger, Settlement
from worker.ledger.queue.settles import Outcome
from worker.ledger.reports.alarms import alarms
from worker.ledger.schema.tables import attempts, cases, gate, operations
from worker.settings import ApiSettings, TimingSettings

from .builders import (
    LATENCY,
    LEASE,
    NOON,
    UNLIMITED,
    ManualClock,
    again,
    claim,
    claim_one,
    delivery,
    done,
    opened,
    rows,
)
from .relay import Relay, relaying
from .test_outcomes import claimed

pytestmark = pytest.mark.one_database

TIMING = TimingSettings()
PAUSE = timedelta(seconds=TIMING.probe_interval)
API = ApiSettings.model_validate({"url": "http://127.0.0.1:1", "key": "k", "breaker_calls": 10, "breaker_rate": 0.5})
OPENS = CloseGate(NOON + PAUSE, "breaker")


def met(outcome: Outcome, status: int | None = None, *, called: bool = True) -> Settlement:
    return Settlement("again", outcome, status=status, latency=LATENCY if called else None)


def look_at(breaker: Breaker, number: int, settlement: Settlement, now: datetime = NOON) -> CloseGate | None:
    """Return the breaker's last decision after `number` calls with the same outcome."""
    closing = None
    for _ in range(number):
        closing = breaker.look_at(claimed(), settlement, now)
    return closing


@pytest.mark.parametrize(
    ("settlement", "fails"),
    [
        (met("unknown", 500), True),
        (met("unknown"), True),
        (met("not executed", 503), True),
        (met("not executed"), True),
        (met("not executed", 429), False),
        (met("not executed", called=False), False),
        (met("rejected", 422), False),
        (met("refused", 401), False),
        (met("undecided"), False),
        (met("not found yet"), False),
        (met("done", 201), False),
    ],
)
def test_what_counts_as_a_failure(settlement: Settlement, fails: bool) -> None:
    assert look_at(Breaker(API, TIMING), 10, settlement) == (OPENS if fails else None)


def test_it_opens_at_its_rate_and_not_below_with_enough_calls_and_not_with_fewer() -> None:
    breaker = Breaker(API, TIMING)
    assert look_at(breaker, 5, met("done")) is None
    assert look_at(breaker, 4, met("unknown")) is None, "nine calls"
    assert look_at(breaker, 1, met("done")) is None, "four of ten"
    assert look_at(breaker, 1, met("unknown")) is None, "five of eleven"
    assert look_at(breaker, 1, met("unknown")) == OPENS, "six of twelve"


def test_what_happened_before_the_window_does_not_count() -> None:
    breaker = Breaker(API, TIMING)
    assert look_at(breaker, 8, met("unknown")) is None
    assert look_at(breaker, 1, met("done")) is None, "nine calls"
    later = NOON + timedelta(seconds=TIMING.breaker_window)
    assert look_at(breaker, 9, met("unknown"), later) is None
    assert look_at(breaker, 1, met("unknown"), later) == CloseGate(later + PAUSE, "breaker")


IN_A_ROW = API.breaker_in_a_row
AFTER = timedelta(seconds=TIMING.breaker_after)


def test_a_few_failures_in_a_row_open_it_however_far_apart_they_are() -> None:
    breaker = Breaker(API, TIMING)
    for number in range(IN_A_ROW - 1):
        assert look_at(breaker, 1, met("unknown", 500), NOON + number * timedelta(hours=1)) is None
    later = NOON + timedelta(days=1)
    assert look_at(breaker, 1, met("not executed"), later) == CloseGate(later + PAUSE, "breaker")


def test_failures_in_a_row_open_it_only_after_some_time() -> None:
    breaker = Breaker(API, TIMING)
    assert look_at(breaker, IN_A_ROW, met("unknown")) is None
    almost = NOON + AFTER - timedelta(milliseconds=1)
    assert look_at(breaker, 1, met("unknown"), almost) is None
    assert look_at(breaker, 1, met("unknown"), NOON + AFTER) == CloseGate(NOON + AFTER + PAUSE, "breaker")


@pytest.mark.parametrize("answer", [met("done", 201), met("rejected", 422), met("not executed", 429)])
def test_an_answer_ends_the_row(answer: Settlement) -> None:
    breaker = Breaker(API, TIMING)
    look_at(breaker, IN_A_ROW - 1, met("unknown"))
    look_at(breaker, 1, answer)
    for _ in range(IN_A_ROW - 1):
        assert look_at(breaker, 1, met("unknown"), NOON + 9 * AFTER) is None


def test_an_attempt_without_a_call_does_not_end_the_row() -> None:
    breaker = Breaker(API, TIMING)
    look_at(breaker, IN_A_ROW - 1, met("unknown"))
    look_at(breaker, 1, met("not executed", called=False))
    assert look_at(breaker, 1, met("unknown"), NOON + AFTER) is not None


def test_a_row_that_opened_it_does_not_open_it_again() -> None:
    breaker = Breaker(API, TIMING)
    look_at(breaker, IN_A_ROW - 1, met("unknown"))
    assert look_at(breaker, 1, met("unknown"), NOON + AFTER) is not None
    for _ in range(IN_A_ROW - 1):
        assert look_at(breaker, 1, met("unknown"), NOON + 9 * AFTER) is None


def test_what_opened_it_does_not_open_it_again() -> None:
    breaker = Breaker(API, TIMING)
    look_at(breaker, 10, met("unknown"))
    assert look_at(breaker, 9, met("unknown")) is None


def test_a_probe_that_fails_keeps_it_open_and_one_that_is_answered_does_not_count() -> None:
    breaker = Breaker(API, TIMING)
    probe = claimed(probes="breaker")
    assert breaker.look_at(probe, met("unknown"), NOON) == CloseGate(NOON + PAUSE, "breaker", probed=True)
    assert breaker.look_at(probe, met("rejected", 422), NOON) is None


# ---- at the gate --------------------------------------------------------------------------------------------


def storm(ledger: Ledger, number: int) -> None:
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(number)))])


def failed(now: datetime, **more: object) -> Settlement:
    return again(now + timedelta(seconds=60), unknown=True, latency=LATENCY, **more)


def opening(now: datetime, *, probed: bool = False) -> CloseGate:
    return CloseGate(now + PAUSE, "breaker", probed=probed)


def test_while_it_is_open_one_case_at_a_time_is_tried_and_another_one_each_time(
    ledger: Ledger, clock: ManualClock
) -> None:
    storm(ledger, 3)
    ledger.record([delivery(opened("worst", priority="urgent"))])
    first, second = claim(ledger, limit=2)
    ledger.settle([(first, failed(NOON, gate=opening(NOON)))])
    assert claim(ledger) == []
    assert ledger.due_kinds() == frozenset()
    tried = []
    for _ in range(6):
        clock.advance(seconds=61)
        (probe,) = claim(ledger)
        assert probe.probes == "breaker"
        assert claim(ledger) == [], "the gate is closed until it is known what the probe met"
        tried.append(probe.case_id)
        at_once = again(clock.now, latency=LATENCY, gate=opening(clock.now, probed=True))
        ledger.settle([(probe, at_once)])
    assert all(one != next_one for one, next_one in itertools.pairwise(tried))
    assert first.case_id in tried
    assert second.case_id not in tried, "it is under way"


def test_what_was_under_way_and_fails_lets_no_second_probe_through(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 4)
    first, second = claim(ledger, limit=2)
    ledger.settle([(first, failed(NOON, gate=opening(NOON)))])
    clock.advance(seconds=30)
    assert len(claim(ledger)) == 1
    ledger.settle([(second, failed(clock.now, gate=opening(clock.now)))])
    clock.advance(seconds=31)
    assert claim(ledger) == []


def test_a_probe_that_is_lost_with_its_worker_is_followed_by_another(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    ledger.settle([(claim(ledger, limit=1)[0], failed(NOON, gate=opening(NOON)))])
    clock.advance(seconds=30)
    assert len(claim(ledger)) == 1
    clock.advance(seconds=LEASE.total_seconds() - 0.001)
    assert claim(ledger) == []
    clock.advance(seconds=0.001)
    assert len(claim(ledger)) == 1


@pytest.mark.parametrize("answer", [done(), Settlement("dead", "rejected", status=422, error="no", latency=LATENCY)])
def test_a_probe_that_is_answered_opens_the_gate_for_all(
    ledger: Ledger, clock: ManualClock, answer: Settlement
) -> None:
    storm(ledger, 3)
    ledger.settle([(claim(ledger, limit=1)[0], failed(NOON, gate=opening(NOON)))])
    clock.advance(seconds=30)
    ledger.settle([(claim_one(ledger), answer)])
    assert rows(ledger, gate)[0]["reason"] is None
    assert len(claim(ledger, limits=UNLIMITED)) == 1


def test_what_was_under_way_and_is_answered_does_not_open_it(ledger: Ledger) -> None:
    storm(ledger, 3)
    first, second = claim(ledger, limit=2)
    ledger.settle([(first, failed(NOON, gate=opening(NOON)))])
    ledger.settle([(second, done())])
    assert claim(ledger) == []


def test_it_hides_no_refused_key(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    first, second = claim(ledger, limit=2)
    ledger.settle([(first, again(NOON, gate=CloseGate(NOON + PAUSE, "credentials")))])
    ledger.settle([(second, failed(NOON, gate=opening(NOON)))])
    assert ledger.overview().gate_reason == "credentials"


# ---- in front of a service that fails -----------------------------------------------------------------------


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path, settings={"breaker_calls": 10, "in_flight": 20}) as made:
        yield made


def names(relay: Relay) -> list[str]:
    return [each.name for each in alarms(relay.ledger.overview(), TimingSettings(stall_alarm=36_000))]


def test_a_service_that_fails_is_left_alone_and_everything_is_delivered_once_when_it_is_back(relay: Relay) -> None:
    storm(relay.ledger, 60)
    relay.api.faults.add(FaultRule(action="status", status=500, when="after", probability=0.5))
    relay.api.faults.add(FaultRule(action="status", status=503))
    relay.send_what_is_due()
    begun = len(relay.api.record.log())
    assert begun <= 20, "what was under way at once"
    assert names(relay) == ["breaker_open"]
    waited = {each["id"] for each in rows(relay.ledger, cases) if each["state"] == "ready"} - {
        each["case_id"] for each in rows(relay.ledger, attempts)
    }
    for _ in range(20):
        relay.advance(seconds=30)
        relay.send_what_is_due()
    probes = len(relay.api.record.log()) - begun
    assert 10 <= probes <= 20, "one at a time, every thirty seconds"
    tries = [each["attempts"] for each in rows(relay.ledger, cases) if each["id"] in waited]
    assert max(tries) <= 1
    assert relay.ledger.overview().dead == 0
    relay.api.faults.clear()
    relay.run()
    assert names(relay) == []
    assert relay.counts() == {"create_ticket": 60}
    assert {each["state"] for each in rows(relay.ledger, operations)} == {"done"}


def test_a_team_with_one_ticket_gets_it_too(relay: Relay) -> None:
    storm(relay.ledger, 1)
    relay.api.faults.add(FaultRule(action="status", status=503))
    relay.run(for_hours=1 / 60)
    assert names(relay) == ["breaker_open"]
    relay.api.faults.clear()
    relay.run()
    assert names(relay) == []


def test_many_rejections_are_no_reason_to_leave_it_alone(relay: Relay) -> None:
    storm(relay.ledger, 40)
    relay.api.faults.add(FaultRule(action="status", status=422))
    relay.send_what_is_due()
    assert names(relay) == ["dead_letters"]
    assert relay.ledger.overview().dead == 40
