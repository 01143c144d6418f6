"""How does a request reach the service? On one of several lanes: connections with one request at a time.

httpx's own pool spends more on every request the more of them are in flight. A lane is a pool of exactly one
connection, so that there is nothing to search and nothing to share; the one that was used last is used next,
so that few stay warm. Why this one: docs/decisions/0003-http-transport.md.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

KEEPALIVE_S = (
    4.0  # below the 5 s after which common servers close an idle connection, perhaps just as we send
)
TRACE_WAIT = "lanes.wait"
"""Told to the request's `trace` extension before it waits for a free lane: nothing of it has been sent."""


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
        self._verify = verify or httpx.create_ssl_context(trust_env=False)
        self._places = asyncio.Semaphore(limit)
        self._idle: deque[tuple[float, httpx.AsyncHTTPTransport]] = deque()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._places.locked() and (trace := request.extensions.get("trace")):
            await trace(TRACE_WAIT, {})
        await self._places.acquire()
        lane = self._take()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._drop(lane, None)
            raise
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("the answer of an asynchronous transport has an asynchronous body")
        leased = _Leased(
            stream, give_back=lambda: self._give_back(lane), drop=lambda: self._drop(lane, stream)
        )
        return httpx.Response(
            response.status_code, headers=response.headers, stream=leased, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close what is idle; what is in use closes when it is done."""
        self._closed = True
        while self._idle:
            await self._idle.pop()[1].aclose()
        while self._closing:
            await asyncio.wait(self._closing)

    def _take(self) -> httpx.AsyncHTTPTransport:
        if self._idle:
            return self._idle.pop()[1]
        return httpx.AsyncHTTPTransport(
            verify=self._verify,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._keepalive
            ),
        )

    def _give_back(self, lane: httpx.AsyncHTTPTransport) -> None:
        now = asyncio.get_running_loop().time()
        self._idle.append((now, lane))
        self._places.release()
        while self._idle and (self._closed or now - self._idle[0][0] > self._keepalive):
            self._close(self._idle.popleft()[1].aclose)

    def _drop(self, lane: httpx.AsyncHTTPTransport, stream: httpx.AsyncByteStream | None) -> None:
        self._places.release()
        if stream is None:
            self._close(lane.aclose)
        else:
            self._close(stream.aclose, lane.aclose)

    def _close(self, *closers: Callable[[], Awaitable[None]]) -> None:
        """In a task of its own: the caller may be in the middle of being cancelled, and must not wait."""

        async def close() -> None:
            for aclose in closers:
                await aclose()

        task = asyncio.get_running_loop().create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Leased(httpx.AsyncByteStream):
    """The body of an answer, which knows whether it was read to its end."""

    def __init__(
        self, stream: httpx.AsyncByteStream, give_back: Callable[[], None], drop: Callable[[], None]
    ) -> None:
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
        if not self._whole:
            self._drop()
            return
        try:
            await self._stream.aclose()
        except BaseException:
            self._drop()
            raise
        self._give_back()
