"""Statistics of the ledger: the size of its tables, and how fast they grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select, text
from sqlalchemy.exc import OperationalError

from worker.ledger.engine.database import Database
from worker.ledger.engine.paging import first_since
from worker.ledger.schema.tables import attempts, budget, inbound, interventions, metadata, operations, pending, tickets

SPAN = timedelta(days=7)
DAY = timedelta(days=1)
ESTIMATED_FROM = 1_000_000  # rows on PostgreSQL: counting more takes longer than a statement may

_TIMES: dict[str, Column[datetime]] = {
    "inbound": inbound.c.received_at,
    "operations": operations.c.created_at,
    "pending": pending.c.occurred_at,
    "tickets": tickets.c.bound_at,
    "attempts": attempts.c.at,
    "interventions": interventions.c.at,
    "budget": budget.c.at,
}
_ORDERED = ("inbound", "attempts", "interventions", "budget")  # tables whose ids grow with their times

# https://www.sqlite.org/dbstat.html; not every SQLite is built with it
_SQLITE_BYTES = (
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
    "WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
)
# https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE
_POSTGRESQL_BYTES = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relname = ANY(:names) AND relkind = 'r'"
)
_POSTGRESQL_ROWS = "SELECT relname, reltuples::bigint FROM pg_class WHERE relname = ANY(:names) AND relkind = 'r'"


@dataclass(frozen=True, slots=True)
class TableStats:
    """One table. Times in UTC; None where a value is not available."""

    table: str
    rows: int
    is_estimate: bool
    """True for PostgreSQL's own estimate, as of its last ANALYZE."""
    bytes: int | None
    """Including indexes."""
    oldest: datetime | None
    newest: datetime | None
    rows_per_day: float | None
    """Over the last seven days, or since the first row if that is later, but over at least one day."""
    bytes_per_day: float | None


def table_stats(database: Database) -> list[TableStats]:
    """Return the statistics of every table, the largest first. Each table is read in its own transaction."""
    with database.read() as connection:
        sizes = _bytes(database, connection)
        estimates = {} if database.is_sqlite else _estimates(connection)
    found = []
    for table in metadata.sorted_tables:
        with database.read() as connection:
            now = database.now(connection)
            found.append(_table(connection, table, sizes.get(table.name), estimates.get(table.name, 0), now))
    return sorted(found, key=lambda each: (-(each.bytes or 0), -each.rows, each.table))


def _bytes(database: Database, connection: Connection) -> dict[str, int]:
    if not database.is_sqlite:
        return _by_name(connection, _POSTGRESQL_BYTES, names=list(metadata.tables))
    try:
        return _by_name(connection, _SQLITE_BYTES)
    except OperationalError as error:
        if "dbstat" not in str(error.orig):
            raise
        return {}


def _estimates(connection: Connection) -> dict[str, int]:
    return _by_name(connection, _POSTGRESQL_ROWS, names=list(metadata.tables))


def _by_name(connection: Connection, statement: str, **values: Any) -> dict[str, int]:
    return {name: int(number) for name, number in connection.execute(text(statement), values)}


def _table(connection: Connection, table: Table, size: int | None, estimate: int, now: datetime) -> TableStats:
    is_estimate = estimate >= ESTIMATED_FROM
    rows = estimate if is_estimate else connection.execute(select(func.count()).select_from(table)).scalar_one()
    at = _TIMES.get(table.name)
    oldest, newest = _ends(connection, at) if at is not None else (None, None)
    per_day = _per_day(connection, at, oldest, now) if at is not None and oldest is not None else None
    return TableStats(
        table=table.name,
        rows=rows,
        is_estimate=is_estimate,
        bytes=size,
        oldest=oldest,
        newest=newest,
        rows_per_day=per_day,
        bytes_per_day=per_day * size / rows if per_day is not None and size is not None and rows else None,
    )


def _ends(connection: Connection, at: Column[datetime]) -> tuple[datetime | None, datetime | None]:
    if at.table.name not in _ORDERED:
        row = connection.execute(select(func.min(at), func.max(at))).one()
        return row[0], row[1]
    number = at.table.c.id
    first, last = (
        connection.execute(select(at).order_by(order).limit(1)).scalar_one_or_none()
        for order in (number.asc(), number.desc())
    )
    return first, last


def _per_day(connection: Connection, at: Column[datetime], oldest: datetime, now: datetime) -> float:
    statement = select(func.count()).where(at >= now - SPAN)
    if at.table.name in _ORDERED:
        statement = statement.where(at.table.c.id >= first_since(connection, at, now - SPAN))
    rows: int = connection.execute(statement).scalar_one()
    return rows / (max(min(now - oldest, SPAN), DAY) / DAY)
