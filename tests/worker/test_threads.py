"""The loop of every thread: its turns, its pauses, what wakes it, the errors that it outlives, and its end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog

from worker.runtime.threads import Loop, Outlived, backoff_seconds, owner_name

PATIENCE_S = 30
NEVER_S = 3600.0  # a turn that comes in spite of such a pause was woken


@contextmanager
def started(loop: Loop) -> Iterator[Loop]:
    loop.start()
    yield loop
    loop.stop(PATIENCE_S)
    assert not loop.lives


def asleep() -> float | None:
    """A pause that lasts until the loop is woken."""
    return None


def test_it_takes_turns_in_a_thread_of_its_name_until_it_is_stopped() -> None:
    names: queue.Queue[str] = queue.Queue()
    with started(Loop("a-name", lambda: names.put(threading.current_thread().name), 0.001)):
        assert [names.get(timeout=PATIENCE_S) for _ in range(3)] == ["a-name"] * 3


def test_the_first_turn_comes_at_once_or_after_a_pause() -> None:
    turns: queue.Queue[str] = queue.Queue()
    with started(Loop("late", lambda: turns.put("late"), NEVER_S, pauses_first=True)) as late:
        with started(Loop("early", lambda: turns.put("early"), NEVER_S)):
            assert turns.get(timeout=PATIENCE_S) == "early"
        late.wake()
        assert turns.get(timeout=PATIENCE_S) == "late"


@pytest.mark.parametrize("pause", [pytest.param(NEVER_S, id="long"), pytest.param(asleep, id="without an end")])
def test_what_wakes_it_ends_its_pause(pause: float | Callable[[], float | None]) -> None:
    turns: queue.Queue[int] = queue.Queue()
    with started(Loop("woken", lambda: turns.put(1), pause, pauses_first=True)) as loop:
        for _ in range(3):
            loop.wake()
            turns.get(timeout=PATIENCE_S)


def test_what_comes_during_a_turn_is_seen_by_the_next_one() -> None:
    under_way, may_end = threading.Event(), threading.Event()
    todo: list[str] = ["first"]
    done: queue.Queue[list[str]] = queue.Queue()

    def turn() -> None:
        taken = [todo.pop() for _ in list(todo)]
        under_way.set()
        may_end.wait(PATIENCE_S)
        done.put(taken)

    with started(Loop("busy", turn, asleep, pauses_first=True)) as loop:
        loop.wake()
        assert under_way.wait(PATIENCE_S)
        todo.append("second")
        loop.wake()
        may_end.set()
        assert [done.get(timeout=PATIENCE_S) for _ in range(2)] == [["first"], ["second"]]


def test_an_error_that_it_outlives_is_logged_by_its_class_and_the_next_turn_comes() -> None:
    turns: queue.Queue[int] = queue.Queue()

    def turn() -> None:
        turns.put(1)
        raise ConnectionRefusedError("what it says may be private")

    with structlog.testing.capture_logs() as logs:
        loop = Loop("patient", turn, 0.001, outlives=Outlived((OSError,), "ledger.away"))
        with started(loop):
            for _ in range(2):
                turns.get(timeout=PATIENCE_S)
    assert logs[0] == {"event": "ledger.away", "error": "ConnectionRefusedError", "log_level": "warning"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_ends_it_so_that_the_process_counts_as_dead() -> None:
    ended = threading.Event()

    def turn() -> None:
        ended.set()
        raise ValueError("a defect")

    loop = Loop("fragile", turn, 0.001, outlives=Outlived((OSError,), "ledger.away"))
    loop.start()
    assert ended.wait(PATIENCE_S)
    loop.join(PATIENCE_S)
    assert not loop.lives


def test_it_lets_go_in_its_thread_after_the_last_turn_also_when_a_turn_ends_it() -> None:
    said: queue.Queue[tuple[str, str]] = queue.Queue()

    def turn() -> None:
        said.put(("turn", threading.current_thread().name))
        loop.ask_to_stop()

    loop = Loop("last", turn, at_end=lambda: said.put(("end", threading.current_thread().name)))
    loop.start()
    loop.join(PATIENCE_S)
    assert [said.get_nowait() for _ in range(said.qsize())] == [("turn", "last"), ("end", "last")]


def test_a_rest_in_a_turn_says_whether_the_loop_goes_on() -> None:
    resting, rested = threading.Semaphore(0), queue.Queue[bool]()

    def turn() -> None:
        resting.release()
        rested.put(loop.rest(NEVER_S))

    loop = Loop("resting", turn)
    with started(loop):
        assert resting.acquire(timeout=PATIENCE_S)
        loop.wake()
        assert rested.get(timeout=PATIENCE_S)
        assert resting.acquire(timeout=PATIENCE_S)
    assert not rested.get(timeout=PATIENCE_S)


def test_one_that_was_not_started_can_be_stopped() -> None:
    loop = Loop("unborn", lambda: None)
    loop.stop()
    assert loop.is_stopping
    assert not loop.lives


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.5), (1, 1.0), (3, 4.0), (9, 60.0), (10_000, 60.0)])
def test_a_pause_doubles_with_each_failure_up_to_the_longest(failures: int, seconds: float) -> None:
    assert backoff_seconds(0.5, failures, 60.0) == seconds


def test_no_two_parts_lease_under_one_name() -> None:
    assert owner_name() != owner_name()
