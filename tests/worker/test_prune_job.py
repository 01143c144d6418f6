"""The job that prunes: every day, in runs that end soon and go on where the last one ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.jobs import prune
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import Runner
from worker.ledger import CLOCK_JOB, ClockWatch, Ledger, Terms
from worker.ledger.schema.tables import attempts, inbound, jobs
from worker.ledger.upkeep.pruning import AT_ONCE
from worker.settings import Settings, load

from .builders import LEASE, PROBE, UNLIMITED, WINDOW, ManualClock, deliver_all, delivery, opened, rows

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
A_YEAR_H = 24.0 * 365

pytestmark = pytest.mark.one_database


def runner(ledger: Ledger, settings: Settings) -> Runner:
    job = prune.job_of(settings)
    return Runner(ledger, lambda: {job.name: job}, lambda _: None, "one", 1.0)


def bodies(ledger: Ledger) -> int:
    return sum(bool(each["body"]) for each in rows(ledger, inbound))


def test_the_job_prunes_every_day_as_the_settings_say(ledger: Ledger, clock: ManualClock) -> None:
    pruning = runner(ledger, load(API))
    ledger.record([delivery(opened())])
    deliver_all(ledger)
    pruning.once()
    clock.advance(hours=24 * 31)
    pruning.once()
    assert (bodies(ledger), len(rows(ledger, attempts))) == (0, 1)
    clock.advance(hours=24 * 60)
    pruning.once()
    assert rows(ledger, attempts) == []


def test_none_keeps_for_ever(ledger: Ledger, clock: ManualClock) -> None:
    kept = load(API | {"TICKETRELAY_LEDGER__KEEP_BODIES": "", "TICKETRELAY_LEDGER__KEEP_ATTEMPTS": ""})
    assert (kept.ledger.keep_bodies, kept.ledger.keep_attempts) == (None, None)
    ledger.record([delivery(opened())])
    deliver_all(ledger)
    clock.advance(hours=A_YEAR_H)
    assert runner(ledger, kept).once() == 1
    assert (bodies(ledger), len(rows(ledger, attempts))) == (1, 1)


def test_a_long_backlog_is_pruned_run_by_run(
    ledger: Ledger, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "WORK_S", 0.0)  # one step of each table in a run
    ledger.record([delivery(opened(f"case-{number}")) for number in range(AT_ONCE + 1)])
    clock.advance(hours=A_YEAR_H)
    pruning = runner(ledger, load(API))
    pruning.once()
    assert bodies(ledger) == 1
    assert prune.PLACES in rows(ledger, jobs)[0]["state"]
    clock.now += prune.SOON
    pruning.once()
    clock.now += prune.SOON
    pruning.once()
    assert (bodies(ledger), rows(ledger, jobs)[0]["state"]) == (0, "{}")
    assert rows(ledger, jobs)[0]["due_at"] == clock.now + prune.EVERY


def test_nothing_is_pruned_for_a_day_after_the_clock_was_set(ledger: Ledger, clock: ManualClock) -> None:
    watch, terms = ClockWatch(lambda: 0.0), Terms(LEASE, WINDOW, PROBE, UNLIMITED)
    ledger.look_at_clock(terms, watch)
    ledger.record([delivery(opened())])
    clock.advance(hours=A_YEAR_H)
    assert ledger.look_at_clock(terms, watch) is not None
    pruning = runner(ledger, load(API))
    pruning.once()
    assert bodies(ledger) == 1
    clock.advance(hours=25)
    pruning.once()
    assert bodies(ledger) == 0


def test_a_job_that_nobody_runs_any_more_is_no_alarm_and_is_forgotten(ledger: Ledger, clock: ManualClock) -> None:
    ledger.job_store.plan(["quiet:gone"])
    taken = ledger.job_store.take(["quiet:gone"], owner="one", lease=LEASE)
    assert taken is not None
    ledger.job_store.fail(taken[0], "nobody answers", {}, after=timedelta(0))
    assert [each.name for each in ledger.overview().failing_jobs] == ["quiet:gone"]
    clock.advance(hours=25)
    assert ledger.overview().failing_jobs == ()
    clock.advance(hours=24 * 30)
    ledger.upkeep.tidy()
    assert rows(ledger, jobs) == []


def test_jobs_of_the_settings_run_on_after_a_month_in_which_no_worker_ran(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    catalogue = jobs_of(load(API))
    worker = Runner(sqlite_ledger, lambda: catalogue, lambda _: None, "one", 1.0)
    worker.once()
    clock.advance(hours=24 * 40)
    assert worker.once() == len(catalogue)
    clock.advance(hours=24 * 400)
    assert worker.once() == len(catalogue)
    assert {each["name"] for each in rows(sqlite_ledger, jobs)} == set(catalogue)


def test_the_jobs_of_alarms_are_not_forgotten(sqlite_ledger: Ledger, clock: ManualClock) -> None:
    settings = load(
        API
        | {"TICKETRELAY_ALARMS__PING_URL": "https://x.test/", "TICKETRELAY_ALARMS__NOTIFY__A__URL": "https://x.test/"}
    )
    sqlite_ledger.job_store.plan(["notify:a", "notify:gone", "ping"])
    clock.advance(hours=24 * 40)
    Runner(sqlite_ledger, lambda: {"prune": jobs_of(settings)["prune"]}, lambda _: None, "one", 1.0).once()
    assert [each["name"] for each in rows(sqlite_ledger, jobs)] == ["notify:a", "ping", "prune"]


def test_a_job_that_runs_is_not_forgotten_and_neither_is_the_one_that_mends_the_clock(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    sqlite_ledger.job_store.plan([CLOCK_JOB, "quiet:runs", "quiet:gone"])
    clock.advance(hours=24 * 40)
    assert sqlite_ledger.job_store.take(["quiet:runs"], owner="one", lease=LEASE) is not None
    sqlite_ledger.upkeep.tidy()
    assert [each["name"] for each in rows(sqlite_ledger, jobs)] == [CLOCK_JOB, "quiet:runs"]
    clock.now += LEASE
    sqlite_ledger.upkeep.tidy()
    assert [each["name"] for each in rows(sqlite_ledger, jobs)] == [CLOCK_JOB]
