"""The table of alarms lists those that the code raises."""

from __future__ import annotations

import ast

import worker.ledger
from tests.limits import ROOT
from worker.ledger import ALARMS, LEDGER_AWAY, LEDGER_NOT_WRITABLE


def named(node: ast.expr) -> str | None:
    """Return the name of an alarm that is given as a text, or as a constant of the ledger; None for a variable."""
    match node:
        case ast.Constant(str(name)):
            return name
        case ast.Name(constant) if constant.isupper():
            return str(getattr(worker.ledger, constant))
    return None


def raised() -> set[str]:
    """Return the alarms that the code makes or logs by name, outside the list of conditions of `alarms()`."""
    found = set()
    for path in (ROOT / "worker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Name("Alarm"), [first, *_]):
                    found.add(named(first))
                case ast.keyword("alarm", value):
                    found.add(named(value))
    return {each for each in found if each is not None}


def test_each_alarm_that_the_code_raises_by_name_is_declared() -> None:
    assert raised() <= ALARMS.keys()


def test_each_alarm_that_only_status_raises_is_raised_by_name() -> None:
    # `tests/worker/test_overview.py` compares all others with what `alarms()` returns.
    assert (
        {each.name for each in ALARMS.values() if not each.in_metrics} == {LEDGER_AWAY, LEDGER_NOT_WRITABLE} <= raised()
    )
