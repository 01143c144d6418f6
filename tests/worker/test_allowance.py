"""The allowance of calls, against a service that counts for itself, with delays, late wake-ups and urgent creates.

`play` is one process that always asks again at the time it was given. The tests prove the pure function only.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from worker.ledger.queue.budget import LEAST_LATE, MINUTE, URGENT, Allowance, Limits, Spent, allowance, late_bound

from .builders import NOON

PRODUCTION = Limits(100, 20)
MANY = 10_000


@dataclass
class Played:
    """The times of calls and the waits of urgent ones, in seconds; times count from noon."""

    claimed: list[float] = field(default_factory=list)
    urgent_waits: list[float] = field(default_factory=list)

    def used(self, begin: float, length: float) -> int:
        """Return the number of calls in this time."""
        return bisect_left(self.claimed, begin + length) - bisect_left(self.claimed, begin)


def play(
    limits: Limits,
    seconds: float,
    *,
    urgent: Sequence[float] = (),
    jitter: float = 0.02,
    waiting: int = MANY,
    before: int = 0,
    seed: int = 1,
) -> Played:
    """Send for a number of seconds.

    `urgent` are the moments of urgent creates. `before` is the number of urgent calls at the start. `waiting` is the
    number of other calls that are always due. Each wake-up comes up to `jitter` seconds late.
    """
    chance = random.Random(seed)  # noqa: S311 — no secret
    coming, here = sorted(urgent), list[float]()
    spent = [Spent(NOON, before, URGENT, "a")] if before else []
    played = Played([0.0] * before)
    now = 0.0
    while now < seconds:
        while coming and coming[0] <= now:
            here.append(coming.pop(0))
        at = NOON + timedelta(seconds=now)
        spent = [each for each in spent if each.at > at - MINUTE - LEAST_LATE]
        allowed = allowance(spent, limits, at, waiting=waiting)
        served, here = here[: allowed.urgent], here[allowed.urgent :]
        others = max(0, min(allowed.others - len(served), waiting))
        spent += [Spent(at, len(served), URGENT, "a")] if served else []
        spent += [Spent(at, others, 3, "a")] if others else []
        played.claimed += [now] * (len(served) + others)
        played.urgent_waits += [now - each for each in served]
        wake = (allowed.next_at - NOON).total_seconds()
        if coming and not here:  # a wake-up comes
            wake = min(wake, coming[0])
        now = max(wake, now + 0.0005) + chance.uniform(0, jitter)
    return played


def most_in(moments: Sequence[float], length: float) -> int:
    """Return the most moments in any time of this length, its end left out; moments are exact to a microsecond."""
    return max((bisect_left(moments, each + length - 1e-6) - number for number, each in enumerate(moments)), default=0)


some_limits = st.one_of(
    st.builds(Limits, st.integers(1, 150), st.none() | st.integers(1, 30)),
    st.builds(Limits, st.none(), st.integers(1, 30)),
    st.just(Limits(6000, None)),
)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(
    limits=some_limits,
    urgent=st.lists(st.floats(0, 90), max_size=60),
    jitter=st.sampled_from([0.0, 0.02, 0.3]),
    waiting=st.sampled_from([0, 1, 7, 40, MANY]),
    before=st.integers(0, 20),
    delays=st.randoms(use_true_random=False),
)
def test_the_service_never_sees_more_than_its_limit_whatever_the_delays(
    limits: Limits, urgent: list[float], jitter: float, waiting: int, before: int, delays: random.Random
) -> None:
    before = min(before, *(each for each in (limits.per_minute, limits.per_second) if each is not None))
    played = play(limits, 100, urgent=urgent, jitter=jitter, waiting=waiting, before=before)
    late = LEAST_LATE.total_seconds()
    arrived = sorted(each + delays.choice([0.0, late, delays.uniform(0, late)]) for each in played.claimed)
    for limit, window in ((limits.per_minute, 60.0), (limits.per_second, 1.0)):
        if limit is not None:
            assert most_in(arrived, window) <= limit


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("before", [0, 20, 60])
def test_while_work_waits_the_budget_is_used(jitter: float, before: int) -> None:
    chance = random.Random(7)  # noqa: S311 — no secret
    urgent = [chance.uniform(60, 500) for _ in range(8)]
    played = play(PRODUCTION, 600, urgent=urgent, jitter=jitter, before=before)
    # From the second minute on, when the tokens from before the start have come back.
    used = [played.used(120 + each / 2, 60) for each in range(840)]
    assert min(used) >= 98
    assert played.used(120, 420) >= 0.99 * 7 * 100


@pytest.mark.parametrize(("limits", "least"), [(Limits(6000, None), 5900), (Limits(6000, 150), 5900)])
def test_a_large_budget_is_used_in_few_claims(limits: Limits, least: int) -> None:
    played = play(limits, 250)
    assert all(played.used(125 + each, 60) >= least for each in range(60))
    assert len(set(played.claimed)) < 6 * 250


def test_a_budget_of_one_call_a_minute_is_used_each_time_it_comes_back() -> None:
    played = play(Limits(1, None), 300, jitter=0.0)
    assert [round(each, 1) for each in played.claimed] == [0.0, 60.4, 120.8, 181.2, 241.6]


def test_a_limit_for_a_second_alone_is_used_as_far_as_delays_let_it() -> None:
    played = play(Limits(None, 20), 60, jitter=0.0)
    # 20 in any 1.4 s: two of them, one late and one on time, may meet in one second of the service.
    assert most_in(played.claimed, 1.4) == 20
    assert len(played.claimed) >= 20 * 60 / 1.41


@hypothesis.settings(max_examples=25, deadline=None)
@hypothesis.given(
    moments=st.lists(st.floats(0, 40), min_size=1, max_size=5),
    together=st.integers(1, 4),
    before=st.sampled_from([0, 20, 60, 90]),
    jitter=st.sampled_from([0.0, 0.05]),
)
def test_up_to_four_urgent_creates_at_once_find_their_tokens_within_3_s(
    moments: list[float], together: int, before: int, jitter: float
) -> None:
    urgent = [62 + number * 45 + each for number, each in enumerate(moments) for _ in range(together)]
    played = play(PRODUCTION, 62 + 45 * (len(moments) + 1), urgent=urgent, before=before, jitter=jitter)
    assert len(played.urgent_waits) == len(urgent)
    assert max(played.urgent_waits) <= 3


def test_twenty_urgent_creates_at_once_take_every_token_until_they_are_through() -> None:
    played = play(PRODUCTION, 200, urgent=[100.0] * 20)
    assert max(played.urgent_waits) <= 20 * 0.65
    assert played.used(100, max(played.urgent_waits) + 0.001) == 20


def now(spent: Sequence[Spent] = (), waiting: int = 0, limits: Limits = PRODUCTION) -> Allowance:
    return allowance(spent, limits, NOON, waiting=waiting)


def test_a_small_burst_from_idle_is_not_paced() -> None:
    assert now(waiting=20) == Allowance(20, 20, NOON + timedelta(seconds=1.4), scarce=False)


def test_of_more_than_a_small_burst_what_is_not_urgent_is_paced() -> None:
    found = now(waiting=60)
    assert (found.urgent, found.scarce) == (20, True)
    assert found.others <= 2
    assert NOON < found.next_at < NOON + timedelta(seconds=1)


def test_a_steady_trickle_over_the_budget_leaves_tokens_for_what_is_urgent() -> None:
    """Two calls a second, each served before the next one comes: no backlog grows that must be paced."""
    played = play(PRODUCTION, 120, waiting=1, urgent=[50.0, 55.0, 80.0, 110.0], jitter=0.5)
    assert max(played.urgent_waits) <= 3


def test_bursts_that_follow_each_other_are_paced_before_the_tokens_are_used_up() -> None:
    early = [Spent(NOON - timedelta(seconds=2), 30, 3, "a")]
    found = now(early, waiting=20)
    assert found.urgent == 20
    assert found.others <= 2


def test_an_urgent_call_is_never_paced() -> None:
    early = [Spent(NOON - timedelta(seconds=2), 98, 3, "a")]
    assert (now(early, MANY).urgent, now(early, MANY).others) == (2, 0)


def test_tokens_come_back_when_no_delay_can_bring_their_call_into_the_same_window() -> None:
    limits = Limits(1, None)
    early = [Spent(NOON - timedelta(seconds=60.399), 1, 3, "a")]
    assert now(early, 1, limits).urgent == 0
    assert now(early, 1, limits).next_at == NOON + timedelta(seconds=0.001)
    assert now([Spent(NOON - timedelta(seconds=60.4), 1, 3, "a")], 1, limits).others == 1


def test_a_share_of_a_limit_is_at_least_one_call() -> None:
    assert Limits(100, 20).part(0.9) == Limits(90, 18)
    assert Limits(3, None).part(0.1) == Limits(1, None)


def test_a_share_that_shrank_gives_nothing_until_enough_came_back() -> None:
    early = [Spent(NOON - timedelta(seconds=30), 95, 3, "a")]
    assert now(early, 10, PRODUCTION.part(0.9)).urgent == 0


@pytest.mark.parametrize(
    ("stored", "minutes_ago", "most", "expected"),
    [
        (None, None, 5.0, 0.4),
        (None, None, 0.3, 0.3),
        (3.0, 0, 5.0, 3.0),
        (3.0, 10, 5.0, 2.0),
        (3.0, 60, 5.0, 0.4),
        (3.0, 0, 2.0, 2.0),  # the lease allows no more
        (3.0, -60, 5.0, 3.0),  # the clock was set back since
    ],
)
def test_the_late_bound_falls_within_its_limits(
    stored: float | None, minutes_ago: float | None, most: float, expected: float
) -> None:
    learnt_at = None if minutes_ago is None else NOON - timedelta(minutes=minutes_ago)
    assert late_bound(stored, learnt_at, NOON, timedelta(seconds=most)) == timedelta(seconds=expected)


def test_each_token_counts_until_its_own_late_bound_and_the_window_are_over() -> None:
    limits = Limits(2, None)
    slow, quick = (Spent(NOON, 1, 3, "a", timedelta(seconds=late)) for late in (3.0, 0.4))
    for after, free in ((60.3, 0), (60.5, 1), (62.9, 1), (63.1, 2)):
        found = allowance([slow, quick], limits, NOON + timedelta(seconds=after), waiting=0)
        assert found.urgent == free, after
