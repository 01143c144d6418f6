"""No two calls share a connection at the same time, and no call receives data left by a cancelled call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tickets.client import TicketsClient
from tickets.errors import SendLater
from tickets.transport import HttpConnections

from .wire import KEY, TICKET, RawServer, Wire, client_of, create, get, outcome, serve, ticket, until


@asynccontextmanager
async def closing(http_connections: HttpConnections) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await http_connections.aclose()


async def half_of_another_ticket(wire: Wire) -> None:
    await wire.request()
    body = ticket(666)
    await wire.send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:30])
    await wire.reader.read()
    wire.server.gone.set()


async def silence(wire: Wire) -> None:
    await wire.request()
    await wire.stall()


def test_a_call_that_was_cancelled_in_the_middle_of_an_answer_leaves_nothing_for_the_next() -> None:
    async def run() -> None:
        async with RawServer(half_of_another_ticket) as server, client_of(server, http_connections=1) as client:
            task = asyncio.create_task(create(client))
            await server.arrived.wait()
            await asyncio.sleep(0.02)  # so that the first half has been read, too
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.gone.wait()
            server.behaviour = serve
            assert (await get(client)).id == "1042"
            assert server.connections == 2

    asyncio.run(run())


def test_calls_cancelled_at_any_moment_leave_every_place_usable_and_no_connection_open() -> None:
    async def slow(wire: Wire) -> None:
        while await wire.request():
            await asyncio.sleep(0.003)
            await wire.send(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(TICKET))
            await asyncio.sleep(0.003)
            await wire.send(TICKET)

    async def run() -> None:
        async with RawServer(slow) as server:
            async with client_of(server, http_connections=4) as client:
                for moment in range(60):
                    tasks = [asyncio.create_task(create(client)) for _ in range(6)]
                    await asyncio.sleep(moment / 4000)
                    for task in tasks:
                        task.cancel()
                    await asyncio.wait(tasks)
                answers = await asyncio.gather(*(create(client) for _ in range(12)))
                assert [each.id for each in answers] == ["1042"] * 12
                await until(lambda: server.open <= 4)
            await until(lambda: server.open == 0)

    asyncio.run(run())


def test_a_call_cancelled_during_the_tls_handshake_closes_its_socket() -> None:
    async def handshake(wire: Wire) -> None:
        await wire.reader.read(1)
        wire.server.arrived.set()
        await wire.stall()

    async def run() -> None:
        async with (
            RawServer(handshake) as server,
            TicketsClient(f"https://127.0.0.1:{server.port}", KEY) as client,
        ):
            task = asyncio.create_task(create(client))
            await server.arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.gone.wait()

    asyncio.run(run())


def test_no_more_requests_are_in_flight_than_there_are_http_connections() -> None:
    async def run() -> None:
        at_once = most = 0

        async def count(wire: Wire) -> None:
            nonlocal at_once, most
            while await wire.request():
                at_once += 1
                most = max(most, at_once)
                await asyncio.sleep(0.002)
                at_once -= 1
                await wire.answer()

        async with RawServer(count) as server, client_of(server, http_connections=4) as client:
            await asyncio.gather(*(create(client) for _ in range(40)))
            assert (most, server.connections, len(server.requests)) == (4, 4, 40)

    asyncio.run(run())


def test_calls_one_after_another_keep_to_one_warm_connection() -> None:
    async def run() -> None:
        async with RawServer() as server, client_of(server) as client:
            await asyncio.gather(*(create(client) for _ in range(8)))
            opened = server.connections
            seen = len(server.requests)
            ports = set()

            async def note(wire: Wire) -> None:
                ports.add(wire.writer.get_extra_info("peername"))
                await serve(wire)

            server.behaviour = note
            for _ in range(10):
                await create(client)
            assert (server.connections, len(server.requests), ports) == (opened, seen + 10, set())

    asyncio.run(run())


def test_connections_that_a_storm_opened_are_closed_when_it_is_over() -> None:
    async def run() -> None:
        async with (
            RawServer() as server,
            TicketsClient(server.base_url, KEY, transport=HttpConnections(8, keepalive=0.02)) as client,
        ):
            await asyncio.gather(*(create(client) for _ in range(8)))
            await asyncio.sleep(0.05)
            await create(client)
            await until(lambda: server.open == 1)

    asyncio.run(run())


def test_a_connection_that_nobody_uses_any_more_is_closed_without_another_call() -> None:
    async def run() -> None:
        async with (
            RawServer() as server,
            TicketsClient(server.base_url, KEY, transport=HttpConnections(8, keepalive=0.05)) as client,
        ):
            for _ in range(2):
                await asyncio.gather(*(create(client) for _ in range(8)))
                await until(lambda: server.open == 0)

    asyncio.run(run())


def test_each_connection_that_nobody_uses_is_closed_in_its_turn() -> None:
    async def run() -> None:
        later = asyncio.Event()

        async def wait(wire: Wire) -> None:
            await wire.request()
            await later.wait()
            await wire.answer()
            await wire.stall()

        async with (
            RawServer(wait) as server,
            TicketsClient(server.base_url, KEY, transport=HttpConnections(8, keepalive=0.2)) as client,
        ):
            second = asyncio.create_task(create(client))
            await server.arrived.wait()
            server.behaviour = serve
            await create(client)
            await asyncio.sleep(0.1)  # half of the first connection's idle time
            later.set()
            await second
            await until(lambda: server.open == 0)

    asyncio.run(run())


def test_a_connection_that_idled_for_too_long_while_the_loop_was_busy_is_not_used_again() -> None:
    async def run() -> None:
        async with (
            RawServer() as server,
            TicketsClient(server.base_url, KEY, transport=HttpConnections(1, keepalive=0.02)) as client,
        ):
            await create(client)
            time.sleep(0.03)  # noqa: ASYNC251 (no turn of the loop: its timer is late)
            await create(client)
            assert server.connections == 2

    asyncio.run(run())


def test_a_time_out_while_waiting_for_a_connection_is_not_executed() -> None:
    async def run() -> None:
        http_connections = HttpConnections(1)
        async with RawServer(silence) as server, closing(http_connections):
            patient = TicketsClient(server.base_url, KEY, transport=http_connections)
            hasty = TicketsClient(server.base_url, KEY, transport=http_connections, total_timeout=0.2)
            first = asyncio.create_task(create(patient))
            await server.arrived.wait()
            assert type(await outcome(create(hasty))) is SendLater
            assert len(server.requests) == 1
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first

    asyncio.run(run())


def test_an_answer_that_is_not_waited_for_closes_its_connection() -> None:
    async def run() -> None:
        http_connections = HttpConnections(1)
        async with RawServer(half_of_another_ticket) as server, closing(http_connections):
            response = await http_connections.handle_async_request(httpx.Request("GET", server.base_url))
            await response.aclose()
            await server.gone.wait()
            server.behaviour = serve
            response = await http_connections.handle_async_request(httpx.Request("GET", server.base_url))
            assert await response.aread() == TICKET
            assert server.connections == 2

    asyncio.run(run())


def test_a_connection_to_one_service_is_not_used_for_another() -> None:
    async def run() -> None:
        http_connections = HttpConnections(1)
        async with RawServer() as one, RawServer() as other, closing(http_connections):
            for server in (one, other, one):
                response = await http_connections.handle_async_request(httpx.Request("GET", server.base_url))
                await response.aclose()
            assert (len(one.requests), one.connections, len(other.requests)) == (2, 2, 1)

    asyncio.run(run())


def test_closing_the_client_lets_a_call_in_flight_end_and_then_closes_its_connection() -> None:
    async def run() -> None:
        go_on = asyncio.Event()

        async def wait(wire: Wire) -> None:
            await wire.request()
            await go_on.wait()
            await wire.answer()
            await wire.stall()

        async with RawServer(wait) as server:
            client = TicketsClient(server.base_url, KEY, transport=HttpConnections(keepalive=3600))
            task = asyncio.create_task(create(client))
            await server.arrived.wait()
            await client.aclose()
            go_on.set()
            assert (await task).id == "1042"
            await server.gone.wait()

    asyncio.run(run())


def test_http_connections_can_be_used_by_any_httpx_client() -> None:
    async def fetch(client: httpx.AsyncClient, url: str) -> int:
        return (await client.get(url)).status_code

    async def run() -> None:
        async with RawServer() as server, httpx.AsyncClient(transport=HttpConnections(2), trust_env=False) as client:
            calls: list[Coroutine[Any, Any, int]] = [fetch(client, server.base_url) for _ in range(5)]
            assert await asyncio.gather(*calls) == [201] * 5

    asyncio.run(run())


def test_there_must_be_a_connection() -> None:
    with pytest.raises(ValueError, match="connection"):
        HttpConnections(0)
