"""The job that prunes: every day, in runs that end soon and go on where the last one ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.jobs import prune
from worker.jobs.runner import Runner
from worker.ledger import ClockWatch, Ledger, Terms
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
