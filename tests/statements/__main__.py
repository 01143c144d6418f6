"""Writes docs/sql.md, or compares its statements with the current ones.

python3 dev.py sql           write it: needs PostgreSQL (TICKETRELAY_TEST_POSTGRESQL), takes a minute
python3 dev.py sql --check   compare the statements; those of PostgreSQL only if a PostgreSQL answers
"""

from __future__ import annotations

import argparse
import difflib
import sys

from tests.servers import empty_database, postgresql_is_there
from tests.statements.capture import Executed
from tests.statements.page import (
    COPIES,
    DIALECTS,
    FEW_COPIES,
    PAGE,
    captured,
    captured_on_sqlite,
    page,
    statements,
    written,
)


def write() -> int:
    """Write the page; returns the exit code."""
    if not postgresql_is_there():
        print("dev.py sql: no PostgreSQL answers; TICKETRELAY_TEST_POSTGRESQL names one", file=sys.stderr)
        return 2
    found = {"sqlite": captured_on_sqlite(COPIES, explains=True), "postgresql": on_postgresql(COPIES, explains=True)}
    PAGE.write_text(page(found))
    print(f"{PAGE.name}: " + ", ".join(f"{len(found[each])} statements of {DIALECTS[each]}" for each in found))
    return 0


def on_postgresql(copies: int, *, explains: bool) -> list[Executed]:
    with empty_database() as url:
        return captured(url, copies, explains=explains)


def difference(dialect: str, now: list[Executed]) -> list[str]:
    """Return the differences between the page and the current statements; empty if there are none."""
    there = written(PAGE.read_text(), dialect)
    return list(
        difflib.unified_diff(statements(there), statements(now), f"docs/{PAGE.name}", DIALECTS[dialect], lineterm="")
    )


def check() -> int:
    """Compare the page; returns the exit code."""
    found = difference("sqlite", captured_on_sqlite(FEW_COPIES, explains=False))
    if postgresql_is_there():
        found += difference("postgresql", on_postgresql(FEW_COPIES, explains=False))
    else:
        print("dev.py sql: no PostgreSQL answers: its statements were not compared", file=sys.stderr)
    if found:
        print("\n".join(found))
        print(f"dev.py sql: docs/{PAGE.name} is out of date; write it with: python3 dev.py sql", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="dev.py sql", description="Write docs/sql.md, or compare its statements.")
    parser.add_argument("--check", action="store_true", help="compare; exit code 1 where they differ")
    raise SystemExit(check() if parser.parse_args().check else write())
