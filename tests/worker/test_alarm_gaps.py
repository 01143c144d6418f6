"""After a time in which nobody looked, no target is told that all is over, and none is told of the same alarm again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.acceptance.processes import wait_until
from worker.jobs import alarm_loop
from worker.jobs.alarm_loop import LOOK_S, jobs_of
from worker.jobs.notify import EVERY
from worker.jobs.runner import Runner
from worker.ledger import Ledger, Presence
from worker.ledger.upkeep.standing_alarms import HOLD
from worker.runtime.alarm_watch import AlarmWatch
from worker.settings import Settings, TimingSettings, load

from .builders import ManualClock, delivery, kill_create, opened
from .test_notify import API, Hook, hook, notifying
from .web_stand_in import Request, served

__all__ = ["hook"]

OUTAGE = timedelta(minutes=3)


class Watching:
    """A process that looks at the alarms and tells of them, in turns of a manual clock."""

    def __init__(self, ledger: Ledger, clock: ManualClock, settings: Settings) -> None:
        self._clock = clock
        self._watch = AlarmWatch(ledger, TimingSettings())
        jobs = jobs_of(settings, delivers=False, knows_ends=self._watch.knows_ends)
        self._runner = Runner(ledger, lambda: jobs, lambda _: None, "one", 1.0)

    def tell(self) -> None:
        """Run the jobs, after their pause, without a look."""
        self._clock.now += EVERY
        self._runner.once()

    def go_on(self, time: timedelta, also: Callable[[], None] = lambda: None) -> None:
        """Look and tell for so long; call `also` before each look."""
        until = self._clock.now + time
        while self._clock.now < until:
            also()
            self._watch.look()
            for _ in range(int(LOOK_S / EVERY.total_seconds())):
                self.tell()


def test_after_an_outage_nothing_is_over_and_nothing_is_told_again(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    watching = Watching(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    dead_letter = kill_create(sqlite_ledger, opened())
    watching.go_on(2 * HOLD)
    clock.now += OUTAGE
    watching.tell()
    watching.go_on(2 * HOLD)
    assert hook.told() == [(["dead_letters"], [])]
    clock.now += OUTAGE
    sqlite_ledger.skip(dead_letter, "a test")
    watching.go_on(HOLD - timedelta(seconds=LOOK_S))
    assert hook.told() == [(["dead_letters"], [])]
    watching.go_on(HOLD)
    assert hook.told() == [(["dead_letters"], []), ([], ["dead_letters"])]


def test_after_a_restart_and_a_pause_nothing_is_told_again(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    settings = notifying(oncall={"url": hook.url})
    kill_create(sqlite_ledger, opened())
    Watching(sqlite_ledger, clock, settings).go_on(HOLD)
    clock.now += OUTAGE
    restarted = Watching(sqlite_ledger, clock, settings)
    restarted.tell()
    restarted.go_on(2 * HOLD)
    assert hook.told() == [(["dead_letters"], [])]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_step_of_the_clock_ends_no_alarm(sqlite_ledger: Ledger, clock: ManualClock, hook: Hook, hours: int) -> None:
    watching = Watching(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    kill_create(sqlite_ledger, opened())
    watching.go_on(2 * HOLD)
    clock.advance(hours=hours)
    watching.tell()
    watching.go_on(2 * HOLD)
    assert [over for _, over in hook.told()] == [[]] * len(hook.requests)


def test_after_an_outage_nobody_is_called_because_of_the_others_that_come_back_later(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    watching = Watching(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    serve, worker = Presence("box:1:aa", "serve", "1", "box", 1), Presence("box:2:bb", "worker", "1", "box", 2)

    def lives(*these: Presence) -> Callable[[], None]:
        def beat() -> None:
            for each in these:
                sqlite_ledger.processes.heartbeat(each)

        return beat

    watching.go_on(2 * HOLD, lives(serve, worker))
    sqlite_ledger.record([delivery(opened())])
    clock.now += OUTAGE
    watching.go_on(timedelta(seconds=LOOK_S), lives(serve))  # the worker's heartbeat and its first call come later
    assert hook.told() == []
    watching.go_on(HOLD, lives(serve))  # or never
    assert hook.told() == [(["process_missing", "stalled"], [])]


def test_a_target_that_hangs_holds_up_neither_the_looks_nor_the_ping(
    sqlite_ledger: Ledger, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_loop, "TURN_S", 0.01)
    monkeypatch.setattr(alarm_loop, "LOOK_S", 0.01)
    asked: list[str] = []
    is_enough = threading.Event()

    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        asked.append(request.path)
        if request.path == "/hangs":
            is_enough.wait(4)
        return 200, {}, b""

    def is_asked() -> bool:
        clock.now += EVERY
        return {"/hangs", "/ping"} <= set(asked)

    with served(answer) as url:
        more = {"TICKETRELAY_ALARMS__PING_URL": f"{url}/ping", "TICKETRELAY_ALARMS__NOTIFY__A__URL": f"{url}/hangs"}
        settings = load(API | more)
        loop = alarm_loop.AlarmLoop(sqlite_ledger, lambda: settings, delivers=True)
        kill_create(sqlite_ledger, opened())
        loop.start()
        try:
            wait_until(is_asked, "asked", patience=20)
            kill_create(sqlite_ledger, opened("other"))
            wait_until(
                lambda: any("2 dead" in each.text for each in sqlite_ledger.alarms_on_record()),
                "looked meanwhile",
                patience=20,
            )
            assert asked.count("/hangs") == 1
        finally:
            is_enough.set()
            loop.stop()
