"""Jumps of the ledger's clock: what shows one, who notes it, for how long nothing is sent, and what is mended then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from worker.delivery.dispatch import Dispatch
from worker.ledger import CLOCK_JOB, ClockWatch, CloseGate, Ledger, LedgerAway, Limits, Settlement, Terms
from worker.ledger.queue.clock_jumps import Jump, Reading, is_noted, jump_between
from worker.ledger.schema.tables import budget, cases, gate, operations

from .builders import (
    LEASE,
    NOON,
    PROBE,
    UNLIMITED,
    WINDOW,
    ManualClock,
    again,
    claim_one,
    delivery,
    done,
    opened,
    rows,
    rules_of,
)

pytestmark = pytest.mark.one_database

GHOST = timedelta(seconds=60)
LONGEST = timedelta(minutes=16)
TERMS = Terms(LEASE, WINDOW, PROBE, UNLIMITED, ghost_wait=GHOST)
SCARCE = replace(TERMS, limits=Limits(10, None))


class Processes:
    """Processes whose clocks never jump, and a ledger whose clock a test sets."""

    def __init__(self, ledger: Ledger, clock: ManualClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self._seconds = 0.0

    def start(self) -> ClockWatch:
        return ClockWatch(lambda: self._seconds)

    def started(self) -> ClockWatch:
        """Start a process that has looked at the ledger's clock."""
        watch = self.start()
        self.ledger.look_at_clock(TERMS, watch)
        return watch

    def wait(self, seconds: float) -> None:
        self._seconds += seconds
        self.clock.advance(seconds=seconds)

    def set_clock(self, *, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    def claims(self, watch: ClockWatch, terms: Terms = TERMS) -> int:
        """Record a new case, and claim at most one; return the number of claims."""
        self.ledger.record([delivery(opened(f"case {self.clock.now} {self._seconds}"))])
        return len(self.ledger.claim(None, limit=1, owner="one", terms=terms, watch=watch).claims)

    def mend(self) -> None:
        self.ledger.job_store.mend_clock(LONGEST, GHOST)

    def jump(self) -> tuple[float, float] | None:
        """Return the jump that keeps the gate closed, and for how much longer it does, in seconds."""
        found = self.ledger.overview().clock_jump
        return None if found is None else (found.seconds, (found.until - self.clock.now).total_seconds())


@pytest.fixture
def processes(ledger: Ledger, clock: ManualClock) -> Processes:
    return Processes(ledger, clock)


# ---- what shows a jump --------------------------------------------------------------------------------------


def reading(ledger_s: float, before: float, after: float | None = None) -> Reading:
    return Reading(NOON + timedelta(seconds=ledger_s), before, before if after is None else after)


@pytest.mark.parametrize(
    ("last", "later", "jumped"),
    [
        (reading(0, 0), reading(14, 10), 4.0),
        (reading(0, 0), reading(14, 10, 15), None),  # it took five seconds to read the time
        (reading(0, 0, 5), reading(14, 10), None),
        (reading(0, 0), reading(10_009, 10_000), None),  # clocks drift apart
        (reading(0, 0), reading(10_012, 10_000), 12.0),
    ],
)
def test_a_jump_is_more_than_reading_and_drift_explain(last: Reading, later: Reading, jumped: float | None) -> None:
    found = jump_between(last, later)
    assert (None if found is None else found.by.total_seconds()) == jumped


def test_a_reading_that_a_thread_brings_late_does_not_replace_a_later_one() -> None:
    watch = ClockWatch(lambda: 0.0)
    for each in (reading(0, 0), reading(10, 10), reading(5, 5)):
        assert watch.look(each) is None
    found = watch.look(reading(3600, 11))
    assert found is not None
    assert found.last == NOON + timedelta(seconds=10)


# ---- who notes it -------------------------------------------------------------------------------------------


def test_a_process_that_finds_a_jump_later_does_not_note_it_again(processes: Processes) -> None:
    one, two = processes.started(), processes.started()
    processes.set_clock(seconds=90)
    assert processes.claims(one) == 0
    processes.wait(30)
    assert processes.claims(two) == 0
    assert processes.jump() == (90, 30)


def test_a_second_jump_of_the_same_size_is_another_one(processes: Processes) -> None:
    one = processes.started()
    for _ in range(2):
        processes.set_clock(seconds=90)
        assert processes.claims(one) == 0
        assert processes.jump() == (90, 60)
        processes.mend()
        processes.wait(61)
        assert processes.claims(one) == 1


def test_a_smaller_step_back_after_a_step_forward_is_another_jump(processes: Processes) -> None:
    one = processes.started()
    for seconds in (3600, -90):
        processes.set_clock(seconds=seconds)
        assert processes.claims(one) == 0
        assert processes.jump() == (seconds, 60)


def test_a_jump_whose_note_was_not_committed_is_found_again(processes: Processes) -> None:
    one = processes.started()
    processes.ledger.record([delivery(opened())])
    processes.set_clock(seconds=90)

    def fail(_: Connection) -> None:
        raise OperationalError("COMMIT", None, ConnectionError("the database went away"))

    engine = processes.ledger.database.engine
    event.listen(engine, "commit", fail)
    with pytest.raises(LedgerAway):
        processes.ledger.claim(None, limit=1, owner="one", terms=TERMS, watch=one)
    event.remove(engine, "commit", fail)
    assert processes.jump() is None
    assert processes.claims(one) == 0
    assert processes.jump() == (90, 60)


def test_every_round_of_dispatch_looks_at_the_clock(processes: Processes) -> None:
    dispatch = Dispatch(processes.ledger, lambda _: None, lambda _: 0, rules_of(), processes.started())
    dispatch.once()
    assert processes.jump() is None
    processes.set_clock(seconds=-90)
    dispatch.once()
    assert processes.jump() == (-90, 60)


def settle_one(ledger: Ledger) -> None:
    ledger.settle([(claim_one(ledger), done())])


@pytest.mark.parametrize(
    "act",
    [claim_one, settle_one, lambda ledger: ledger.take_spare_token(SCARCE.limits)],
    ids=["claimed", "settled", "a token taken"],
)
def test_a_start_at_a_time_before_the_newest_record_is_a_jump(
    processes: Processes, act: Callable[[Ledger], object]
) -> None:
    processes.ledger.record([delivery(opened())])
    act(processes.ledger)
    processes.set_clock(seconds=-3600)
    assert processes.claims(processes.start()) == 0
    assert processes.jump() == (-3600, 60)


# ---- for how long nothing is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "ghost_wait_s", "closed_s"),
    [
        (Limits(10, None), 60, 60.4),  # a token of the minute, with the late bound
        (Limits(None, 2), 0, 1.4),
        (Limits(10, 2), 90, 90),
        (UNLIMITED, 60, 60),
    ],
)
def test_the_gate_is_closed_until_the_longest_wait_has_passed(
    processes: Processes, limits: Limits, ghost_wait_s: float, closed_s: float
) -> None:
    one = processes.started()
    processes.set_clock(seconds=3600)
    terms = replace(TERMS, limits=limits, ghost_wait=timedelta(seconds=ghost_wait_s))
    assert processes.claims(one, terms) == 0
    assert processes.jump() == (3600, closed_s)


