"""The OpenAPI document is true: Schemathesis makes all its calls, right and wrong, and compares the answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tickets.server import Options
from tickets.server.calls import calls_of
from tickets.server.openapi import document
from tickets.server.revisions import REVISIONS, Revision

KEY = {"X-API-Key": "ak_test_local"}


def schema_of(revision: Revision) -> Any:
    return schemathesis.openapi.from_dict(document(Options("sqlite:///unused.db", revision=revision)))


REVISION_A, REVISION_B = schema_of("A"), schema_of("B")

BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def url_of_b(make_api: Any, serve: Any) -> str:
    return str(serve(make_api(revision="B")).base_url)


@REVISION_A.parametrize()  # type: ignore[untyped-decorator] # the schema's class is chosen at run time
@BOUNDED
def test_the_document_of_revision_a_is_true(case: Any, client: httpx.Client) -> None:
    case.call_and_validate(base_url=str(client.base_url), headers=KEY)


@REVISION_B.parametrize()  # type: ignore[untyped-decorator] # the schema's class is chosen at run time
@BOUNDED
def test_the_document_of_revision_b_is_true(case: Any, url_of_b: str) -> None:
    case.call_and_validate(base_url=url_of_b, headers=KEY)


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
