"""A peer that does exactly what a test wants to a connection, and records the received requests."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import pytest

from tickets.client import TicketsClient
from tickets.errors import TicketsError
from tickets.models import CreateTicket, Ticket, UpdateTicket
from tickets.transport import HttpConnections

T = TypeVar("T")

KEY = "ak_test_5dZr9"
TICKET = json.dumps(
    {
        "id": 1042,
        "subject": "Disk full",
        "status": "open",
        "priority": "high",
        "created_at": "2026-02-20T14:30:00Z",
    }
).encode()


@dataclass
class Wire:
    """One connection, from the service's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: RawServer

    async def request(self) -> bool:
        """Read and record one whole request; False if the client closed instead."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await self.reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
        self.server.requests.append(Seen(head, body))
        self.server.arrived.set()
        return True

    async def part(self, size: int) -> None:
        """Read the first bytes of a request, and record them as one."""
        head = await self.reader.readexactly(size)
        self.server.requests.append(Seen(head, b""))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, status: int = 201, body: bytes = TICKET, *headers: bytes) -> None:
        lines = [b"HTTP/1.1 %d Said" % status, b"Content-Length: %d" % len(body), *headers]
        await self.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def stall(self) -> None:
        """Send nothing more until the client disconnects."""
        with suppress(ConnectionError):
            await self.reader.read()
            self.server.gone.set()


Behaviour = Callable[[Wire], Awaitable[None]]


@dataclass(frozen=True)
class Seen:
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode()

    def header(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.decode().partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


async def serve(wire: Wire) -> None:
    """Behave as a service: answer every request, and keep the connection open."""
    while await wire.request():
        await wire.answer()


@dataclass
class RawServer:
    """A listener on this machine that handles every new connection with the current `behaviour`."""

    behaviour: Behaviour = serve
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a whole request has arrived."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client disconnects while the service stalls."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/api/v1"

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        try:
            await self.behaviour(Wire(reader, writer, self))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            if not self._over:  # asyncio's own callback reports a cancelled handler as an error
                raise
        finally:
            self.open -= 1
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)

    async def __aenter__(self) -> Self:
        self._over = False
        self._server = await asyncio.start_server(self._handle, self.host, 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._server.wait_closed()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until `holds` is true; the test's own time-out is the limit."""
    while not holds():  # noqa: ASYNC110 (the peer's state has no event to wait for)
        await asyncio.sleep(0.005)


async def outcome(call: Coroutine[Any, Any, T]) -> T | TicketsError:
    """Return the value of a call, or its exception."""
    try:
        return await call
    except TicketsError as error:
        return error


def client_of(server: RawServer, *, total_timeout: float = 30.0, http_connections: int = 64) -> TicketsClient:
    return TicketsClient(server.base_url, KEY, transport=HttpConnections(http_connections), total_timeout=total_timeout)


def create(client: TicketsClient) -> Coroutine[Any, Any, Ticket]:
    return client.create_ticket(CreateTicket(subject="Disk full", description="sda1"), idempotency_key="k-1")


def update(client: TicketsClient) -> Coroutine[Any, Any, Ticket]:
    return client.update_ticket("1042", UpdateTicket(priority="high"))


def get(client: TicketsClient) -> Coroutine[Any, Any, Ticket]:
    return client.get_ticket("1042")


def ticket(number: int) -> bytes:
    """Return `TICKET` with another number."""
    return TICKET.replace(b"1042", b"%d" % number)


def plain() -> httpx.AsyncBaseTransport:
    """Return httpx's own transport, the other candidate beside `HttpConnections`."""
    return httpx.AsyncHTTPTransport(trust_env=False)


each_transport = pytest.mark.parametrize("transport", [HttpConnections, plain])
