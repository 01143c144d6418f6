"""A separate server for every test: SQLite in the test's folder, a clock that stands still, no rate limit."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.no_tls import NO_TLS
from tickets.server import Clock, Limit, LocalTicketsApi, Options
from tickets.server.testing import running

KEY = "ak_test_local"
NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)

MakeApi = Callable[..., LocalTicketsApi]
Serve = Callable[[LocalTicketsApi], httpx.Client]


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[MakeApi]:
    """Make servers from options; each has a new database unless the options name one."""
    with ExitStack() as stack:

        def make(*, clock: Clock | None = None, **options: Any) -> LocalTicketsApi:
            settings: dict[str, Any] = {
                "database_url": f"sqlite:///{tmp_path}/tickets.db",
                "limit": Limit.named("none"),
            } | options
            return stack.enter_context(LocalTicketsApi(Options(**settings), clock or Clock(NOON, ticking=False)))

        yield make


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an API and return a client with the local key; paths are relative to `/api/v1/`."""
    with ExitStack() as stack:

        def start(api: LocalTicketsApi) -> httpx.Client:
            served = stack.enter_context(running(api))
            headers = {"X-API-Key": KEY}
            return stack.enter_context(
                httpx.Client(base_url=served.base_url, headers=headers, verify=NO_TLS, trust_env=False)
            )

        yield start


@pytest.fixture
def no_tls() -> ssl.SSLContext:
    return NO_TLS


@pytest.fixture
def api(make_api: MakeApi) -> LocalTicketsApi:
    return make_api()


@pytest.fixture
def client(api: LocalTicketsApi, serve: Serve) -> httpx.Client:
    return serve(api)
