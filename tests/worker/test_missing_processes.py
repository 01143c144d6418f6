"""The alarms about processes: a role without one, and a broker that is away. Each comes up, and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from worker.ledger import BrokerSeen, Ledger, Overview, Presence, Process, alarms
from worker.ledger.processes import State
from worker.ledger.queue.clock_jumps import ClockJump
from worker.settings import TimingSettings

from .builders import NOON, ManualClock
from .test_overview import QUIET

LONG_AGO = NOON - timedelta(hours=2)


def process(role: str, state: State = "live", seen_at: datetime | None = None, **more: str) -> Process:
    at = seen_at or (NOON if state == "live" else LONG_AGO)
    stopped_at = at if state == "stopped" else None
    return Process(f"{role}:1:aa", role, "1.2", f"{role}-host", 1, LONG_AGO, at, stopped_at, state, **more)  # type: ignore[arg-type]


def texts(*processes: Process, **more: object) -> list[str]:
    """Return the texts of the alarm about missing processes: one, or none."""
    now = replace(QUIET, processes=processes, **more)  # type: ignore[arg-type]
    return [each.text for each in alarms(now, TimingSettings()) if each.name == "process_missing"]


def test_no_worker_is_an_alarm_while_another_process_runs() -> None:
    (text,) = texts(process("serve"), process("worker", "stopped"))
    assert text == (
        "no worker is running, so nothing is sent to the Tickets API: the last one, on worker-host (pid 1), was stopped"
        " at 2026-02-20 10:00 UTC"
    )


def test_no_worker_is_an_alarm_after_the_last_one_died() -> None:
    (text,) = texts(process("worker", "lost"))
    assert "was last heard of at 2026-02-20 10:00 UTC" in text


def test_no_worker_is_an_alarm_while_work_waits() -> None:
    assert texts(process("run", "stopped"), open_operations={"create_ticket": 1})


@pytest.mark.parametrize(
    "processes",
    [
        (),
        (process("run"),),
        (process("run", "stopped"),),
        (process("serve"), process("worker")),
        (process("serve", "lost"), process("run")),
        (process("serve", "stopped"), process("worker")),
        (process("mail", "stopped"), process("serve"), process("worker")),
        (process("serve"),),  # its workers may be of the version before, which keeps no row
    ],
    ids=lambda found: " ".join(f"{each.role}-{each.state}" for each in found) or "never any",
)
def test_nothing_is_missing_where_all_that_ran_runs_or_was_stopped(processes: tuple[Process, ...]) -> None:
    assert texts(*processes) == []


@pytest.mark.parametrize("role", ["serve", "mail"])
def test_an_intake_that_died_is_an_alarm_until_another_one_runs(role: str) -> None:
    (text,) = texts(process("worker"), process(role, "lost"))
    assert text.startswith(f"no {role} is running, so senders are not answered")
    assert texts(process("worker"), process(role, "lost"), process(role)) == []


@pytest.mark.parametrize("what", ["last_attempt_at", "jobs_ran_at"])
def test_a_worker_that_keeps_no_row_shows_by_what_it_does(what: str) -> None:
    rows = (process("serve"), process("worker", "stopped"))
    assert texts(*rows, **{what: LONG_AGO + timedelta(minutes=2)}) == []
    assert texts(*rows, **{what: LONG_AGO + timedelta(seconds=30)})  # the end of the last one's own work
    assert texts(*rows, **{what: NOON + timedelta(hours=1)})  # a time from before the clock was set back


def test_the_jobs_of_workers_are_told_from_those_that_every_process_runs(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    def ran(name: str) -> datetime | None:
        clock.advance(seconds=10)
        sqlite_ledger.job_store.plan([name])
        taken = sqlite_ledger.job_store.take([name], owner="one", lease=timedelta(minutes=2))
        assert taken is not None
        sqlite_ledger.job_store.finish(taken[0], {}, after=timedelta(hours=1))
        return sqlite_ledger.overview().jobs_ran_at

    assert ran("notify:oncall") is None
    assert ran("clock") == clock.now
    assert ran("notify:other") == clock.now - timedelta(seconds=10)


def test_a_role_that_was_missing_for_a_week_is_missed_no_more() -> None:
    rows = [process(each, "lost", NOON - timedelta(days=7, seconds=1)) for each in ("worker", "serve")]
    assert texts(process("mail"), *rows) == []


def test_a_restart_is_no_alarm() -> None:
    a_moment_ago = NOON - timedelta(seconds=50)
    assert texts(process("serve"), process("worker", "stopped", a_moment_ago)) == []
    assert texts(process("serve"), process("worker", "lost", a_moment_ago)) == []


def test_a_jump_of_the_clock_makes_nobody_missing() -> None:
    assert texts(process("worker", "lost"), clock_jump=ClockJump(NOON, 3600.0, NOON)) == []


def test_a_jump_that_was_not_mended_in_its_time_hides_nobody() -> None:
    a_while_ago = NOON - timedelta(minutes=5)
    ended, later = ClockJump(a_while_ago, 3600.0, NOON - timedelta(minutes=4)), NOON + timedelta(days=365)
    assert texts(process("worker", "lost"), clock_jump=ended)
    # The clock was set back since, and no worker lived to notice that.
    assert texts(process("worker", "lost"), clock_jump=ClockJump(later, 3600.0, later + timedelta(minutes=1)))


def away(now: Overview) -> list[str]:
    return [each.text for each in alarms(now, TimingSettings()) if each.name == "broker_away"]


def test_a_broker_that_is_away_is_an_alarm_after_a_minute_and_ends_when_it_is_back(
    ledger: Ledger, clock: ManualClock
) -> None:
    serve = Presence("web:1:aa", "serve", "1.2", "web", 1)

    def later(seconds: int, error: str | None) -> list[str]:
        clock.advance(seconds=seconds)
        ledger.processes.heartbeat(serve, BrokerSeen(error))
        return away(ledger.overview())

    assert later(0, None) == []
    assert [later(10, "refused") for _ in range(6)] == [[]] * 6
    (text,) = later(10, "ConnectionError: refused")
    assert text == (
        "the broker has not been reached since 2026-02-20 12:00 UTC by serve on web: ConnectionError: refused"
    )
    assert later(10, None) == []


def test_a_process_that_died_says_nothing_about_the_broker(ledger: Ledger, clock: ManualClock) -> None:
    ledger.processes.heartbeat(Presence("web:1:aa", "serve", "1.2", "web", 1), BrokerSeen("refused"))
    clock.advance(hours=1)
    assert away(ledger.overview()) == []
