"""Statements for many rows: all rows are one JSON parameter, and the database takes it apart.

A statement for each row would cost one round of binding, executing and answering for each row. A statement with as many
parameters as there are values would be another statement for every number of rows. The statement with one parameter is
always the same, so it is prepared once.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from worker.ledger.schema.columns import EPOCH, MICROSECOND

How = Literal["insert", "insert_or_ignore", "insert_or_update", "change"]

ROWS = "rows"
"""The name of the parameter."""
PLACE = Column("place", Integer)
"""The position of a row in the parameter, used where the order of the rows matters."""
_BASE64: ColumnElement[str] = literal_column("'base64'")


def given(columns: Mapping[str, Column[Any]], *, is_sqlite: bool) -> FromClause:
    """Return the rows of the parameter as a table; `columns` maps each name to a column of the same type."""
    values: Mapping[str, ColumnElement[Any]]
    if is_sqlite:
        each = func.json_each(bindparam(ROWS)).table_valued("value")
        values = {name: func.json_extract(each.c.value, f"$.{name}") for name in columns}
    else:
        typed = [column(name, Text() if _is_bytes(of) else of.type) for name, of in columns.items()]
        rows = func.json_to_recordset(cast(bindparam(ROWS, type_=Text), JSON))
        table = rows.table_valued(*typed).render_derived(with_types=True)
        values = {name: table.c[name] for name in columns}
    return select(*(_taken_out(values[name], of).label(name) for name, of in columns.items())).subquery()


def _is_bytes(of: Column[Any]) -> bool:
    return isinstance(of.type, LargeBinary)


def _taken_out(value: ColumnElement[Any], of: Column[Any]) -> ColumnElement[Any]:
    """Return a value as the database stores it; bytes are decoded from base64, because JSON has no bytes."""
    return func.decode(value, _BASE64, type_=LargeBinary) if _is_bytes(of) else value


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def among(is_sqlite: bool, *columns: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that these columns are equal to those of some row of the parameter.

    A list of values would be another statement for each length. The database would parse and plan it again for every
    batch.
    """
    rows = given({each.name: each for each in columns}, is_sqlite=is_sqlite)
    wanted = select(*(rows.c[each.name] for each in columns))
    return columns[0].in_(wanted) if len(columns) == 1 else tuple_(*columns).in_(wanted)


def find(
    connection: Connection, by: Sequence[Column[Any]], rows: Iterable[Mapping[str, Any]], *what: Column[Any]
) -> CursorResult[Any]:
    """Select the table rows that equal a given row in the columns `by`; returns the columns `what`, by default all."""
    statement = _to_find(tuple(by), what or tuple(by[0].table.c), is_sqlite=is_sqlite(connection))
    return connection.execute(statement, packed(rows))


@cache
def _to_find(by: tuple[Column[Any], ...], what: tuple[Column[Any], ...], *, is_sqlite: bool) -> Any:
    return select(*what).where(among(is_sqlite, *by))


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    _run(connection, "insert", table, rows)


def insert_numbered(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows that all have the same columns, and return their new ids in the order of the rows."""
    if not rows:
        return []
    if is_sqlite(connection):  # SQLite would parse a mail of many megabytes once for each column
        with_ids = table.insert().returning(table.c.id, sort_by_parameter_order=True)
        return list(connection.execute(with_ids, rows).scalars())
    statement = _to_number(table, tuple(rows[0]))
    placed = [{**row, PLACE.name: place} for place, row in enumerate(rows)]
    # The ids ascend in the order of the rows, but RETURNING may list them in another order.
    return sorted(connection.execute(statement, packed(placed)).scalars())


@cache
def _to_number(table: Table, names: tuple[str, ...]) -> Any:
    rows = given({**{name: table.c[name] for name in names}, PLACE.name: PLACE}, is_sqlite=False)
    in_order = select(*(rows.c[name] for name in names)).order_by(rows.c[PLACE.name])
    return table.insert().from_select(list(names), in_order).returning(table.c.id)


def insert_or_ignore(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; skip those that conflict with an existing row."""
    _run(connection, "insert_or_ignore", table, rows)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Sequence[Row[Any]]:
    """Insert rows like `insert_or_ignore`, and return the rows that were inserted."""
    if not rows:
        return ()
    statement = _statement("insert_or_ignore", table, tuple(rows[0]), None, is_sqlite=is_sqlite(connection))
    return connection.execute(_returning(statement, table), packed(rows)).all()


@cache
def _returning(statement: Any, table: Table) -> Any:
    return statement.returning(*table.c)


def insert_or_update(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; an existing row with the same primary key gets the other values."""
    _run(connection, "insert_or_update", table, rows)


def change(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    only: ColumnElement[bool] | None = None,
) -> None:
    """Update the rows with these primary keys; `only` restricts them, and must be a constant of the caller."""
    _run(connection, "change", table, rows, only)


def _run(
    connection: Connection,
    how: How,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    only: ColumnElement[bool] | None = None,
) -> None:
    if rows:
        statement = _statement(how, table, tuple(rows[0]), only, is_sqlite=is_sqlite(connection))
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
    # Without a WHERE, SQLite parses the ON of ON CONFLICT as the ON of a join.
    chosen = select(*(rows.c[name] for name in names)).where(true())
    added = dialect.insert(table).from_select(list(names), chosen)
    if how == "insert_or_ignore":
        return added.on_conflict_do_nothing()
    if how == "insert_or_update":
        others = {name: added.excluded[name] for name in values}
        return added.on_conflict_do_update(index_elements=keys, set_=others)
    return added


def packed(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the parameter as JSON: times as microseconds, as the database stores them, and bytes in base64."""
    return {ROWS: json.dumps(list(rows), default=_plain, ensure_ascii=False, separators=(",", ":"))}


def _plain(value: object) -> int | str:
    if isinstance(value, datetime):
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).decode("ascii")
    raise TypeError(f"cannot be packed: {type(value).__name__}")
