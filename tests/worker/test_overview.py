"""Reports of the ledger: counts, the story of a message, and alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from worker.ledger import ClockWatch, CloseGate, Delivery, Ledger, MailboxState, Presence, Process, Terms
from worker.ledger.queue.clock_jumps import ClockJump
from worker.ledger.reports.alarms import alarms
from worker.ledger.reports.declared_alarms import ALARMS
from worker.ledger.reports.overview import Overview, Unanswered
from worker.ledger.sources.jobs import FailingJob
from worker.settings import TimingSettings

from .builders import (
    LEASE,
    NOON,
    PROBE,
    UNLIMITED,
    WINDOW,
    ManualClock,
    again,
    claim,
    claim_one,
    commented,
    deliver_all,
    delivery,
    done,
    inbound,
    kill_create,
    opened,
    resolved,
)

STALL = timedelta(seconds=60)
QUIET = Overview({}, {}, 0, 0, None, None, None, None, False, None, (), NOON)

SILENT = MailboxState("mail", "main", NOON - timedelta(days=1), 600.0, None, None, "invalid_grant", None, 3)

LONELY = Process(
    "web:1:aa", "serve", "1", "web", 1, NOON, NOON, None, "live",
    broker_failing_since=NOON - timedelta(hours=1), broker_error="refused",
)  # fmt: skip
KILLED = Process("box:1:bb", "worker", "1", "box", 1, NOON, NOON - timedelta(hours=1), None, "lost")


def names(seen_now: Overview) -> list[str]:
    return [each.name for each in alarms(seen_now, TimingSettings(stall_alarm=STALL.total_seconds()))]


def test_every_alarm_of_the_metrics_is_declared_and_can_be_raised() -> None:
    wrong = replace(
        QUIET, dead=1, quarantined=1, due_since=NOON - 9 * STALL, reading_refused=True, full="no room",
        overdue_since=NOON - timedelta(days=2), failing_jobs=(FailingJob("quiet:prom", 3, NOON, "nobody answers"),),
        mailboxes=(SILENT,), clock_jump=ClockJump(NOON, -3600.0, NOON),
        unanswered=Unanswered(NOON - timedelta(hours=1), NOON, is_enough=True), processes=(LONELY, KILLED),
    )  # fmt: skip
    jumped = names(wrong)
    wrong = replace(wrong, clock_jump=None)  # a jump explains why work waits
    reasons = ("credentials", "scope", "breaker")
    assert {*jumped, *(name for reason in reasons for name in names(replace(wrong, gate_reason=reason)))} == {
        each.name for each in ALARMS.values() if each.in_metrics
    }


def test_an_empty_ledger_has_nothing_to_say(ledger: Ledger) -> None:
    assert ledger.overview() == QUIET
    assert ledger.find("disk") == []


def test_cases_and_open_operations_are_counted(ledger: Ledger, clock: ManualClock) -> None:
    kill_create(ledger, opened("blocked"), resolved("blocked"))
    ledger.record([delivery(opened("idle"))])
    deliver_all(ledger)
    clock.advance(seconds=5)
    ledger.record([delivery(opened("leased"), commented("leased"))])
    claim(ledger)
    ledger.record([delivery(opened("ready")), Delivery(inbound(), unreadable="not JSON")])
    clock.advance(seconds=2)
    now = ledger.overview()
    assert now.cases == {"blocked": 1, "idle": 1, "leased": 1, "ready": 1}
    assert now.open_operations == {"create_ticket": 2, "add_note": 1, "close_ticket": 1}
    assert (now.dead, now.quarantined, now.at) == (1, 1, clock.now)
    assert now.due_since == NOON + timedelta(seconds=5)
    assert now.last_attempt_at == NOON


def test_a_jump_of_the_clock_is_told_until_the_gate_opens(ledger: Ledger, clock: ManualClock) -> None:
    watch = ClockWatch(lambda: 0.0)
    terms = Terms(LEASE, WINDOW, PROBE, UNLIMITED)
    ledger.look_at_clock(terms, watch)
    clock.advance(hours=-1)
    ledger.record([delivery(opened())])
    assert ledger.look_at_clock(terms, watch) is not None
    (alarm,) = alarms(ledger.overview(), TimingSettings(stall_alarm=STALL.total_seconds()))
    assert alarm.name == "clock_jumped"
    assert alarm.text.startswith("the clock of the ledger was set back by 3600 s at ")
    clock.advance(seconds=61)
    ledger.job_store.mend_clock(timedelta(0), timedelta(0))
    assert names(ledger.overview()) == []


def test_a_jump_that_nobody_mends_hides_neither_a_missing_worker_nor_work_that_waits(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    watch, terms = ClockWatch(lambda: 0.0), Terms(LEASE, WINDOW, PROBE, UNLIMITED)
    worker, serve = Presence("box:1:bb", "worker", "1", "box", 1), Presence("web:1:aa", "serve", "1", "web", 1)
    sqlite_ledger.look_at_clock(terms, watch)
    sqlite_ledger.processes.heartbeat(worker)
    clock.advance(hours=1)
    sqlite_ledger.record([delivery(opened())])
    assert sqlite_ledger.look_at_clock(terms, watch) is not None  # and then the worker is killed
    for _ in range(6):
        sqlite_ledger.processes.heartbeat(serve)
        assert names(sqlite_ledger.overview()) == ["clock_jumped"]
        clock.advance(seconds=10)
    clock.advance(hours=1)
    sqlite_ledger.processes.heartbeat(serve)
    assert names(sqlite_ledger.overview()) == ["clock_jumped", "stalled", "process_missing"]


def test_a_ledger_without_trouble_raises_no_alarm(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    deliver_all(ledger)
    assert names(ledger.overview()) == []


def test_a_dead_letter_is_an_alarm_until_somebody_decided(ledger: Ledger) -> None:
    dead_letter = kill_create(ledger, opened())
    assert names(ledger.overview()) == ["dead_letters"]
    ledger.skip(dead_letter, "a test alert")
    assert names(ledger.overview()) == []


def test_a_delivery_in_quarantine_is_an_alarm_until_somebody_decided(ledger: Ledger) -> None:
    ledger.record([Delivery(inbound(), unreadable="not JSON")])
    assert names(ledger.overview()) == ["quarantine"]
    ledger.skip(ledger.list_dead()[0].id, "a scanner")
    assert names(ledger.overview()) == []


@pytest.mark.parametrize("reason", ["credentials", "scope"])
def test_a_refused_key_is_an_alarm_until_a_call_succeeds(ledger: Ledger, clock: ManualClock, reason: str) -> None:
    ledger.record([delivery(opened())])
    closing = CloseGate(NOON + timedelta(seconds=30), "scope" if reason == "scope" else "credentials")
    ledger.settle([(claim_one(ledger), again(NOON, gate=closing))])
    assert names(ledger.overview()) == ["gate_closed"]
    clock.advance(seconds=30)
    ledger.settle([(claim_one(ledger), done())])
    assert names(ledger.overview()) == []


def test_a_spent_budget_is_no_alarm(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    ledger.settle([(claim_one(ledger), again(NOON, gate=CloseGate(NOON + timedelta(hours=1), "budget")))])
    clock.advance(seconds=600)
    assert ledger.overview().gate_reason == "budget"
    assert names(ledger.overview()) == []


def test_due_work_that_nobody_claims_is_an_alarm(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    clock.advance(seconds=60)
    assert names(ledger.overview()) == []
    clock.advance(seconds=1)
    assert names(ledger.overview()) == ["stalled"]
    deliver_all(ledger)
    assert names(ledger.overview()) == []


@pytest.mark.parametrize(
    ("seen_now", "stalled"),
    [
        pytest.param(replace(QUIET, due_since=NOON - 2 * STALL), True, id="nothing was ever sent"),
        pytest.param(replace(QUIET, due_since=NOON - 2 * STALL, last_attempt_at=NOON), False, id="calls are made"),
        pytest.param(
            replace(QUIET, due_since=NOON - 2 * STALL, last_attempt_at=NOON - 3 * STALL), True, id="calls were made"
        ),
        pytest.param(replace(QUIET, last_attempt_at=NOON - 3 * STALL), False, id="nothing is due"),
        pytest.param(
            replace(QUIET, due_since=NOON - 2 * STALL, gate_closed_until=NOON + STALL), False, id="the gate is closed"
        ),
        pytest.param(
            replace(QUIET, due_since=NOON - 2 * STALL, gate_closed_until=NOON - STALL), True, id="it was closed once"
        ),
    ],
)
def test_work_stalls_when_it_is_due_and_no_call_was_made(seen_now: Overview, stalled: bool) -> None:
    assert names(seen_now) == (["stalled"] if stalled else [])


@pytest.mark.parametrize("name", ["disk", "disk:firing:0", "disk:resolved:10", "T-77"])
def test_a_case_is_found_by_its_key_its_messages_and_its_ticket(ledger: Ledger, name: str) -> None:
    ledger.record([delivery(opened(), resolved()), delivery(opened("other"))])
    ledger.settle([(each, done("T-77" if each.seq and keyed == "disk" else "T-78"))
                   for each, keyed in zip(claim(ledger), ["disk", "other"], strict=True)])  # fmt: skip
    (story,) = ledger.find(name)
    assert (story.key, story.source, story.phase, story.episode) == ("disk", "prom", "closed", 1)
    assert (story.ticket_id, story.ticket_status, story.state) == ("T-77", "open", "ready")
    create, close = story.operations
    assert (create.kind, create.state, create.id) == ("create_ticket", "done", f"op-{story.id}-1")
    assert (close.kind, close.state, close.tries) == ("close_ticket", "open", ())
    assert [each.outcome for each in create.tries] == ["done"]


def test_a_message_of_the_same_name_is_found_in_every_source(ledger: Ledger) -> None:
    ledger.record([delivery(opened(), source="prom-a"), delivery(opened(), source="prom-b")])
    assert [each.source for each in ledger.find("disk:firing:0")] == ["prom-a", "prom-b"]


def test_a_repeated_name_gives_a_case_once(ledger: Ledger) -> None:
    ledger.record([delivery(opened("disk", message="disk"))])
    assert len(ledger.find("disk")) == 1


def test_what_never_arrived_is_not_found(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    assert [ledger.find(name) for name in ("dis", "", "%", "T-1", "disk:firing:1")] == [[]] * 5


def test_attempts_that_come_too_late_for_their_calls_are_no_progress(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    for _ in range(20):
        late = again(clock.now, unsent=True, took=timedelta(seconds=6))
        ledger.settle([(claim_one(ledger), late)])
        clock.advance(seconds=6)
    assert names(ledger.overview()) == ["stalled"]
