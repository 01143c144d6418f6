"""The parts of queries that several reports share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, select, tuple_

from worker.ledger.schema.tables import cases, seen
from worker.planning.keys import seen_digest

T = TypeVar("T")


def equal(column: Column[Any], value: object) -> ColumnElement[bool] | None:
    """The condition that a column has this value; None where any value will do."""
    return None if value is None else column == value


def narrowed(statement: Select[Any], *conditions: ColumnElement[bool] | None) -> Select[Any]:
    """The statement with those conditions that are there."""
    return statement.where(*(each for each in conditions if each is not None))


def number_by(
    connection: Connection, column: Column[Any], *where: ColumnElement[bool], joined: Any = None, number: Any = None
) -> dict[str, int]:
    """How many rows have each value of a column; `number` is what is counted of a row, `joined` where it is read."""
    statement = select(column, func.count() if number is None else number).where(*where).group_by(column)
    found = connection.execute(statement if joined is None else statement.select_from(joined))
    return {value: int(many) for value, many in found}


def filled(kind: type[T], row: Row[Any], **more: object) -> T:
    """A `kind` (a dataclass) whose fields are the columns of a row, but for those that `more` gives."""
    of_row = {each.name: getattr(row, each.name) for each in fields(kind) if each.name not in more}  # type: ignore[arg-type]
    return kind(**of_row, **more)


def by_message(connection: Connection, name: str) -> ColumnElement[bool] | None:
    """The condition that a row of `seen` is about a source message id; None while there is no case at all."""
    sources = connection.execute(select(cases.c.source).distinct()).scalars().all()
    wanted = [(source, seen_digest(source, name)) for source in sources]
    return tuple_(seen.c.source, seen.c.digest).in_(wanted) if wanted else None
