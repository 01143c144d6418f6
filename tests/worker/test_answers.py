"""The row about the answers of the Tickets API: how often it is written, and what calls that end together say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.ledger import Claim, Ledger, Settlement
from worker.ledger.queue import answers
from worker.ledger.schema import tables

from .builders import LATENCY, NOON, ManualClock, again, at_once, claim, claim_one, delivery, done, opened, rows
from .conftest import MakeLedger


def record(ledger: Ledger, number: int) -> None:
    ledger.record([delivery(*(opened(f"disk-{each}") for each in range(number)))])


def failed(now_or_later: timedelta = timedelta(0), *, unknown: bool = False) -> Settlement:
    """Return the settlement of a call that failed and follows again after this time."""
    return again(NOON + now_or_later, unknown=unknown, latency=LATENCY)


def test_a_success_is_stored_at_most_once_a_second(ledger: Ledger, clock: ManualClock) -> None:
    record(ledger, 4)
    first, second, third, fourth = claim(ledger)
    ledger.settle([(first, done("T-1"))])
    clock.advance(seconds=0.9)
    ledger.settle([(second, done("T-2"))])
    assert ledger.overview().last_success_at == NOON
    clock.advance(seconds=0.1)
    ledger.settle([(third, done("T-3"))])
    assert ledger.overview().last_success_at == clock.now
    clock.advance(seconds=-600)
    ledger.settle([(fourth, done("T-4"))])
    assert ledger.overview().last_success_at == clock.now, "the clock was set back"


def test_failures_of_processes_that_settle_at_once_are_all_counted(
    ledger: Ledger, make_ledger: MakeLedger, clock: ManualClock
) -> None:
    record(ledger, 24)
    claims = claim(ledger)
    parts = [(make_ledger(), claims[number::4]) for number in range(4)]

    def settle(own: Ledger, mine: list[Claim]) -> None:
        for each in mine:
            own.settle([(each, again(NOON, latency=LATENCY))])

    at_once(*(lambda own=own, mine=mine: settle(own, mine) for own, mine in parts))
    assert ledger.overview().failures_in_a_row == 24
    assert rows(ledger, tables.answers)[0]["several"] is True


@pytest.mark.postgresql
def test_a_success_does_not_wait_for_a_settle_that_holds_the_row(postgresql_url: str, clock: ManualClock) -> None:
    ledger = Ledger(postgresql_url, clock=clock)
    ledger.upgrade()
    record(ledger, 1)
    made = claim_one(ledger)
    other = Ledger(postgresql_url, clock=clock)
    with other.database.write() as holding:
        answers.note(holding, [(made, again(NOON, latency=LATENCY))], NOON)
        ledger.settle([(made, done())])
        assert ledger.overview().last_success_at is None
    assert ledger.overview().failures_in_a_row == 1
    other.close()
    ledger.close()


@pytest.mark.parametrize(
    ("settled", "expected"),
    [
        pytest.param([], answers.Heard(), id="no call"),
        pytest.param([(1, failed()), (1, failed())], answers.Heard(failures=2, case_id=1), id="one case"),
        pytest.param(
            [(1, failed()), (2, failed(unknown=True))],
            answers.Heard(failures=2, case_id=1, several=True, in_doubt=True),
            id="two cases",
        ),
        pytest.param(
            [(1, failed()), (2, done()), (3, failed())],
            answers.Heard(True, True, failures=1, case_id=3),
            id="an answer in between",
        ),
        pytest.param([(1, done()), (2, done())], answers.Heard(True, True), id="answers"),
    ],
)
def test_calls_that_end_together_are_summed_up_in_their_order(
    sqlite_ledger: Ledger, settled: list[tuple[int, Settlement]], expected: answers.Heard
) -> None:
    record(sqlite_ledger, 3)
    by_case = {each.case_id: each for each in claim(sqlite_ledger)}
    assert answers.heard([(by_case[case], outcome) for case, outcome in settled]) == expected
