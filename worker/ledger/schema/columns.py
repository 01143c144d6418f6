"""Column types.

Times are integers: whole microseconds since 1970 in UTC. PostgreSQL and SQLite compare them in the same way, so the
same statements work on both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Dialect, Index, Integer, text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A time in UTC: an aware datetime in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, _: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


# SQLite numbers rows by itself only if the type is exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


def required(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


def only(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Return a CHECK constraint that refuses any other word in this column."""
    listed = ", ".join(f"'{each.value}'" for each in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)


def partial(name: str, *columns: str, where: str) -> Index:
    """Return an index that holds only the rows with this condition."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))
