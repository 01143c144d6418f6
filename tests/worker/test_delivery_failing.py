"""The alarm about a Tickets API that answers nothing: when it is up, what ends it, and what must not raise it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from tickets.server import FaultRule
from worker.ledger import ClockWatch, CloseGate, Ledger, Limits, Settlement, Terms, alarms
from worker.ledger.schema.tables import gate
from worker.settings import TimingSettings

from .builders import (
    LATENCY,
    ManualClock,
    again,
    claim,
    claim_one,
    dead,
    delivery,
    done,
    opened,
    resolved,
    take_back,
)
from .conftest import MakeLedger
from .relay import Relay, relaying

TIMING = TimingSettings(stall_alarm=36_000)
NAME = "delivery_failing"
GHOST = timedelta(seconds=TIMING.ghost_wait)
MINUTES = 1 / 60


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


def names(ledger: Ledger) -> set[str]:
    return {each.name for each in alarms(ledger.overview(), TIMING)}


def record(ledger: Ledger, number: int) -> None:
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(number)))])


@contextmanager
def closed_port() -> Iterator[str]:
    """Yield the URL of a port at which nobody listens, and that nobody else gets."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/api/v1"


def fail(ledger: Ledger, clock: ManualClock) -> None:
    """Let every call that is due fail; each follows again after five seconds."""
    at = clock.now + timedelta(seconds=5)
    ledger.settle([(each, again(at, latency=LATENCY)) for each in claim(ledger)])


def fail_for(ledger: Ledger, clock: ManualClock, seconds: int) -> None:
    """Let calls fail now, in the middle and at the end of this time."""
    for half in (seconds // 2, seconds - seconds // 2):
        fail(ledger, clock)
        clock.advance(seconds=half)
    fail(ledger, clock)


# ---- in front of a service ----------------------------------------------------------------------------------


def test_a_closed_port_raises_it_after_two_minutes_and_not_before(relay: Relay) -> None:
    record(relay.ledger, 20)
    with closed_port() as relay.url:
        relay.run(for_hours=1.9 * MINUTES)
        assert NAME not in names(relay.ledger)
        relay.run(for_hours=1 * MINUTES)
        assert NAME in names(relay.ledger)
    relay.stop()


def test_a_service_that_answers_500_to_all_raises_it_and_its_first_answer_ends_it(relay: Relay) -> None:
    record(relay.ledger, 20)
    relay.api.faults.add(FaultRule(action="status", status=500))
    relay.run(for_hours=4 * MINUTES)
    now = relay.ledger.overview()
    assert NAME in names(relay.ledger)
    assert now.last_success_at is None
    assert now.failures_in_a_row >= 20
    relay.api.faults.clear()
    relay.run()
    assert names(relay.ledger) == set()
    assert relay.ledger.overview().failures_in_a_row == 0
    assert relay.ledger.overview().last_success_at is not None


def test_it_stays_up_while_everything_waits_for_its_ghost(relay: Relay) -> None:
    record(relay.ledger, 3)
    relay.api.faults.add(FaultRule(action="status", status=500))
    relay.run(for_hours=3 * MINUTES)
    for _ in range(12):
        assert NAME in names(relay.ledger)
        relay.advance(seconds=20)
        relay.send_what_is_due()


def test_a_service_that_rejects_everything_answers(relay: Relay) -> None:
    record(relay.ledger, 20)
    relay.api.faults.add(FaultRule(action="status", status=422))
    relay.run(for_hours=10 * MINUTES)
    assert names(relay.ledger) == {"dead_letters"}
    assert relay.ledger.overview().failures_in_a_row == 0


def test_a_refused_key_has_an_alarm_of_its_own(relay: Relay) -> None:
    record(relay.ledger, 20)
    relay.use_key("wrong")
    relay.run(for_hours=10 * MINUTES)
    assert names(relay.ledger) == {"gate_closed"}


def test_a_spent_budget_raises_none(relay: Relay) -> None:
    record(relay.ledger, 2)
    relay.api.faults.add(FaultRule(action="status", status=429))
    relay.run(for_hours=3 * MINUTES)
    assert names(relay.ledger) == set()


def test_one_operation_alone_is_enough_if_no_other_can_be_sent(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), resolved())])
    relay.api.faults.add(FaultRule(action="status", status=500))
    relay.run(for_hours=4 * MINUTES)
    assert NAME in names(relay.ledger)


def test_after_the_breaker_opened_probes_are_enough(relay: Relay) -> None:
    record(relay.ledger, 60)
    relay.api.faults.add(FaultRule(action="status", status=503))
    relay.run(for_hours=3 * MINUTES)
    assert names(relay.ledger) == {NAME, "breaker_open"}


