"""The leases that a process takes back: only those that it has seen for a whole lease, by a clock that never jumps."""

from __future__ import annotations

from worker.delivery.clocks import LeaseWatch
from worker.ledger import Lease

ONE, TWO = Lease(1, 7), Lease(2, 3)


def test_a_lease_has_ended_when_it_was_seen_for_as_long_as_a_lease_lasts() -> None:
    watch = LeaseWatch(60)
    assert watch.ended([ONE], 100.0) == []
    assert watch.ended([ONE, TWO], 159.9) == []
    assert watch.ended([ONE, TWO], 160.0) == [ONE]
    assert watch.ended([TWO], 219.9) == [TWO]


def test_another_claim_of_the_same_case_is_another_lease() -> None:
    watch = LeaseWatch(60)
    watch.ended([ONE], 100.0)
    again = Lease(ONE.case_id, ONE.epoch + 1)
    assert watch.ended([again], 160.0) == []
    assert watch.ended([again], 220.0) == [again]


def test_a_process_that_has_just_begun_takes_no_lease_back() -> None:
    assert LeaseWatch(60).ended([ONE], 10_000_000.0) == []


def test_a_lease_that_was_away_and_is_seen_again_counts_anew() -> None:
    watch = LeaseWatch(60)
    watch.ended([ONE], 100.0)
    watch.ended([], 130.0)
    assert watch.ended([ONE], 165.0) == []
