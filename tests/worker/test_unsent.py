"""Calls that provably did not leave: they give back what their claim took, a token of the budget and the probe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from worker.ledger import CloseGate, Ledger, Limits, Settlement
from worker.ledger.schema.tables import budget

from .builders import PROBE, ManualClock, again, claim, claim_one, delivery, done, opened, rows


def storm(ledger: Ledger, number: int) -> None:
    """Record a number of new cases, each with a create that is due."""
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(number)))])


def tokens(ledger: Ledger) -> int:
    return sum(each["tokens"] for each in rows(ledger, budget))


def unsent(now: datetime, **more: Any) -> Settlement:
    """Return the settlement of a call that did not leave."""
    return again(now, unsent=True, **more)


def test_a_call_that_did_not_leave_gives_its_token_back_and_no_other(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    first, second, third = claim(ledger, limits=Limits(10, 10))
    ledger.settle([(first, unsent(clock.now)), (second, done("T-2")), (third, again(clock.now))])
    assert {(each["case_id"], each["epoch"]) for each in rows(ledger, budget)} == {
        (each.case_id, each.epoch) for each in (second, third)
    }


def test_a_dead_letter_that_needed_no_call_gives_its_token_back(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    one = claim_one(ledger, limits=Limits(10, 10))
    ledger.settle([(one, Settlement("dead", "rejected", error="the case has no ticket", unsent=True))])
    assert tokens(ledger) == 0


def test_an_older_claim_of_a_case_gives_no_token_of_the_newer_one_back(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    old = claim_one(ledger, limits=Limits(10, 10))
    ledger.settle([(old, again(clock.now))])
    claim_one(ledger, limits=Limits(10, 10))
    ledger.settle([(old, unsent(clock.now))])
    assert tokens(ledger) == 2


@pytest.mark.parametrize("reason", ["credentials", "scope", "breaker"])
def test_a_probe_that_did_not_leave_frees_the_probe(ledger: Ledger, clock: ManualClock, reason: str) -> None:
    storm(ledger, 2)
    closing = CloseGate(clock.now + PROBE, reason)  # type: ignore[arg-type]
    ledger.settle([(claim(ledger, limit=1)[0], again(clock.now, gate=closing))])
    clock.advance(seconds=PROBE.total_seconds())
    (probe,) = claim(ledger)
    assert (probe.probes, claim(ledger)) == (reason, [])
    ledger.settle([(probe, unsent(clock.now))])
    (other,) = claim(ledger)
    assert other.probes == reason


def test_a_token_of_the_version_before_counts_with_the_least_late_bound(ledger: Ledger, clock: ManualClock) -> None:
    with ledger.database.write() as connection:
        connection.execute(budget.insert().values(at=clock.now, tokens=1, rank=3, source="a"))
    storm(ledger, 1)
    clock.advance(seconds=60.3)
    assert claim(ledger, limits=Limits(1, None)) == []
    clock.advance(seconds=0.2)
    assert len(claim(ledger, limits=Limits(1, None))) == 1
