"""The OpenAPI document is true: Schemathesis makes all its calls, right and wrong, and compares the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.result import Ok
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from tickets.server import Options
from tickets.server.calls import calls_of
from tickets.server.openapi import document
from tickets.server.revisions import REVISIONS, Revision

KEY = {"X-API-Key": "ak_test_local"}
SCHEMAS = {
    revision: schemathesis.openapi.from_dict(document(Options("sqlite:///unused.db", revision=revision)))
    for revision in ("A", "B")
}
OPERATIONS = [
    pytest.param(revision, operation, id=f"{revision}, {operation.label}")
    for revision, schema in SCHEMAS.items()
    for operation in (each.ok() for each in schema.get_all_operations() if isinstance(each, Ok))
]

BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def every_call_of(operation: Any, check: Callable[[Any], None]) -> None:
    """Check all cases of an operation.

    The schema's `parametrize` makes the cases while the tests are collected: ten seconds in every test process.
    """
    modes = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING, HypothesisTestMode.COVERAGE]
    config = HypothesisTestConfig(project=operation.schema.config, modes=modes, explicit_settings=BOUNDED)
    create_test(operation=operation, test_func=check, config=config)()


@pytest.mark.parametrize(("revision", "operation"), OPERATIONS)
def test_the_document_is_true(revision: Revision, operation: Any, make_api: Any, serve: Any) -> None:
    url = str(serve(make_api(revision=revision)).base_url)
    checked: set[str] = set()

    def check(case: Any) -> None:
        case.call_and_validate(base_url=url, headers=KEY)
        checked.add(case.meta.phase.name)

    every_call_of(operation, check)
    assert checked == {"coverage", "fuzzing"}, "the cases of a phase were not made"


def test_the_document_holds_exactly_the_calls_that_the_environment_has() -> None:
    def operations(environment: Any) -> set[tuple[str, str]]:
        paths = document(Options("sqlite:///unused.db", environment=environment))["paths"]
        return {(method.upper(), path) for path, methods in paths.items() for method in methods}

    everything = {(call.method, call.path) for call in calls_of(REVISIONS["A"])} | {
        ("GET", "/health"),
        ("GET", "/openapi.json"),
    }
    assert operations("sandbox") == everything
    assert operations("production") == everything - {("POST", "/sandbox/reset")}


@pytest.mark.parametrize("revision", ["A", "B"])
def test_every_call_of_the_document_is_checked(revision: Revision) -> None:
    checked = {str(each.id).partition(", ")[2] for each in OPERATIONS if each.values[0] == revision}
    calls = {f"{call.method} {call.path}" for call in calls_of(REVISIONS[revision])}
    assert checked == calls | {"GET /health", "GET /openapi.json"}
