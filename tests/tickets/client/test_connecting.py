"""Addresses, names and certificates: requests are sent only to the intended service."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.own_servers import Certificate, make_certificate
from tickets.client import TicketsClient
from tickets.errors import SendLater
from tickets.models import Ticket
from tickets.transport import HttpConnections

from .wire import KEY, RawServer, Wire, create, outcome, serve, until

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def service_side(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def trusting(authority: Path) -> HttpConnections:
    return HttpConnections(verify=ssl.create_default_context(cafile=str(authority)))


@needs_openssl
def test_a_service_with_a_certificate_that_we_trust_is_sent_to_by_http_1_1(certificate: Certificate) -> None:
    spoken: list[str | None] = []

    async def note(wire: Wire) -> None:
        spoken.append(wire.writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await serve(wire)

    async def run() -> None:
        async with (
            RawServer(note, tls=service_side(certificate)) as server,
            TicketsClient(server.base_url, KEY, transport=trusting(certificate.authority)) as client,
        ):
            for _ in range(3):
                assert isinstance(await create(client), Ticket)
            assert (spoken, len(server.requests)) == (["http/1.1"], 3)

    asyncio.run(run())


@needs_openssl
def test_a_service_whose_authority_is_unknown_is_not_sent_to(certificate: Certificate) -> None:
    async def run() -> None:
        async with (
            RawServer(tls=service_side(certificate)) as server,
            TicketsClient(server.base_url, KEY) as client,
        ):
            assert type(await outcome(create(client))) is SendLater
            assert server.requests == []

    asyncio.run(run())


@needs_openssl
def test_a_service_whose_certificate_is_for_another_host_is_not_sent_to(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "192.0.2.1")

    async def run() -> None:
        async with (
            RawServer(tls=service_side(certificate)) as server,
            TicketsClient(server.base_url, KEY, transport=trusting(certificate.authority)) as client,
        ):
            assert type(await outcome(create(client))) is SendLater
            assert server.requests == []

    asyncio.run(run())


@needs_openssl
def test_a_connection_over_tls_that_the_service_closed_while_idle_is_replaced(certificate: Certificate) -> None:
    async def once(wire: Wire) -> None:
        await wire.request()
        await wire.answer()

    async def run() -> None:
        async with (
            RawServer(once, tls=service_side(certificate)) as server,
            TicketsClient(server.base_url, KEY, transport=trusting(certificate.authority)) as client,
        ):
            for number in (1, 2, 3):
                assert isinstance(await create(client), Ticket)
                await until(lambda: server.open == 0)
                assert (server.connections, len(server.requests)) == (number, number)

    asyncio.run(run())


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_service_is_reached_by_ipv6() -> None:
    async def run() -> None:
        async with RawServer(host="::1") as server, TicketsClient(server.base_url, KEY) as client:
            assert isinstance(await create(client), Ticket)
            assert server.requests[0].header("Host") == f"[::1]:{server.port}"

    asyncio.run(run())


def resolve_to(*ports: int) -> None:
    """In the running loop, let every host resolve to these ports on 127.0.0.1."""

    async def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]

    asyncio.get_running_loop().getaddrinfo = resolve  # type: ignore[method-assign]


def refusing() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def silent() -> Iterator[int]:
    """Yield a port at which connecting never ends: the listener's queue is full, and no connection is accepted."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=0)))
        for _ in range(4):
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_where_one_address_refuses_and_one_says_nothing_the_next_is_tried() -> None:
    async def run(unusable: int) -> None:
        async with RawServer() as server, TicketsClient("http://tickets.example", KEY, total_timeout=3) as client:
            resolve_to(refusing(), unusable, server.port)
            assert isinstance(await create(client), Ticket)
            assert (server.connections, len(server.requests)) == (1, 1)

    with silent() as port:
        asyncio.run(run(port))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_where_no_address_lets_us_in_nothing_was_sent(number: int) -> None:
    async def run() -> None:
        async with TicketsClient("http://tickets.example", KEY) as client:
            resolve_to(*(refusing() for _ in range(number)))
            assert type(await outcome(create(client))) is SendLater

    asyncio.run(run())
