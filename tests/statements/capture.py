"""Captures the statements that a ledger executes, each with its plan, under the name of the verb that issued it.

The database itself explains each statement, in the transaction that executes it, with its parameters and the settings
of its session. So no statement is copied by hand, and every plan is one that the worker would get.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import Engine, event

WIDTH = 118
_READS_OR_WRITES = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
_NAMES_A_TABLE = re.compile(r"\b(FROM|INTO|UPDATE)\b")
_ONE = r"(?:\?|%\(\w+\)s(?:::\w+)?)"
_ROW = rf"\({_ONE}(?:, {_ONE})*\)"
_LIST = re.compile(rf"IN \({_ONE}(?:, {_ONE})*\)")
_ROWS = re.compile(rf"({_ROW})(?:, {_ROW})+")
_VALUES_LIST = re.compile(rf"IN \((VALUES )?{_ROW}(?:, …)?\)")


@dataclass(frozen=True, slots=True)
class Executed:
    """A statement, the verb that issued it first, and the lines of its plan (empty if no plan was requested)."""

    verb: str
    statement: str
    plan: tuple[str, ...] = ()


def normalised(statement: str) -> str:
    """Return the statement in lines of 118 characters, independent of the number of values in its lists.

    A list of values becomes one placeholder and an ellipsis: `IN (?, …)`.
    """
    text = _LIST.sub("IN (?, …)", statement.strip())
    text = _ROWS.sub(r"\1, …", text)
    text = _VALUES_LIST.sub(lambda match: f"IN ({match[1] or ''}(?, …), …)", text)
    lines: list[str] = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=f"{indent}    ", break_long_words=False,
                               break_on_hyphens=False)  # fmt: skip
    return "\n".join(each.rstrip() for each in lines)


@dataclass
class Capture:
    """The statements executed so far; each once, under the verb that issued it first."""

    database: str
    """Name of the database, which distinguishes its connections from others of this process."""
    explains: bool = True
    found: dict[str, Executed] = field(default_factory=dict)
    verb: str | None = None

    @contextmanager
    def of(self, verb: str) -> Iterator[None]:
        """Attribute statements within the block to this verb."""
        self.verb = verb
        try:
            yield
        finally:
            self.verb = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Capture statements within the block while a verb is set."""
        event.listen(Engine, "before_cursor_execute", self._take)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._take)

    def _take(
        self, connection: sqlalchemy.Connection, cursor: Any, statement: str, parameters: Any, _: Any, many: bool
    ) -> None:
        if self.verb is None or connection.engine.url.database != self.database:
            return
        if not (_READS_OR_WRITES.match(statement.lstrip()) and _NAMES_A_TABLE.search(statement)):
            return
        text = normalised(statement)
        if text not in self.found:
            plan = _plan(connection.dialect.name, cursor, statement, parameters[0] if many else parameters)
            self.found[text] = Executed(self.verb, text, plan if self.explains else ())


def _plan(dialect: str, cursor: Any, statement: str, parameters: Any) -> tuple[str, ...]:
    explaining = cursor.connection.cursor()
    try:
        if dialect == "sqlite":
            # Source: https://www.sqlite.org/eqp.html: id, parent, unused, detail
            rows = explaining.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            depth = {0: -1}
            for number, parent, _, _ in rows:
                depth[number] = depth[parent] + 1
            return tuple("  " * depth[number] + detail for number, _, _, detail in rows)
        return tuple(line for (line,) in explaining.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters).fetchall())
    finally:
        explaining.close()