def test_after_a_step_back_the_gate_is_closed_for_a_ghost_wait_from_the_end_of_the_mending(
    processes: Processes,
) -> None:
    one = processes.started()
    processes.set_clock(seconds=-90)
    processes.ledger.look_at_clock(TERMS, one)
    processes.wait(50)
    assert processes.jump() == (-90, 10)
    processes.mend()
    assert processes.jump() == (-90, 60)


def test_a_run_that_began_before_the_jump_cannot_end_the_job_which_is_due_at_once(processes: Processes) -> None:
    one, store = processes.started(), processes.ledger.job_store
    store.plan([CLOCK_JOB])
    early = store.take([CLOCK_JOB], owner="one", lease=LEASE)
    assert early is not None
    processes.set_clock(seconds=-90)
    processes.ledger.look_at_clock(TERMS, one)
    assert not store.finish(early[0], {}, after=timedelta(hours=1))
    assert store.take([CLOCK_JOB], owner="two", lease=LEASE) is not None


# ---- what is mended -----------------------------------------------------------------------------------------


def step_back(processes: Processes, one: ClockWatch, seconds: float) -> datetime:
    """Set the clock back, and mend the times; return the time afterwards."""
    processes.set_clock(seconds=-seconds)
    processes.ledger.look_at_clock(TERMS, one)
    processes.mend()
    return processes.clock.now


