"""Every statement of the hot paths enters large tables by an index, and docs/sql.md has each one as it runs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.statements.__main__ import difference
from tests.statements.capture import Executed, normalised
from tests.statements.page import COPIES, FEW_COPIES, captured, page, written
from tests.statements.plans import read_whole


@dataclass(frozen=True, slots=True)
class Whole:
    """A statement that reads a large table whole, and the reason why that is acceptable."""

    verb: str
    says: str
    tables: tuple[str, ...]
    reason: str


EXCEPTIONS = (
    Whole("overview", "cases.state, count(*)", ("cases",), "counts the cases of every state: status and metrics"),
    Whole("overview", "operations.kind, count(*)", ("operations",), "no index holds open operations: status, metrics"),
    Whole(
        "list_sources", "cases.source, count(*)", ("cases", "operations"), "no index holds open operations: a person"
    ),
    Whole("failing", "anon_1.why", ("operations",), "no index holds held operations: a person"),
    Whole("list_sources", "inbound.received_at", ("inbound",), "from the latest on to one of the source: a person"),
)


def faults(dialect: str, executed: list[Executed]) -> list[str]:
    """Return statements that read a large table whole without an exception, and exceptions that are not needed."""
    found, used = [], set()
    for each in executed:
        whole = read_whole(dialect, each)
        fits = [one for one in EXCEPTIONS if one.verb == each.verb and one.says in each.statement]
        used |= {one.says for one in fits if whole and set(whole) <= set(one.tables)}
        if whole and not any(set(whole) <= set(one.tables) for one in fits):
            found.append(f"{each.verb} reads {', '.join(whole)} whole:\n{each.statement}\n" + "\n".join(each.plan))
    return found + [f"no exception any more: {one.says}" for one in EXCEPTIONS if one.says not in used]


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> list[Executed]:
    """SQLite plans by its indexes alone, so a small ledger has the plans of a large one."""
    url = f"sqlite:///{tmp_path_factory.mktemp('statements') / 'ledger.db'}"
    return captured(url, FEW_COPIES, explains=True)


def test_no_large_table_is_read_whole_on_sqlite(on_sqlite: list[Executed]) -> None:
    assert len(on_sqlite) > 50
    assert all(each.plan or each.statement.startswith("INSERT") for each in on_sqlite)
    assert faults("sqlite", on_sqlite) == []


@pytest.mark.postgresql
@pytest.mark.timeout(600)  # a hundred thousand cases, on a busy machine
def test_no_large_table_is_read_whole_on_postgresql(postgresql_url: str) -> None:
    executed = captured(postgresql_url, COPIES, explains=True)

    assert len(executed) > 50
    assert all(each.plan for each in executed)
    assert faults("postgresql", executed) == []
    assert difference("postgresql", executed) == []


@pytest.mark.postgresql
def test_without_statistics_postgresql_finds_the_operations_of_a_case_by_their_key(postgresql_url: str) -> None:
    """A database that is minutes old has no statistics; reading all open operations for each case is quadratic."""
    executed = captured(postgresql_url, FEW_COPIES, explains=True)

    using = [each for each in executed if any("ix_operations_waiting" in line for line in each.plan)]
    assert using
    assert [each.statement for each in using if "operations.rank >= 0" not in each.statement] == []


def test_the_page_has_the_statements_of_sqlite(on_sqlite: list[Executed]) -> None:
    assert difference("sqlite", on_sqlite) == []


def test_a_page_is_read_as_it_was_written() -> None:
    executed = {
        "sqlite": [Executed("record", "SELECT ?\nFROM a", ("SCAN a",)), Executed("claim", "UPDATE b", ("SEARCH b",))],
        "postgresql": [Executed("record", "SELECT %(x)s\nFROM a", ("Seq Scan on a",))],
    }

    text = page(executed)

    for dialect, expected in executed.items():
        assert written(text, dialect) == [Executed(each.verb, each.statement) for each in expected]


@pytest.mark.parametrize(
    ("dialect", "statement", "plan", "expected"),
    [
        ("sqlite", "SELECT * FROM cases WHERE x", ("SCAN cases",), ["cases"]),
        ("sqlite", "SELECT * FROM cases WHERE x", ("SCAN cases USING COVERING INDEX uq",), ["cases"]),
        ("sqlite", "SELECT min(x) FROM cases WHERE y", ("SEARCH cases",), ["cases"]),
        ("sqlite", "SELECT * FROM operations AS operations_1", ("  SCAN operations_1",), ["operations"]),
        ("sqlite", "SELECT * FROM cases WHERE x", ("SCAN cases USING INDEX ix_cases_ready",), []),
        ("sqlite", "SELECT * FROM cases WHERE x", ("SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)",), []),
        ("sqlite", "SELECT * FROM cases ORDER BY id\n LIMIT ?", ("SCAN cases",), []),
        (
            "sqlite",
            "SELECT * FROM cases ORDER BY x\n LIMIT ?",
            ("SCAN cases", "USE TEMP B-TREE FOR ORDER BY"),
            ["cases"],
        ),
        ("sqlite", "SELECT * FROM gate", ("SCAN gate",), []),
        ("postgresql", "SELECT * FROM cases WHERE x", ("  ->  Parallel Seq Scan on cases",), ["cases"]),
        ("postgresql", "SELECT x FROM cases WHERE x", ("Index Only Scan using pk on cases", "  Filter: x"), ["cases"]),
        ("postgresql", "SELECT x FROM cases WHERE x", ("Index Scan using pk on cases", "  Index Cond: (x)"), []),
        ("postgresql", "SELECT * FROM cases WHERE x", ("Index Scan using ix_cases_leased on cases",), []),
    ],
)
def test_a_plan_that_reads_a_large_table_whole_is_seen(
    dialect: str, statement: str, plan: tuple[str, ...], expected: list[str]
) -> None:
    assert read_whole(dialect, Executed("any", statement, plan)) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT a IN (?, ?, ?)", "SELECT a IN (?, …)"),
        ("SELECT a IN (?)", "SELECT a IN (?, …)"),
        ("SELECT a IN (%(a_1)s::BIGINT, %(a_2)s::BIGINT)", "SELECT a IN (?, …)"),
        ("SELECT (a, b) IN ((?, ?), (?, ?))", "SELECT (a, b) IN ((?, …), …)"),
        ("INSERT INTO a (b, c) VALUES (?, ?), (?, ?) RETURNING b", "INSERT INTO a (b, c) VALUES (?, ?), … RETURNING b"),
        ("INSERT INTO a (b, c) VALUES (?, ?) RETURNING b", "INSERT INTO a (b, c) VALUES (?, ?) RETURNING b"),
    ],
)
def test_a_statement_is_the_same_however_many_values_its_lists_hold(statement: str, expected: str) -> None:
    assert normalised(statement) == expected
