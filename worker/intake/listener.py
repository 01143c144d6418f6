"""Serves HTTP beside a worker, in a thread with its own event loop. Signals stay with the main thread.

The server is uvicorn. How it reads requests, and what it refuses, is in `tickets/http_listener/`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from socket import socket
from typing import Any, cast

import structlog
import uvicorn
from starlette.types import ASGIApp

from tickets.http_listener import AtMostOncePer, Connections, Limits, PatientServer, StrictProtocol, accept_errors
from tickets.http_listener.limits import ACCEPTED_AT_ONCE
from worker.runtime.health import PROBES
from worker.settings.models import ServerSettings

log = structlog.get_logger()

GRACE_S = 5  # for requests under way when the process is told to stop
TOLD_EVERY_S = 60.0
FEW = 64
"""Connections of a listener that only probes or people use."""

Hook = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    return


def limits_of(server: ServerSettings, most: int | None = None) -> Limits:
    """Return the limits in the settings, with at most `most` connections."""
    return Limits(
        head_s=server.head_deadline,
        body_s=server.body_deadline,
        keep_alive_s=server.keep_alive,
        connections=server.connections if most is None else min(most, server.connections),
        probes=PROBES,
    ).under_file_limit()


class HttpThread:
    """Serves applications on listening sockets until it is stopped. They share the limit of connections.

    `start` and `stop` run on the event loop, before the first request and after the last one.
    """

    def __init__(
        self,
        listeners: Sequence[tuple[socket, ASGIApp]],
        limits: Limits | None = None,
        *,
        start: Hook = _nothing,
        stop: Hook = _nothing,
        protocol: type[StrictProtocol] = StrictProtocol,
    ) -> None:
        limits = limits or Limits(probes=PROBES).under_file_limit()
        full = AtMostOncePer(TOLD_EVERY_S, partial(_tell_full, limits.connections))
        self._connections = Connections(limits, full)
        factory = partial(protocol, open_connections=self._connections)
        self._servers = [(PatientServer(_configuration(app, factory, limits)), listener) for listener, app in listeners]
        self._hooks = (start, stop)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests and finish those under way."""
        for server, _ in self._servers:
            server.should_exit = True
        self._thread.join(GRACE_S + 5)

    async def _serve(self) -> None:
        start, stop = self._hooks
        accept_errors(
            asyncio.get_running_loop(),
            AtMostOncePer(TOLD_EVERY_S, _tell_accept_failed),
            self._connections.make_room,
        )
        await start()
        try:
            await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._servers))
        finally:
            await stop()


def _tell_full(connections: int, number: int, _: str) -> None:
    log.warning("http.full", connections=connections, turned_away=number)


def _tell_accept_failed(number: int, error: str) -> None:
    log.error("http.accept_failed", error=error, failures=number)


def _configuration(app: ASGIApp, protocol: Callable[..., asyncio.Protocol], limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast(Any, protocol),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=cast(int, limits.keep_alive_s),
        timeout_graceful_shutdown=GRACE_S,
    )
