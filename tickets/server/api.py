"""`LocalTicketsApi`, the entry point of the local Tickets API; its `app` can be served, mounted or called."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Self

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tickets.server.app import TicketsApp
from tickets.server.clock import Clock
from tickets.server.errors import Refusal
from tickets.server.faults import Faults
from tickets.server.limits import Limit, Limiter
from tickets.server.options import Options
from tickets.server.record import Record
from tickets.server.revisions import render
from tickets.server.service import Parts
from tickets.server.store import Effect, Store
from tickets.server.webhooks import Sender

_THREADS = 8  # calls that may wait for PostgreSQL at the same time; further calls wait in the executor's queue


class LocalTicketsApi:
    """One local Tickets API: a database, fault rules, a clock, and an ASGI application."""

    def __init__(self, options: Options, clock: Clock | None = None) -> None:
        """Open the database and make its tables. Raises sqlalchemy.exc.OperationalError if that fails."""
        self.options = options
        self.clock = clock or Clock()
        self.faults = Faults()
        self._store = Store(options.database_url)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tickets-store")
        self._sender = Sender(self._store, self.clock)
        self._limiter = Limiter(options.limit)
        self.record = Record()
        parts = Parts(
            options=options,
            clock=self.clock,
            store=self._store,
            limiter=self._limiter,
            faults=self.faults,
            record=self.record,
            threads=self._threads,
            wake=self._sender.wake,
        )
        self.app: ASGIApp = ServerErrorMiddleware(TicketsApp(parts), handler=self._defect)
        """Serves `/api/v1/…`; mount it with `Mount("", api.app)` or `Mount("/api/v1", api.app)`."""

    def _defect(self, _request: Request, _error: Exception) -> Response:
        answer = render(Refusal(500, "a defect of the local Tickets API; its log says more"), self.options.revision)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    def effects(self, after: int = 0, limit: int = 1000) -> list[Effect]:
        """Return at most `limit` effects with a number above `after`, in order."""
        return self._store.effects(after, limit)

    @property
    def limit(self) -> Limit:
        return self._limiter.limit

    def set_limit(self, limit: Limit) -> None:
        """Switch the rate limit; requests admitted so far count under the new limit."""
        self._limiter.set(limit)

    def reset(self) -> None:
        """Remove all tickets, effects, keys, webhooks, faults and counts. Clock and limit stay; ids go on."""
        self._store.reset()
        self.faults.clear()
        self.record.clear()
        self._limiter.clear()

    async def start(self) -> None:
        """Start the sender of webhooks, on the event loop that serves the application."""
        self._sender.start()

    async def stop(self) -> None:
        await self._sender.stop()

    def close(self) -> None:
        """Close the database; call this after `stop`, when the application is no longer served."""
        self._threads.shutdown()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
