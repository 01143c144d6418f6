"""`tail` shows what happens in all processes, and ends when it should."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from worker.ledger import Delivery, Ledger
from worker.ledger.reports.following import LOOKED_FOR, MOST_PASSED_OVER, Filter, Position, passed

from .builders import NOON, claim_one, dead, deliver_all, delivery, done, inbound, opened
from .commands import begun, command, said

pytestmark = pytest.mark.one_database


@contextmanager
def following(database_url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `tail` during the context."""
    process = begun(database_url, "tail", *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=120)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_what_another_process_does_is_shown_as_it_happens(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened("before"))])
    with following(database_url, "-o", "jsonl") as process:
        assert json.loads(line_of(process))["what"] == "delivery"
        deliver_all(ledger, "T-7")
        told = json.loads(line_of(process))
        assert (told["what"], told["outcome"], told["kind"], told["case"]) == (
            "attempt", "done", "create_ticket", "before",
        )  # fmt: skip
        ledger.record([delivery(opened("after"))])
        assert json.loads(line_of(process))["what"] == "delivery"


def test_an_interrupt_ends_it_with_0_and_without_a_word(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    with following(database_url) as process:
        assert "OUTCOME" in line_of(process)
        assert "delivery" in line_of(process)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, output, errors) == (0, "", "")


def test_it_ends_when_nobody_reads_any_more_although_nothing_happens(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened())])
    with following(database_url) as process:
        assert "OUTCOME" in line_of(process)
        assert "delivery" in line_of(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stdout = None


def test_the_latest_are_shown_and_filtered(ledger: Ledger, database_url: str) -> None:
    ledger.record([delivery(opened("one")), delivery(opened("mail"), source="mail")])
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    for each in (claim_one(ledger, limit=1), claim_one(ledger, limit=1)):
        ledger.settle([(each, dead() if each.case_id % 2 else done())])

    def shown(*arguments: str) -> list[tuple[str, str]]:
        told = said(command(database_url, "tail", "--no-follow", "-o", "json", *arguments))
        return [(each["what"], each["outcome"]) for each in told]

    assert sorted(shown()) == sorted(
        [("delivery", "accepted"), ("delivery", "accepted"), ("delivery", "quarantined"), ("attempt", "done"),
         ("attempt", "rejected")]
    )  # fmt: skip
    assert shown("--outcome", "quarantined") == [("delivery", "quarantined")]
    assert shown("--outcome", "rejected") == [("attempt", "rejected")]
    assert {what for what, _ in shown("--source", "mail")} == {"delivery", "attempt"}
    assert len(shown("--source", "mail")) == 2
    assert len(shown("--lines", "2")) == 2
    assert shown("--lines", "0") == []


def test_a_stream_without_an_end_is_no_json_document(ledger: Ledger, database_url: str) -> None:
    result = command(database_url, "tail", "-o", "json")
    assert result.exit_code == 2
    assert "give -o jsonl or --no-follow" in result.stderr


def test_a_row_that_is_committed_after_one_with_a_higher_id_is_shown(make_ledger: object, ledger: Ledger) -> None:
    position = ledger.reading.begin_following()
    with ledger.database.engine.connect() as late:
        if ledger.database.is_sqlite:
            pytest.skip("SQLite has one writer at a time")
        transaction = late.begin()
        late.exec_driver_sql(
            "INSERT INTO inbound (source, received_at, outcome, headers, query, body, body_digest) "
            "VALUES ('prom', 0, 'accepted', '[]', '', '', 'x')"
        )
        ledger.record([delivery(opened())])
        first, position = ledger.reading.news(position, Filter())
        transaction.commit()
    second, position = ledger.reading.news(position, Filter())
    third, _ = ledger.reading.news(position, Filter())
    assert (len(first), len(second), third) == (1, 1, [])
    assert int(second[0].id.removeprefix("in-")) < int(first[0].id.removeprefix("in-"))


def test_ids_that_were_passed_over_are_looked_for_a_minute() -> None:
    position = passed(Position(10), {11, 14}, NOON)
    assert (position.last, sorted(position.passed_over)) == (14, [12, 13])
    position = passed(position, {13}, NOON + timedelta(seconds=1))
    assert (position.last, sorted(position.passed_over)) == (14, [12])
    assert passed(position, (), NOON + LOOKED_FOR).passed_over == {}


def test_a_leap_of_ids_does_not_grow_what_is_looked_for() -> None:
    assert len(passed(Position(0), {10**9}, NOON).passed_over) <= MOST_PASSED_OVER
