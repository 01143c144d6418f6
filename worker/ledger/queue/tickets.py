"""The state of tickets: their cases, their statuses, and the calls that Ticketrelay made about them.

A ticket has a case as soon as its create was settled. The latest reported or answered state is stored with the ticket.
A reopening by a person is stored however late it is reported, since a close that is under way depends on it.

This module alone decides the values of `tickets.status` and `cases.ticket_status`. `write` stores them, except for the
answers to calls: a settle writes both rows anyway, with `of_ticket` and `of_case`. The same goes for `cases.left`. For
a report, `recording/write.py` writes that column with the case first, with the same value. Planning clears it with the
next episode. `worker.planning.people` decides what a state means: `plan_ticket` for reports of the Tickets API (a
webhook, a poll, an audit) and for a ticket that a person binds, `plan_answer` for the answer to a call of Ticketrelay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from connectors.contract.events import Event, TicketChanged, TicketStatus
from worker.ledger.engine import bulk
from worker.ledger.schema.tables import cases, operations, tickets
from worker.ledger.schema.words import OperationKind, OperationState
from worker.planning.decide import OPENS
from worker.planning.model import CaseState
from worker.planning.people import KnownTicket, TicketSeen, plan_ticket, seen


def cases_of(connection: Connection, events: Iterable[Event]) -> dict[str, KnownTicket]:
    """Return the known tickets among those that the events report on, with their cases."""
    observed = sorted({each.ticket_id for each in events if isinstance(each, TicketChanged)})
    if not observed:
        return {}
    rows = connection.execute(select(tickets).where(tickets.c.ticket_id.in_(observed)))
    return {row.ticket_id: KnownTicket(row.case_id, row.create_seq, row.told_at, row.status) for row in rows}


def known(connection: Connection, found: Mapping[str, KnownTicket]) -> dict[str, KnownTicket]:
    """Return the same tickets with the calls that Ticketrelay made about them; their cases are locked."""
    return {ticket_id: _with_calls(connection, each) for ticket_id, each in found.items()}


def _with_calls(connection: Connection, ticket: KnownTicket) -> KnownTicket:
    of_ticket = (operations.c.case_id == ticket.case_id, operations.c.target == ticket.create_seq)
    latest = (
        select(operations.c.kind, operations.c.state, operations.c.ended_at)
        .where(
            *of_ticket,
            operations.c.kind.in_((*OPENS, OperationKind.CLOSE_TICKET)),
            operations.c.state != OperationState.SKIPPED,
        )
        .order_by(operations.c.seq.desc())
    )
    opening = connection.execute(latest.where(operations.c.kind.in_(OPENS)).limit(1)).one_or_none()
    last = connection.execute(latest.limit(1)).one_or_none()
    return replace(
        ticket,
        begun_at=opening.ended_at if opening is not None and opening.state == OperationState.DONE else None,
        closed_at=last.ended_at
        if last is not None and (last.kind, last.state) == (OperationKind.CLOSE_TICKET, OperationState.DONE)
        else None,
    )


def is_news(connection: Connection, event: TicketChanged) -> bool:
    """Return True if the event reports a new state, or a known state that planning has not evaluated yet.

    Comparing the state alone is not enough: the answer to a call may have shown it first, and planning concludes
    nothing from an answer, except that a ticket is gone.
    """
    ticket = known(connection, cases_of(connection, [event])).get(event.ticket_id)
    if ticket is None:
        return False
    row = connection.execute(
        select(cases.c.phase, cases.c.left, cases.c.left_at, cases.c.create_seq, tickets.c.status, tickets.c.status_at)
        .join(tickets, tickets.c.case_id == cases.c.id)
        .where(tickets.c.ticket_id == event.ticket_id)
    ).one()
    later_known = max((each for each in (row.status_at, ticket.reported_at) if each is not None), default=None)
    if event.status != row.status and (later_known is None or later_known <= event.occurred_at):
        return True
    case = CaseState(phase=row.phase, ticket_state_by_others=row.left, ticket_state_by_others_at=row.left_at)
    concluded, _ = plan_ticket(case, seen(event, ticket, row.create_seq))
    return concluded.ticket_state_by_others != case.ticket_state_by_others


@dataclass(frozen=True, slots=True)
class Observation:
    """A state in which a ticket was observed, and the resulting state of its case."""

    case_id: int
    ticket_id: str
    status: TicketStatus | None
    """None: not known."""
    at: datetime
    """When the ticket was in this state: for a report by the clock of the Tickets API, else by the ledger's clock."""
    case: CaseState
    """The case after this observation. Only its `ticket_state_by_others` and the time of it are stored."""
    is_reported: bool = False
    """True: a report of the Tickets API; it counts unless a later report is stored. False: the answer to a call."""
    is_reopened: bool = False
    """A person reopened the ticket."""


