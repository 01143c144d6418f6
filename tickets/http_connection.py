"""One HTTP/1.1 connection, which is idle or carries one request at a time.

The connection writes each request at once, whole, and only once. It closes after an error, after unexpected data, and
after data that is not an answer; the waiting caller then gets the error.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from tickets.wire import Headers, WireAnswer


@dataclass(frozen=True, slots=True)
class Origin:
    """Destination of a connection: scheme, host in ASCII (an IPv6 address without brackets), port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        """Return the origin of a URL. Raises httpx.UnsupportedProtocol unless it is http:// or https://."""
        if url.scheme not in _PORTS:
            raise httpx.UnsupportedProtocol("only http:// and https:// can be sent to")
        return cls(url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])


_PORTS = {"http": 80, "https": 443}


async def open_http_connection(origin: Origin, verify: ssl.SSLContext, seconds: float | None) -> HttpConnection:
    """Connect to the first address of the host that accepts, TLS included; sends no request.

    The addresses are tried one after the other, each with an equal share of the remaining time. They are not tried in
    parallel (RFC 8305), because asyncio then loses a socket if the call is cancelled at that moment.

    Raises httpx.ConnectError, httpx.ConnectTimeout.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds) as whole:
            addresses = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
            for left in range(len(addresses), 0, -1):
                share = None if (end := whole.when()) is None else (end - loop.time()) / left
                try:
                    async with asyncio.timeout(share):
                        return await _connect(addresses[-left], origin, verify)
                except OSError:  # includes TimeoutError
                    if left == 1:
                        raise
    except TimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except (OSError, UnicodeError) as error:  # UnicodeError: the host is not a valid name
        raise httpx.ConnectError("no connection") from error
    raise httpx.ConnectError("the host has no address")


async def _connect(address: tuple[Any, ...], origin: Origin, verify: ssl.SSLContext) -> HttpConnection:
    loop = asyncio.get_running_loop()
    family, kind, protocol, _, place = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, place)
    except BaseException:
        sock.close()
        raise
    secured: dict[str, Any] = {"ssl": verify, "server_hostname": origin.host} if origin.scheme == "https" else {}
    _, http_connection = await loop.create_connection(lambda: HttpConnection(origin), sock=sock, **secured)
    return http_connection


class HttpConnection(asyncio.Protocol):
    """One HTTP connection. Made by `open_http_connection`."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the socket is about to be closed."""
        self._transport: asyncio.Transport
        self._answer: WireAnswer | None = None
        self._failure: httpx.TransportError | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """True if the idle connection received neither a byte nor its end, as far as the system knows.

        Polls the socket, because the event loop may not have noticed yet that the service closed the connection.
        """
        if self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    @property
    def is_clean(self) -> bool:
        """True if nothing of this request is left over, in either direction, for the next request to meet."""
        return (
            self._answer is not None
            and self._answer.leaves_connection_clean
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    async def exchange(self, data: bytes) -> tuple[int, Headers]:
        """Write a request; return the status and headers of its answer.

        Raises httpx.RemoteProtocolError, httpx.ReadError: in either case the request may have arrived.
        """
        self._answer = WireAnswer()
        self._transport.write(data)
        while (status := self._answer.status) is None:
            await self._more()
        return status, self._answer.headers

    async def body(self) -> bytes:
        """Wait for the whole body of the answer and return it. Raises as `exchange` does."""
        if self._answer is None:
            raise RuntimeError("no request was sent on this connection")
        while not self._answer.is_whole:
            await self._more()
        return bytes(self._answer.body)

    def close(self) -> None:
        """Close at once; unwritten data is dropped."""
        self._transport.abort()

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _fail(self, failure: httpx.TransportError) -> None:
        self._failure = self._failure or failure
        self._transport.abort()

    # Callbacks of the event loop:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("an HTTP connection needs a stream transport")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.is_whole:
            self._fail(httpx.RemoteProtocolError("data arrived without a request"))
            return
        try:
            self._answer.feed(data)
        except httpx.RemoteProtocolError as failure:
            self._fail(failure)
        self._tell()

    def eof_received(self) -> None:
        """Handle the end of the stream; the transport then closes itself and calls `connection_lost`."""
        if self._answer is not None and not self._answer.is_whole:
            try:
                self._answer.end()
            except httpx.RemoteProtocolError as failure:
                self._fail(failure)
        self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        if self._failure is None:
            self._failure = httpx.ReadError("the connection was lost")
            self._failure.__cause__ = error
        self._tell()
        if not self.closed.done():
            self.closed.set_result(None)
