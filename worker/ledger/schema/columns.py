"""The types of columns.

Times are whole microseconds since 1970 in UTC, as integers: PostgreSQL and SQLite then compare them alike, and the
same statements serve both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Dialect, Integer
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: a zoned datetime in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, _: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


# SQLite gives a row its own number only where the type is exactly INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


def required(name: str, kind: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, nullable=False, **options)


def only(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The database refuses any other word in this column of its table."""
    listed = ", ".join(f"'{each.value}'" for each in words)
    return CheckConstraint(f'"{column}" IN ({listed})', name=column)
