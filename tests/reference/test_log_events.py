"""The table of log events lists those that the code logs."""

from __future__ import annotations

import pytest

from tests.limits import ROOT
from tests.reference.log_calls import LogCall, calls_in, log_calls
from worker.runtime.log_events import LOG_EVENTS


@pytest.fixture(scope="module")
def logged() -> list[LogCall]:
    return log_calls(ROOT / "worker")


def test_the_table_has_each_event_that_the_code_logs_and_no_other(logged: list[LogCall]) -> None:
    assert {each.name for each in logged} == LOG_EVENTS.keys()


def test_each_event_has_the_level_at_which_the_code_logs_it(logged: list[LogCall]) -> None:
    assert {(each.name, each.level) for each in logged} == {(each.name, each.level) for each in LOG_EVENTS.values()}


def test_each_event_has_the_fields_that_the_code_logs(logged: list[LogCall]) -> None:
    found: dict[str, set[str]] = {}
    for each in logged:
        found.setdefault(each.name, set()).update(each.fields)
    assert found == {name: set(each.fields) for name, each in LOG_EVENTS.items()}


def test_connectors_log_no_event() -> None:
    assert log_calls(ROOT / "connectors") == []


def test_an_event_is_found_in_a_choice_and_behind_a_variable() -> None:
    source = 'def f(x):\n    name = "a" if x else "b"\n    log.warning(name, why=x)\n    log.exception("c", why=x)\n'
    assert list(calls_in(source)) == [
        LogCall("a", "warning", frozenset({"why"})),
        LogCall("b", "warning", frozenset({"why"})),
        LogCall("c", "error", frozenset({"why", "exception"})),
    ]


def test_an_event_without_a_readable_name_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        list(calls_in("def f(name):\n    log.info(name)\n"))
