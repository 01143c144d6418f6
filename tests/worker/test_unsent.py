"""Calls that provably did not leave: they give back what their claim took, a token of the budget and the probe."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tickets.client import TicketsClient
from worker.delivery.sending import Sender, TokenTimes
from worker.ledger import CloseGate, Ledger, Limits, Settlement
from worker.ledger.queue.budget import MOST_LATE
from worker.ledger.queue.claim import Mode
from worker.ledger.schema.tables import budget
from worker.settings import TimingSettings

from .builders import PROBE, ManualClock, again, claim, claim_one, delivery, done, opened, rows
from .test_outcomes import claimed

TIMING = TimingSettings()


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


def test_a_call_that_did_not_leave_keeps_the_token_of_the_call_before_it(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    sent = claim_one(ledger, limits=Limits(10, 10))
    ledger.settle([(sent, again(clock.now))])
    late = claim_one(ledger, limits=Limits(10, 10))
    ledger.settle([(late, unsent(clock.now))])
    assert [each["epoch"] for each in rows(ledger, budget)] == [sent.epoch]


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


def test_a_probe_that_did_not_leave_opens_no_gate_that_was_closed_meanwhile(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    first, other, _ = claim(ledger)
    ledger.settle([(first, again(clock.now, gate=CloseGate(clock.now + PROBE, "breaker")))])
    clock.advance(seconds=PROBE.total_seconds())
    (probe,) = claim(ledger)
    ledger.settle([(other, again(clock.now, gate=CloseGate(clock.now + PROBE, "credentials")))])
    ledger.settle([(probe, unsent(clock.now))])
    assert claim(ledger) == []


def be_late(ledger: Ledger, clock: ManualClock, took: float) -> timedelta:
    """Let a call come to its token so late; return the late bound afterwards."""
    late = unsent(clock.now, took=timedelta(seconds=took))
    ledger.settle([(claim_one(ledger, limits=Limits(10, 10), limit=1), late)])
    return ledger.spending().late


def test_a_call_that_is_late_by_less_lowers_the_late_bound_by_nothing(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    assert be_late(ledger, clock, 2.0) == timedelta(seconds=3)
    assert be_late(ledger, clock, 1.0) == timedelta(seconds=3)


def test_the_late_bound_has_a_limit_and_falls_from_there(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    assert be_late(ledger, clock, 59.0) == MOST_LATE
    clock.advance(seconds=600)
    assert ledger.spending().late == MOST_LATE - timedelta(seconds=1)


def test_a_token_of_the_version_before_counts_with_the_least_late_bound(ledger: Ledger, clock: ManualClock) -> None:
    with ledger.database.write() as connection:
        connection.execute(budget.insert().values(at=clock.now, tokens=1, rank=3, source="a"))
    storm(ledger, 1)
    clock.advance(seconds=60.3)
    assert claim(ledger, limits=Limits(1, None)) == []
    clock.advance(seconds=0.2)
    assert len(claim(ledger, limits=Limits(1, None))) == 1


@pytest.mark.parametrize(
    ("mode", "token", "seconds"),
    [
        ("park", None, 0.0),  # no call is needed
        ("send", None, TIMING.latest_send + 0.1),  # too late in its lease
        ("send", TokenTimes(0.0, 0.4), 0.5),  # too late for its token
    ],
)
def test_a_call_that_the_sender_does_not_make_is_settled_as_one_that_did_not_leave(
    mode: Mode, token: TokenTimes | None, seconds: float
) -> None:
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(500)

    client = TicketsClient("http://tickets.test/api/v1", "k", transport=httpx.MockTransport(answer))
    sender = Sender(client, TIMING, lambda: 1.0, lambda: seconds)
    settlement = asyncio.run(sender.send(claimed(mode=mode), 0.0, token))
    assert (settlement.unsent, settlement.latency, requests) == (True, None, [])
