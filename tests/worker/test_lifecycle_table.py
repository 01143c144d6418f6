"""The calls that follow from each event in each state of a ticket: the whole table, through the real ledger.

Webhooks of the Tickets API set the ticket's state. The calls are those that the ledger plans next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.contract.events import Event, TicketChanged, TicketStatus
from connectors.contract.messages import Inbound
from worker.ledger import Ledger
from worker.ledger.schema.tables import operations, tickets
from worker.planning.grouping import PREFIX
from worker.planning.model import Group, Policy, Treatment

from .builders import (
    NOON,
    ManualClock,
    case_row,
    claim_one,
    commented,
    dead,
    deliver_all,
    delivery,
    minute,
    opened,
    resolved,
    rows,
)
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

POLICY = Policy(reopen_window=timedelta(hours=1))
CHECK = Policy(reopen_window=timedelta(hours=1), check_on_repeat=True)
HOUR = 60


@pytest.fixture
def ledger(make_ledger: MakeLedger, clock: ManualClock) -> Ledger:
    made = make_ledger()
    made.upgrade()
    clock.advance(hours=3)  # the events of the tests happened before now
    return made


def take(ledger: Ledger, event: Event, policy: Policy = POLICY, source: str = "prom") -> str | None:
    """Record one event; return why it had no effect."""
    found, _ = ledger.record([delivery(event, source=source, treatments=(Treatment(policy),))])
    return found[0].effects[0].reason


def webhook(status: TicketStatus, at: float, *, ticket: str = "T-1", wont_fix: bool = False) -> TicketChanged:
    """Build the report of the Tickets API that a ticket has this status since `at` minutes after noon."""
    return TicketChanged(
        case_key=f"ticket:{ticket}", source_message_id=f"evt-{ticket}-{status}-{at}", occurred_at=minute(at),
        started_at=minute(at), subject="a ticket", text="", content_digest="0" * 64, ticket_id=ticket, status=status,
        wont_fix=wont_fix,
    )  # fmt: skip


def opened_ticket(ledger: Ledger) -> None:
    take(ledger, opened(start=0))
    deliver_all(ledger)


def by_others(status: TicketStatus, at: float = 200, *, wont_fix: bool = False) -> Callable[[Ledger], None]:
    """Let a person leave the ticket with this status while the alert fires.

    `at` must be later than the ticket's opening, at 180 by the ledger's clock.
    """

    def act(ledger: Ledger) -> None:
        opened_ticket(ledger)
        take(ledger, webhook(status, at, wont_fix=wont_fix), source="aurion")

    return act


def ended(at: float) -> Callable[[Ledger], None]:
    def act(ledger: Ledger) -> None:
        opened_ticket(ledger)
        take(ledger, resolved(end=at))
        deliver_all(ledger)

    return act


def gone(ledger: Ledger) -> None:
    opened_ticket(ledger)
    take(ledger, commented())
    claimed = claim_one(ledger, "add_note")
    ledger.settle([(claimed, replace(dead("404: there is no such ticket"), ticket_status="gone"))])


STATES: dict[str, Callable[[Ledger], None]] = {
    "no ticket": lambda _: None,
    "open": opened_ticket,
    "pending": by_others("pending"),
    "resolved by a person": by_others("resolved"),
    "closed by a person": by_others("closed"),
    "ended within the window": ended(215),
    "ended before it": ended(1),
    "won't fix": by_others("closed", wont_fix=True),
    "gone": gone,
}
ANEW = 220  # minutes after noon: when the next episode begins
SIGNALS: dict[str, Event] = {
    "firing": opened(start=ANEW),
    "repeat": opened(start=0),
    "changed": opened(start=0, text="1% free"),
    "resolved": resolved(end=ANEW + 1, start=0),
    "stale firing": opened(start=-5),
}
NOTHING: list[str] = []
AGAIN = ["reopen_ticket", "add_note"]
TABLE: dict[str, dict[str, list[str]]] = {
    "no ticket": {
        "firing": ["create_ticket"], "repeat": ["create_ticket"], "changed": ["create_ticket"], "resolved": NOTHING,
        "stale firing": ["create_ticket"],
    },
    "open": {
        "firing": ["add_note"], "repeat": NOTHING, "changed": ["add_note"], "resolved": ["close_ticket"],
        "stale firing": NOTHING,
    },
    "pending": {
        "firing": ["add_note"], "repeat": NOTHING, "changed": ["add_note"], "resolved": ["close_ticket"],
        "stale firing": NOTHING,
    },
    "resolved by a person": {
        "firing": AGAIN, "repeat": NOTHING, "changed": ["add_note"], "resolved": ["close_ticket"],
        "stale firing": NOTHING,
    },
    "closed by a person": {
        "firing": AGAIN, "repeat": NOTHING, "changed": ["add_note"], "resolved": ["close_ticket"],
        "stale firing": NOTHING,
    },
    "ended within the window": {
        "firing": AGAIN, "repeat": NOTHING, "changed": NOTHING, "resolved": NOTHING, "stale firing": ["add_note"],
    },
    "ended before it": {
        "firing": ["create_ticket"], "repeat": NOTHING, "changed": NOTHING, "resolved": NOTHING,
        "stale firing": ["add_note"],
    },
    "won't fix": {
        "firing": NOTHING, "repeat": NOTHING, "changed": NOTHING, "resolved": NOTHING, "stale firing": NOTHING,
    },
    "gone": {
        "firing": ["create_ticket"], "repeat": NOTHING, "changed": NOTHING, "resolved": NOTHING,
        "stale firing": NOTHING,
    },
}  # fmt: skip


def follows(ledger: Ledger, event: Event, policy: Policy = POLICY) -> list[str]:
    """Return the kinds of the calls that follow from an event."""
    before = len(rows(ledger, operations))
    take(ledger, event, policy)
    return [each["kind"] for each in rows(ledger, operations)[before:]]


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("state", STATES)
def test_the_table(ledger: Ledger, clock: ManualClock, state: str, signal: str) -> None:
    STATES[state](ledger)
    clock.advance(hours=1)
    assert follows(ledger, SIGNALS[signal]) == TABLE[state][signal]


def test_the_table_has_every_cell() -> None:
    assert TABLE.keys() == STATES.keys()
    assert all(cells.keys() == SIGNALS.keys() for cells in TABLE.values())


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("open", NOTHING),
        ("pending", NOTHING),
        ("resolved by a person", AGAIN),
        ("closed by a person", AGAIN),
        ("ended within the window", NOTHING),
        ("won't fix", NOTHING),
        ("gone", ["create_ticket"]),
    ],
)
def test_a_repeat_that_checks_brings_back_what_a_person_closed_while_it_goes_on(
    ledger: Ledger, clock: ManualClock, state: str, expected: list[str]
) -> None:
    STATES[state](ledger)
    clock.advance(hours=1)
    assert follows(ledger, opened(start=0), CHECK) == expected
    assert follows(ledger, opened(start=0), CHECK) == NOTHING  # only once


def test_after_the_window_what_a_person_closed_gets_another_ticket(ledger: Ledger) -> None:
    STATES["closed by a person"](ledger)
    assert follows(ledger, opened(start=200 + HOUR + 1)) == ["create_ticket"]


def test_what_will_not_be_fixed_is_fixed_after_all_once_somebody_reopens_its_ticket(ledger: Ledger) -> None:
    STATES["won't fix"](ledger)
    assert take(ledger, opened(start=210)) == "the ticket was closed as won't fix"
    take(ledger, webhook("open", 215), source="aurion")
    assert follows(ledger, opened(start=220)) == ["add_note"]


def test_a_ticket_that_a_person_moved_is_so_in_the_order_of_the_services_clock(ledger: Ledger) -> None:
    opened_ticket(ledger)
    take(ledger, webhook("open", 210), source="aurion")
    assert take(ledger, webhook("closed", 200), source="aurion") == "a later state of the ticket is known already"
    assert follows(ledger, opened(start=220)) == ["add_note"]
    assert rows(ledger, tickets)[0]["status"] == "open"


def test_a_webhook_that_comes_twice_is_known(ledger: Ledger) -> None:
    by_others("closed")(ledger)
    assert take(ledger, webhook("closed", 200), source="aurion") == "a repeat: this message is known"


def test_our_own_calls_are_nobody_elses_doing_however_late_they_are_reported(
    ledger: Ledger, clock: ManualClock
) -> None:
    ended(190)(ledger)  # our close, at 180 by the ledger's clock
    take(ledger, opened(start=195))
    clock.advance(seconds=300)
    deliver_all(ledger)  # our reopening, at 185
    assert (
        take(ledger, webhook("closed", 181), source="aurion") == "the ticket had this state before it was opened again"
    )
    assert case_row(ledger)["left"] is None
    take(ledger, webhook("closed", 186), source="aurion")
    assert case_row(ledger)["left"] == "closed"


def test_a_ticket_that_is_being_reopened_is_not_left(ledger: Ledger) -> None:
    ended(190)(ledger)
    take(ledger, opened(start=195))  # the reopening waits
    assert (
        take(ledger, webhook("closed", 181), source="aurion") == "the ticket had this state before it was opened again"
    )


def test_a_ticket_that_a_person_reopened_is_remembered_for_a_close_that_is_under_way(ledger: Ledger) -> None:
    ended(190)(ledger)
    take(ledger, webhook("open", 200), source="aurion")
    (ticket,) = rows(ledger, tickets)
    assert (ticket["status"], ticket["reopened_at"]) == ("open", minute(200))


def test_a_reopening_of_our_own_is_no_persons(ledger: Ledger, clock: ManualClock) -> None:
    ended(181)(ledger)
    clock.advance(seconds=60)
    take(ledger, opened(start=181.5))
    deliver_all(ledger)
    take(ledger, webhook("open", 181.2), source="aurion")
    assert rows(ledger, tickets)[0]["reopened_at"] is None


def test_tickets_that_are_none_of_ours_are_left_alone(ledger: Ledger) -> None:
    assert take(ledger, webhook("closed", 1, ticket="999"), source="aurion") == "the ticket belongs to no case"
    assert rows(ledger, operations) == []


def test_a_report_on_an_earlier_ticket_of_a_case_changes_nothing_about_the_case(ledger: Ledger) -> None:
    STATES["ended before it"](ledger)
    take(ledger, opened(start=ANEW))
    deliver_all(ledger, "T-2")
    take(ledger, webhook("closed", 230, ticket="T-1"), source="aurion")
    assert case_row(ledger)["left"] is None
    assert follows(ledger, opened(start=240)) == ["add_note"]


def test_an_answer_in_a_conversation_that_a_person_closed_reopens_its_ticket(ledger: Ledger) -> None:
    STATES["closed by a person"](ledger)
    answer = commented(message="c2", occurred_at=minute(210))
    assert follows(ledger, answer) == ["reopen_ticket", "add_note"]


def test_an_answer_to_a_ticket_that_is_gone_opens_another_one(ledger: Ledger) -> None:
    gone(ledger)
    assert follows(ledger, commented(message="c2", occurred_at=minute(210))) == ["create_ticket"]


def test_a_group_whose_ticket_a_person_closed_is_reopened_by_who_joins_it(
    make_ledger: MakeLedger, clock: ManualClock
) -> None:
    ledger = make_ledger(may_group=True)
    ledger.upgrade()
    clock.advance(hours=3)
    grouped = (Treatment(POLICY, group=Group(f"{PREFIX}team", "team=core")),)
    ledger.record([delivery(opened("var"), treatments=grouped)])
    deliver_all(ledger)
    take(ledger, webhook("closed", 200), source="aurion")
    before = len(rows(ledger, operations))
    ledger.record([delivery(opened("opt", 210), treatments=grouped)])
    assert [each["kind"] for each in rows(ledger, operations)[before:]] == AGAIN
    take(ledger, webhook("closed", 230, wont_fix=True), source="aurion")
    found, _ = ledger.record([delivery(opened("home", 240), treatments=grouped)])
    assert found[0].effects[0].reason == "the ticket was closed as won't fix"


def test_the_state_of_a_ticket_is_shown_with_its_case(ledger: Ledger) -> None:
    by_others("closed")(ledger)
    assert case_row(ledger)["ticket_status"] == "closed"
    ledger.record([delivery(webhook("pending", 230), source="aurion", inbound=Inbound("aurion", NOON, b"{}"))])
    assert case_row(ledger)["ticket_status"] == "pending"
