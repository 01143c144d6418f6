"""Alarms on record: since when each is up, written by every process that finds it up."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog

from worker.ledger import Ledger, LedgerAway, alarms
from worker.ledger.upkeep.standing_alarms import HOLD, KEPT
from worker.runtime.alarm_watch import AlarmWatch
from worker.settings import TimingSettings

from .builders import NOON, ManualClock, kill_create, opened
from .conftest import MakeLedger
from .test_locked_sqlite import locked

A_LOOK = timedelta(seconds=15)


def record(ledger: Ledger) -> list[tuple[str, float, bool]]:
    """Return the alarms on record: name, minutes after noon since when, and whether it is over."""
    return [(each.name, (each.since - NOON) / timedelta(minutes=1), each.is_over) for each in ledger.alarms_on_record()]


def test_the_start_of_an_alarm_is_that_of_the_process_that_found_it_first(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger, other = make_ledger(), make_ledger()
    ledger.upgrade()
    ledger.note_alarms({"stalled": "work is due"})
    clock.advance(seconds=60)
    other.note_alarms({"stalled": "work is due for longer", "overdue": "late"})
    assert record(ledger) == [("overdue", 1.0, False), ("stalled", 0.0, False)]
    assert {each.text for each in ledger.alarms_on_record()} == {"work is due for longer", "late"}


def test_an_alarm_is_over_when_nobody_has_found_it_up_for_two_minutes(ledger: Ledger, clock: ManualClock) -> None:
    ledger.note_alarms({"stalled": "work is due"})
    clock.now += HOLD
    assert record(ledger) == [("stalled", 0.0, False)]
    clock.advance(seconds=1)
    assert record(ledger) == [("stalled", 0.0, True)]


def test_an_alarm_that_flaps_keeps_its_start_and_one_that_comes_back_later_begins_anew(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.note_alarms({"stalled": "work is due"})
    clock.advance(seconds=90)
    ledger.note_alarms({"stalled": "work is due"})
    assert record(ledger) == [("stalled", 0.0, False)]
    clock.advance(seconds=150)
    ledger.note_alarms({"stalled": "work is due"})
    assert record(ledger) == [("stalled", 4.0, False)]


def test_an_alarm_from_before_a_step_back_is_not_up_for_ever_and_does_not_begin_in_the_future(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.note_alarms({"stalled": "work is due"})
    clock.advance(hours=-1)
    assert record(ledger) == [("stalled", 0.0, True)]
    ledger.note_alarms({"stalled": "work is due"})
    assert record(ledger) == [("stalled", -60.0, False)]


def test_alarms_that_are_over_are_forgotten_after_a_day(ledger: Ledger, clock: ManualClock) -> None:
    ledger.note_alarms({"stalled": "work is due"})
    clock.now += KEPT
    ledger.upkeep.tidy()
    assert record(ledger) == [("stalled", 0.0, True)]
    clock.advance(seconds=1)
    ledger.upkeep.tidy()
    assert record(ledger) == []


def test_who_looks_at_the_alarms_logs_what_changed_and_writes_since_when(ledger: Ledger, clock: ManualClock) -> None:
    watch = AlarmWatch(ledger, TimingSettings())
    dead_letter = kill_create(ledger, opened())
    with structlog.testing.capture_logs() as log:
        watch.look()
        clock.now += A_LOOK
        watch.look()
        (up,) = alarms(ledger.overview(), TimingSettings())
        ledger.skip(dead_letter, "a test")
        watch.look()
    assert [(each["event"], each["alarm"]) for each in log] == [
        ("alarm.raised", "dead_letters"),
        ("alarm.ended", "dead_letters"),
    ]
    assert (up.name, up.since) == ("dead_letters", NOON)


def test_a_locked_ledger_is_looked_at_and_the_alarm_logged(sqlite_ledger: Ledger) -> None:
    kill_create(sqlite_ledger, opened())
    watch = AlarmWatch(sqlite_ledger, TimingSettings())
    with locked(sqlite_ledger), structlog.testing.capture_logs() as log, pytest.raises(LedgerAway):
        watch.look()
    assert [each["event"] for each in log] == ["alarm.raised"]
