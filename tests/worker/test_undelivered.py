"""The operations that wait to be delivered: for how long, and why. Status, budget and metrics show the same."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import generate_latest

from worker.ledger import Ledger
from worker.ledger.queue.undelivered import Oldest
from worker.planning.keys import RANKS
from worker.planning.model import Policy
from worker.runtime.gauges import metrics_of

from .builders import (
    LATENCY,
    LEASE,
    NOON,
    ManualClock,
    again,
    claim,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    kill_create,
    opened,
    resolved,
    take_back,
)
from .conftest import MakeLedger
from .relay import TIMING
from .test_routing import settings_of

GHOST = timedelta(seconds=TIMING.ghost_wait)


def why(ledger: Ledger) -> dict[str, int]:
    """Return the number of operations by reason, as the overview tells; the budget must tell the same."""
    found = ledger.overview(in_full=True).undelivered
    assert found == ledger.spending().undelivered
    return {each.why: each.operations for each in found}


def test_a_ledger_without_work_has_nothing_that_waits(ledger: Ledger) -> None:
    assert why(ledger) == {}
    ledger.record([delivery(opened(), resolved())])
    deliver_all(ledger)
    assert why(ledger) == {}


def test_operations_behind_the_next_one_of_their_case_wait_for_the_same_reason(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.record([delivery(opened(), commented())])
    assert why(ledger) == {"due": 2}
    made = claim_one(ledger)
    assert why(ledger) == {"under way": 2}
    ledger.settle([(made, again(clock.now + timedelta(seconds=5), latency=LATENCY))])
    assert why(ledger) == {"backoff": 2}
    ledger.pause("prom", "a flood")
    assert why(ledger) == {"paused": 2}


def test_after_its_ghost_wait_an_operation_is_in_backoff(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON + 3 * GHOST, unknown=True, latency=LATENCY))])
    clock.advance(seconds=59)
    assert why(ledger) == {"ghost wait": 1}
    clock.advance(seconds=1)
    assert why(ledger) == {"backoff": 1}
    clock.advance(seconds=120)
    assert why(ledger) == {"due": 1}


def test_after_a_lost_lease_an_operation_waits_for_its_ghost(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    claim(ledger)
    clock.advance(seconds=LEASE.total_seconds())
    take_back(ledger, GHOST)
    assert why(ledger) == {"ghost wait": 1}


def test_after_a_restore_everything_waits_for_ghosts(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(2)))])
    ledger.mark_restored()
    clock.advance(seconds=119)
    assert why(ledger) == {"ghost wait": 2}
    clock.advance(seconds=1)
    assert why(ledger) == {"due": 2}


def test_what_needs_a_dead_create_is_held(ledger: Ledger) -> None:
    kill_create(ledger, opened(), commented())
    assert why(ledger) == {"held": 1}
    assert ledger.overview().oldest == ()


def test_a_delayed_opening_is_delayed_until_it_is_due_and_in_backoff_once_it_failed(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger = make_ledger(policy=Policy(damping=timedelta(seconds=120)), may_delay=True)
    ledger.upgrade()
    ledger.record([delivery(opened())])
    assert why(ledger) == {"delayed": 1}
    clock.advance(seconds=120)
    assert why(ledger) == {"due": 1}
    ledger.settle([(claim_one(ledger), again(clock.now + timedelta(seconds=5), latency=LATENCY))])
    assert why(ledger) == {"backoff": 1}


def test_the_oldest_of_each_rank_counts_from_its_planning(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("urgent", priority="urgent"))])
    clock.advance(seconds=10)
    ledger.record([delivery(opened("medium"), commented("medium"))])
    clock.advance(seconds=10)
    ledger.record([delivery(opened("later"))])
    made = claim(ledger, limit=1)
    ledger.settle([(each, again(clock.now + GHOST, unknown=True, latency=LATENCY)) for each in made])
    middle = NOON + timedelta(seconds=10)
    assert ledger.overview().oldest == (Oldest(0, NOON), Oldest(2, middle), Oldest(5, middle))


def test_the_metrics_tell_age_last_success_and_failures(ledger: Ledger, clock: ManualClock) -> None:
    metrics = metrics_of(ledger, settings_of(server={"gauges_every": 0}))

    def shown() -> dict[str, float]:
        lines = generate_latest(metrics.registry).decode().splitlines()
        return {name: float(value) for name, value in (each.rsplit(" ", 1) for each in lines if each[0] != "#")}

    first = shown()
    ages = {rank: f'ticketrelay_undelivered_age_seconds{{rank="{rank}"}}' for rank in RANKS}
    assert [first[each] for each in ages.values()] == [0] * len(RANKS)
    assert first["ticketrelay_failures_in_a_row"] == 0
    assert "ticketrelay_last_success_timestamp_seconds" not in first
    ledger.record([delivery(opened("one"), opened("two"))])
    one, two = claim(ledger)
    ledger.settle([(one, done())])
    clock.advance(seconds=7)
    ledger.settle([(two, again(clock.now + GHOST, unknown=True, latency=LATENCY))])
    then = shown()
    assert then[ages[2]] == 7
    assert then["ticketrelay_failures_in_a_row"] == 1
    assert then["ticketrelay_last_success_timestamp_seconds"] == NOON.timestamp()
    assert then['ticketrelay_alarm{alarm="delivery_failing"}'] == 0


def test_a_rejected_call_is_no_success(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), dead())])
    assert ledger.overview().last_success_at is None
