"""How does a request reach the service? On one of several lanes: connections with one request at a time.

httpx's own pool spends more on every request the more of them are in flight. A lane is a pool of exactly one
connection, so that there is nothing to search and nothing to share; the one that was used last is used next,
so that few stay warm. Why this one: docs/decisions/0003-http-transport.md.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from functools import cache
from typing import Any, Protocol

import httpx

KEEPALIVE_S = 4.0  # below the 5 s after which common servers close an idle connection, perhaps just as we send

Trace = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""httpx's request extension of this name: told of each step as it begins, ends or fails."""
TRACE_WAIT = "lanes.wait"
"""The step of waiting for a free lane: nothing of the request has been sent."""


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The authorities that httpx brings along; read once, since that takes longer than many calls."""
    return httpx.create_ssl_context(trust_env=False)


class Progress:
    """How far did a request get? Told by the transport through httpx's `trace` extension."""

    _BEFORE_SENDING = ("connection.", TRACE_WAIT)  # any other event, also one not known yet, counts as sent

    def __init__(self) -> None:
        self._traced = False
        self._sent = False

    async def __call__(self, event: str, _info: Mapping[str, Any]) -> None:
        self._traced = True
        self._sent = self._sent or not event.startswith(self._BEFORE_SENDING)

    def proves_unsent(self, error: Exception) -> bool:
        """A name like `ConnectTimeout` proves nothing: what was seen counts, or the cause at the bottom."""
        if self._traced:
            return not self._sent
        return isinstance(error, httpx.ConnectError) and isinstance(
            root(error), ConnectionRefusedError | socket.gaierror
        )


def root(error: BaseException) -> BaseException:
    """The exception that began it."""
    seen = [error]
    while (cause := seen[-1].__cause__ or seen[-1].__context__) is not None and cause not in seen:
        seen.append(cause)
    return seen[-1]


class Lanes(httpx.AsyncBaseTransport):
    """At most `limit` requests at a time, each alone on its connection. Belongs to one event loop.

    A lane goes back only after a whole answer; after anything else (an error, a cancelled call, a body that
    was not read to its end) it is closed, so that no later request can meet what is left of an earlier one.
    Raises what `httpx.AsyncHTTPTransport` raises; it never sends a request twice.
    """

    def __init__(
        self, limit: int = 64, *, keepalive: float = KEEPALIVE_S, verify: ssl.SSLContext | None = None
    ) -> None:
        if limit < 1:
            raise ValueError("there must be a lane")
        self._keepalive = keepalive
        self._verify = verify or trusted_authorities()
        self._places = asyncio.Semaphore(limit)
        self._idle: deque[tuple[float, _Lane]] = deque()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._places.locked() and (trace := request.extensions.get("trace")):
            await trace(TRACE_WAIT, {})
        await self._places.acquire()
        lane = self._idle.pop()[1] if self._idle else _Lane(self._keepalive, self._verify)
        try:
            response = await lane.send(request)
        except BaseException:
            self._drop(lane)
            raise
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Body(response.stream, lambda: self._give_back(lane), lambda: self._drop(lane)),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes when it is done."""
        self._closed = True
        while self._idle:
            await self._idle.pop()[1].aclose()
        while self._closing:
            await asyncio.wait(self._closing)

    def _give_back(self, lane: _Lane) -> None:
        now = asyncio.get_running_loop().time()
        self._idle.append((now, lane))
        self._places.release()
        while self._idle and (self._closed or now - self._idle[0][0] > self._keepalive):
            self._close(self._idle.popleft()[1].aclose)

    def _drop(self, lane: _Lane) -> None:
        self._places.release()
        self._close(lane.aclose)

    def _close(self, aclose: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """In a task of its own: the caller may be in the middle of being cancelled, and must not wait."""
        task = asyncio.get_running_loop().create_task(aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Closable(Protocol):
    async def aclose(self) -> None: ...


class _Lane:
    """One connection, opened by the first request and again when it was closed while idle."""

    def __init__(self, keepalive: float, verify: ssl.SSLContext) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=keepalive)
        self._transport = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits)
        self._socket: _Closable | None = None

    async def send(self, request: httpx.Request) -> httpx.Response:
        told: Trace | None = request.extensions.get("trace")

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                self._socket = info["return_value"]
            if told is not None:
                await told(event, info)

        request.extensions = {**request.extensions, "trace": trace}
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        # The socket itself too: httpcore forgets it when a call is cancelled during the TLS handshake.
        if self._socket is not None:
            await self._socket.aclose()
        await self._transport.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, which knows whether it was read to its end."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream | httpx.SyncByteStream,
        give_back: Callable[[], None],
        drop: Callable[[], None],
    ) -> None:
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("an asynchronous transport answers with an asynchronous body")
        self._stream = stream
        self._give_back = give_back
        self._drop = drop
        self._whole = False
        self._over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part
        self._whole = True

    async def aclose(self) -> None:
        if self._over:
            return
        self._over = True
        reusable = False
        try:
            await self._stream.aclose()
            reusable = self._whole
        finally:
            (self._give_back if reusable else self._drop)()
