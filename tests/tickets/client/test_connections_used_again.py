"""A connection is used again only if the service left it open and no data of an earlier call is left on it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from tickets.errors import AskPerson, RepeatUnchanged
from tickets.models import Ticket

from .wire import TICKET, RawServer, Wire, client_of, create, outcome, serve, ticket, until


def test_a_connection_closed_while_idle_is_replaced_before_anything_is_sent() -> None:
    async def once(wire: Wire) -> None:
        await wire.request()
        await wire.answer()

    async def run() -> None:
        async with RawServer(once) as server, client_of(server) as client:
            for number in range(1, 4):
                assert isinstance(await create(client), Ticket)
                await until(lambda: server.open == 0)
                await asyncio.sleep(0.01)
                assert (server.connections, len(server.requests)) == (number, number)

    asyncio.run(run())


def test_a_close_that_the_event_loop_has_not_seen_yet_is_seen_before_anything_is_sent() -> None:
    async def run() -> None:
        sockets = []

        async def note(wire: Wire) -> None:
            sockets.append(wire.writer.get_extra_info("socket"))
            await serve(wire)

        async with RawServer(note) as server, client_of(server) as client:
            assert isinstance(await create(client), Ticket)
            sockets[0].shutdown(socket.SHUT_WR)  # without a turn of the loop before the next call
            assert isinstance(await create(client), Ticket)
            assert (server.connections, len(server.requests)) == (2, 2)

    asyncio.run(run())


def test_a_connection_closed_just_as_we_send_is_ambiguous_and_the_request_is_not_sent_again() -> None:
    async def close_at_the_second(wire: Wire) -> None:
        await wire.request()
        await wire.answer()
        await wire.part(1)

    async def run() -> None:
        async with RawServer(close_at_the_second) as server, client_of(server) as client:
            assert isinstance(await create(client), Ticket)
            assert type(await outcome(create(client))) is RepeatUnchanged
            assert (server.connections, len(server.requests)) == (1, 2)

    asyncio.run(run())


def test_the_service_may_ask_to_close_after_each_answer() -> None:
    async def closing(wire: Wire) -> None:
        await wire.request()
        await wire.answer(201, TICKET, b"Connection: close")

    async def run() -> None:
        async with RawServer(closing) as server, client_of(server, http_connections=1) as client:
            for _ in range(3):
                assert isinstance(await create(client), Ticket)
            assert server.connections == 3

    asyncio.run(run())


def test_an_answer_that_comes_unasked_while_idle_is_not_taken_for_the_next() -> None:
    async def run() -> None:
        idle, sent = asyncio.Event(), asyncio.Event()

        async def twice(wire: Wire) -> None:
            await wire.request()
            await wire.answer(201, ticket(1))
            await idle.wait()
            await wire.answer(408, ticket(666))
            sent.set()
            await wire.stall()

        async with RawServer(twice) as server, client_of(server, http_connections=1) as client:
            first = await create(client)
            server.behaviour = serve
            idle.set()
            await sent.wait()
            assert [first.id, (await create(client)).id] == ["1", "1042"]
            assert server.connections == 2

    asyncio.run(run())


def test_an_answer_right_behind_another_is_not_taken_for_the_next() -> None:
    async def twice(wire: Wire) -> None:
        await wire.request()
        answers = [
            b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(each), each)
            for each in (ticket(1), ticket(666))
        ]
        await wire.send(b"".join(answers))
        await wire.stall()

    async def run() -> None:
        async with RawServer(twice) as server, client_of(server, http_connections=1) as client:
            first = await create(client)
            server.behaviour = serve
            assert [first.id, (await create(client)).id] == ["1", "1042"]
            assert server.connections == 2

    asyncio.run(run())


def test_a_connection_whose_request_was_answered_before_it_was_read_is_not_used_again() -> None:
    large = b" " * 32 * 1024 * 1024  # more than the sockets' buffers hold

    async def answer_early(wire: Wire) -> None:
        await wire.part(40)
        await wire.answer(413, b"")
        await asyncio.Event().wait()

    async def run() -> None:
        async with RawServer(answer_early) as server, client_of(server, http_connections=1) as client:
            failure = await outcome(client.create_ticket(large, idempotency_key="k-1"))
            assert isinstance(failure, AskPerson)
            assert failure.status == 413
            server.behaviour = serve
            assert isinstance(await create(client), Ticket)
            assert (server.connections, len(server.requests)) == (2, 2)

    asyncio.run(run())


def test_what_a_call_had_not_sent_when_its_time_was_over_is_never_sent() -> None:
    large = b" " * 32 * 1024 * 1024  # more than the sockets' buffers hold

    async def run() -> None:
        over, read = asyncio.Event(), asyncio.Event()
        received = 0

        async def read_late(wire: Wire) -> None:
            nonlocal received
            await over.wait()
            with suppress(ConnectionError):
                while part := await wire.reader.read(1024 * 1024):
                    received += len(part)
            read.set()

        async with RawServer(read_late) as server, client_of(server, total_timeout=0.3) as client:
            failure = await outcome(client.create_ticket(large, idempotency_key="k-1"))
            assert type(failure) is RepeatUnchanged
            over.set()
            await read.wait()
            assert received < len(large)

    asyncio.run(run())