@pytest.mark.parametrize(("seconds", "unproven"), [(3600, True), (90, False)])
def test_after_a_step_far_back_no_key_of_a_dead_letter_of_unknown_outcome_proves_anything(
    processes: Processes, seconds: float, unproven: bool
) -> None:
    one = processes.started()
    processes.ledger.record([delivery(opened())])
    in_doubt = Settlement("dead", "unknown", unknown=True, error="409, twice")
    processes.ledger.settle([(claim_one(processes.ledger), in_doubt)])
    step_back(processes, one, seconds)
    (found,) = rows(processes.ledger, operations)
    assert (found["ambiguous"], found["unproven"]) == (True, unproven)


def test_after_a_step_back_no_case_waits_for_longer_than_any_does_on_purpose(processes: Processes) -> None:
    one = processes.started()
    processes.ledger.record([delivery(opened())])
    processes.ledger.settle([(claim_one(processes.ledger), again(NOON + timedelta(hours=5)))])
    now = step_back(processes, one, 90)
    assert [each["run_at"] for each in rows(processes.ledger, cases)] == [now + LONGEST]


def test_after_a_step_back_a_closed_gate_opens_when_it_was_meant_to(processes: Processes) -> None:
    one = processes.started()
    processes.ledger.record([delivery(opened())])
    closing = CloseGate(NOON + timedelta(seconds=300), "budget")
    processes.ledger.settle([(claim_one(processes.ledger), again(NOON, gate=closing))])
    now = step_back(processes, one, 90)
    assert rows(processes.ledger, gate)[0]["closed_until"] == now + timedelta(seconds=300)


def test_after_a_step_back_no_token_is_of_later_than_now(processes: Processes) -> None:
    one = processes.started()
    assert processes.ledger.take_spare_token(SCARCE.limits)
    step_back(processes, one, 90)
    assert rows(processes.ledger, budget) == []


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_the_waits_of_a_call_that_ends_after_a_jump_are_as_long_as_they_were_meant(
    processes: Processes, seconds: float
) -> None:
    processes.ledger.record([delivery(opened())])
    claimed = claim_one(processes.ledger)
    closing = CloseGate(NOON + timedelta(seconds=300), "budget")
    outcome = again(NOON + timedelta(seconds=70), gate=closing, estimated_at=NOON)
    processes.set_clock(seconds=seconds)
    processes.ledger.settle([(claimed, outcome)])
    now = processes.clock.now
    assert [each["run_at"] for each in rows(processes.ledger, cases)] == [now + timedelta(seconds=70)]
    assert rows(processes.ledger, gate)[0]["closed_until"] == now + timedelta(seconds=300)


def test_a_second_step_back_of_the_same_size_is_another_jump() -> None:
    first = Jump(timedelta(hours=-1), NOON, Reading(NOON - timedelta(hours=1), 10.0, 10.0))
    state = SimpleNamespace(jumped_at=first.reading.now, jumped_by=-3600.0)
    last = first.reading.now + timedelta(minutes=30)
    second = Jump(timedelta(hours=-1), last, Reading(last - timedelta(hours=1), 1810.0, 1810.0))
    assert is_noted(state, replace(first, last=NOON))  # type: ignore[arg-type]
    assert not is_noted(state, second)  # type: ignore[arg-type]


def test_an_older_reading_of_another_thread_finds_no_jump() -> None:
    watch = ClockWatch(lambda: 0.0)
    watch.look(Reading(NOON, 0.0, 0.0))
    jump = watch.look(Reading(NOON + timedelta(seconds=100), 10.0, 10.0))
    assert jump is not None
    watch.follow(jump)
    assert watch.look(Reading(NOON + timedelta(seconds=9), 9.0, 9.0)) is None


def test_a_jump_of_another_size_that_was_noted_at_the_same_time_is_another_jump() -> None:
    later = NOON + timedelta(minutes=30)
    state = SimpleNamespace(jumped_at=later, jumped_by=-1800.0)
    jump = Jump(timedelta(minutes=30), NOON, Reading(later + timedelta(seconds=1), 1.0, 1.0))
    assert not is_noted(state, jump)  # type: ignore[arg-type]


def test_the_claim_that_finds_a_jump_says_so(ledger: Ledger, clock: ManualClock) -> None:
    watch = ClockWatch(lambda: 0.0)
    ledger.look_at_clock(TERMS, watch)
    clock.advance(hours=1)
    claimed = ledger.claim(None, limit=1, owner="one", terms=TERMS, watch=watch)
    assert (claimed.claims, claimed.jump and claimed.jump.by) == ([], timedelta(hours=1))
