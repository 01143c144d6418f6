"""Paging through a table by id; ids are nearly in the order of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, select

WINDOW = 2000  # ids that one statement reads


SLACK = timedelta(minutes=10)  # how far the order of ids and of times may differ: edges have their own clocks


def first_since(connection: Connection, at: Column[datetime], moment: datetime) -> int:
    """Return the first id from which rows of `at.table` may have this time or a later one."""
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
    """Return the first id of a table and the id after its last; both are equal if the table is empty."""
    number = at.table.c.id
    # For min() and max() in one statement, SQLite would read the whole table.
    ends = (select(number).order_by(order).limit(1).scalar_subquery() for order in (number.asc(), number.desc()))
    low, high = connection.execute(select(*ends)).one()
    return (low, high + 1) if low is not None else (0, 0)
