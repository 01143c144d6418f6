"""The thread that claims without a wake-up message, at the moment that the last claim named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from worker.delivery.timer import Rest, WakeTimer, rest_after
from worker.ledger import Claimed

PATIENCE_S = 20


@pytest.mark.parametrize(
    ("claimed", "rest"),
    [
        pytest.param(Claimed([]), None, id="nothing waits for tokens"),
        pytest.param(Claimed([], timedelta(seconds=3)), Rest(103, 103), id="there is no token before"),
        pytest.param(Claimed([], timedelta(seconds=3), only_urgent=True), Rest(100.05, 103), id="only for the urgent"),
        pytest.param(Claimed([], timedelta(0)), Rest(100, 100), id="there is one now, for another kind"),
        pytest.param(Claimed([], timedelta(seconds=0.01), only_urgent=True), Rest(100.01, 100.01), id="soon"),
    ],
)
def test_how_long_a_claim_is_left_alone(claimed: Claimed, rest: Rest | None) -> None:
    assert rest_after(claimed, 100.0) == rest


class SlowClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Woken:
    """A wake-up function that stores the times of its calls, and lets a test wait for them."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.clock = SlowClock()
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.times.append(self.clock())
            self._changed.notify_all()

    def wait_for(self, number: int) -> list[float]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.times) >= number, PATIENCE_S)
            return list(self.times)


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def timer(woken: Woken) -> Iterator[WakeTimer]:
    made = WakeTimer(woken, woken.clock)
    made.start()
    yield made
    made.stop()


def test_it_wakes_at_the_earliest_moment_that_was_asked_for(timer: WakeTimer, woken: Woken) -> None:
    timer.at(500)
    timer.at(300)
    timer.at(400)
    woken.clock.now = 301
    timer.at(600)  # an own wake-up of the thread, which reads the clock then
    timer.at(200)
    assert woken.wait_for(1) == [301]


def test_a_moment_that_has_passed_is_now(timer: WakeTimer, woken: Woken) -> None:
    timer.at(99)
    assert woken.wait_for(1) == [100]
    timer.at(100)
    assert woken.wait_for(2) == [100, 100]


def test_it_wakes_once_for_what_was_asked_for_together(timer: WakeTimer, woken: Woken) -> None:
    timer.at(101)
    timer.at(102)
    woken.clock.now = 103
    timer.at(100)
    assert woken.wait_for(1) == [103]
    timer.stop()
    assert woken.times == [103]


def test_it_ends_while_it_waits(woken: Woken) -> None:
    made = WakeTimer(woken, woken.clock)
    made.start()
    made.at(10_000)
    made.stop()
    assert not made.is_alive()
    assert woken.times == []


def test_what_its_wake_up_asks_for_comes_too(woken: Woken) -> None:
    made: list[WakeTimer] = []

    def wake() -> None:
        woken()
        if len(woken.times) < 3:
            made[0].at(woken.clock())

    made.append(WakeTimer(wake, woken.clock))
    made[0].start()
    made[0].at(100)
    assert woken.wait_for(3) == [100, 100, 100]
    made[0].stop()
