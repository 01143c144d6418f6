"""How is HTTP served beside a worker? In a thread with its own event loop; signals stay with the main thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from socket import socket

import uvicorn
from starlette.types import ASGIApp

from tickets.server.transport import AbortableProtocol

GRACE_S = 5  # for requests under way when the process is told to stop

Hook = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    return


class HttpThread:
    """Serves applications on listening sockets until it is stopped.

    `start` and `stop` run on the event loop, before the first request and after the last one.
    """

    def __init__(
        self, listeners: Sequence[tuple[socket, ASGIApp]], *, start: Hook = _nothing, stop: Hook = _nothing
    ) -> None:
        self._servers = [(uvicorn.Server(_configuration(app)), listener) for listener, app in listeners]
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
        await start()
        try:
            await asyncio.gather(*(server.serve(sockets=[listener]) for server, listener in self._servers))
        finally:
            await stop()


def _configuration(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # A superset of uvicorn's own h11 protocol: the local Tickets API cuts connections with it when told to.
        http=AbortableProtocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
