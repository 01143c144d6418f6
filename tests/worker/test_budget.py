"""Claims under a budget: windows that all processes share, better ranks first, and a gate that stops every process.

The number of tokens at a moment is a pure function: tests/worker/test_allowance.py.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from worker.ledger import CloseGate, Ledger, Limits, Settlement
from worker.ledger.schema.tables import budget, gate

from .builders import (
    NOON,
    PROBE,
    ManualClock,
    again,
    at_once,
    claim,
    claim_one,
    commented,
    deliver_all,
    delivery,
    done,
    opened,
    resolved,
    rows,
)
from .conftest import MakeLedger


def storm(ledger: Ledger, number: int, name: str = "disk", **more: Any) -> None:
    """Record a number of new cases, each with a create that is due."""
    ledger.record([delivery(*(opened(f"{name}-{each}", **more) for each in range(number)))])


def refused(now: datetime, reason: str = "credentials") -> Settlement:
    closing = CloseGate(now + PROBE, "scope" if reason == "scope" else "credentials")
    return Settlement("again", "refused", again_at=now, status=401, error="401", gate=closing)


def over_budget(until: datetime) -> Settlement:
    return again(until, gate=CloseGate(until, "budget"), status=429)


def most_in(moments: list[datetime], seconds: float) -> int:
    """Return the most moments in any time of this length."""
    length = timedelta(seconds=seconds)
    return max(sum(begin <= each < begin + length for each in moments) for begin in moments)


def claim_for(ledger: Ledger, clock: ManualClock, seconds: int, limits: Limits) -> list[datetime]:
    """Claim every second for a number of seconds; return the times of the claims."""
    claimed = []
    for _ in range(seconds):
        claimed += [each.claimed_at for each in claim(ledger, limits=limits)]
        clock.advance(seconds=1)
    return claimed


def test_no_more_is_claimed_than_a_minute_allows_and_no_less(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 12)
    claimed = claim_for(ledger, clock, 125, Limits(per_minute=4, per_second=None))
    assert most_in(claimed, 60.4) == 4
    assert len(claimed) >= 8


def test_no_more_is_claimed_than_a_second_allows(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 10)
    limits = Limits(per_minute=None, per_second=3)
    assert len(claim(ledger, limits=limits)) == 3
    clock.advance(seconds=1.399)
    assert claim(ledger, limits=limits) == []
    clock.advance(seconds=0.001)
    assert len(claim(ledger, limits=limits)) == 3


def test_the_scarcer_of_both_windows_counts(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 30, priority="urgent")
    limits = Limits(per_minute=5, per_second=3)
    assert len(claim(ledger, limits=limits)) == 3
    clock.advance(seconds=2)
    assert len(claim(ledger, limits=limits)) == 2
    clock.advance(seconds=2)
    assert claim(ledger, limits=limits) == []


def test_without_limits_no_tokens_are_counted(ledger: Ledger) -> None:
    storm(ledger, 150)
    assert len(claim(ledger, limit=1000)) == 150
    assert rows(ledger, budget) == []


def test_a_claim_that_finds_nothing_takes_no_token(ledger: Ledger) -> None:
    assert claim(ledger, limits=Limits(1, 1)) == []
    assert rows(ledger, budget) == []


def test_tokens_are_forgotten_when_no_window_holds_them(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 30)
    for _ in range(10):
        claim(ledger, limit=1, limits=Limits(100, 20))
        clock.advance(seconds=30)
    assert len(rows(ledger, budget)) <= 3


def test_processes_share_the_budget(ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock) -> None:
    storm(ledger, 40)
    limits = Limits(per_minute=10, per_second=4)
    others = [make_ledger() for _ in range(4)]
    claimed: list[datetime] = []
    for _ in range(25):
        found = at_once(*(lambda each=each: claim(each, limit=4, limits=limits) for each in others))
        claimed += [each.claimed_at for some in found for each in some]
        clock.advance(seconds=5)
    assert most_in(claimed, 60.4) == 10
    assert len(claimed) >= 20


def test_scarce_tokens_are_left_to_a_better_rank_of_another_kind(ledger: Ledger) -> None:
    ledger.record([delivery(opened("old"), commented("old"))])
    ledger.settle([(claim_one(ledger), done())])
    storm(ledger, 3, "new", priority="urgent")
    limits = Limits(per_minute=3, per_second=None)
    assert claim(ledger, "add_note", limits=limits) == []
    assert len(claim(ledger, limits=limits)) == 3


def test_tokens_that_no_better_rank_needs_are_given(ledger: Ledger) -> None:
    ledger.record([delivery(opened("old"), commented("old"))])
    ledger.settle([(claim_one(ledger), done())])
    storm(ledger, 3, "new", priority="urgent")
    limits = Limits(per_minute=4, per_second=None)
    assert len(claim(ledger, "add_note", limits=limits)) == 1
    assert len(claim(ledger, limits=limits)) == 3


@hypothesis.settings(
    max_examples=20, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    steps=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.999, 1.0, 7.0, 29.9, 60.0]), st.integers(1, 9)), max_size=12
    ),
    per_minute=st.integers(1, 12),
    per_second=st.integers(1, 5),
    refusals=st.booleans(),
)
def test_no_window_ever_holds_more_calls_than_its_limit(
    sqlite_ledger: Ledger,
    clock: ManualClock,
    steps: list[tuple[float, int]],
    per_minute: int,
    per_second: int,
    refusals: bool,
) -> None:
    clock.advance(hours=1)  # tokens of an earlier example are in no window any more
    storm(sqlite_ledger, 25, f"storm-{clock.now.isoformat()}")
    sent: list[datetime] = []
    for pause, wanted in steps:
        clock.advance(seconds=pause)
        found = claim(sqlite_ledger, limit=wanted, limits=Limits(per_minute, per_second))
        sent += [clock.now] * len(found)
        if refusals:
            sqlite_ledger.settle([(each, refused(clock.now)) for each in found])
    for window, limit in [(60, per_minute), (1, per_second)]:
        for begin in sent:
            inside = [each for each in sent if begin <= each < begin + timedelta(seconds=window)]
            assert len(inside) <= limit
    _open_the_gate(sqlite_ledger, clock)


def _open_the_gate(ledger: Ledger, clock: ManualClock) -> None:
    clock.advance(hours=1)
    for _ in range(2):
        ledger.settle([(each, done()) for each in claim(ledger, limit=10_000)])
        clock.advance(hours=1)


def test_after_a_429_nobody_sends_until_the_service_says_so(
    ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock
) -> None:
    storm(ledger, 3)
    until = NOON + timedelta(seconds=17)
    ledger.settle([(claim(ledger, limit=1)[0], over_budget(until))])
    other = make_ledger()
    clock.advance(seconds=16.9)
    assert claim(ledger) == claim(other) == []
    assert ledger.due_kinds() == frozenset()
    clock.advance(seconds=0.1)
    assert ledger.due_kinds() == {"create_ticket"}
    assert len(claim(other)) == 3


def test_a_429_that_our_windows_had_room_for_makes_us_use_less_for_a_while(
    ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock
) -> None:
    storm(ledger, 300, priority="urgent")
    limits = Limits(per_minute=100, per_second=None)
    first, second, *others = claim(ledger, limit=10, limits=limits)
    ledger.settle([(first, over_budget(clock.now)), *((each, done(f"T-{each.case_id}")) for each in others)])
    ledger.settle([(second, over_budget(clock.now))])  # of the same moment as the first: counted once
    assert ledger.overview().share == ledger.spending().share == 0.9
    assert len(claim(make_ledger(), limit=200, limits=limits)) == 90 - 10
    clock.advance(seconds=120)
    assert ledger.spending().share == pytest.approx(0.94)
    assert len(claim(ledger, limit=200, limits=limits)) == 94
    clock.advance(seconds=300)
    assert ledger.spending().share == 1


def test_however_often_it_says_429_a_tenth_of_the_limit_is_tried(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 60)
    for _ in range(40):
        (one,) = claim(ledger, limit=1)
        ledger.settle([(one, over_budget(clock.now))])
        clock.advance(seconds=10)
    assert 0.1 <= ledger.spending().share <= 0.11


def test_the_gate_is_told_of_while_it_is_closed_for_the_budget(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 2)
    until = NOON + timedelta(seconds=17)
    ledger.settle([(claim(ledger, limit=1)[0], over_budget(until))])
    assert ledger.spending().closed_until == until
    clock.advance(seconds=17)
    assert ledger.spending().closed_until is None


def test_it_is_told_what_the_tokens_went_to_and_what_waits(ledger: Ledger, clock: ManualClock) -> None:
    limits = Limits(per_minute=8, per_second=None)
    ledger.record([delivery(*(opened(f"mail-{each}", priority="urgent") for each in range(2)), source="mail")])
    storm(ledger, 20)
    claimed = claim(ledger, limits=limits)
    clock.advance(seconds=30)
    told = ledger.spending()
    spent = {(each.rank, each.source): each.tokens for each in told.spent}
    assert spent == Counter((0 if each.source == "mail" else 2, each.source) for each in claimed)
    assert spent[0, "mail"] == 2
    assert [(each.rank, each.cases, each.oldest) for each in told.waiting] == [(2, 22 - len(claimed), NOON)]
    clock.advance(seconds=30)
    assert ledger.spending().spent == ()


def test_a_429_does_not_shorten_what_another_asked_for(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 2)
    one, two = claim(ledger)
    ledger.settle([(one, over_budget(NOON + timedelta(seconds=50)))])
    ledger.settle([(two, over_budget(NOON + timedelta(seconds=5)))])
    clock.advance(seconds=49)
    assert claim(ledger) == []


def test_a_429_does_not_hide_a_refused_key(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    one, two = claim(ledger, limit=2)
    ledger.settle([(one, refused(clock.now))])
    ledger.settle([(two, over_budget(NOON + timedelta(hours=1)))])
    assert ledger.overview().gate_reason == "credentials"
    clock.now += PROBE
    assert len(claim(ledger)) == 1


def test_work_that_can_wait_gets_no_token_while_the_gate_is_closed(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 1)
    limits = Limits(100, None)
    assert ledger.take_spare_token(limits)
    ledger.settle([(claim_one(ledger), refused(clock.now))])
    assert not ledger.take_spare_token(limits)
    clock.now += PROBE
    assert not ledger.take_spare_token(limits)


def test_a_look_up_that_succeeds_does_not_open_the_gate_for_calls_that_the_key_may_not_make(ledger: Ledger) -> None:
    storm(ledger, 2)
    one, two = claim(ledger)
    ledger.settle([(one, refused(NOON, "scope"))])
    ledger.settle([(two, replace(done(), reads=True))])
    assert ledger.overview().gate_reason == "scope"


def test_a_success_does_not_open_a_gate_that_a_spent_budget_closed(ledger: Ledger) -> None:
    storm(ledger, 3)
    one, two = claim(ledger, limit=2)
    ledger.settle([(one, over_budget(NOON + timedelta(seconds=50)))])
    ledger.settle([(two, done())])
    assert claim(ledger) == []


@pytest.mark.parametrize("reason", ["credentials", "scope"])
def test_while_the_key_is_refused_one_case_at_a_time_probes(
    ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock, reason: str
) -> None:
    storm(ledger, 5)
    ledger.settle([(each, refused(NOON, reason)) for each in claim(ledger, limit=2)])
    assert claim(ledger) == []
    other = make_ledger()
    for _ in range(3):
        clock.advance(seconds=30)
        probes = at_once(lambda: claim(ledger), lambda: claim(other))
        (probe,) = probes[0] + probes[1]
        assert claim(ledger) == []
        ledger.settle([(probe, refused(clock.now, reason))])
    assert ledger.overview().gate_reason == reason


def test_a_probe_that_succeeds_opens_the_gate_for_all(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 5)
    ledger.settle([(claim(ledger, limit=1)[0], refused(NOON))])
    clock.advance(seconds=30)
    ledger.settle([(claim_one(ledger), done())])
    assert ledger.overview().gate_reason is None
    assert len(claim(ledger)) == 4


def test_nothing_is_lost_while_the_key_is_refused(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 3)
    ledger.settle([(each, refused(NOON)) for each in claim(ledger)])
    clock.advance(hours=48)
    ledger.settle([(claim_one(ledger), done())])
    assert deliver_all(ledger) == ["create_ticket"] * 2


def test_a_wake_up_for_a_kind_that_waits_for_nothing_does_not_use_up_the_probe(
    ledger: Ledger, clock: ManualClock
) -> None:
    storm(ledger, 1)
    ledger.settle([(claim_one(ledger), refused(NOON))])
    clock.advance(seconds=30)
    assert claim(ledger, "close_ticket") == []
    assert len(claim(ledger)) == 1


def test_a_wake_up_for_a_worse_rank_does_not_use_up_the_probe(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened("old"), resolved("old"))])
    ledger.settle([(claim_one(ledger), done())])
    storm(ledger, 1)
    ledger.settle([(claim_one(ledger), refused(NOON))])
    for _ in range(3):
        clock.advance(seconds=30)
        # Dispatch sends its wake-ups in the order of the names.
        found = [each for kind in sorted(ledger.due_kinds()) for each in claim(ledger, kind)]
        assert [each.kind for each in found] == ["create_ticket"]
        ledger.settle([(found[0], refused(clock.now))])


def test_a_probe_needs_a_token_too(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 4)
    limits = Limits(per_minute=2, per_second=None)
    ledger.settle([(each, refused(NOON)) for each in claim(ledger, limits=limits)])
    clock.advance(seconds=30)
    assert claim(ledger, limits=limits) == []
    clock.advance(seconds=30.4)
    assert len(claim(ledger, limits=limits)) == 1


def test_a_gate_that_the_budget_closed_leaves_the_windows_as_they_are(ledger: Ledger, clock: ManualClock) -> None:
    storm(ledger, 9)
    limits = Limits(per_minute=3, per_second=None)
    first, *_ = claim(ledger, limits=limits)
    ledger.settle([(first, over_budget(NOON + timedelta(seconds=5)))])
    clock.advance(seconds=5)
    assert claim(ledger, limits=limits) == []
    assert math.isclose((rows(ledger, gate)[0]["closed_until"] - NOON).total_seconds(), 5)
