"""Reads the URL of the ledger's database: other spellings of PostgreSQL, and what to write for other drivers."""

from __future__ import annotations

POSTGRES = "postgres://"
OURS = "postgresql://"
DRIVER = "postgresql+"
OUR_DRIVER = "psycopg"
SQLITE = "sqlite://"


def as_postgresql(url: str) -> str:
    """Return the URL as SQLAlchemy takes it: `postgres://` is `postgresql://`. Raises ValueError for another driver.

    The message does not hold the URL, which may have a password.
    """
    scheme, separator, rest = url.partition("://")
    if f"{scheme}{separator}" == POSTGRES:
        return f"{OURS}{rest}"
    if separator and scheme.startswith((DRIVER, "postgres+")) and scheme != f"{DRIVER}{OUR_DRIVER}":
        raise ValueError(f"must begin with {OURS}, without {scheme.partition('+')[2]}: the driver is {OUR_DRIVER}")
    if url.startswith(SQLITE) and len(url) > len(SQLITE) and not url.startswith(f"{SQLITE}/"):
        raise ValueError(f"must be {SQLITE}/PATH, with three slashes, or four for an absolute path: {SQLITE}//PATH")
    return url
