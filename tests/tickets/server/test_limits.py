"""Limits are kept, and Retry-After is correct; only the simulated clock moves, no test sleeps."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.server import Limit, LocalTicketsApi
from tickets.server.clock import SECOND
from tickets.server.limits import MINUTE, Limiter, Window

CREATE = {"subject": "s", "description": "d"}

START = 1_700_000_000 * SECOND + 123_456

limits = st.builds(
    Limit,
    per_minute=st.none() | st.integers(1, 12),
    per_second=st.none() | st.integers(1, 4),
    window=st.sampled_from(("fixed", "sliding")),
)
buckets = st.builds(
    Limit,
    per_minute=st.integers(1, 12),
    per_second=st.none() | st.integers(1, 4),
    window=st.just("token-bucket"),
)
gaps = st.lists(st.integers(0, 30) | st.integers(0, 2 * SECOND) | st.integers(0, 70 * SECOND), max_size=60)


@given(limit=limits, gaps=gaps)
def test_no_window_ever_holds_more_than_its_number(limit: Limit, gaps: list[int]) -> None:
    limiter, now, admitted = Limiter(limit), START, []
    for gap in gaps:
        now += gap
        if limiter.take("key", now) == 0:
            admitted.append(now)
    for number, period in limit.windows:
        for at in admitted:
            start = at - at % period if limit.window == "fixed" else at - period + 1
            assert sum(start <= other <= at for other in admitted) <= number


@given(limit=buckets, gaps=gaps)
def test_a_bucket_never_gives_more_than_it_held_and_what_flowed_in_meanwhile(limit: Limit, gaps: list[int]) -> None:
    limiter, now, admitted = Limiter(limit), START, []
    assert limit.per_minute is not None
    for gap in gaps:
        now += gap
        if limiter.take("key", now) == 0:
            admitted.append(now)
    for begin in admitted:
        for end in admitted:
            taken = sum(begin <= each <= end for each in admitted)
            assert taken * MINUTE <= limit.capacity * MINUTE + max(0, end - begin) * limit.per_minute


@given(limit=buckets, gaps=gaps)
def test_a_bucket_refuses_only_what_it_has_no_whole_token_for(limit: Limit, gaps: list[int]) -> None:
    """Compares with a bucket that is filled microsecond by microsecond, in whole parts of a token."""
    limiter, now = Limiter(limit), START
    assert limit.per_minute is not None
    parts = limit.capacity * MINUTE
    for gap in gaps:
        now += gap
        parts = min(limit.capacity * MINUTE, parts + gap * limit.per_minute)
        seconds = limiter.take("key", now)
        assert (seconds == 0) == (parts >= MINUTE)
        if seconds:
            assert parts + (seconds - 1) * SECOND * limit.per_minute < MINUTE
        else:
            parts -= MINUTE


@given(limit=limits | buckets, gaps=gaps)
def test_whoever_waits_as_long_as_told_is_admitted(limit: Limit, gaps: list[int]) -> None:
    limiter, now = Limiter(limit), START
    for gap in gaps:
        now += gap
        if seconds := limiter.take("key", now):
            now += seconds * SECOND
            assert limiter.take("key", now) == 0


@given(limit=limits, gaps=gaps)
def test_a_wait_is_never_longer_than_needed_by_a_second(limit: Limit, gaps: list[int]) -> None:
    limiter, now, admitted = Limiter(limit), START, []
    for gap in gaps:
        now += gap
        seconds = limiter.take("key", now)
        if not seconds:
            admitted.append(now)
            continue
        early = now + (seconds - 1) * SECOND
        full = []
        for number, period in limit.windows:
            start = early - early % period if limit.window == "fixed" else early - period + 1
            full.append(sum(start <= other <= early for other in admitted) >= number)
        assert any(full)


@pytest.mark.parametrize(("name", "minute", "second"), [("production", 100, 20), ("sandbox", 50, 10)])
def test_the_named_limits_are_those_of_the_contract(name: str, minute: int, second: int) -> None:
    limiter = Limiter(Limit.named(name))
    assert [limiter.take("a", START) for _ in range(second + 1)] == [0] * second + [1]
    taken = second + sum(limiter.take("a", START + n * SECOND) == 0 for n in range(1, 59) for _ in range(second))
    assert taken == minute
    assert limiter.take("b", START) == 0


def test_no_limit_keeps_no_account() -> None:
    limiter = Limiter(Limit.named("none"))
    assert [limiter.take("a", START) for _ in range(1000)] == [0] * 1000
    limiter.set(Limit(1, None))
    assert limiter.take("a", START) == 0


def test_sliding_windows_move_with_every_request_and_fixed_ones_with_the_clock() -> None:
    cases: list[tuple[Window, int]] = [("sliding", 60), ("fixed", 1)]
    for window, expected in cases:
        limiter, now = Limiter(Limit(1, None, window)), START - START % MINUTE + 59 * SECOND
        assert [limiter.take("a", now), limiter.take("a", now)] == [0, expected]


def test_a_bucket_gives_what_it_holds_at_once_and_then_one_after_the_other() -> None:
    limiter = Limiter(Limit.named("production", "token-bucket"))
    assert [limiter.take("a", START) for _ in range(21)] == [0] * 20 + [1]
    assert limiter.take("a", START + SECOND * 6 // 10 - 1) == 1
    assert limiter.take("a", START + SECOND * 6 // 10) == 0
    assert limiter.take("b", START) == 0
    idle = START + 3600 * SECOND
    assert [limiter.take("a", idle) for _ in range(21)] == [0] * 20 + [1]
    alone = Limiter(Limit(3, None, "token-bucket"))
    assert [alone.take("a", START) for _ in range(4)] == [0, 0, 0, 20]


def test_a_bucket_that_nothing_flows_into_is_refused() -> None:
    with pytest.raises(ValueError, match="needs per_minute"):
        Limit(None, 5, "token-bucket")
    assert Limiter(Limit(None, None, "token-bucket")).take("a", START) == 0


@pytest.mark.parametrize("arguments", [(0, None), (None, 0), (1, -1)])
def test_a_limit_below_one_is_refused(arguments: tuple[int | None, int | None]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limit(*arguments)


@pytest.fixture
def limited(make_api: Any) -> LocalTicketsApi:
    api: LocalTicketsApi = make_api(limit=Limit(3, None))
    return api


def test_a_spent_budget_is_429_with_the_same_time_in_body_and_header(limited: LocalTicketsApi, serve: Any) -> None:
    client: httpx.Client = serve(limited)
    for _ in range(3):
        assert client.get("tickets").status_code == 200
        limited.clock.advance(1)
    response = client.post("tickets", json=CREATE)
    assert (response.status_code, response.json()["error"]) == (429, "rate_limit_exceeded")
    assert (response.headers["retry-after"], response.json()["retry_after"]) == ("57", 57)
    assert limited.effects() == []
    limited.clock.advance(56.9)
    assert client.post("tickets", json=CREATE).status_code == 429
    limited.clock.advance(0.1)
    assert client.post("tickets", json=CREATE).status_code == 201


def test_health_and_unknown_keys_take_nothing_of_a_budget(limited: LocalTicketsApi, serve: Any) -> None:
    client: httpx.Client = serve(limited)
    for _ in range(5):
        assert client.get("health").status_code == 200
        assert client.get("tickets", headers={"X-API-Key": "other"}).status_code == 401
    assert [client.get("tickets").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_limit_can_be_switched_while_it_runs(limited: LocalTicketsApi, serve: Any) -> None:
    client: httpx.Client = serve(limited)
    assert [client.get("tickets").status_code for _ in range(4)] == [200, 200, 200, 429]
    limited.set_limit(Limit.named("none"))
    assert {client.get("tickets").status_code for _ in range(30)} == {200}
