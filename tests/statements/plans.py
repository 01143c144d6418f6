"""Reads a plan and names the large tables that it reads whole.

A table is read whole if no condition leads into an index: `SCAN` in SQLite, `Seq Scan` or an index scan without a
condition in PostgreSQL. Two such reads do not count: a read of a partial index, which holds little; and a read in the
order of a key up to a LIMIT without any condition, which is a page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.statements.capture import Executed
from tests.statements.large import TABLES

PARTIAL = {
    "ix_inbound_quarantined", "ix_cases_ready", "ix_cases_queues", "ix_cases_leased", "ix_operations_dead",
    "ix_operations_waiting", "ix_receipts_due",
}  # fmt: skip
_SQLITE = re.compile(r"\s*(SCAN|SEARCH) (\w+)(?: USING (.*))?$")
_POSTGRESQL = re.compile(
    r"\s*(?:->  )?(?:Parallel )?(?:(Seq) Scan on|Index (?:Only )?Scan (?:Backward )?using (\w+) on) (\w+)"
)


def read_whole(dialect: str, executed: Executed) -> list[str]:
    """Return the large tables that the plan of a statement reads whole, sorted."""
    found = _in_sqlite(executed.plan) if dialect == "sqlite" else _in_postgresql(executed.plan)
    return sorted({each for each in found if each in TABLES and not _is_page(dialect, executed)})


def _in_sqlite(plan: Sequence[str]) -> list[str]:
    found = []
    for line in plan:
        if (match := _SQLITE.fullmatch(line)) is None:
            continue
        how, table, using = match.groups()
        is_partial = using is not None and any(f"INDEX {each}" in using for each in PARTIAL)
        # `SEARCH operations` without an index searches the whole table for a minimum.
        if not is_partial and (how == "SCAN" or using is None):
            found.append(re.sub(r"_\d+$", "", table))
    return found


def _in_postgresql(plan: Sequence[str]) -> list[str]:
    found = []
    for number, line in enumerate(plan):
        if (match := _POSTGRESQL.match(line)) is None:
            continue
        sequential, index, table = match.groups()
        details = []
        for each in plan[number + 1 :]:
            if "->" in each:
                break
            details.append(each)
        has_condition = any("Index Cond:" in each for each in details)
        if sequential or not (has_condition or index in PARTIAL):
            found.append(table)
    return found


def _is_page(dialect: str, executed: Executed) -> bool:
    sorts = any("TEMP B-TREE" in each or "Sort Key" in each for each in executed.plan)
    return " LIMIT " in executed.statement and "WHERE" not in executed.statement and not sorts
