"""Processes on record: the live, stopped and lost ones, their leases, and whether each reaches its broker."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import structlog

from worker.ledger import BrokerSeen, Holds, Ledger, LedgerAway, Mailbox, Presence, Process, Role
from worker.ledger.processes import ALIVE, KEPT, LAST_KEPT
from worker.runtime.heartbeat import Heartbeat
from worker.runtime.threads import owner_name, process_name

from .builders import NOON, ManualClock, claim, delivery, opened
from .test_locked_sqlite import locked

A_MINUTE = timedelta(minutes=1)


def presence(name: str = "host:1:aa", role: Role = "worker", **more: str) -> Presence:
    return Presence(name, role, "1.2", name.partition(":")[0], 1, **more)  # type: ignore[arg-type]  # of one type


def states(ledger: Ledger) -> dict[str, str]:
    return {each.id: each.state for each in ledger.processes.read()}


def only(ledger: Ledger) -> Process:
    (found,) = ledger.processes.read()
    return found


def test_a_heartbeat_writes_who_the_process_is_and_keeps_when_it_started(ledger: Ledger, clock: ManualClock) -> None:
    ledger.processes.heartbeat(presence(settings_digest="abc"))
    clock.advance(seconds=10)
    ledger.processes.heartbeat(Presence("host:1:aa", "worker", "1.2", "host", 1, "def", {"routes": "12"}))
    found = only(ledger)
    assert (found.role, found.version, found.host, found.pid) == ("worker", "1.2", "host", 1)
    assert (found.started_at, found.seen_at, found.stopped_at, found.state) == (NOON, clock.now, None, "live")
    assert (found.settings_digest, found.settings_parts) == ("def", {"routes": "12"})


def test_a_process_without_heartbeats_is_lost_and_comes_back_with_the_next_one(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.processes.heartbeat(presence())
    clock.now += ALIVE
    assert only(ledger).state == "live"
    clock.advance(seconds=1)
    assert (only(ledger).state, ledger.processes.live()) == ("lost", [])
    ledger.processes.heartbeat(presence())
    assert only(ledger).state == "live"


def test_after_the_clock_was_set_back_a_dead_process_does_not_count_as_alive(
    ledger: Ledger, clock: ManualClock
) -> None:
    for name in ("alive:1:aa", "dead:2:bb"):
        ledger.processes.heartbeat(presence(name))
    clock.advance(hours=-1)
    assert states(ledger) == {"alive:1:aa": "lost", "dead:2:bb": "lost"}
    ledger.processes.heartbeat(presence("alive:1:aa"))
    assert states(ledger) == {"alive:1:aa": "live", "dead:2:bb": "lost"}


def test_a_process_that_ends_as_it_should_is_stopped_and_not_lost(ledger: Ledger, clock: ManualClock) -> None:
    ledger.processes.heartbeat(presence())
    clock.advance(seconds=5)
    ledger.processes.ended("host:1:aa")
    assert (only(ledger).state, only(ledger).stopped_at) == ("stopped", clock.now)


def test_what_a_process_holds_is_found_by_its_name(ledger: Ledger) -> None:
    ledger.processes.heartbeat(presence("host:1:aa"))
    ledger.processes.heartbeat(presence("other:1:bb"))
    ledger.record([delivery(opened("one")), delivery(opened("two"))])
    claim(ledger, owner="host:1:aa:01")
    ledger.mailboxes.watch([(Mailbox("mail", "main"), 600.0)])
    ledger.mailboxes.lease(Mailbox("mail", "main"), "host:1:aa:02", A_MINUTE)
    ledger.job_store.plan(["quiet:prom"])
    ledger.job_store.take(["quiet:prom"], owner="host:1:aa:01", lease=A_MINUTE)
    held = {each.id: each.holds for each in ledger.processes.read()}
    assert held == {"host:1:aa": Holds(2, 1, ("quiet:prom",)), "other:1:bb": Holds()}


def test_each_part_of_a_process_has_a_name_of_its_own_below_that_of_the_process() -> None:
    first, second = owner_name(), owner_name()
    assert first != second
    assert {each.rpartition(":")[0] for each in (first, second)} == {process_name()}


def test_since_when_the_broker_is_away_is_kept_until_it_is_reached(ledger: Ledger, clock: ManualClock) -> None:
    ledger.processes.heartbeat(presence(), BrokerSeen(None))
    for seconds in (10, 10):
        clock.advance(seconds=seconds)
        ledger.processes.heartbeat(presence(), BrokerSeen("refused"))
    found = only(ledger)
    assert (found.broker_ok_at, found.broker_failing_since) == (NOON, NOON + timedelta(seconds=10))
    assert found.broker_error == "refused"
    ledger.processes.heartbeat(presence(), BrokerSeen(None))
    found = only(ledger)
    assert (found.broker_ok_at, found.broker_failing_since, found.broker_error) == (clock.now, None, None)


def test_ended_processes_are_forgotten_after_a_day_and_the_last_one_of_a_role_after_a_week(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.processes.heartbeat(presence("old:1:aa"))
    clock.advance(seconds=1)
    ledger.processes.heartbeat(presence("last:1:bb"))
    clock.now += KEPT
    ledger.upkeep.tidy()
    assert states(ledger) == {"last:1:bb": "lost"}
    clock.now += LAST_KEPT
    ledger.upkeep.tidy()
    assert states(ledger) == {}


def test_a_heartbeat_waits_for_a_locked_ledger_for_a_second_only(sqlite_ledger: Ledger) -> None:
    heartbeat = Heartbeat(sqlite_ledger, "worker")
    with locked(sqlite_ledger), pytest.raises(LedgerAway):
        heartbeat.once()
    heartbeat.once()
    assert only(sqlite_ledger).id == process_name()


def test_a_heartbeat_that_failed_is_tried_again_soon_and_one_line_is_logged_of_many(
    sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.runtime.heartbeat.AGAIN_S", 0.01)
    heartbeat = Heartbeat(sqlite_ledger, "serve")
    with structlog.testing.capture_logs() as log:
        with locked(sqlite_ledger):
            heartbeat.start()
            time.sleep(2.5)
        deadline = time.monotonic() + 20
        while not sqlite_ledger.processes.read() and time.monotonic() < deadline:
            time.sleep(0.01)
        heartbeat.stop()
    assert [each["event"] for each in log] == ["heartbeat.failed"]
    assert only(sqlite_ledger).state == "stopped"


def test_the_heartbeat_goes_on_after_the_ledger_was_away_and_ends_with_its_process(sqlite_ledger: Ledger) -> None:
    heartbeat = Heartbeat(sqlite_ledger, "serve", lambda: BrokerSeen(None), lambda: ("abc", {"api": "1"}))
    heartbeat.start()
    deadline = time.monotonic() + 20
    while not sqlite_ledger.processes.read() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (only(sqlite_ledger).state, only(sqlite_ledger).settings_digest) == ("live", "abc")
    with locked(sqlite_ledger), structlog.testing.capture_logs() as log:
        heartbeat.stop()
    assert [each["event"] for each in log] == ["heartbeat.failed"]
    heartbeat.stop()
    assert only(sqlite_ledger).state == "stopped"
