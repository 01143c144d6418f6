"""Lists cases, and searches them for a text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from worker.ledger.reports.overview import CaseStory, stories
from worker.ledger.reports.selects import equal, filled, narrowed
from worker.ledger.schema.tables import cases, operations, participants
from worker.planning.titles import named

AT_ONCE = 500  # rows in one statement


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One case in one line."""

    id: str
    source: str
    key: str
    phase: str
    """The phase according to the source: new, open or closed."""
    state: str
    """The state in delivery: idle, ready, leased or blocked."""
    episode: int
    priority: str | None
    started_at: datetime | None
    ended_at: datetime | None
    ticket_id: str | None
    ticket_status: str | None
    last_error: str | None
    subject: str | None = None
    """The subject of its latest ticket, as planned; a neutral one for a private message."""
    opener: str | None = None
    """The author of the opening, as the source names people; None for a private message."""


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """The filter for cases; every condition must hold."""

    source: str | None = None
    state: str | None = None
    has_ticket: bool | None = None


def before(connection: Connection, number: int | None, wanted: CaseFilter, limit: int = AT_ONCE) -> list[CaseLine]:
    """Return the next cases below that number (None: from the newest on), the newest first."""
    statement = select(cases).order_by(cases.c.id.desc()).limit(limit)
    statement = narrowed(
        statement,
        cases.c.id < number if number is not None else None,
        equal(cases.c.source, wanted.source),
        equal(cases.c.state, wanted.state),
        cases.c.ticket_id.is_not(None) == wanted.has_ticket if wanted.has_ticket is not None else None,
    )
    return [
        filled(CaseLine, row, id=f"case-{row.id}", opener=named(row.source, row.subject, row.opener))
        for row in connection.execute(statement)
    ]


def number_of(line: CaseLine) -> int:
    return int(line.id.removeprefix("case-"))


def of_people(connection: Connection, text: str, limit: int) -> list[int]:
    """Return the cases with this text in their subject, or in the name of the opener or a participant, newest first."""
    part = select(participants.c.case_id).where(participants.c.name.icontains(text, autoescape=True))
    own = cases.c.opener.icontains(text, autoescape=True) | cases.c.subject.icontains(text, autoescape=True)
    opener = select(cases.c.id).where(own)
    found: set[int] = set()
    for statement in (part.order_by(participants.c.case_id.desc()), opener.order_by(cases.c.id.desc())):
        found |= set(connection.execute(statement.limit(limit)).scalars())
    return sorted(found, reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class Searched:
    """A part of a search: its results, and where the next part begins."""

    looked_at: int
    case_ids: tuple[int, ...]
    next: tuple[int, int]


def with_text(
    connection: Connection, text: str, since: datetime | None, place: tuple[int, int] | None
) -> Searched | None:
    """Search the next 500 requests below `place` for the text, in upper or lower case; None at the end."""
    at = (operations.c.case_id, operations.c.seq)
    statement = select(*at, operations.c.request).order_by(*(each.desc() for each in at)).limit(AT_ONCE)
    if place is not None:
        statement = statement.where(tuple_(*at) < place)
    if since is not None:
        statement = statement.where(operations.c.created_at >= since)
    rows = connection.execute(statement).all()
    if not rows:
        return None
    wanted = text.casefold()
    held = {row.case_id: None for row in rows if any(wanted in each.casefold() for each in texts(row.request))}
    return Searched(len(rows), tuple(held), (rows[-1].case_id, rows[-1].seq))


def texts(request: bytes) -> Iterator[str]:
    """Yield every text in the body of a request."""
    waiting: list[Any] = [json.loads(request)] if request else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def number_of_operations(connection: Connection, since: datetime | None) -> int:
    """Return how many operations there are to search."""
    statement = select(func.count()).select_from(operations)
    return connection.execute(
        statement if since is None else statement.where(operations.c.created_at >= since)
    ).scalar_one()


def stories_of(connection: Connection, case_ids: Collection[int]) -> list[CaseStory]:
    """Return these cases with all their planned operations, the oldest first."""
    return stories(connection, cases.c.id.in_(case_ids))
