"""What is a lane? One connection, HTTP/1.1, with one request at a time; or idle.

It writes a request at once and whole, and never again. Whatever ends the connection, comes unasked or is no answer
closes it; who waits meanwhile is told so.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from tickets.wire import Answer, Headers


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a lane leads to: scheme, host in ASCII (an IPv6 address without brackets), port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: httpx.URL) -> Origin:
        """Raises httpx.UnsupportedProtocol for what is neither http:// nor https://."""
        if url.scheme not in _PORTS:
            raise httpx.UnsupportedProtocol("only http:// and https:// can be sent to")
        return cls(url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])


_PORTS = {"http": 80, "https": 443}


async def open_lane(origin: Origin, verify: ssl.SSLContext, seconds: float | None) -> Lane:
    """A lane to the first of the host's addresses that lets us in, TLS included; nothing has been sent on it.

    The addresses are tried in their order, each in its share of the time that is left: where they are tried side by
    side (RFC 8305), asyncio loses a socket when the call is cancelled at that moment.

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
                except OSError:  # also TimeoutError
                    if left == 1:
                        raise
    except TimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except (OSError, UnicodeError) as error:  # the latter of a host that is no name
        raise httpx.ConnectError("no connection") from error
    raise httpx.ConnectError("the host has no address")


async def _connect(address: tuple[Any, ...], origin: Origin, verify: ssl.SSLContext) -> Lane:
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
    _, lane = await loop.create_connection(lambda: Lane(origin), sock=sock, **secured)
    return lane


class Lane(asyncio.Protocol):
    """One connection. Made by `open_lane`."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the socket is about to be closed."""
        self._transport: asyncio.Transport
        self._answer: Answer | None = None
        self._failure: httpx.TransportError | None = None
        self._news: asyncio.Future[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """Nothing came while it was idle, neither a byte nor its end, as far as the system knows.

        The event loop may not have looked yet: a connection that the service closed is told from one that will
        carry a request only by asking.
        """
        if self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    @property
    def is_clean(self) -> bool:
        """The next request would meet nothing of this one, in neither direction."""
        return (
            self._answer is not None
            and self._answer.leaves_connection_clean
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    async def exchange(self, data: bytes) -> tuple[int, Headers]:
        """Write a request; gives the status and headers of its answer.

        Raises httpx.RemoteProtocolError, httpx.ReadError: in either case the request may have arrived.
        """
        self._answer = Answer()
        self._transport.write(data)
        while (status := self._answer.status) is None:
            await self._more()
        return status, self._answer.headers

    async def body(self) -> bytes:
        """The body of the answer, once it is there to its end. Raises as `exchange` does."""
        if self._answer is None:
            raise RuntimeError("nothing was asked")
        while not self._answer.is_whole:
            await self._more()
        return bytes(self._answer.body)

    def close(self) -> None:
        """At once: what is still to be written is not written."""
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

    # What the event loop calls:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a lane is a connection")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.is_whole:
            self._fail(httpx.RemoteProtocolError("an answer that nobody asked for"))
            return
        try:
            self._answer.feed(data)
        except httpx.RemoteProtocolError as failure:
            self._fail(failure)
        self._tell()

    def eof_received(self) -> None:
        """The transport closes itself afterwards, and says that the connection is lost."""
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
