"""Performs an admitted request: its faults, its idempotency key, and one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import Headers

from tickets.server import idempotency
from tickets.server.calls import Call, Request
from tickets.server.clock import Clock
from tickets.server.errors import HttpResponse, Refusal
from tickets.server.faults import Faults, Plan
from tickets.server.limits import Limiter
from tickets.server.options import Options
from tickets.server.record import Record
from tickets.server.store import Store

NO_ANSWER = HttpResponse(0, b"")
"""Stands for the answer if a fault replaces all work."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that the server works with."""

    options: Options
    clock: Clock
    store: Store
    limiter: Limiter
    faults: Faults
    record: Record
    threads: ThreadPoolExecutor
    wake: Callable[[], None]
    """Notifies the sender of webhooks about a commit."""


def digest(api_key: str) -> str:
    """Return the name of an API key in the database and the records."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:16]


class Service:
    """Admits requests and performs them; used on one event loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._inflight = idempotency.InFlight(parts.options.concurrent_key)
        self._owners = {key: (digest(key), scopes) for key, scopes in parts.options.keys.items()}

    def owner(self, headers: Headers) -> str | None:
        """Return the digest of the request's API key; None for an unknown key."""
        known = self._owners.get(headers.get("x-api-key", ""))
        return None if known is None else known[0]

    def admit(self, call: Call, headers: Headers) -> str:
        """Return the digest of the API key. Raises Refusal: 401, 429 (takes nothing of the budget), 403."""
        known = self._owners.get(headers.get("x-api-key", ""))
        if known is None:
            raise Refusal(401, "X-API-Key is missing or invalid")
        owner, scopes = known
        if seconds := self._parts.limiter.take(owner, self._parts.clock.us()):
            raise Refusal(429, f"the budget is spent; send again in {seconds} s", retry_after=seconds)
        if call.scope not in scopes:
            raise Refusal(403, f"the key lacks the scope {call.scope}")
        return owner

    async def perform(self, call: Call, request: Request, key: idempotency.Key | None, plan: Plan) -> HttpResponse:
        """Return the answer, after the pauses of the plan. Raises Refusal."""
        if key is None:
            return await self._pause_and_work(call, request, key, plan)
        await self._inflight.enter(key)
        try:
            answer = await self._pause_and_work(call, request, key, plan)
        finally:
            self._inflight.leave(key)
        return answer

    async def _pause_and_work(
        self, call: Call, request: Request, key: idempotency.Key | None, plan: Plan
    ) -> HttpResponse:
        if plan.pause_before:
            await asyncio.sleep(plan.pause_before)
        if plan.stops_before:
            return NO_ANSWER
        request = replace(request, now=self._parts.clock.us())
        argument = call.read(request)
        if self._parts.store.inline:
            answer = self._transact(call, request, argument, key)
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._parts.threads, self._transact, call, request, argument, key)
        if call.writes:
            self._parts.wake()
        return answer

    def _transact(self, call: Call, request: Request, argument: Any, key: idempotency.Key | None) -> HttpResponse:
        """Write key, effect and remembered answer in one transaction. Raises Refusal; 503 if the database is away."""
        store = self._parts.store
        try:
            with store.writing() if call.writes else store.reading() as connection:
                known = None if key is None else idempotency.recall(connection, key, request.now)
                if known is not None:
                    return known
                answer = call.perform(connection, request, argument)
                if key is not None:
                    idempotency.remember(connection, key, answer, request.now)
                return answer
        except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            raise Refusal(503, "the database cannot be reached", retry_after=1) from error
