"""The job that polls tickets for what people did, without webhooks, within the spare budget."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import connector
from connectors.contract.messages import Verified
from tickets.models import Ticket
from tickets.server import FaultRule
from worker.intake.reading import read_verified
from worker.jobs import poll
from worker.jobs.runner import Runner
from worker.ledger import Ledger, Limits
from worker.ledger.reports.alarms import alarms
from worker.ledger.schema.tables import inbound, tickets
from worker.planning.model import Policy, Treatment
from worker.settings import Settings, Source, TimingSettings

from .builders import ManualClock, case_row, changed, delivery, opened, resolved, rows
from .relay import KEY, Relay, relaying

pytestmark = pytest.mark.one_database

SCARCE = Limits(10, 10)
CHECK = Treatment(Policy(check_on_repeat=True))
SETTINGS: dict[str, Any] = {"secret": "s3cret", "poll": "5m", "wont_fix": ["category=wont-fix"]}


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


def source() -> Source:
    made = connector("aurion")
    return Source("aurion", made, made.settings.model_validate(SETTINGS))


def look(relay: Relay, *, times: int = 20, **api: Any) -> int:
    """Run the job `times` times, each when it is due; return the number of polled tickets."""
    limits = {"per_minute": None, "per_second": None}
    settings = Settings.model_validate({"api": {"url": relay.url, "key": KEY} | limits | api, "sources": {}})
    job = poll.job_of(source(), settings)
    assert job is not None
    begun = relay.clock.now
    for _ in range(times):
        relay.advance(seconds=job.every.total_seconds())
        Runner(relay.ledger, lambda: {job.name: job}, lambda _: None, "one", 1.0).once()
    return sum(each["looked_at"] is not None and each["looked_at"] > begun for each in rows(relay.ledger, tickets))


def opens(relay: Relay, *cases: str) -> list[str]:
    """Let these alerts fire; return their tickets."""
    for each in cases:
        relay.ledger.record([delivery(opened(each))])
        relay.send_what_is_due()
    return [case_row(relay.ledger, each)["ticket_id"] for each in cases]


def test_a_ticket_that_a_person_closed_is_known_and_comes_back_with_the_next_repeat(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    look(relay)
    assert case_row(relay.ledger)["left"] is None
    relay.by_hand("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    relay.advance(seconds=300)
    look(relay)
    assert case_row(relay.ledger)["left"] == "closed"
    relay.ledger.record([delivery(opened("disk"), treatments=(CHECK,))])
    relay.send_what_is_due()
    assert relay.ticket(ticket)["status"] == "open"


def test_what_a_person_will_not_fix_opens_nothing_any_more(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("PUT", f"/tickets/{ticket}", category="wont-fix", status="closed")
    look(relay)
    assert case_row(relay.ledger)["left"] == "wont_fix"
    relay.ledger.record([delivery(opened("disk", start=9000))])
    relay.send_what_is_due()
    assert relay.counts()["create_ticket"] == 1


def test_a_ticket_that_is_marked_after_it_was_closed_opens_nothing_any_more(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("POST", f"/tickets/{ticket}/close", resolution_notes="no")
    look(relay)
    assert case_row(relay.ledger)["left"] == "closed"
    relay.by_hand("PUT", f"/tickets/{ticket}", category="wont-fix")
    relay.advance(seconds=300)
    look(relay)
    assert case_row(relay.ledger)["left"] == "wont_fix"


def test_a_ticket_that_will_not_be_fixed_and_is_reopened_when_its_alert_is_over_is_listened_to_again(
    relay: Relay,
) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("PUT", f"/tickets/{ticket}", category="wont-fix", status="closed")
    look(relay)
    relay.ledger.record([delivery(resolved("disk", end=1))])
    relay.by_hand("PUT", f"/tickets/{ticket}", category="disks", status="open")
    relay.advance(seconds=300)
    look(relay)
    assert case_row(relay.ledger)["left"] is None
    relay.ledger.record([delivery(opened("disk", start=9000))])
    relay.send_what_is_due()
    assert relay.counts()["create_ticket"] == 2


def test_a_ticket_that_will_not_be_fixed_and_is_gone_mutes_nothing(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("PUT", f"/tickets/{ticket}", category="wont-fix", status="closed")
    look(relay)
    relay.ledger.record([delivery(resolved("disk", end=1))])
    relay.api.reset()
    relay.advance(seconds=300)
    look(relay)
    assert case_row(relay.ledger)["left"] == "gone"
    relay.ledger.record([delivery(opened("disk", start=9000))])
    relay.send_what_is_due()
    assert relay.counts()["create_ticket"] == 1  # the first ticket was reset


def test_a_close_that_the_answer_to_a_call_of_ours_showed_first_is_a_person_s_all_the_same(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    relay.ledger.record([delivery(changed("disk", priority="urgent"))])
    relay.send_what_is_due()
    assert [each["status"] for each in rows(relay.ledger, tickets)] == ["closed"]
    look(relay)
    assert case_row(relay.ledger)["left"] == "closed"


def test_what_is_known_is_stored_once(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    relay.by_hand("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    for _ in range(3):
        look(relay)
        relay.advance(seconds=300)
    assert [each["source"] for each in rows(relay.ledger, inbound)] == ["prom", "aurion"]


def test_what_we_did_ourselves_is_nobody_else_s_doing(relay: Relay) -> None:
    (ticket,) = opens(relay, "disk")
    look(relay)
    relay.ledger.record([delivery(resolved("disk", end=1))])
    relay.send_what_is_due()
    relay.ledger.record([delivery(opened("disk", start=2))])
    relay.send_what_is_due()
    relay.advance(seconds=300)
    look(relay)
    assert (case_row(relay.ledger)["left"], relay.ticket(ticket)["status"]) == (None, "open")
    assert [each["source"] for each in rows(relay.ledger, inbound)] == ["prom"] * 3


def test_a_look_that_was_asked_for_before_we_reopened_the_ticket_concludes_nothing_from_our_own_close(
    relay: Relay,
) -> None:
    (ticket,) = opens(relay, "disk")
    relay.advance(seconds=60.1)
    relay.ledger.record([delivery(resolved("disk", end=1))])
    relay.send_what_is_due()
    closed = Ticket.model_validate(relay.ticket(ticket))
    polling = source().connector.polling
    assert polling is not None
    arrived = poll.observed("aurion", polling, closed, relay.clock.now)
    relay.advance(seconds=0.4)
    relay.ledger.record([delivery(opened("disk", start=2))])
    relay.send_what_is_due()
    relay.ledger.record([read_verified(source(), Verified(arrived))])
    assert (case_row(relay.ledger)["left"], relay.ticket(ticket)["status"]) == (None, "open")


def test_tickets_of_what_is_over_are_not_looked_at_and_each_other_no_sooner_than_it_is_due(relay: Relay) -> None:
    opens(relay, "one", "two", "over")
    relay.ledger.record([delivery(resolved("over", end=1))])
    relay.send_what_is_due()
    assert look(relay) == 2
    assert look(relay) == 0
    relay.advance(seconds=300)
    assert look(relay) == 2


def test_the_ticket_that_was_looked_at_longest_ago_comes_first(relay: Relay) -> None:
    first, second = opens(relay, "one", "two")
    relay.ledger.job_store.note_look(first, relay.clock.now)
    relay.advance(seconds=1)
    relay.ledger.job_store.note_look(second, relay.clock.now)
    found = relay.ledger.job_store.ticket_to_look_at(before=relay.clock.now + timedelta(seconds=1))
    assert found is not None
    assert found.id == first


def test_nothing_is_asked_while_delivery_needs_the_budget(relay: Relay) -> None:
    opens(relay, "one")
    while relay.ledger.take_spare_token(SCARCE):
        pass
    budget = {"per_minute": SCARCE.per_minute, "per_second": SCARCE.per_second}
    assert look(relay, times=5, **budget) == 0
    relay.advance(seconds=60)
    assert look(relay, times=5, **budget) == 1


def test_a_ticket_that_is_gone_is_known_to_be(relay: Relay) -> None:
    opens(relay, "disk")
    relay.api.reset()
    look(relay)
    assert case_row(relay.ledger)["left"] == "gone"
    assert [each["status"] for each in rows(relay.ledger, tickets)] == ["gone"]
    relay.ledger.record([delivery(opened("disk", start=9000))])
    relay.send_what_is_due()
    assert relay.did() == [("create_ticket", case_row(relay.ledger)["ticket_id"])]  # the first ticket was reset


def test_one_ticket_that_cannot_be_asked_for_holds_up_no_other(relay: Relay) -> None:
    first, second = opens(relay, "one", "two")
    relay.api.faults.add(FaultRule(action="status", status=500, path=f"/tickets/{first}"))
    relay.by_hand("POST", f"/tickets/{second}/close", resolution_notes="looks fine")
    look(relay)
    assert (case_row(relay.ledger, "one")["left"], case_row(relay.ledger, "two")["left"]) == (None, "closed")


def test_an_api_that_cannot_be_asked_is_an_alarm_after_a_while_and_nothing_is_concluded(relay: Relay) -> None:
    opens(relay, "disk")
    for _ in range(20):
        relay.break_once("status", status=500, path="/tickets/")
    look(relay)
    assert case_row(relay.ledger)["left"] is None
    assert [each.name for each in alarms(relay.ledger.overview(), TimingSettings(stall_alarm=3600))] == ["job_failing"]