# ---- over the ledger ----------------------------------------------------------------------------------------


def test_a_success_in_between_begins_the_time_anew(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 115)
    clock.advance(seconds=5)
    first, *others = claim(ledger)
    at = clock.now + timedelta(seconds=5)
    ledger.settle([(first, done()), *((each, again(at, latency=LATENCY)) for each in others)])
    assert ledger.overview().failures_in_a_row == 2
    clock.advance(seconds=5)
    fail_for(ledger, clock, 110)
    assert NAME not in names(ledger)
    clock.advance(seconds=5)
    assert NAME in names(ledger)


def test_a_rejection_in_between_is_an_answer_and_no_success(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 130)
    assert NAME in names(ledger)
    clock.advance(seconds=5)
    rejected = Settlement("dead", "rejected", status=422, error="no", latency=LATENCY)
    ledger.settle([(claim(ledger)[0], rejected)])
    assert names(ledger) == {"dead_letters"}
    assert (ledger.overview().failures_in_a_row, ledger.overview().last_success_at) == (0, None)


@pytest.mark.parametrize("status", [408, 409, 425])
def test_any_4xx_is_an_answer(ledger: Ledger, clock: ManualClock, status: int) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 130)
    clock.advance(seconds=5)
    in_doubt = again(clock.now + GHOST, unknown=True, status=status, latency=LATENCY)
    ledger.settle([(claim(ledger)[0], in_doubt)])
    assert names(ledger) == set()


def test_two_calls_are_too_few(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 2)
    fail(ledger, clock)
    clock.advance(seconds=600)
    assert NAME not in names(ledger)
    fail(ledger, clock)
    assert NAME in names(ledger)


def test_one_operation_that_fails_is_too_few_while_another_one_could_be_sent(
    ledger: Ledger, clock: ManualClock
) -> None:
    record(ledger, 2)
    first, _ = claim(ledger)
    for _ in range(3):
        ledger.settle([(first, again(clock.now, latency=LATENCY))])
        clock.advance(seconds=100)
        (first,) = claim(ledger, limit=1)
    assert ledger.overview().failures_in_a_row == 3
    assert NAME not in names(ledger)


