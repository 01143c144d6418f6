"""Fair selection when the tokens do not suffice: the choice as a value, then the real claim over simulated hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from worker.ledger import Claim, Delivery, Ledger, Limits, Terms
from worker.ledger.queue.budget import URGENT, Allowance, Spent
from worker.ledger.queue.fairness import AGE_STEP, Queue, aged, fair_shares
from worker.ledger.schema.tables import cases
from worker.planning.model import Policy

from .builders import (
    LEASE,
    NOON,
    PROBE,
    WINDOW,
    ManualClock,
    case_row,
    claim,
    commented,
    delivery,
    done,
    opened,
    resolved,
    rows,
)
from .conftest import MakeLedger

LIMITS = Limits(10, None)
PAUSE = 6.04  # seconds between two calls of this budget


def queue(source: str = "a", rank: int = 3, length: int = 9, waits: float = 0) -> Queue:
    """Build a queue with an oldest operation that has waited for `waits` minutes."""
    return Queue(source, rank, length, NOON - timedelta(minutes=waits))


def given(
    queues: Sequence[Queue], urgent: int, others: int | None = None, spent: Sequence[Spent] = (), limit: int = 100
) -> dict[str, int]:
    allowed = Allowance(urgent, urgent if others is None else others, NOON, scarce=True)
    found = fair_shares(queues, spent, allowed, limit, NOON)
    return {f"{each.source}{each.rank}": number for each, number in found.items()}


@pytest.mark.parametrize(
    ("queues", "expected"),
    [
        pytest.param([queue(rank=3), queue(rank=1)], {"a1": 4}, id="the better rank"),
        pytest.param([queue("a"), queue("b")], {"a3": 2, "b3": 2}, id="sources of one rank in turns"),
        pytest.param([queue("a"), queue("b", length=1)], {"a3": 3, "b3": 1}, id="what one source does not need"),
        pytest.param([queue("a", 3), queue("b", 5, waits=11)], {"a3": 2, "b5": 2}, id="age lifts to the same rank"),
        pytest.param([queue("a", 2), queue("b", 5, waits=11)], {"a2": 4}, id="age lifts one rank in five minutes"),
        pytest.param([queue("a", 0), queue("b", 5, waits=900)], {"a0": 4}, id="age never lifts to the urgent"),
    ],
)
def test_who_gets_four_tokens(queues: list[Queue], expected: dict[str, int]) -> None:
    assert given(queues, 4) == expected


def test_a_source_that_had_much_within_the_minute_waits_for_the_others() -> None:
    had = [Spent(NOON, 2, 5, "a")]
    assert given([queue("a"), queue("b")], 4, spent=had) == {"a3": 1, "b3": 3}


def test_what_is_kept_for_the_urgent_is_given_to_nobody_else() -> None:
    assert given([queue("a", 0, length=1), queue("b")], 4, others=0) == {"a0": 1}
    assert given([queue("b")], 4, others=0) == {}
    assert given([queue("a", 0), queue("b")], 4, others=2, limit=1) == {"a0": 1}


@hypothesis.given(
    queues=st.lists(
        st.builds(queue, st.sampled_from("abc"), st.integers(0, 5), st.integers(1, 9), st.floats(0, 60)),
        unique_by=lambda each: (each.source, each.rank),
    ),
    urgent=st.integers(0, 20),
    others=st.integers(0, 20),
    limit=st.integers(0, 20),
)
def test_no_more_is_given_than_there_is_and_none_is_left_that_somebody_may_have(
    queues: list[Queue], urgent: int, others: int, limit: int
) -> None:
    allowed = Allowance(urgent, min(others, urgent), NOON, scarce=True)
    found = fair_shares(queues, [], allowed, limit, NOON)
    assert all(number <= each.length for each, number in found.items())
    assert found.total() <= min(urgent, limit)
    for_urgent = sum(each.length for each in queues if each.rank == URGENT)
    for_others = sum(each.length for each in queues if each.rank != URGENT)
    first = min(for_urgent, urgent, limit)
    assert sum(number for each, number in found.items() if each.rank == URGENT) == first
    assert found.total() - first == min(for_others, max(0, min(allowed.others, limit) - first))
    ranks = [aged(each, NOON) for each, number in found.items() for _ in range(number)]
    assert all(one <= other for one, other in pairwise(ranks))


def serve(
    ledger: Ledger, clock: ManualClock, minutes: float, arrivals: Callable[[int], list[Delivery]] = lambda _: []
) -> list[tuple[datetime, Claim]]:
    """Deliver for a number of minutes, with a claim every two seconds; return the claims with their times.

    `arrivals` gives the deliveries that come in before each claim, by the claim's number.
    """
    terms = Terms(LEASE, WINDOW, PROBE, LIMITS)
    found = []
    for number in range(round(minutes * 30)):
        if come := arrivals(number):
            ledger.record(come)
        claims = ledger.claim(None, limit=40, owner="one", terms=terms).claims
        ledger.settle([(each, done(each.ticket_id or f"T-{each.case_id}-{each.seq}")) for each in claims])
        found += [(clock.now, each) for each in claims]
        clock.advance(seconds=2)
    return found


def creates(number: int, name: str, source: str = "prom", **more: Any) -> list[Delivery]:
    return [delivery(*(opened(f"{name}-{each}", **more) for each in range(number)), source=source)]


def test_a_trickle_is_not_held_up_by_a_flood_of_another_source(ledger: Ledger, clock: ManualClock) -> None:
    def arrivals(number: int) -> list[Delivery]:
        if not number:
            return creates(80, "flood", "prom")
        return [delivery(opened(f"trickle-{number}"), source="mail")] if number % 15 == 0 else []

    served = serve(ledger, clock, 4, arrivals)
    trickle = [at for at, each in served if each.source == "mail"]
    came = [NOON + timedelta(seconds=2 * number) for number in range(15, 120, 15)]
    waited = [(at - since).total_seconds() for at, since in zip(trickle, came, strict=True)]
    assert max(waited) <= 2 * PAUSE + 2
    assert sum(each.source == "prom" for _, each in served) >= 30


def test_notes_are_sent_although_more_creates_come_than_can_ever_be_sent(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    sqlite_ledger.record([delivery(opened("old"), commented("old"))])
    deliver_create(sqlite_ledger)

    sqlite_ledger.record(creates(20, "flood", priority="high"))

    def overload(number: int) -> list[Delivery]:
        return creates(1, f"more-{number}", priority="high") if number % 2 == 0 else []

    served = serve(sqlite_ledger, clock, 32, overload)
    (sent,) = [at for at, each in served if each.kind == "add_note"]
    # Notes are four ranks behind. When their age has lifted them, older operations go first.
    assert 3.5 * AGE_STEP <= sent - NOON <= 6 * AGE_STEP


def deliver_create(ledger: Ledger) -> None:
    ledger.settle([(each, done()) for each in claim(ledger)])


@hypothesis.settings(
    max_examples=3, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    waiting=st.lists(
        st.tuples(st.sampled_from(["prom", "mail", "chat"]), st.sampled_from(["high", "medium", "low"])),
        min_size=3,
        max_size=12,
    ),
    flood=st.sampled_from(["prom", "mail"]),
)
def test_no_source_and_no_rank_waits_for_ever(
    sqlite_ledger: Ledger, clock: ManualClock, waiting: list[tuple[str, str]], flood: str
) -> None:
    """All that waits at first is sent in time, although one source keeps opening more cases than the budget allows."""
    name = clock.advance(hours=2).isoformat()
    for each in claim(sqlite_ledger, limit=10_000):  # left by an earlier example
        sqlite_ledger.settle([(each, done(f"T-{each.case_id}"))])
    clock.advance(hours=1)
    events = [(source, opened(f"{name}-{n}", priority=priority)) for n, (source, priority) in enumerate(waiting)]
    sqlite_ledger.record([delivery(event, source=source) for source, event in events])

    def overload(number: int) -> list[Delivery]:
        more = opened(f"{name}-more-{number}", priority="high")
        return [delivery(more, source=flood)] if number % 2 == 0 else []

    first_ids = {each["id"] for each in rows(sqlite_ledger, cases) if each["state"] == "ready"}
    served = {each.case_id for _, each in serve(sqlite_ledger, clock, 22, overload)}
    assert first_ids <= served


def test_an_urgent_create_behind_a_hundred_notes_of_its_case_is_served_as_urgent(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger = make_ledger(policy=Policy(reopen_window=timedelta(0)))
    ledger.upgrade()
    ledger.record([delivery(opened("old"))])
    deliver_create(ledger)
    ledger.record(creates(60, "flood", priority="high"))
    serve(ledger, clock, 2)
    notes = [commented("old", f"note-{each}", text=f"note {each}") for each in range(100)]
    ledger.record([delivery(*notes, resolved("old"), opened("old", start=600, priority="urgent"))])
    case = case_row(ledger, "old")["id"]
    served = [each for _, each in serve(ledger, clock, 2)]
    kinds = [each.kind for each in served if each.case_id == case]
    assert kinds == ["add_note", "close_ticket", "create_ticket"]  # a hundred notes in one call
    # The calls of a case go one after the other. Tokens that the case cannot use meanwhile go to others.
    assert [each.case_id for each in served].index(case) == 0
    assert max(number for number, each in enumerate(served) if each.case_id == case) <= 4


def test_the_tokens_of_a_worker_that_died_are_lost_for_their_window_only(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record(creates(20, "case", priority="urgent"))
    assert len(claim(ledger, limits=LIMITS)) == 10  # and no worker settles them
    clock.advance(seconds=60.399)
    assert claim(ledger, limits=LIMITS) == []
    clock.advance(seconds=0.001)
    assert len(claim(ledger, limits=LIMITS)) == 10
