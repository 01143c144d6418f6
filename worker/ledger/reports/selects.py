"""Parts of queries that several reports share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, select, tuple_

from worker.ledger.schema.tables import cases, seen
from worker.planning.keys import seen_digest

T = TypeVar("T")


def equal(column: Column[Any], value: object) -> ColumnElement[bool] | None:
    """Return the condition that a column has this value; None if any value fits."""
    return None if value is None else column == value


def narrowed(statement: Select[Any], *conditions: ColumnElement[bool] | None) -> Select[Any]:
    """Return the statement with those conditions that are not None."""
    return statement.where(*(each for each in conditions if each is not None))


def number_by(
    connection: Connection, column: Column[Any], *where: ColumnElement[bool], joined: Any = None, number: Any = None
) -> dict[str, int]:
    """Count the rows for each value of a column; `number` replaces the count of rows, `joined` the table to read."""
    statement = select(column, func.count() if number is None else number).where(*where).group_by(column)
    found = connection.execute(statement if joined is None else statement.select_from(joined))
    return {value: int(many) for value, many in found}


def filled(kind: type[T], row: Row[Any], **more: object) -> T:
    """Return a `kind` (a dataclass) filled from the columns of a row; `more` gives the other fields."""
    of_row = {each.name: getattr(row, each.name) for each in fields(kind) if each.name not in more}  # type: ignore[arg-type]
    return kind(**of_row, **more)


def by_message(connection: Connection, name: str) -> ColumnElement[bool] | None:
    """Return the condition for rows of `seen` about a source message id; None while there is no case at all."""
    sources = connection.execute(select(cases.c.source).distinct()).scalars().all()
    wanted = [(source, seen_digest(source, name)) for source in sources]
    return tuple_(seen.c.source, seen.c.digest).in_(wanted) if wanted else None
