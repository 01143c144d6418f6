"""Which case is a ticket about that the Tickets API tells of, and what did we do to it ourselves?

A ticket has a case as soon as its create was settled. The state that was told last is kept with the ticket; that a
person reopened it is kept however late it is told, since a close of ours that is under way must know of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select, update

from connectors.contract.events import Event, TicketChanged
from worker.ledger.schema.tables import cases, operations, tickets
from worker.planning.decide import OPENS
from worker.planning.model import CaseState
from worker.planning.people import KnownTicket, is_reopened, plan_ticket, seen


def cases_of(connection: Connection, events: Iterable[Event]) -> dict[str, KnownTicket]:
    """The tickets of ours among those that events tell of, with their cases."""
    told = sorted({each.ticket_id for each in events if isinstance(each, TicketChanged)})
    if not told:
        return {}
    rows = connection.execute(select(tickets).where(tickets.c.ticket_id.in_(told)))
    return {row.ticket_id: KnownTicket(row.case_id, row.create_seq, row.told_at) for row in rows}


def known(connection: Connection, found: Mapping[str, KnownTicket]) -> dict[str, KnownTicket]:
    """The same, with what we did to them; their cases are locked."""
    return {ticket_id: _with_calls(connection, each) for ticket_id, each in found.items()}


def _with_calls(connection: Connection, ticket: KnownTicket) -> KnownTicket:
    of_ticket = (operations.c.case_id == ticket.case_id, operations.c.target == ticket.create_seq)
    latest = (
        select(operations.c.kind, operations.c.state, operations.c.ended_at)
        .where(*of_ticket, operations.c.kind.in_((*OPENS, "close_ticket")), operations.c.state != "skipped")
        .order_by(operations.c.seq.desc())
    )
    opening = connection.execute(latest.where(operations.c.kind.in_(OPENS)).limit(1)).one_or_none()
    last = connection.execute(latest.limit(1)).one_or_none()
    return replace(
        ticket,
        begun_at=opening.ended_at if opening is not None and opening.state == "done" else None,
        closed_at=last.ended_at if last is not None and (last.kind, last.state) == ("close_ticket", "done") else None,
    )


def is_news(connection: Connection, event: TicketChanged) -> bool:
    """True where it tells of another state than is known, or of what was not concluded from that state yet.

    The state alone would not do: an answer to a call of ours may have shown it first, and from that nothing follows.
    """
    ticket = known(connection, cases_of(connection, [event])).get(event.ticket_id)
    if ticket is None:
        return False
    row = connection.execute(
        select(cases.c.phase, cases.c.left, cases.c.left_at, cases.c.create_seq, tickets.c.status, tickets.c.status_at)
        .join(tickets, tickets.c.case_id == cases.c.id)
        .where(tickets.c.ticket_id == event.ticket_id)
    ).one()
    later_known = max((each for each in (row.status_at, ticket.told_at) if each is not None), default=None)
    if event.status != row.status and (later_known is None or later_known <= event.occurred_at):
        return True
    case = CaseState(phase=row.phase, left=row.left, left_at=row.left_at)
    concluded, _ = plan_ticket(case, seen(event, ticket, row.create_seq))
    return concluded.left != case.left


def note(connection: Connection, told: Sequence[TicketChanged], known: Mapping[str, KnownTicket]) -> set[int]:
    """Keep what was told of tickets, unless something later is known; and that a person reopened one.

    Gives the cases whose ticket is in another state than was known.
    """
    moved = set()
    for each in told:
        case_id = known[each.ticket_id].case_id
        this_one = tickets.c.ticket_id == each.ticket_id
        newer = this_one & (tickets.c.told_at.is_(None) | (tickets.c.told_at <= each.occurred_at))
        state = {"status": each.status, "status_at": each.occurred_at, "told_at": each.occurred_at}
        if connection.execute(update(tickets).where(newer).values(state)).rowcount:
            another = cases.c.ticket_status.is_distinct_from(each.status)
            its_case = (cases.c.id == case_id, cases.c.ticket_id == each.ticket_id, another)
            if connection.execute(update(cases).where(*its_case).values(ticket_status=each.status)).rowcount:
                moved.add(case_id)
        if is_reopened(each, known[each.ticket_id]):
            later = this_one & (tickets.c.reopened_at.is_(None) | (tickets.c.reopened_at < each.occurred_at))
            connection.execute(update(tickets).where(later).values(reopened_at=each.occurred_at))
    return moved
