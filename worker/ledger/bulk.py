"""How do many rows get into one statement? As one JSON parameter, which the database takes apart.

A statement for each row costs a round of binding, executing and answering for each; one with as many parameters as
there are values is another statement for every number of rows. This one is always the same, so it is prepared once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from worker.ledger.tables import EPOCH, MICROSECOND

How = Literal["insert", "insert_or_ignore", "insert_or_update", "change"]

ROWS = "rows"
"""The name of the parameter."""


def given(columns: Mapping[str, Column[Any]], *, is_sqlite: bool) -> FromClause:
    """The rows of the parameter as a table; `columns` names its columns, each of the type of another one."""
    if is_sqlite:
        each = func.json_each(bindparam(ROWS)).table_valued("value")
        return select(*(func.json_extract(each.c.value, f"$.{name}").label(name) for name in columns)).subquery()
    typed = [column(name, of.type) for name, of in columns.items()]
    rows = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
    return rows.table_valued(*typed).render_derived(with_types=True)


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all of the same columns."""
    _run(connection, "insert", table, rows)


def insert_or_ignore(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, but for those that would conflict with one that is there."""
    _run(connection, "insert_or_ignore", table, rows)


def insert_or_update(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose primary key is there get the other values."""
    _run(connection, "insert_or_update", table, rows)


def change(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    only: ColumnElement[bool] | None = None,
) -> None:
    """Give the rows with these primary keys the other values, `only` those that are so (a constant of the caller's)."""
    _run(connection, "change", table, rows, only)


def _run(
    connection: Connection,
    how: How,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    only: ColumnElement[bool] | None = None,
) -> None:
    if rows:
        statement = _statement(how, table, tuple(rows[0]), only, is_sqlite=connection.dialect.name == "sqlite")
        connection.execute(statement, packed(rows))


@cache
def _statement(
    how: How, table: Table, names: tuple[str, ...], only: ColumnElement[bool] | None, *, is_sqlite: bool
) -> Any:
    rows = given({name: table.c[name] for name in names}, is_sqlite=is_sqlite)
    keys = [each.name for each in table.primary_key.columns]
    values = {name: rows.c[name] for name in names if name not in keys}
    if how == "change":
        statement = update(table).where(*(table.c[key] == rows.c[key] for key in keys)).values(values)
        return statement if only is None else statement.where(only)
    dialect = sqlite if is_sqlite else postgresql
    # Without a WHERE, SQLite takes the ON of ON CONFLICT for that of a join.
    chosen = select(*(rows.c[name] for name in names)).where(true())
    added = dialect.insert(table).from_select(list(names), chosen)
    if how == "insert_or_ignore":
        return added.on_conflict_do_nothing()
    if how == "insert_or_update":
        others = {name: added.excluded[name] for name in values}
        return added.on_conflict_do_update(index_elements=keys, set_=others)
    return added


def packed(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The parameter: moments as microseconds, as the database holds them."""
    return {ROWS: json.dumps(list(rows), default=_moment, ensure_ascii=False, separators=(",", ":"))}


def _moment(value: object) -> int:
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    raise TypeError(f"cannot be packed: {type(value).__name__}")
