"""No argument of the client can change the destination of a request, and no output shows the API key."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.provisional import urls

from tickets.addresses import checked_base_url, checked_idempotency_key, checked_key, segment
from tickets.client import TicketsClient
from tickets.errors import AskPerson, StopSending, TicketsError
from tickets.models import AddNote, CloseTicket, UpdateTicket

from .wire import KEY, TICKET, RawServer, Wire, client_of, create, get, outcome


@pytest.mark.parametrize(
    "good",
    [
        "https://apps.aurionai.net/api/v1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/api/v1",
        "https://xn--mnchen-3ya.example./x",
    ],
)
def test_a_base_url_is_http_with_a_host_and_perhaps_a_path(good: str) -> None:
    assert checked_base_url(good) == good
    assert checked_base_url(good + "/") == good


@pytest.mark.parametrize(
    "bad",
    [
        "", " ", "apps.aurionai.net/api/v1", "ftp://x.example", "https://", "https:///api", "http://:80", "file:///etc/passwd",
        "https://user:pw@x.example", "https://x.example/?a=b", "https://x.example/?", "https://x.example/#f", "https://x.example#",
        "https://münchen.example", "https://x.example/ü", "https://x.example/\n", "https://x y.example", "https://x.example:99999",
        "https://x.example:0", "https://x..example", "https://" + "a" * 64 + ".example", "https://[::1", "https://x.example:port",
        "https://x.example\\@y.example",
    ],
)  # fmt: skip
def test_any_other_base_url_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        TicketsClient(bad, KEY)


@given(urls() | st.text())
def test_a_base_url_is_accepted_or_refused_and_never_breaks_anything_else(text: str) -> None:
    try:
        accepted = checked_base_url(text)
    except ValueError:
        return
    assert accepted.isascii()
    assert accepted.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "bad", ["", " ", "\t\n", "ak_x\n", "ak x", "ak_x\r\nX-Admin: 1", "ключ", "ak_é", "ak_\x00", "ak_\x7f"]
)
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(ValueError, match="API key") as refusal:
        TicketsClient("https://x.example", bad)
    assert not bad.strip() or bad not in str(refusal.value)
    assert checked_key("ak_live_4f") == "ak_live_4f"


@pytest.mark.parametrize("bad", ["", "a b", "k\n", "k\r\nX: y", "ключ", "k" * 256])
def test_an_idempotency_key_that_no_header_can_carry_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        checked_idempotency_key(bad)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_a_time_out_of_nothing_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="time-out"):
        TicketsClient("https://x.example", KEY, total_timeout=seconds)


HOSTILE = [
    "../x",
    "a/b?c",
    "a#b",
    "%2e%2e",
    "%2F",
    "a b",
    "\r\nX-Admin: 1",
    "ü",
    "a;b",
    "a&limit=1",
    "\\..\\x",
    "//evil.example/",
]


@pytest.mark.parametrize("identifier", HOSTILE)
def test_a_hostile_id_stays_one_segment_of_the_path(identifier: str) -> None:
    async def run() -> list[str]:
        async with RawServer() as server, client_of(server) as client:
            await client.get_ticket(identifier)
            await client.update_ticket(identifier, UpdateTicket(status="open"))
            await client.add_note(identifier, AddNote(body="b"), idempotency_key="k-1")
            await client.close_ticket(identifier, CloseTicket(resolution_notes="n"), idempotency_key="k-2")
            await client.delete_webhook(identifier)
            return [each.line for each in server.requests]

    encoded = segment(identifier)
    assert set(encoded).isdisjoint("/?#\\ \r\n")
    assert asyncio.run(run()) == [
        f"GET /api/v1/tickets/{encoded} HTTP/1.1",
        f"PUT /api/v1/tickets/{encoded} HTTP/1.1",
        f"POST /api/v1/tickets/{encoded}/notes HTTP/1.1",
        f"POST /api/v1/tickets/{encoded}/close HTTP/1.1",
        f"DELETE /api/v1/webhooks/{encoded} HTTP/1.1",
    ]


@pytest.mark.parametrize("identifier", ["", ".", "..", "\ud800", "a\0b"])
def test_an_id_that_no_path_can_hold_is_refused_before_anything_is_sent(identifier: str) -> None:
    async def run() -> None:
        async with RawServer() as server, client_of(server) as client:
            assert type(await outcome(client.get_ticket(identifier))) is AskPerson
            assert type(await outcome(client.update_ticket(identifier, b"{}"))) is AskPerson
            assert server.connections == 0

    asyncio.run(run())


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else() -> None:
    async def run() -> None:
        async with RawServer() as elsewhere:

            async def redirect(wire: Wire) -> None:
                while await wire.request():
                    await wire.answer(307, b"", b"Location: " + elsewhere.base_url.encode())

            async with RawServer(redirect) as server, client_of(server) as client:
                assert type(await outcome(create(client))) is StopSending
                assert (len(server.requests), elsewhere.connections) == (1, 0)

    asyncio.run(run())


def test_proxies_and_certificates_named_by_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")

    async def run() -> None:
        async with RawServer() as server, TicketsClient(server.base_url, KEY) as client:
            assert (await get(client)).id == "1042"

    asyncio.run(run())


def test_each_request_carries_its_key_and_type_and_no_cookie_that_was_set_before() -> None:
    async def cookie(wire: Wire) -> None:
        while await wire.request():
            await wire.answer(201, TICKET, b"Set-Cookie: session=1; Path=/")

    async def run() -> None:
        async with RawServer(cookie) as server, client_of(server) as client:
            await create(client)
            await get(client)
            first, second = server.requests
            assert [first.header(name) for name in ("X-API-Key", "Idempotency-Key", "Content-Type")] == [
                KEY,
                "k-1",
                "application/json",
            ]
            assert second.header("X-API-Key") == KEY
            assert [second.header(name) for name in ("Cookie", "Idempotency-Key", "Content-Type")] == [None] * 3

    asyncio.run(run())


def test_frozen_bytes_are_sent_exactly_as_they_are() -> None:
    frozen = b'{ "subject":"\\u00fc" , "description" : "d"}\n'

    async def run() -> None:
        async with RawServer() as server, client_of(server) as client:
            await client.create_ticket(frozen, idempotency_key="k-1")
            assert server.requests[0].body == frozen

    asyncio.run(run())


def test_health_is_asked_without_a_key() -> None:
    async def well(wire: Wire) -> None:
        while await wire.request():
            await wire.answer(200, b'{"status": "ok", "environment": "sandbox", "version": "1"}')

    async def run() -> None:
        async with RawServer(well) as server, client_of(server) as client:
            assert (await client.health()).status == "ok"
            assert KEY not in server.requests[0].head.decode()

    asyncio.run(run())


def test_the_key_is_in_no_representation_log_or_exception(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def run() -> list[TicketsError | object]:
        async def drop(wire: Wire) -> None:
            await wire.request()

        async with RawServer(drop) as server, client_of(server) as client:
            told: list[TicketsError | object] = [repr(client), str(client), await outcome(create(client))]
        async with TicketsClient(server.base_url, KEY) as client:
            return [*told, await outcome(client.health())]

    for each in asyncio.run(run()):
        assert KEY not in str(each) + repr(each)
        if isinstance(each, TicketsError):
            assert (each.__cause__, each.__context__) == (None, None)
            assert KEY not in "".join(traceback.format_exception(each))
    assert caplog.records
    assert KEY not in caplog.text
