"""A failure while connecting proves that the request was not executed; only a positive proof counts.

Uses both transports that were candidates: the classification does not depend on the transport.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

import httpx

from tickets.client import TicketsClient
from tickets.errors import RepeatUnchanged, SendLater, TicketsError
from tickets.models import Ticket

from .wire import KEY, RawServer, Wire, create, each_transport, outcome


def unsent(
    base_url: str, transport: httpx.AsyncBaseTransport | None = None, total_timeout: float = 30.0
) -> TicketsError:
    async def run() -> Ticket | TicketsError:
        async with TicketsClient(base_url, KEY, transport=transport, total_timeout=total_timeout) as client:
            return await outcome(create(client))

    failure = asyncio.run(run())
    assert isinstance(failure, TicketsError)
    return failure


@each_transport
def test_a_refused_connection_is_not_executed(transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    assert type(unsent(f"http://127.0.0.1:{port}", transport())) is SendLater


@each_transport
def test_a_name_that_is_not_resolved_is_not_executed(
    transport: Callable[[], httpx.AsyncBaseTransport],
) -> None:
    assert type(unsent("http://tickets.invalid", transport())) is SendLater


@each_transport
def test_a_time_out_while_connecting_is_not_executed(
    transport: Callable[[], httpx.AsyncBaseTransport],
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # they fill the listener's queue, and no connection is accepted
        try:
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            failure = unsent(f"http://127.0.0.1:{address[1]}", transport(), total_timeout=0.3)
        finally:
            for each in waiting:
                each.close()
    assert type(failure) is SendLater


def test_a_failed_tls_handshake_is_not_executed() -> None:
    async def babble(wire: Wire) -> None:
        await wire.reader.read(1)
        await wire.send(b"HTTP/1.1 400 This is no TLS\r\n\r\n")

    async def run() -> None:
        async with (
            RawServer(babble) as server,
            TicketsClient(f"https://127.0.0.1:{server.port}", KEY) as client,
        ):
            assert type(await outcome(create(client))) is SendLater

    asyncio.run(run())


def test_a_tls_handshake_that_never_ends_is_not_executed() -> None:
    async def run() -> None:
        async with (
            RawServer(Wire.stall) as server,
            TicketsClient(f"https://127.0.0.1:{server.port}", KEY, total_timeout=0.3) as client,
        ):
            assert type(await outcome(create(client))) is SendLater

    asyncio.run(run())


def test_a_misleading_exception_from_a_transport_proves_nothing() -> None:
    async def read_and_dropped(request: httpx.Request) -> httpx.Response:
        await request.aread()
        raise httpx.ConnectTimeout("Server disconnected") from ConnectionResetError(104, "reset")

    assert type(unsent("http://tickets.example", httpx.MockTransport(read_and_dropped))) is RepeatUnchanged


def test_a_refusal_is_believed_by_its_cause_where_the_transport_tells_nothing_else() -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused") from ConnectionRefusedError(111, "Connection refused")

    assert type(unsent("http://tickets.example", httpx.MockTransport(refuse))) is SendLater
