"""A close or reopening of unknown outcome is not repeated against what a person did to the ticket meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from connectors.contract.events import TicketStatus
from worker.intake import internal
from worker.ledger import Ledger
from worker.ledger.schema.tables import tickets

from .builders import (
    ManualClock,
    delivery,
    opened,
    resolved,
    rows,
)
from .relay import Relay, relaying

pytestmark = pytest.mark.one_database


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


@pytest.fixture
def closing(relay: Relay) -> Relay:
    """A close that was executed before its answer was lost."""
    relay.ledger.record([delivery(opened(), resolved())])
    relay.turn()
    relay.break_once("reset", when="after", path="/close$")
    relay.turn()
    relay.advance(seconds=5)
    return relay


def reported(relay: Relay, *, reopened_at: datetime) -> None:
    """Record webhooks about a close of ticket 1001, and about its reopening by a person."""
    statuses: tuple[TicketStatus, ...] = ("closed", "open")
    changes = [internal.ticket_changed("1001", each, reopened_at, "hook") for each in statuses]
    relay.ledger.record([delivery(each, source="aurion") for each in changes])


def test_a_ticket_that_a_person_reopened_after_the_close_stays_open(closing: Relay) -> None:
    closing.by_hand("PUT", "/tickets/1001", status="open")
    reported(closing, reopened_at=closing.clock.now)
    closing.run()
    assert closing.ticket("1001")["status"] == "open"
    assert closing.operation(2)["state"] == "done"
    assert closing.counts()["close_ticket"] == 1


@pytest.mark.parametrize(("hours", "status"), [(1, "open"), (25, "closed")])
def test_a_reopening_that_nobody_told_us_of_is_undone_once_the_key_is_forgotten_which_is_the_documented_limit(
    closing: Relay, hours: float, status: str
) -> None:
    closing.by_hand("PUT", "/tickets/1001", status="open")
    closing.advance(hours=hours)
    closing.run()
    assert closing.ticket("1001")["status"] == status


@pytest.mark.parametrize("busy", [False, True], ids=["", "and the service was busy"])
def test_a_reopening_that_we_are_told_of_only_after_the_look_up_counts_too(closing: Relay, busy: bool) -> None:
    """The look-up finds an open ticket. Before the close is sent again, a webhook reports a person's reopening."""
    closing.by_hand("PUT", "/tickets/1001", status="open")
    reopened_at = closing.clock.now
    closing.advance(hours=25)
    assert closing.turn() == 1, "the look-up"
    if busy:
        closing.break_once("status", status=503)
        assert closing.turn() == 1
        closing.advance(seconds=10)
    reported(closing, reopened_at=reopened_at)
    closing.run()
    assert closing.ticket("1001")["status"] == "open"
    assert closing.operation(2)["state"] == "done"


def test_a_reopening_of_before_the_close_does_not_keep_it_from_being_done(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), resolved())])
    relay.turn()
    reported(relay, reopened_at=relay.clock.now)
    relay.advance(seconds=5)
    relay.break_once("reset", when="before", path="/close$")
    relay.run()
    assert relay.ticket("1001")["status"] == "closed"


def test_a_close_of_a_ticket_that_is_gone_is_done(relay: Relay) -> None:
    relay.ledger.record([delivery(opened())])
    relay.run()
    relay.by_hand("POST", "/sandbox/reset")
    relay.ledger.record([delivery(resolved())])
    relay.run()
    assert (relay.operation(2)["state"], rows(relay.ledger, tickets)[0]["status"]) == ("done", "gone")
    assert relay.ledger.list_dead() == []


def test_a_close_of_a_closed_ticket_is_done_where_the_service_calls_it_a_conflict(
    ledger: Ledger, clock: ManualClock, tmp_path: Path
) -> None:
    with relaying(ledger, clock, tmp_path, close_on_closed="conflict") as relay:
        relay.ledger.record([delivery(opened())])
        relay.run()
        relay.by_hand("POST", "/tickets/1001/close", resolution_notes="by hand")
        relay.ledger.record([delivery(resolved())])
        relay.run()
        assert relay.operation(2)["state"] == "done"
        assert 409 in {each.status for each in relay.api.record.log()}
