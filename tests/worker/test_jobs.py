"""Jobs run in one process at a time and again after a failure; their findings are recorded as deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from worker.jobs.job import Job, JobFailed, State, Surroundings
from worker.jobs.runner import AGAIN, LEASE, Runner
from worker.ledger import Ledger
from worker.ledger.reports.alarms import FAILURES_ENDURED, alarms
from worker.ledger.schema.tables import jobs as table
from worker.settings import TimingSettings

from .builders import ManualClock, at_once, rows
from .conftest import MakeLedger

EVERY = timedelta(minutes=10)


def runner(ledger: Ledger, jobs: Mapping[str, Job], owner: str = "one") -> Runner:
    return Runner(ledger, lambda: jobs, lambda _: None, owner, 1.0)


def counting(name: str = "count:prom") -> Job:
    """Return a job that counts its runs."""

    def run(state: State, _around: Surroundings) -> State:
        return {"runs": state.get("runs", 0) + 1}

    return Job(name, EVERY, run)


def row(ledger: Ledger) -> dict[str, Any]:
    (found,) = rows(ledger, table)
    return found


def test_a_new_job_runs_at_once_and_again_after_its_interval(ledger: Ledger, clock: ManualClock) -> None:
    one = runner(ledger, {"count:prom": counting()})
    assert [one.once(), one.once()] == [1, 0]
    clock.advance(seconds=EVERY.total_seconds())
    assert one.once() == 1
    assert row(ledger)["state"] == '{"runs": 2}'


def test_a_job_is_not_taken_before_it_is_due(ledger: Ledger, clock: ManualClock) -> None:
    store = ledger.job_store
    store.plan(["count:prom"])
    taken = store.take(["count:prom"], owner="one", lease=LEASE)
    assert taken is not None
    store.finish(taken[0], {}, after=EVERY)
    assert store.take(["count:prom"], owner="one", lease=LEASE) is None
    clock.now += EVERY
    assert store.take(["count:prom"], owner="one", lease=LEASE) is not None


def test_a_job_that_has_an_owner_is_taken_by_nobody_else(ledger: Ledger, clock: ManualClock) -> None:
    store = ledger.job_store
    store.plan(["count:prom"])
    assert store.take(["count:prom"], owner="one", lease=LEASE) is not None
    assert store.take(["count:prom"], owner="two", lease=LEASE) is None
    clock.now += LEASE
    assert store.take(["count:prom"], owner="two", lease=LEASE) is not None


def test_of_two_processes_one_runs_a_job(make_ledger: MakeLedger, clock: ManualClock) -> None:
    ledgers = [make_ledger(), make_ledger()]
    ledgers[0].upgrade()
    runners = [runner(each, {"count:prom": counting()}, str(number)) for number, each in enumerate(ledgers)]
    for each in ledgers:
        each.job_store.plan(["count:prom"])
    assert sorted(at_once(*(each.once for each in runners))) == [0, 1]
    assert row(ledgers[0])["state"] == '{"runs": 1}'


def test_a_job_whose_owner_died_is_taken_over_and_what_that_one_says_later_is_refused(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.job_store.plan(["count:prom"])
    taken = ledger.job_store.take(["count:prom"], owner="dead", lease=LEASE)
    assert taken is not None
    other = runner(ledger, {"count:prom": counting()}, "other")
    assert other.once() == 0
    clock.advance(seconds=LEASE.total_seconds())
    assert other.once() == 1
    assert not ledger.job_store.finish(taken[0], {"runs": 99}, after=EVERY)
    assert row(ledger)["state"] == '{"runs": 1}'


def test_a_job_that_fails_comes_again_with_what_it_remembered_and_is_an_alarm_after_three_times(
    ledger: Ledger, clock: ManualClock
) -> None:
    remembered: list[State] = []

    def run(state: State, _around: Surroundings) -> State:
        remembered.append(state)
        if len(remembered) > 1:
            raise JobFailed("nobody answers")
        return {"asked": 1}

    one = runner(ledger, {"ask:prom": Job("ask:prom", EVERY, run)})
    one.once()
    clock.advance(seconds=EVERY.total_seconds())
    for failures in range(1, FAILURES_ENDURED + 1):
        assert not [each for each in alarms(ledger.overview(), TimingSettings()) if each.name == "job_failing"]
        assert one.once() == 0
        assert row(ledger)["failures"] == failures
        clock.advance(seconds=(AGAIN * 2**failures).total_seconds())
    assert remembered[1:] == [{"asked": 1}] * FAILURES_ENDURED
    (alarm,) = (each for each in alarms(ledger.overview(), TimingSettings()) if each.name == "job_failing")
    assert "ask:prom has failed 3 times" in alarm.text
    assert "nobody answers" in alarm.text


@pytest.mark.parametrize("succeeds_at", [2, 4])
def test_a_job_that_succeeds_again_is_no_alarm_any_more(ledger: Ledger, clock: ManualClock, succeeds_at: int) -> None:
    runs = 0

    def run(_state: State, _around: Surroundings) -> State:
        nonlocal runs
        runs += 1
        if runs < succeeds_at:
            raise JobFailed("nobody answers")
        return {}

    one = runner(ledger, {"ask:prom": Job("ask:prom", EVERY, run)})
    for _ in range(succeeds_at):
        one.once()
        clock.advance(seconds=EVERY.total_seconds())
    assert (row(ledger)["failures"], row(ledger)["failing_since"], row(ledger)["error"]) == (0, None, None)
    assert alarms(ledger.overview(), TimingSettings()) == []


def test_a_job_that_is_not_configured_any_more_is_left_alone(ledger: Ledger, clock: ManualClock) -> None:
    runner(ledger, {"count:prom": counting()}).once()
    clock.advance(seconds=EVERY.total_seconds())
    assert runner(ledger, {}).once() == 0
    assert row(ledger)["state"] == '{"runs": 1}'


def test_a_job_whose_row_is_gone_is_planned_again(sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    one = runner(sqlite_ledger, {"count:prom": counting()})
    one.once()
    with sqlite_ledger.database.write() as connection:
        connection.execute(delete(table))
    assert one.once() == 0
    monkeypatch.setattr("worker.jobs.runner.PLAN_AGAIN_S", 0.0)
    assert one.once() == 1


def test_a_job_whose_memory_a_later_version_wrote_is_left_to_that_one_and_holds_up_no_other(ledger: Ledger) -> None:
    ledger.job_store.plan(["ask:prom", "count:prom"])
    later = '{"v": 2, "runs": 7}'
    with ledger.database.write() as connection:
        connection.execute(update(table).where(table.c.name == "ask:prom").values(state=later))
    both = runner(ledger, {"ask:prom": counting(), "count:prom": counting()})
    assert [both.once(), both.once()] == [1, 0]
    left, done = sorted(rows(ledger, table), key=lambda each: str(each["name"]))
    assert (left["state"], left["epoch"], left["owner"]) == (later, 0, None)
    assert left["error"] == "the memory of ask:prom of version 2 is left alone: this version reads up to version 1"
    assert done["state"] == '{"runs": 1}'


def test_a_job_remembers_what_the_release_after_writes_with_its_version(ledger: Ledger) -> None:
    ledger.job_store.plan(["count:prom"])
    with ledger.database.write() as connection:
        connection.execute(update(table).values(state='{"v": 1, "runs": 1}'))
    runner(ledger, {"count:prom": counting()}).once()
    assert row(ledger)["state"] == '{"runs": 2}'