_OF_CASE = ("ticket_status", "left", "left_at")


def of_ticket(each: Observation) -> dict[str, Any]:
    """Return the columns of a ticket that hold its state in an answer."""
    return {"status": each.status, "status_at": each.at}


def of_case(case: Row[Any], ticket_id: str | None, each: Observation | None) -> dict[str, Any]:
    """Return the columns of a locked case that hold the state of its current ticket, after an answer about a ticket."""
    if each is None or each.ticket_id != ticket_id:
        return {name: getattr(case, name) for name in _OF_CASE}
    by_others = each.case
    return dict(
        zip(_OF_CASE, (each.status, by_others.ticket_state_by_others, by_others.ticket_state_by_others_at), strict=True)
    )


def write(connection: Connection, observed: Sequence[Observation]) -> set[int]:
    """Write the states of tickets, and the resulting states of their cases; the cases are locked.

    Returns the cases that changed. A case changes only if the ticket is its current one.
    """
    answered = [each for each in observed if not each.is_reported]
    bulk.change(connection, tickets, [{"ticket_id": each.ticket_id, **of_ticket(each)} for each in answered])
    counts = answered + [each for each in observed if each.is_reported and _is_kept(connection, each)]
    for each in observed:
        if each.is_reopened:
            later = tickets.c.reopened_at.is_(None) | (tickets.c.reopened_at < each.at)
            this_one = update(tickets).where(tickets.c.ticket_id == each.ticket_id, later)
            connection.execute(this_one.values(reopened_at=each.at))
    last = {each.ticket_id: each for each in counts}
    if not last:
        return set()
    rows = [
        {
            "id": each.case_id,
            "ticket_id": each.ticket_id,
            "ticket_status": each.status,
            "left": each.case.ticket_state_by_others,
            "left_at": each.case.ticket_state_by_others_at,
        }
        for each in last.values()
    ]
    return set(connection.execute(_of_cases(is_sqlite=bulk.is_sqlite(connection)), bulk.packed(rows)).scalars())


def _is_kept(connection: Connection, each: Observation) -> bool:
    """Store the reported state of a ticket; False if a later report is stored."""
    newer = tickets.c.told_at.is_(None) | (tickets.c.told_at <= each.at)
    this_one = update(tickets).where(tickets.c.ticket_id == each.ticket_id, newer)
    return bool(connection.execute(this_one.values(status=each.status, status_at=each.at, told_at=each.at)).rowcount)


@cache
def _of_cases(*, is_sqlite: bool) -> Any:
    """Return the update of the cases whose current tickets these are; it touches only cases that change."""
    rows = bulk.given({name: cases.c[name] for name in ("id", "ticket_id", *_OF_CASE)}, is_sqlite=is_sqlite)
    its_ticket = (cases.c.id == rows.c.id, cases.c.ticket_id == rows.c.ticket_id)
    differs = or_(*(cases.c[name].is_distinct_from(rows.c[name]) for name in _OF_CASE))
    return (
        update(cases)
        .where(*its_ticket, differs)
        .values({name: rows.c[name] for name in _OF_CASE})
        .returning(cases.c.id)
    )


def after_binding(
    connection: Connection, case_id: int, create_seq: int, status: TicketStatus | None, now: datetime
) -> CaseState:
    """Return the case after a person bound its current ticket, which is in this state.

    The state in which others left its previous ticket no longer counts.
    """
    phase = connection.execute(select(cases.c.phase).where(cases.c.id == case_id)).scalar_one()
    case = CaseState(phase=phase)
    if status is None:
        return case
    ticket = _with_calls(connection, KnownTicket(case_id, create_seq, None))
    return plan_ticket(case, TicketSeen(status, now, begun_at=ticket.begun_at))[0]
