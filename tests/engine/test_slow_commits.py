"""Simulates slow commits: calls come late to their tokens, leave nevertheless, and never more than the limit."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest

from tests.engine.homes import Home
from tests.engine.rules import Rules
from tests.engine.simulation import WORKERS, Simulation
from worker.ledger import Limits
from worker.ledger.schema.tables import budget

LIMITS = Limits(per_minute=10, per_second=2)
CALLS = 30


def most_in(moments: Sequence[float], length: float) -> int:
    """Return the most moments in any time of this length, its end left out."""
    return max((bisect_left(moments, each + length - 1e-6) - number for number, each in enumerate(moments)), default=0)


class Storm:
    """Alerts that want more calls than the limit allows, and two workers that take turns."""

    def __init__(self, home: Home) -> None:
        self.world = Simulation(home, Rules(), LIMITS)
        self.left: list[float] = []
        """When each call left, in seconds of the simulated time."""

    def tell(self, number: int = CALLS) -> None:
        for each in range(number):
            self.world.tell(self.world.say.about(f"disk-{each}", "opening", self.world.time.now))

    def turn(self, name: str) -> None:
        """One worker claims, sends and settles."""
        world = self.world
        if not world.claim(name, "create_ticket"):
            world.advance(0.25)
            return
        world.send(name)
        if (flight := world.flight_of(name)) is not None:
            self.left.append(world.time.seconds())
            world.decide(flight, "answered")
        world.settle(name)

    def run(self, until: Callable[[], bool], seconds: float) -> None:
        end = self.world.time.seconds() + seconds
        turns = 0
        while not until() and self.world.time.seconds() < end:
            self.turn(WORKERS[turns % len(WORKERS)])
            turns += 1


@pytest.fixture(params=["on_sqlite", pytest.param("on_postgresql", marks=pytest.mark.postgresql)])
def storm(request: pytest.FixtureRequest) -> Iterator[Storm]:
    made = Storm(request.getfixturevalue(request.param))
    yield made
    made.world.close()


@pytest.mark.parametrize(("shortest", "longest"), [(0.1, 3.0), (0.5, 0.5), (1.0, 1.0), (3.0, 3.0)])
def test_a_call_leaves_within_ten_seconds_and_no_window_holds_more_than_the_limit(
    storm: Storm, shortest: float, longest: float
) -> None:
    dice = random.Random(7)  # noqa: S311 (repeatable, not secret)
    storm.tell()
    began = storm.world.time.seconds()
    with storm.world.home.slow_commits(lambda: dice.uniform(shortest, longest)):
        storm.run(lambda: len(storm.left) == CALLS, seconds=600)
    assert len(storm.left) == CALLS
    assert storm.left[0] - began < 10
    assert most_in(storm.left, 60) <= 10
    assert most_in(storm.left, 1) <= 2


def test_a_claim_that_came_too_late_gives_its_token_back_and_keeps_its_place(storm: Storm) -> None:
    storm.tell(1)
    (case,) = storm.world.seen.cases.values()
    due_since = case.run_at
    storm.world.advance(5)
    with storm.world.home.slow_commits(lambda: 2.0):
        storm.world.claim("A", "create_ticket")
    storm.world.send("A")
    storm.world.settle("A")
    (case,) = storm.world.seen.cases.values()
    assert (case.state, case.run_at) == ("ready", due_since)
    with storm.world.ledger.database.read() as connection:
        assert connection.execute(budget.select()).all() == []
    assert storm.world.ledger.spending().late == timedelta(seconds=3)


def test_commits_that_were_slow_once_cost_the_budget_less_and_less(storm: Storm) -> None:
    storm.tell(1)
    with storm.world.home.slow_commits(lambda: 2.0):
        storm.run(lambda: bool(storm.left), seconds=30)
    assert storm.world.ledger.spending().late > timedelta(seconds=2)
    storm.world.advance(10 * 60)
    assert timedelta(seconds=1) < storm.world.ledger.spending().late < timedelta(seconds=2.5)
    storm.world.advance(60 * 60)
    assert storm.world.ledger.spending().late == timedelta(seconds=0.4)
