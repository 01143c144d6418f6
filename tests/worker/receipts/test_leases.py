"""The lease of a receipt: who may post it, and whose result counts."""

from __future__ import annotations

from datetime import timedelta

from connectors.contract.receipts import Posted
from worker.ledger import Ledger, receipts
from worker.ledger.receipts import Receipt
from worker.ledger.schema import tables

from ..builders import ManualClock, claim_one, delivery, done, opened, rows

LEASE = timedelta(minutes=2)


def make_due(ledger: Ledger, clock: ManualClock) -> None:
    (row,) = rows(ledger, tables.receipts)
    with ledger.database.write() as connection:
        receipts.notice(connection, [row["case_id"]], clock.now)


def claimed(ledger: Ledger) -> list[Receipt]:
    return ledger.job_store.claim_receipts("prom", lease=LEASE, limit=10)


def test_a_post_that_ends_after_its_lease_changes_nothing(ledger: Ledger, clock: ManualClock) -> None:
    ledger.record([delivery(opened(answer="a thread"))])
    ledger.settle([(claim_one(ledger), done())])
    make_due(ledger, clock)
    (late,) = claimed(ledger)
    clock.now += LEASE
    (current,) = claimed(ledger)
    assert not ledger.job_store.settle_receipt(late, Posted("one"), repeatable=True)
    assert ledger.job_store.settle_receipt(current, Posted("two"), repeatable=True)
    assert not ledger.job_store.settle_receipt(current, Posted("two again"), repeatable=True)
    assert [each["place"] for each in rows(ledger, tables.receipts)] == ["two"]


def test_a_receipt_is_not_posted_before_its_ticket_exists(ledger: Ledger, clock: ManualClock) -> None:
    """A receipt becomes due when its ticket changes. Here it is made due by hand, as a later version might."""
    ledger.record([delivery(opened(answer="a thread"))])
    make_due(ledger, clock)
    assert claimed(ledger) == []
