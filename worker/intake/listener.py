"""Serves HTTP beside a worker, in a thread with its own event loop. Signals stay with the main thread.

The server is uvicorn on httptools, which costs less CPU than its pure parser. The size of a request in memory is
limited here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from socket import socket

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

GRACE_S = 5  # for requests under way when the process is told to stop
MAX_HEAD = 64 * 1024  # bytes of a request's head, or of data after its body

Hook = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    return


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol on httptools, with a limit on a head and on data after a body; by itself it has none."""

    _kept = 0
    """Bytes since a head, a part of a body or a message was complete."""

    def data_received(self, data: bytes) -> None:
        self._kept += len(data)
        super().data_received(data)
        if self._kept > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._kept = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._kept = 0
        super().on_message_complete()


class HttpThread:
    """Serves applications on listening sockets until it is stopped.

    `start` and `stop` run on the event loop, before the first request and after the last one.
    """

    def __init__(
        self,
        listeners: Sequence[tuple[socket, ASGIApp]],
        *,
        start: Hook = _nothing,
        stop: Hook = _nothing,
        protocol: type[asyncio.Protocol] = BoundedProtocol,
    ) -> None:
        self._servers = [(uvicorn.Server(_configuration(app, protocol)), listener) for listener, app in listeners]
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


def _configuration(app: ASGIApp, protocol: type[asyncio.Protocol]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol,
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