def test_look_ups_count_neither_way(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    for _ in range(4):
        pairs = [(each, again(clock.now, reads=True, latency=LATENCY)) for each in claim(ledger)]
        ledger.settle(pairs)
        clock.advance(seconds=60)
    assert (names(ledger), ledger.overview().failures_in_a_row) == (set(), 0)
    fail_for(ledger, clock, 130)
    assert NAME in names(ledger)
    clock.advance(seconds=5)
    (one, *_) = claim(ledger)
    ledger.settle([(one, Settlement("again", "absent", again_at=clock.now, absent=True, reads=True, latency=LATENCY))])
    assert NAME in names(ledger)


def test_attempts_without_a_call_count_neither_way(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    for _ in range(4):
        ledger.settle([(each, again(clock.now)) for each in claim(ledger)])
        clock.advance(seconds=60)
    assert (names(ledger), ledger.overview().failures_in_a_row) == (set(), 0)
    fail_for(ledger, clock, 130)
    clock.advance(seconds=5)
    ledger.settle([(claim(ledger)[0], dead())])
    assert NAME in names(ledger)


def test_a_settle_that_is_refused_counts_neither_way(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 1)
    frozen = claim_one(ledger)
    clock.advance(seconds=61)
    take_back(ledger, GHOST)
    ledger.settle([(frozen, again(clock.now, latency=LATENCY))])
    assert ledger.overview().failures_in_a_row == 0


def test_a_ghost_wait_does_not_count_as_time_in_which_work_could_be_sent(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 2)
    fail(ledger, clock)
    clock.advance(seconds=65)
    at = clock.now + 3 * GHOST
    ledger.settle([(each, again(at, unknown=True, latency=LATENCY)) for each in claim(ledger)])
    clock.advance(seconds=59)
    assert NAME not in names(ledger)
    clock.advance(seconds=1)
    assert NAME in names(ledger)


def test_while_everything_is_paused_it_is_down_and_the_time_begins_anew(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 130)
    assert NAME in names(ledger)
    ledger.pause("*", "the Tickets API is being repaired")
    assert NAME not in names(ledger)
    clock.advance(hours=1)
    ledger.resume("*")
    fail_for(ledger, clock, 115)
    assert NAME not in names(ledger)
    clock.advance(seconds=5)
    assert NAME in names(ledger)


def test_the_end_of_a_pause_of_one_source_leaves_it_up_for_the_others(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    ledger.record([delivery(opened("mail"), source="mail")])
    ledger.pause("mail", "a flood")
    fail_for(ledger, clock, 130)
    ledger.resume("mail")
    assert NAME in names(ledger)


def test_work_that_is_delayed_or_held_or_paused_does_not_wait_for_the_service(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger = make_ledger()
    ledger.upgrade()
    record(ledger, 3)
    fail_for(ledger, clock, 130)
    clock.advance(seconds=5)
    for each in claim(ledger):
        ledger.settle([(each, dead())])
    assert names(ledger) == {"dead_letters"}
    ledger.record([delivery(opened("mail"), source="mail")])
    ledger.pause("mail", "a flood")
    assert names(ledger) == {"dead_letters"}


def test_work_that_just_arrived_has_not_waited_yet(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 2)
    fail(ledger, clock)
    clock.advance(seconds=5)
    found = [(each, replace(done(f"T-{each.case_id}"), outcome="adopted", reads=True)) for each in claim(ledger)]
    ledger.settle(found)
    clock.advance(hours=1)
    ledger.record([delivery(opened("new"))])
    fail(ledger, clock)
    assert ledger.overview().failures_in_a_row == 3
    assert NAME not in names(ledger)
    fail_for(ledger, clock, 120)
    assert NAME in names(ledger)


def test_a_look_up_that_closed_the_gate_begins_the_time_anew(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 100)
    clock.advance(seconds=5)
    refused = CloseGate(clock.now + timedelta(hours=1), "credentials")
    one, *others = claim(ledger)
    ledger.settle(
        [(one, Settlement("again", "refused", again_at=clock.now, reads=True, latency=LATENCY, gate=refused))]
    )
    ledger.settle([(each, again(clock.now, latency=LATENCY)) for each in others])  # they were under way
    clock.advance(seconds=130)
    assert names(ledger) == {"gate_closed"}
    clock.advance(hours=1)
    probe = claim_one(ledger)
    ledger.settle(
        [(probe, Settlement("again", "absent", again_at=clock.now, absent=True, reads=True, latency=LATENCY))]
    )
    fail_for(ledger, clock, 115)
    assert NAME not in names(ledger)
    clock.advance(seconds=5)
    assert NAME in names(ledger)


def test_a_restore_forgets_what_failed_before_the_backup(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 3)
    fail_for(ledger, clock, 130)
    clock.advance(hours=5)
    ledger.mark_restored()
    assert (names(ledger), ledger.overview().failures_in_a_row) == (set(), 0)
    clock.advance(seconds=121)
    assert names(ledger) == set()
    ledger.settle([(each, again(clock.now, latency=LATENCY)) for each in claim(ledger)])
    assert NAME not in names(ledger)


# ---- and the clock is set back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_before", [True, False])
def test_it_comes_in_time_although_the_clock_was_set_back_and_all_work_is_from_before(
    ledger: Ledger, clock: ManualClock, fails_before: bool
) -> None:
    terms = Terms(timedelta(seconds=60), timedelta(hours=23), GHOST, Limits(None, None))
    watch = ClockWatch(lambda: 0.0)
    ledger.look_at_clock(terms, watch)
    record(ledger, 3)
    if fails_before:
        fail(ledger, clock)
    clock.advance(hours=-2)
    assert ledger.look_at_clock(terms, watch) is not None
    ledger.job_store.mend_clock(GHOST, timedelta(0))
    clock.advance(seconds=61)
    fail_for(ledger, clock, 120)
    assert NAME in names(ledger)


def test_what_is_remembered_of_the_service_is_of_no_later_time_than_now_after_a_step_back(
    ledger: Ledger, clock: ManualClock
) -> None:
    terms = Terms(timedelta(seconds=60), timedelta(hours=23), GHOST, Limits(None, None))
    watch = ClockWatch(lambda: 0.0)
    ledger.look_at_clock(terms, watch)
    record(ledger, 1)
    ledger.settle([(each, done()) for each in claim(ledger)])
    with ledger.database.write() as connection:
        connection.execute(update(gate).values(learnt=0.5, learnt_at=clock.now, late_at=clock.now, since=clock.now))
    clock.advance(hours=-2)
    assert ledger.look_at_clock(terms, watch) is not None
    ledger.job_store.mend_clock(GHOST, timedelta(0))
    assert ledger.overview().last_success_at == clock.now
    clock.advance(seconds=600)
    assert ledger.overview().share > 0.5
