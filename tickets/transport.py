"""HTTP transport of the client: a pool of HTTP connections.

    request ─▶ a free place ─▶ the connection used last, or a new one ─▶ written once ─▶ head ─▶ body ─▶ idle, or closed

The connection used last is used next, so that few stay open. Reasons for own code:
docs/decisions/0013-own-connections.md.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cache
from typing import Any

import httpx

from tickets.http_connection import HttpConnection, Origin, open_http_connection
from tickets.wire import request_bytes

KEEPALIVE_S = 4.0  # below the 5 s after which common servers close an idle connection, possibly at the moment of a send
PART = 64 * 1024  # bytes of a body passed on at a time; limits how much a compressed body can grow per step

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Type of httpx's request extension of this name: called as each step begins."""
WAIT, CONNECT, SEND = "http_connections.wait", "connection.connect_tcp.started", "http11.send_request_headers.started"
"""The steps: waiting for a free connection; name, connection and TLS; sending (from here the request may arrive)."""


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Return the certificate authorities that come with httpx; cached, because loading takes longer than many calls."""
    return httpx.create_ssl_context(trust_env=False)


class Progress:
    """Records how far a request got, through httpx's `trace` extension."""

    _BEFORE_SENDING = ("connection.", WAIT)  # any other event, also an unknown one, counts as sent

    def __init__(self) -> None:
        self._traced = False
        self._sent = False

    async def __call__(self, event: str, _info: Mapping[str, Any]) -> None:
        self._traced = True
        self._sent = self._sent or not event.startswith(self._BEFORE_SENDING)

    def proves_unsent(self, error: Exception) -> bool:
        """True if the traced steps, or else the root cause, prove this. A name like `ConnectTimeout` does not."""
        if self._traced:
            return not self._sent
        return isinstance(error, httpx.ConnectError) and isinstance(
            root(error), ConnectionRefusedError | socket.gaierror
        )


def root(error: BaseException) -> BaseException:
    """Return the first exception of the chain."""
    seen = [error]
    while (cause := seen[-1].__cause__ or seen[-1].__context__) is not None and cause not in seen:
        seen.append(cause)
    return seen[-1]


class HttpConnections(httpx.AsyncBaseTransport):
    """At most `limit` requests at a time, each alone on its connection. Belongs to one event loop.

    A connection is used again only after a whole answer with no data behind it, to a request that was written to its
    end. After anything else (an error, a cancelled call, an answer not waited for) it is closed, so that no later
    request can meet remains of an earlier one. A connection that was idle for `keepalive` seconds is closed too.

    Raises httpx's exceptions; never sends a request twice; does not support proxies. Of httpx's time-outs it uses
    `connect`, for name, connection and TLS together: the caller limits the whole.
    """

    def __init__(
        self, limit: int = 64, *, keepalive: float = KEEPALIVE_S, verify: ssl.SSLContext | None = None
    ) -> None:
        if limit < 1:
            raise ValueError(f"the limit of connections is {limit}: it must be at least 1")
        self._keepalive = keepalive
        self._verify = verify or trusted_authorities()
        self._verify.set_alpn_protocols(["http/1.1"])
        self._places = asyncio.Semaphore(limit)
        self._idle: deque[tuple[float, HttpConnection]] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Future[None]] = set()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        data = request_bytes(request, await request.aread())
        origin = Origin.of(request.url)
        trace: Trace = request.extensions.get("trace", _tell_nobody)
        if self._places.locked():
            await trace(WAIT, {})
        await self._places.acquire()
        http_connection = None
        try:
            http_connection = self._idle_http_connection(origin)
            if http_connection is None:
                await trace(CONNECT, {})
                http_connection = await open_http_connection(
                    origin, self._verify, request.extensions.get("timeout", {}).get("connect")
                )
            await trace(SEND, {})
            status, headers = await http_connection.exchange(data)
        except BaseException:
            self._let_go(http_connection)
            raise
        return httpx.Response(status, headers=headers, stream=_Body(http_connection, self._let_go))

    async def aclose(self) -> None:
        """Close idle connections; connections in use close when they are done."""
        self._closed = True
        self._sweep()
        while self._closing:
            await asyncio.wait(self._closing)

    def _idle_http_connection(self, origin: Origin) -> HttpConnection | None:
        """Return the connection used last; close those with another origin, idle for too long, or not quiet."""
        oldest = asyncio.get_running_loop().time() - self._keepalive
        while self._idle:
            since, http_connection = self._idle.pop()
            if since > oldest and http_connection.origin == origin and http_connection.is_quiet:
                return http_connection
            self._close(http_connection)
        return None

    def _let_go(self, http_connection: HttpConnection | None) -> None:
        """Release a connection after its request ended, successfully or not."""
        self._places.release()
        if http_connection is None:
            return
        if self._closed or not http_connection.is_clean:
            self._close(http_connection)
            return
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), http_connection))
        self._sweeping = self._sweeping or loop.call_later(self._keepalive, self._sweep)

    def _sweep(self) -> None:
        """Close connections that idled for too long, and schedule the next sweep."""
        loop = asyncio.get_running_loop()
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        while self._idle and (self._closed or self._idle[0][0] + self._keepalive <= loop.time()):
            self._close(self._idle.popleft()[1])
        if self._idle:
            self._sweeping = loop.call_at(self._idle[0][0] + self._keepalive, self._sweep)

    def _close(self, http_connection: HttpConnection) -> None:
        http_connection.close()
        if not http_connection.closed.done():
            self._closing.add(http_connection.closed)
            http_connection.closed.add_done_callback(self._closing.discard)


class _Body(httpx.AsyncByteStream):
    """The body of an answer; closing it releases the connection, in whatever state that is."""

    def __init__(self, http_connection: HttpConnection, let_go: Callable[[HttpConnection], None]) -> None:
        self._http_connection = http_connection
        self._let_go = let_go
        self._over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body = await self._http_connection.body()
        for begin in range(0, len(body), PART):
            yield body[begin : begin + PART]

    async def aclose(self) -> None:
        if not self._over:
            self._over = True
            self._let_go(self._http_connection)


async def _tell_nobody(_event: str, _info: Mapping[str, Any]) -> None:
    pass
