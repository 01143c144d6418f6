"""Subjects and senders of the rows of an earlier version are filled in the background, and nobody waits for that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from worker.jobs import titles
from worker.jobs.runner import Runner
from worker.ledger import DeliveryFilter, Ledger
from worker.ledger.schema.tables import cases, inbound, operations
from worker.ledger.schema.tables import jobs as job_table
from worker.ledger.upkeep.titles import BATCH

from .builders import ManualClock, at_once, commented, deliver_all, delivery, opened, resolved, rows
from .conftest import MakeLedger

DAY = timedelta(days=1).total_seconds()


def runner(ledger: Ledger) -> Runner:
    job = titles.job_of()
    return Runner(ledger, lambda: {job.name: job}, lambda _: None, "one", 1.0)


def run(ledger: Ledger, clock: ManualClock, *, seconds: float = 3600) -> None:
    """Run the job for as long as it is due within these seconds."""
    one, until = runner(ledger), clock.now + timedelta(seconds=seconds)
    while clock.now < until:
        one.once()
        clock.advance(seconds=titles.PAUSE.total_seconds())
        (job,) = rows(ledger, job_table)
        if job["due_at"] > clock.now:
            clock.now = min(job["due_at"], until)


def as_before(ledger: Ledger) -> None:
    """Make every row what the version before stored."""
    with ledger.database.write() as connection:
        connection.execute(update(cases).values(subject=None))
        connection.execute(update(inbound).values(subject=None, sender=None))


def found(ledger: Ledger) -> list[tuple[str | None, str | None]]:
    return [(each["subject"], each["sender"]) for each in rows(ledger, inbound)]


def test_old_cases_and_deliveries_get_the_subject_of_their_ticket(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened(author="ada@customer.example"))])
    ledger.record([delivery(commented(author="bob@customer.example"))])
    ledger.record([delivery(resolved("never-opened"))])
    as_before(ledger)
    run(ledger, clock)
    assert [each["subject"] for each in rows(ledger, cases)] == ["disk is full", None]
    assert found(ledger) == [("disk is full", "ada@customer.example"), ("disk is full", None), (None, None)]


def test_an_old_private_message_stays_neutral(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened(private=True, subject="I was fired", author="ada@customer.example"))])
    as_before(ledger)
    run(ledger, clock)
    assert found(ledger) == [("A private message from prom", None)]


@pytest.mark.parametrize("request_", [b"", b"\xff\x00", b"[]", b'"text"', b"[" * 100_000, b"{}"])
def test_a_request_that_cannot_be_read_gives_no_subject_and_the_next_row_gets_its_own(
    sqlite_ledger: Ledger, clock: ManualClock, request_: bytes
) -> None:
    sqlite_ledger.record([delivery(opened("odd"))])
    sqlite_ledger.record([delivery(opened("even"))])
    as_before(sqlite_ledger)
    with sqlite_ledger.database.write() as connection:
        connection.execute(update(operations).where(operations.c.case_id == 1).values(request=request_))
    run(sqlite_ledger, clock)
    assert [each["subject"] for each in rows(sqlite_ledger, cases)] == [None, "even is full"]


def test_a_row_that_has_a_title_keeps_it(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened(), commented(author="bob"))])
    ledger.record([delivery(commented(message="c-2", author="bob", subject="Re: disk"))])
    before = found(ledger)
    run(ledger, clock)
    assert found(ledger) == before == [("disk is full", None), ("Re: disk", "bob")]


def test_a_pruned_delivery_loses_its_title_with_its_body_and_is_listed_by_its_case(
    ledger: Ledger, clock: ManualClock
) -> None:
    ledger.record([delivery(opened(author="ada"))])
    deliver_all(ledger)
    clock.advance(hours=24)
    for span in ledger.upkeep.prunable(timedelta(hours=1), timedelta(days=9)):
        list(ledger.upkeep.prune(span))
    run(ledger, clock)
    assert found(ledger) == [(None, None)]
    (line,) = ledger.reading.deliveries(DeliveryFilter(), None)
    assert (line.subject, line.sender) == ("disk is full", None)


def test_many_rows_are_filled_in_bounded_batches_over_several_runs(ledger: Ledger, clock: ManualClock) -> None:
    number = (titles.AT_ONCE + 1) * BATCH
    with ledger.database.write() as connection:
        connection.execute(text(SERIES[connection.dialect.name].format(number)))
    one = runner(ledger)
    one.once()
    (job,) = rows(ledger, job_table)
    assert job["due_at"] == clock.now + titles.PAUSE
    assert f'"cases": {titles.AT_ONCE * BATCH}' in job["state"]
    run(ledger, clock)
    (job,) = rows(ledger, job_table)
    assert f'"cases": {number}' in job["state"]


_CASE = (
    "INSERT INTO cases (id, source, key, episode, phase, state, rank, run_at, head_seq, next_seq, epoch, attempts)"
    " SELECT n, 'prom', 'case-' || n, 1, 'open', 'idle', 9, 0, 9, 9, 1, 0 FROM "
)
SERIES = {
    "postgresql": _CASE + "generate_series(1, {0}) AS n",
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {0}) " + _CASE + "s",  # noqa: S608
}


def test_the_job_looks_once_more_after_a_day_and_is_over_then(ledger: Ledger, clock: ManualClock) -> None:
    run(ledger, clock)
    ledger.record([delivery(opened())])
    as_before(ledger)  # a process of the version before went on for a while
    run(ledger, clock, seconds=2 * DAY)
    assert found(ledger) == [("disk is full", None)]
    (job,) = rows(ledger, job_table)
    assert '"is_over": true' in job["state"]
    assert job["due_at"] > clock.now + timedelta(days=300)


@pytest.mark.postgresql
def test_filling_waits_for_no_delivery_that_another_transaction_holds(
    make_ledger: MakeLedger, ledger: Ledger, clock: ManualClock, database_url: str
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    ledger.record([delivery(opened("one"))])
    ledger.record([delivery(opened("two"))])
    as_before(ledger)
    with make_ledger().database.write() as connection:
        connection.execute(text("SELECT 1 FROM inbound WHERE id = (SELECT min(id) FROM inbound) FOR UPDATE"))
        at_once(lambda: run(ledger, clock, seconds=60))
    assert found(ledger) == [(None, None), ("two is full", None)]
