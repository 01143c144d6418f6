"""Planning of tickets that people closed, reopened or deleted, over values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from connectors.contract.events import TicketChanged, TicketStatus, digest
from worker.planning.arrival import Arrival, Effect, Rules
from worker.planning.batch import Batch, Case, Knowledge
from worker.planning.correlation import Destination
from worker.planning.decide import decide
from worker.planning.model import CaseState, Policy, TicketStateByOthers
from worker.planning.people import KnownTicket, TicketSeen, is_reopened, plan_answer, plan_ticket

from ..builders import minute, opened

OPEN = CaseState(episode=1, phase="open", started_at=minute(0), priority="medium", ticket_id="T-1")
CLOSED = replace(OPEN, phase="closed", ended_at=minute(10))
TICKET = KnownTicket(case_id=1, create_seq=1, reported_at=None, begun_at=minute(1))


def seen(status: TicketStatus, at: float = 5, **more: object) -> TicketSeen:
    """Build a report about the ticket; our call opened the ticket one minute after noon."""
    found = TicketSeen(status, minute(at), begun_at=minute(1))
    return replace(found, **more)  # type: ignore[arg-type]  # fields of a ticket seen


def ticket_state_by_others(case: CaseState, found: TicketSeen) -> TicketStateByOthers | None:
    return plan_ticket(case, found)[0].ticket_state_by_others


@pytest.mark.parametrize(
    ("case", "found", "expected"),
    [
        pytest.param(OPEN, seen("closed"), "closed", id="a person closed it while it goes on"),
        pytest.param(OPEN, seen("resolved"), "resolved", id="a person resolved it while it goes on"),
        pytest.param(CLOSED, seen("closed", 15), None, id="it is over, so it is closed"),
        pytest.param(OPEN, seen("closed", wont_fix=True), "wont_fix", id="it will not be fixed"),
        pytest.param(CLOSED, seen("closed", 15, wont_fix=True), "wont_fix", id="it is over, and will not be fixed"),
        pytest.param(
            replace(OPEN, ticket_state_by_others="wont_fix"), seen("closed", 7), "wont_fix", id="closed says no more"
        ),
        pytest.param(OPEN, seen("gone"), "gone", id="it is gone"),
        pytest.param(CLOSED, seen("gone", 15), "gone", id="it is gone, though it is over"),
        pytest.param(OPEN, seen("closed", 0), None, id="it was so before we opened it"),
        pytest.param(OPEN, seen("closed", begun_at=None), None, id="our call that opens it is under way"),
        pytest.param(OPEN, seen("closed", is_current=False), None, id="the case has another ticket now"),
        pytest.param(OPEN, seen("closed", reported_at=minute(6)), None, id="something later is known"),
        pytest.param(
            replace(OPEN, ticket_state_by_others="closed"), seen("open", 7), None, id="a person opened it again"
        ),
        pytest.param(
            replace(OPEN, ticket_state_by_others="gone", ticket_state_by_others_at=minute(4)),
            seen("open", 7),
            None,
            id="it was brought back",
        ),
        pytest.param(
            replace(OPEN, ticket_state_by_others="gone", ticket_state_by_others_at=minute(8)),
            seen("open", 7),
            "gone",
            id="it went later",
        ),
        pytest.param(
            replace(OPEN, ticket_state_by_others="closed"), seen("pending", 7), None, id="a person works on it again"
        ),
    ],
)
def test_how_others_left_a_ticket(case: CaseState, found: TicketSeen, expected: TicketStateByOthers | None) -> None:
    assert ticket_state_by_others(case, found) == expected


def test_an_answer_to_our_own_call_tells_only_that_a_ticket_is_gone_or_new() -> None:
    closed_by_others = replace(OPEN, ticket_state_by_others="closed", ticket_state_by_others_at=minute(3))
    assert plan_answer(OPEN, "closed", minute(5), is_new=False) == OPEN
    assert plan_answer(closed_by_others, "open", minute(5), is_new=False) == closed_by_others
    assert plan_answer(closed_by_others, "open", minute(5), is_new=True).ticket_state_by_others is None
    assert plan_answer(OPEN, "gone", minute(5), is_new=False).ticket_state_by_others == "gone"


@pytest.mark.parametrize(
    ("ticket", "expected"),
    [
        pytest.param(replace(TICKET, closed_at=minute(4)), True, id="after a call of ours closed it"),
        pytest.param(replace(TICKET, closed_at=minute(6)), False, id="before a call of ours closed it"),
        pytest.param(replace(TICKET, status="closed"), True, id="after somebody else closed it"),
        pytest.param(TICKET, False, id="it was not closed"),
        pytest.param(replace(TICKET, status="closed", begun_at=None), False, id="a call of ours opens it"),
    ],
)
def test_when_a_person_reopened_a_ticket(ticket: KnownTicket, expected: bool) -> None:
    assert is_reopened(reported("open", 5), ticket) is expected


def reported(status: TicketStatus, at: float) -> TicketChanged:
    moment: datetime = minute(at)
    return TicketChanged(
        case_key="ticket:T-1", source_message_id=f"evt-{status}-{at}", occurred_at=moment, started_at=moment,
        subject="", text="", content_digest=digest(status, str(at)), ticket_id="T-1", status=status,
    )  # fmt: skip


def played(*changes: TicketChanged, known: bool = True) -> tuple[Case, list[Effect], Batch]:
    """Return the case after these reports of the Tickets API, the effect of each report, and the batch."""
    case = Case(1, "prom", "disk", minute(0), OPEN, next_seq=2, head_seq=2, create_seq=1)
    tickets = {"T-1": TICKET} if known else {}
    batch = Batch(Knowledge({1: case}, {("prom", "disk"): case}, tickets=tickets))
    arrivals = [(Arrival("aurion", each, 7), Destination(1)) for each in changes]
    rules = Rules(Policy(), "A", b"", minute(20))
    return case, decide(batch, arrivals, rules), batch


def test_what_is_reported_of_a_ticket_changes_its_case_and_makes_no_call() -> None:
    case, (effect,), batch = played(reported("closed", 5))
    assert (case.state.ticket_state_by_others, case.state.ticket_state_by_others_at, case.changed) == (
        "closed",
        minute(5),
        True,
    )
    assert not batch.operations
    assert effect.reason == "the state of the ticket is recorded"
    assert [each.status for each, _ in batch.ticket_changes] == ["closed"]


def test_what_is_reported_twice_counts_once() -> None:
    _, (_, second), batch = played(reported("closed", 5), reported("closed", 5))
    assert second.reason == "a repeat: this message is known"
    assert len(batch.ticket_changes) == 1


def test_within_a_batch_the_later_state_holds_whatever_the_order() -> None:
    case, _, _ = played(reported("open", 8), reported("closed", 5))
    assert case.state.ticket_state_by_others is None
    case, _, _ = played(reported("closed", 5), reported("open", 8))
    assert case.state.ticket_state_by_others is None


def test_a_ticket_that_is_not_ours_is_left_alone() -> None:
    case, (effect,), batch = played(reported("closed", 5), known=False)
    assert effect.reason == "the ticket belongs to no case"
    assert (case.state, case.changed, batch.ticket_changes) == (OPEN, False, [])


def test_the_next_alert_after_a_person_closed_the_ticket_reopens_it() -> None:
    case, _, batch = played(reported("closed", 5))
    again = Arrival("prom", opened(start=15), 8)
    (effect,) = decide(batch, [(again, Destination(("prom", "disk")))], Rules(Policy(), "A", b"", minute(20)))
    assert effect.operations == ("reopen_ticket", "add_note")
    assert case.state.ticket_state_by_others is None
