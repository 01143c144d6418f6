"""The real local Tickets API, called in process, with its effects read back from its own log."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from tests.engine.times import Time
from tickets.server.api import LocalTicketsApi
from tickets.server.faults import FaultRule
from tickets.server.limits import Limit
from tickets.server.options import Options
from tickets.server.store import Effect

BASE_URL = "http://tickets.test/api/v1"
KEY = "ak_test_local"
SEARCH_LAG_S = 250.0  # less than the worker allows for, more than any other wait of the worker


class Service:
    """Executes a request at once, from any loop."""

    def __init__(self, path: Path, time: Time) -> None:
        self._api = LocalTicketsApi(Options(f"sqlite:///{path}", limit=Limit(None, None)), time.service)
        self._transport = httpx.ASGITransport(self._api.app)
        self._loop = asyncio.new_event_loop()
        self._read_up_to = 0

    def reset(self) -> None:
        """Remove everything; the time goes on."""
        self._api.reset()
        self._api.faults.add(FaultRule(action="search_lag", seconds=SEARCH_LAG_S))

    def close(self) -> None:
        self._loop.close()
        self._api.close()

    def execute(self, request: httpx.Request) -> httpx.Response:
        """Execute a request and return the service's whole answer."""
        return self._loop.run_until_complete(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def new_effects(self) -> list[Effect]:
        """Return the effects since the last call."""
        found = self._api.effects(self._read_up_to)
        self._read_up_to = found[-1].seq if found else self._read_up_to
        return found

    def ask(self, method: str, path: str, **fields: Any) -> dict[str, Any]:
        """Make a person's request to the ticket system. Raises httpx.HTTPStatusError."""
        content = json.dumps(fields).encode() if fields else None
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        request = httpx.Request(method, BASE_URL + path, headers=headers, content=content)
        response = self.execute(request)
        response.request = request
        found: dict[str, Any] = response.raise_for_status().json()
        return found
