"""Reads the URL of the ledger's database: other spellings of PostgreSQL, and what to write for other drivers."""

from __future__ import annotations

import re

POSTGRES = "postgres://"
OURS = "postgresql://"
DRIVER = "postgresql+"
OUR_DRIVER = "psycopg"
SQLITE = "sqlite://"
UNENCODED = "a character of the password must be percent-encoded: write %40 for @, %3A for :, %2F for /, %23 for #"


def as_postgresql(url: str) -> str:
    """Return the URL as SQLAlchemy takes it: `postgres://` is `postgresql://`. Raises ValueError for another driver.

    The message does not hold the URL, which may have a password.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme.startswith("postgres") and _is_unencoded(rest):
        raise ValueError(UNENCODED)
    if separator and scheme.startswith((DRIVER, "postgres+")) and scheme != f"{DRIVER}{OUR_DRIVER}":
        raise ValueError(f"must begin with {OURS}, without {scheme.partition('+')[2]}: the driver is {OUR_DRIVER}")
    if url.startswith(SQLITE) and len(url) > len(SQLITE) and not url.startswith(f"{SQLITE}/"):
        raise ValueError(f"must be {SQLITE}/PATH, with three slashes, or four for an absolute path: {SQLITE}//PATH")
    return f"{OURS}{rest}" if f"{scheme}{separator}" == POSTGRES else url


def _is_unencoded(rest: str) -> bool:
    """Return True for a password with a character that ends it early. The rest of it would be read as host or port.

    SQLAlchemy ends the password at the first @, Python at the last one before a slash.
    """
    before_query = rest.partition("?")[0]
    user, colon, password = before_query.rpartition("@")[0].partition(":")
    return bool(colon) and "/" not in user and re.search(r"[@/\[\]#]", password) is not None
