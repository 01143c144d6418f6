"""The metrics of a process: zeros from the start, histograms of an objective, and gauges that are read once for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from worker.delivery.settled import note
from worker.intake.intake import Intake
from worker.ledger import ALARMS, DeliveryState, Ledger, Limits, Settlement, Terms
from worker.planning.keys import RANKS
from worker.planning.model import KINDS
from worker.runtime.gauges import Cached, Reading, metrics_of
from worker.runtime.metrics import DECLARED, OF_THE_PROCESS, Metrics
from worker.settings import Settings, load

from .builders import (
    LEASE,
    NOON,
    PROBE,
    WINDOW,
    ManualClock,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    done,
    opened,
)
from .http_edge import ENVIRON
from .test_locked_sqlite import locked

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def settings() -> Settings:
    return load(ENVIRON)


def samples(metrics: Metrics) -> Samples:
    """Return the value of each sample by its name and labels, as one scrape shows them."""
    text = generate_latest(metrics.registry).decode()
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def value(shown: Samples, name: str, **labels: str) -> float | None:
    return shown.get((f"ticketrelay_{name}", tuple(sorted(labels.items()))))


def test_every_metric_that_a_process_shows_is_declared(ledger: Ledger, settings: Settings) -> None:
    text = generate_latest(metrics_of(ledger, settings, sends=True).registry).decode()
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert shown <= {each.full_name for each in DECLARED.values()} | set(OF_THE_PROCESS)


def test_an_empty_ledger_has_a_zero_for_every_state_kind_rank_reason_outcome_and_alarm(
    sqlite_ledger: Ledger, settings: Settings
) -> None:
    shown = samples(metrics_of(sqlite_ledger, settings))
    for each in DECLARED.values():
        if each.known and each.type != "histogram":
            names = {name for name, _ in shown if name == each.full_name}
            assert names, each.name
    expected: dict[tuple[str, str, str], float] = {("cases", "state", state): 0 for state in DeliveryState}
    expected |= {("operations_open", "kind", kind): 0.0 for kind in KINDS}
    ranks = ("undelivered_age_seconds", "budget_used", "budget_waiting")
    expected |= {(name, "rank", str(rank)): 0.0 for name in ranks for rank in RANKS}
    expected |= {("alarm", "alarm", alarm.name): 0.0 for alarm in ALARMS.values() if alarm.in_metrics}
    expected |= {
        ("denied_total", "reason", reason): 0.0 for (reasons,) in [DECLARED["denied"].known] for reason in reasons
    }
    assert {key: value(shown, key[0], **{key[1]: key[2]}) for key in expected} == expected
    assert value(shown, "attempts_total", kind="add_note", outcome="not executed") == 0
    assert value(shown, "inbound_total", source="prom", outcome="quarantined") == 0
    assert value(shown, "events_total", source="prom", sighting="new") == 0
    assert value(shown, "time_to_ticket_seconds_bucket", priority="urgent", le="30.0") == 0
    assert value(shown, "intake_seconds_count") == 0


def test_a_process_shows_its_version_and_its_memory(sqlite_ledger: Ledger, settings: Settings) -> None:
    shown = samples(metrics_of(sqlite_ledger, settings))
    assert [value for (name, labels), value in shown.items() if name == "ticketrelay_build_info" and labels] == [1]
    assert ("process_resident_memory_bytes", ()) in shown


def test_the_time_from_a_delivery_to_its_ticket_is_observed_by_priority(ledger: Ledger, clock: ManualClock) -> None:
    metrics = Metrics()
    ledger.record([delivery(opened("slow"), treatments=())])
    clock.advance(seconds=12)
    claimed = claim_one(ledger)
    settlement = replace(done(), estimated_at=clock.now, latency=timedelta(seconds=0.3), status=201)
    assert ledger.settle([(claimed, settlement)])[0] == []
    note(metrics, claimed, settlement, is_recorded=True)
    shown = samples(metrics)
    waited = {
        priority: value(shown, "time_to_ticket_seconds_sum", priority=priority)
        for priority in ("urgent", "high", "medium", "low")
    }
    assert sorted(waited.values(), key=lambda each: each or 0) == [0, 0, 0, 12]
    assert value(shown, "api_call_seconds_bucket", kind="create_ticket", outcome="done", le="0.5") == 1
    assert value(shown, "api_call_seconds_bucket", kind="create_ticket", outcome="done", le="0.25") == 0


@pytest.mark.parametrize("outcome", [dead(), Settlement("again", "unknown", again_at=NOON, unknown=True)])
def test_a_create_that_made_no_ticket_is_in_no_histogram_of_tickets(ledger: Ledger, outcome: Settlement) -> None:
    metrics = Metrics()
    ledger.record([delivery(opened())])
    note(metrics, claim_one(ledger), replace(outcome, estimated_at=NOON), is_recorded=True)
    assert {each for (name, _), each in samples(metrics).items() if "time_to_ticket_seconds_count" in name} == {0}


def test_a_later_attempt_of_an_operation_has_a_higher_number(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened())])
    first = claim_one(ledger)
    ledger.settle([(first, Settlement("again", "not executed", again_at=clock.now))])
    assert (first.tries, claim_one(ledger).tries) == (0, 1)


def test_the_time_from_arrival_to_commit_is_observed(sqlite_ledger: Ledger) -> None:
    metrics = Metrics()
    intake = Intake(sqlite_ledger, lambda _: None, metrics, clock=lambda: NOON + timedelta(seconds=0.07))
    intake.start()
    intake.take(delivery(opened())).result(60)
    intake.stop()
    shown = samples(metrics)
    assert value(shown, "intake_seconds_bucket", le="0.1") == 1
    assert value(shown, "intake_seconds_bucket", le="0.05") == 0


def test_the_budget_is_shown_as_granted_used_and_waited_for(ledger: Ledger, settings: Settings) -> None:
    ledger.record([delivery(opened("one")), delivery(opened("two"))])
    terms = Terms(LEASE, WINDOW, PROBE, Limits(100, 20))
    ledger.claim("create_ticket", limit=1, owner="w", terms=terms)
    shown = samples(metrics_of(ledger, settings, sends=True))
    assert value(shown, "budget_limit") == value(shown, "budget_granted") == 100
    assert sum(value(shown, "budget_used", rank=str(rank)) or 0 for rank in RANKS) == 1
    assert sum(value(shown, "budget_waiting", rank=str(rank)) or 0 for rank in RANKS) == 1
    assert value(samples(metrics_of(ledger, settings)), "budget_limit") is None


def test_a_locked_sqlite_shows_as_a_ledger_that_can_be_read_and_not_written(
    sqlite_ledger: Ledger, settings: Settings
) -> None:
    metrics = metrics_of(sqlite_ledger, settings)
    away(sqlite_ledger)  # a write that fails: without one, a commit of a moment ago still shows that writes succeed
    with locked(sqlite_ledger):
        shown = samples(metrics)
        assert (value(shown, "ledger_up"), value(shown, "ledger_writable")) == (1, 0)
    assert value(samples(metrics), "ledger_writable") == 1


def test_waiting_work_is_counted_by_state_and_kind(ledger: Ledger, settings: Settings) -> None:
    ledger.record([delivery(opened("done"))])
    deliver_all(ledger)
    ledger.record([delivery(opened("ready"), commented("ready"))])
    shown = samples(metrics_of(ledger, settings))
    assert (value(shown, "cases", state="idle"), value(shown, "cases", state="ready")) == (1, 1)
    assert value(shown, "operations_open", kind="create_ticket") == 1
    assert value(shown, "operations_open", kind="close_ticket") == 0


class Source:
    """A ledger of which only the number of reads matters."""

    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self) -> Reading:
        self.reads += 1
        self.go_on.wait(60)
        if self.error is not None:
            raise self.error
        return Reading(True, (("dead_letters", {}, self.reads),))


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    yield made
    made.go_on.set()


def read(cached: Cached) -> dict[str, float]:
    return {name: found for name, _, found in cached()}


def test_however_many_ask_the_ledger_is_read_once_in_a_while(source: Source) -> None:
    now = [100.0]
    cached = Cached(source, every=2, clock=lambda: now[0])
    first = [read(cached) for _ in range(50)]
    assert source.reads == 1
    now[0] += 1.5
    assert read(cached) == {"ledger_up": 1, "ledger_writable": 1, "ledger_gauges_age_seconds": 1.5, "dead_letters": 1}
    now[0] += 0.5
    assert read(cached)["dead_letters"] == 2
    assert {each["dead_letters"] for each in first} == {1}


def test_while_the_ledger_is_away_the_last_values_are_shown_with_their_age(
    source: Source, sqlite_ledger: Ledger
) -> None:
    now = [100.0]
    cached = Cached(source, every=2, clock=lambda: now[0])
    read(cached)
    source.error = away(sqlite_ledger)
    now[0] += 60
    assert read(cached) == {"ledger_up": 0, "ledger_writable": 0, "ledger_gauges_age_seconds": 60, "dead_letters": 1}
    source.error = None
    now[0] += 2
    assert read(cached)["ledger_up"] == 1
    assert read(cached)["ledger_gauges_age_seconds"] == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_read_that_fails_in_another_way_is_not_shown_as_up(source: Source) -> None:
    now = [100.0]
    cached = Cached(source, every=2, clock=lambda: now[0])
    read(cached)
    source.error = ValueError("a row of a later version")
    now[0] += 60
    assert read(cached) == {"ledger_up": 0, "ledger_writable": 0, "ledger_gauges_age_seconds": 60, "dead_letters": 1}


def test_a_ledger_that_never_answered_has_no_values_and_no_age(source: Source, sqlite_ledger: Ledger) -> None:
    source.error = away(sqlite_ledger)
    assert read(Cached(source, every=2)) == {"ledger_up": 0, "ledger_writable": 0}


def test_a_scrape_does_not_wait_for_a_database_that_has_stopped_answering(source: Source) -> None:
    now = [100.0]
    cached = Cached(source, every=2, patience=0.05, clock=lambda: now[0])
    read(cached)
    source.go_on.clear()
    now[0] += 30
    assert read(cached) == {"ledger_up": 0, "ledger_writable": 0, "ledger_gauges_age_seconds": 30, "dead_letters": 1}
    assert read(cached)["ledger_up"] == 0
    assert source.reads == 2


def away(ledger: Ledger) -> Exception:
    """Return the error of a ledger that cannot be used."""
    with locked(ledger):
        try:
            ledger.record([delivery(opened())], 0.01)
        except Exception as error:  # noqa: BLE001 — whatever it is, it is what a ledger raises
            return error
    raise AssertionError("the ledger was not locked")
