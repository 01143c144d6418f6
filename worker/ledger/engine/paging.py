"""Pages through a table by its ids, which are nearly in the order of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, select

WINDOW = 2000  # ids that one statement looks at


SLACK = timedelta(minutes=10)  # by which the order of ids and of times may differ: edges have clocks of their own


def first_since(connection: Connection, at: Column[datetime], moment: datetime) -> int:
    """The id from which on the rows of `at.table` may be of that moment or later."""
    number = at.table.c.id
    low, high = bounds(connection, at)
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(select(number, at).where(number >= middle).order_by(number).limit(1)).first()
        if row is None or row[1] >= moment - SLACK:
            high = middle
        else:
            low = row[0] + 1
    return low


def bounds(connection: Connection, at: Column[datetime]) -> tuple[int, int]:
    """The first id of a table, and the one after its last; equal where it is empty."""
    number = at.table.c.id
    # For min() and max() in one statement, SQLite would read the whole table.
    ends = (select(number).order_by(order).limit(1).scalar_subquery() for order in (number.asc(), number.desc()))
    low, high = connection.execute(select(*ends)).one()
    return (low, high + 1) if low is not None else (0, 0)
