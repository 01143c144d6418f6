"""A request that reached a peer may have been executed: the peer drops, resets, stalls, cuts, drips or sends garbage.

Uses both transports that were candidates: the classification does not depend on the transport.
"""

from __future__ import annotations

import asyncio
import gzip
import resource
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from tickets.api_answers import MAX_RETRY_AFTER_S
from tickets.client import MAX_ANSWER, TicketsClient
from tickets.errors import AskPerson, RepeatUnchanged, SendLater, StopSending, TicketsError
from tickets.models import Ticket
from tickets.transport import HttpConnections

from .wire import KEY, TICKET, Behaviour, RawServer, Wire, create, each_transport, get, outcome, serve, update

Call = Callable[[TicketsClient], Coroutine[Any, Any, Ticket]]
HEAD = b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n"


async def read_then_drop(wire: Wire) -> None:
    await wire.request()


async def read_then_reset(wire: Wire) -> None:
    await wire.request()
    wire.reset()


async def read_half_then_drop(wire: Wire) -> None:
    await wire.part(40)


async def read_half_then_reset(wire: Wire) -> None:
    await wire.part(40)
    wire.reset()


async def cut_in_the_head(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 201 Created\r\nContent-")


async def cut_in_the_body(wire: Wire) -> None:
    await wire.request()
    await wire.send(HEAD + TICKET[:20])


async def reset_in_the_body(wire: Wire) -> None:
    await wire.request()
    await wire.send(HEAD + TICKET[:20])
    wire.reset()


async def garbage(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"\x00\x16\x03\x01 what is this?\r\n\r\n")


async def two_lengths(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nContent-Length: 92\r\n\r\n" + TICKET)


async def another_protocol(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")


async def head_without_end(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 201 Created\r\n")
    while True:
        await wire.send(b"X-More: %s\r\n" % (b"x" * 1000))


async def body_without_end(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 201 Created\r\n\r\n")
    while True:
        await wire.send(b" " * 65536)


async def success_without_a_body(wire: Wire) -> None:
    await wire.request()
    await wire.answer(201, b"")
    await serve(wire)


async def success_that_is_a_page(wire: Wire) -> None:
    await wire.request()
    await wire.answer(200, b"<html>Please log in</html>", b"Content-Type: text/html")
    await serve(wire)


async def success_that_is_another_value(wire: Wire) -> None:
    await wire.request()
    await wire.answer(201, b"[1042]")
    await serve(wire)


async def success_nested_too_deep(wire: Wire) -> None:
    await wire.request()
    await wire.answer(201, b"[" * 200_000)
    await serve(wire)


async def success_that_is_too_long(wire: Wire) -> None:
    await wire.request()
    await wire.answer(201, b" " * MAX_ANSWER + TICKET)
    await serve(wire)


async def success_badly_compressed(wire: Wire) -> None:
    await wire.request()
    await wire.answer(201, b"not gzip", b"Content-Encoding: gzip")
    await serve(wire)


async def bad_gateway(wire: Wire) -> None:
    await wire.request()
    await wire.answer(502, b"<html>Bad gateway</html>", b"Content-Type: text/html")
    await serve(wire)


AMBIGUOUS: tuple[Behaviour, ...] = (
    read_then_drop,
    read_then_reset,
    read_half_then_drop,
    read_half_then_reset,
    cut_in_the_head,
    cut_in_the_body,
    reset_in_the_body,
    garbage,
    two_lengths,
    another_protocol,
    head_without_end,
    body_without_end,
    success_without_a_body,
    success_that_is_a_page,
    success_that_is_another_value,
    success_nested_too_deep,
    success_that_is_too_long,
    success_badly_compressed,
    bad_gateway,
)


async def stall_before_the_answer(wire: Wire) -> None:
    await wire.request()
    await wire.stall()


async def stall_in_the_body(wire: Wire) -> None:
    await wire.request()
    await wire.send(HEAD + TICKET[:20])
    await wire.stall()


async def drip_for_ever(wire: Wire) -> None:
    await wire.request()
    await wire.send(HEAD)
    while True:
        await wire.send(b" ")
        await asyncio.sleep(0.02)


STALLS: tuple[Behaviour, ...] = (stall_before_the_answer, stall_in_the_body, drip_for_ever)


each_call = pytest.mark.parametrize("call", [create, update, get])


def failure_of(
    behaviour: Behaviour,
    transport: Callable[[], httpx.AsyncBaseTransport] = HttpConnections,
    call: Call = create,
    total_timeout: float = 30.0,
) -> TicketsError:
    """Return the failure of one call; a second call on the same client must succeed, and be the second request."""

    async def run() -> TicketsError:
        async with (
            RawServer(behaviour) as server,
            TicketsClient(server.base_url, KEY, transport=transport(), total_timeout=total_timeout) as client,
        ):
            failure = await outcome(call(client))
            assert isinstance(failure, TicketsError)
            assert len(server.requests) == 1, "one attempt is one request on the wire"
            server.behaviour = serve
            after = await outcome(call(client))
            assert isinstance(after, Ticket)
            assert len(server.requests) == 2
            return failure

    return asyncio.run(run())


@each_transport
@each_call
@pytest.mark.parametrize("behaviour", AMBIGUOUS)
def test_whatever_is_not_provably_before_the_send_may_have_been_executed(
    behaviour: Behaviour, call: Call, transport: Callable[[], httpx.AsyncBaseTransport]
) -> None:
    failure = failure_of(behaviour, transport, call)
    assert type(failure) is RepeatUnchanged


@each_transport
@pytest.mark.parametrize("behaviour", STALLS)
def test_the_total_time_out_ends_a_call_whose_request_was_sent_as_ambiguous(
    behaviour: Behaviour, transport: Callable[[], httpx.AsyncBaseTransport]
) -> None:
    failure = failure_of(behaviour, transport, total_timeout=0.4)
    assert type(failure) is RepeatUnchanged
    assert "time-out" in str(failure)


@each_transport
@each_call
def test_a_connection_that_is_reset_at_once_is_ambiguous(
    call: Call, transport: Callable[[], httpx.AsyncBaseTransport]
) -> None:
    async def reset(wire: Wire) -> None:
        wire.reset()

    async def run() -> None:
        async with (
            RawServer(reset) as server,
            TicketsClient(server.base_url, KEY, transport=transport()) as client,
        ):
            failure = await outcome(call(client))
            assert type(failure) is RepeatUnchanged
            assert server.connections == 1

    asyncio.run(run())


@each_transport
def test_an_answer_in_small_pieces_is_read(transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
    async def drip(wire: Wire) -> None:
        await wire.request()
        for byte in b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n":
            await wire.send(bytes([byte]))
            await asyncio.sleep(0)
        for byte in TICKET:
            await wire.send(b"1\r\n%c\r\n" % byte)
            await asyncio.sleep(0)
        await wire.send(b"0\r\n\r\n")

    async def run() -> None:
        async with (
            RawServer(drip) as server,
            TicketsClient(server.base_url, KEY, transport=transport()) as client,
        ):
            assert (await create(client)).id == "1042"

    asyncio.run(run())


@each_transport
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(TICKET), TICKET),
        b"HTTP/1.1 201 Created\r\n\r\n" + TICKET,
        b"HTTP/1.0 201 Created\r\n\r\n" + TICKET,
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(TICKET),
    ],
    ids=["after interim answers", "until the connection ends", "HTTP/1.0", "compressed unasked"],
)
def test_an_answer_in_any_form_is_read(answer: bytes, transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
    async def say(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer)

    async def run() -> None:
        async with (
            RawServer(say) as server,
            TicketsClient(server.base_url, KEY, transport=transport()) as client,
        ):
            for number in (1, 2):
                assert (await create(client)).id == "1042"
                assert len(server.requests) == number

    asyncio.run(run())


def test_a_compressed_answer_that_grows_beyond_all_measure_is_given_up() -> None:
    bomb = gzip.compress(bytes(256 * 1024 * 1024), 9)

    async def explode(wire: Wire) -> None:
        await wire.request()
        await wire.answer(201, bomb, b"Content-Encoding: gzip")
        await serve(wire)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    failure = failure_of(explode)
    assert type(failure) is RepeatUnchanged
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 192 * 1024  # KiB


@pytest.mark.parametrize(("status", "kind"), [(407, StopSending), (307, StopSending)])
def test_what_a_proxy_or_another_place_says_is_an_answer_like_any_other(status: int, kind: type[TicketsError]) -> None:
    async def say(wire: Wire) -> None:
        await wire.request()
        await wire.answer(status, b"", b"Proxy-Authenticate: Basic", b"Location: http://127.0.0.1:1/")
        await serve(wire)

    failure = failure_of(say)
    assert (type(failure), failure.status) == (kind, status)


@pytest.mark.parametrize(("status", "kind"), [(422, AskPerson), (401, StopSending), (429, SendLater), (503, SendLater)])
def test_a_status_stands_even_if_its_body_does_not_arrive(status: int, kind: type[TicketsError]) -> None:
    async def cut(wire: Wire) -> None:
        await wire.request()
        head = b"HTTP/1.1 %d Said\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\n" % status
        await wire.send(head + b'{"error": ')

    failure = failure_of(cut)
    assert type(failure) is kind
    assert (failure.status, failure.retry_after) == (status, 7.0)


def test_a_retry_after_beyond_all_reason_is_bounded() -> None:
    async def never(wire: Wire) -> None:
        await wire.request()
        await wire.answer(429, b"", b"Retry-After: " + b"9" * 200)
        await serve(wire)

    failure = failure_of(never)
    assert failure.retry_after == MAX_RETRY_AFTER_S
