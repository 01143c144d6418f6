"""Intake records deliveries in shared transactions, also when one of them fails or its sender goes away."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy.event
from prometheus_client import generate_latest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from worker.intake.intake import Busy, Intake, Stopped, why_not_taken
from worker.ledger import Ledger, LedgerAway
from worker.ledger.schema.tables import cases, inbound, operations
from worker.planning.model import Kind
from worker.runtime.metrics import Metrics

from .builders import delivery, kinds_of, opened, rows
from .test_locked_sqlite import locked

PATIENCE_S = 30


class Woken:
    """Stores the kinds of all wake-ups, in order."""

    def __init__(self) -> None:
        self.kinds: list[frozenset[Kind]] = []

    def __call__(self, kinds: Collection[Kind]) -> None:
        self.kinds.append(frozenset(kinds))


@contextmanager
def taking(ledger: Ledger, woken: Woken | None = None, **options: Any) -> Iterator[Intake]:
    intake = Intake(ledger, woken or Woken(), Metrics(), **options)
    intake.start()
    try:
        yield intake
    finally:
        intake.stop()


def make_key_taken(ledger: Ledger) -> None:
    """Record a poisoned delivery and delete its `seen` row, so that its operation's key is taken."""
    ledger.record([delivery(opened("poisoned"))])
    with ledger.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM seen")
        connection.exec_driver_sql("UPDATE cases SET key = 'moved away'")


def test_what_is_taken_is_durable_when_it_is_answered_and_woken_for(ledger: Ledger) -> None:
    woken = Woken()
    with taking(ledger, woken) as intake:
        recorded = intake.take(delivery(opened())).result(PATIENCE_S)
        assert kinds_of(ledger) == ["create_ticket"]
        assert woken.kinds == [{"create_ticket"}]
        intake.take(delivery(opened())).result(PATIENCE_S)
    assert recorded.outcome == "accepted"
    assert woken.kinds == [{"create_ticket"}]


def test_a_record_that_cannot_be_committed_is_not_answered_as_one(sqlite_ledger: Ledger) -> None:
    @sqlalchemy.event.listens_for(sqlite_ledger.database.engine, "commit", once=True)
    def fail(_: Connection) -> None:
        raise OperationalError("COMMIT", None, ConnectionError("the database went away"))

    with taking(sqlite_ledger) as intake:
        with pytest.raises(LedgerAway):
            intake.take(delivery(opened())).result(PATIENCE_S)
        assert rows(sqlite_ledger, inbound) == []
        assert intake.take(delivery(opened())).result(PATIENCE_S).became == "ticket"


def test_a_delivery_that_the_database_refuses_does_not_take_its_neighbours(ledger: Ledger) -> None:
    make_key_taken(ledger)
    with taking(ledger) as intake:
        with ledger.database.write():  # on SQLite this holds the queue, so that they share a batch
            futures = [intake.take(delivery(opened(name))) for name in ("before", "poisoned", "after")]
        outcomes = [each.result(PATIENCE_S).outcome for each in futures]
    assert outcomes == ["accepted", "quarantined", "accepted"]
    assert [each["key"] for each in rows(ledger, cases) if each["phase"] == "open"] == ["moved away", "before", "after"]
    (kept,) = [each for each in rows(ledger, inbound) if each["outcome"] == "quarantined"]
    assert kept["reason"] == "the delivery could not be planned (IntegrityError)"


def test_a_sender_that_goes_away_does_not_stop_the_intake_of_others(sqlite_ledger: Ledger) -> None:
    with taking(sqlite_ledger) as intake:
        with sqlite_ledger.database.write():
            futures = [intake.take(delivery(opened(f"disk-{number}"))) for number in range(6)]
            for each in futures[1::2]:
                each.cancel()
        for each in futures[::2]:
            each.result(PATIENCE_S)
        intake.take(delivery(opened("later"))).result(PATIENCE_S)
    assert "later" in [each["key"] for each in rows(sqlite_ledger, cases)]


def test_more_than_may_wait_is_refused_and_nothing_of_it_is_stored(sqlite_ledger: Ledger) -> None:
    intake = Intake(sqlite_ledger, Woken(), Metrics(), max_waiting=3)
    for number in range(3):
        intake.take(delivery(opened(f"disk-{number}")))
    with pytest.raises(Busy) as raised:
        intake.take(delivery(opened("one too many")))
    assert why_not_taken(raised.value) == "too many deliveries wait for the ledger"
    intake.start()
    intake.stop()
    assert [each["key"] for each in rows(sqlite_ledger, cases)] == ["disk-0", "disk-1", "disk-2"]


def test_what_waits_is_taken_before_a_stop_and_nothing_after(sqlite_ledger: Ledger) -> None:
    intake = Intake(sqlite_ledger, Woken(), Metrics())
    futures = [intake.take(delivery(opened(f"disk-{number}"))) for number in range(100)]
    intake.start()
    intake.stop()
    assert {each.result(0).outcome for each in futures} == {"accepted"}
    with pytest.raises(Stopped) as raised:
        intake.take(delivery(opened("late")))
    assert why_not_taken(raised.value) == "this process takes no more deliveries"


def test_only_an_error_of_the_ledger_is_said_to_be_about_the_ledger(sqlite_ledger: Ledger) -> None:
    with locked(sqlite_ledger), pytest.raises(LedgerAway) as raised:
        sqlite_ledger.record([delivery(opened())], 0.01)
    assert why_not_taken(raised.value) == "the ledger cannot be used: database is locked"
    assert why_not_taken(ValueError("a private text")) == "a defect in Ticketrelay: ValueError"


def test_deliveries_that_wait_together_share_transactions(sqlite_ledger: Ledger) -> None:
    woken = Woken()
    intake = Intake(sqlite_ledger, woken, Metrics())
    for number in range(100):
        intake.take(delivery(opened(f"disk-{number}")))
    intake.start()
    intake.stop()
    assert len(rows(sqlite_ledger, operations)) == 100
    assert len(woken.kinds) == 2  # 64 and the rest


@pytest.mark.postgresql
def test_a_ledger_that_is_away_is_told_and_asked_again_for_the_next() -> None:
    with socket.socket() as bound:  # bound, and not listening: no server can answer there
        bound.bind(("127.0.0.1", 0))
        away = Ledger(f"postgresql://nobody@127.0.0.1:{bound.getsockname()[1]}/none")
        with taking(away) as intake:
            for _ in range(2):
                with pytest.raises(LedgerAway):
                    intake.take(delivery(opened())).result(PATIENCE_S)
        away.close()


def test_a_delivery_with_a_defect_that_is_not_the_databases_is_kept_too(sqlite_ledger: Ledger) -> None:
    strange = replace(opened(), priority="sooner or later")  # type: ignore[arg-type]
    with taking(sqlite_ledger) as intake:
        recorded = intake.take(delivery(strange)).result(PATIENCE_S)
    assert recorded.outcome == "quarantined"


def test_deliveries_and_events_are_counted(sqlite_ledger: Ledger) -> None:
    metrics = Metrics()
    intake = Intake(sqlite_ledger, Woken(), metrics)
    for event in (opened(), opened(), opened(text="worse")):
        intake.take(delivery(event))
    intake.start()
    intake.stop()
    text = generate_latest(metrics.registry).decode()
    assert 'ticketrelay_inbound_total{outcome="accepted",source="prom"} 3.0' in text
    for recurrence in ("new", "repeat", "changed"):
        assert f'ticketrelay_events_total{{sighting="{recurrence}",source="prom"}} 1.0' in text
