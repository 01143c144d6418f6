"""Finds the deliveries, cases and operations that a person means by a name.

in-7              a delivery op-4-1            an operation: of case 4, the first case-4            a case ticket:1042
a ticket; `1042` alone is looked up like any other name anything else     a source message id, a case key, an alias or a
ticket's id
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, select

from worker.ledger.reports.selects import by_message
from worker.ledger.schema.tables import aliases, cases, inbound, operations, seen, tickets

_NUMBERED = re.compile(r"in-(\d{1,18})")
_OPERATION = re.compile(r"op-(\d{1,18})-(\d{1,18})")
_CASE = re.compile(r"case-(\d{1,18})")
TICKET = "ticket:"
MOST = 100  # cases or deliveries of one name


@dataclass(frozen=True, slots=True)
class Targets:
    """The things that a name refers to; all fields may be empty."""

    inbound_ids: tuple[int, ...] = ()
    """Deliveries, if the name refers to a delivery, an operation or a message."""
    case_ids: tuple[int, ...] = ()
    operation: tuple[int, int] | None = None
    """Case and sequence number, if the name refers to an operation."""
    by_message: bool = False
    """True if the name refers to a delivery or a message, and not to a whole case."""

    @property
    def is_nothing(self) -> bool:
        return not (self.inbound_ids or self.case_ids)


def find(connection: Connection, name: str) -> Targets:
    """Return everything that is known under this name."""
    if match := _NUMBERED.fullmatch(name):
        return _delivery(connection, int(match[1]))
    if match := _OPERATION.fullmatch(name):
        place = (int(match[1]), int(match[2]))
        this_one = (operations.c.case_id == place[0], operations.c.seq == place[1])
        of = connection.execute(select(operations.c.inbound_id).where(*this_one)).scalars().all()
        return Targets(tuple(of), (place[0],), place) if of else Targets()
    if match := _CASE.fullmatch(name):
        found = connection.execute(select(cases.c.id).where(cases.c.id == int(match[1]))).scalars().all()
        return Targets(case_ids=tuple(found))
    if name.startswith(TICKET):
        return Targets(case_ids=_of_ticket(connection, name.removeprefix(TICKET)))
    return _message(connection, name)


def _delivery(connection: Connection, number: int) -> Targets:
    there = connection.execute(select(inbound.c.id).where(inbound.c.id == number)).first()
    if there is None:
        return Targets()
    of = select(operations.c.case_id).where(operations.c.inbound_id == number).distinct().order_by(operations.c.case_id)
    return Targets((number,), tuple(connection.execute(of.limit(MOST)).scalars()), by_message=True)


def _of_ticket(connection: Connection, ticket: str) -> tuple[int, ...]:
    bound = connection.execute(select(tickets.c.case_id).where(tickets.c.ticket_id == ticket)).scalars()
    current = connection.execute(select(cases.c.id).where(cases.c.ticket_id == ticket).limit(MOST)).scalars()
    return tuple(sorted({*bound, *current}))


def _message(connection: Connection, name: str) -> Targets:
    of_message = []
    if (about_it := by_message(connection, name)) is not None:
        of_message = list(connection.execute(select(seen.c.inbound_id, seen.c.case_id).where(about_it)))
    of_case = {
        *connection.execute(select(cases.c.id).where(cases.c.key == name).limit(MOST)).scalars(),
        *connection.execute(select(aliases.c.case_id).where(aliases.c.alias == name).limit(MOST)).scalars(),
        *_of_ticket(connection, name),
    }
    case_ids = tuple(sorted(of_case | {row.case_id for row in of_message}))[:MOST]
    # A mail's own id is an alias too: then the whole case is shown, which is more than the mail.
    return Targets(tuple(row.inbound_id for row in of_message), case_ids, by_message=bool(of_message) and not of_case)
