"""Each fault looks on the wire as in the field, and the effect happens exactly when it should."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import time
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tickets.server import FaultRule, LocalTicketsApi

CREATE = {"subject": "Disk full", "description": "/var on db-1"}


def raw(client: httpx.Client, path: str = "/api/v1/tickets") -> tuple[bytes, type[OSError] | None]:
    """Return all bytes that a create gets on a plain socket, and the error that ended it (None: a proper end)."""
    body = b'{"subject": "Disk full", "description": "/var on db-1"}'
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {client.base_url.netloc.decode()}\r\nX-API-Key: ak_test_local\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = b""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), 5) as connection:
        connection.sendall(head.encode() + body)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except OSError as error:
            return received, type(error)
    return received, None


def test_a_reset_before_the_commit_is_an_rst_without_effect(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="reset", times=1))
    assert raw(client) == (b"", ConnectionResetError)
    assert api.effects() == []
    assert client.post("tickets", json=CREATE).status_code == 201


def test_a_reset_after_the_commit_is_an_rst_and_the_effect_is_done(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="reset", when="after", times=1))
    assert raw(client) == (b"", ConnectionResetError)
    assert [effect.kind for effect in api.effects()] == ["create_ticket"]


def test_a_key_replays_what_a_reset_hid(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="reset", when="after", times=1))
    headers = {"Idempotency-Key": "k1"}
    with pytest.raises(httpx.TransportError):
        client.post("tickets", json=CREATE, headers=headers)
    assert client.post("tickets", json=CREATE, headers=headers).json()["id"] == int(str(api.effects()[0].ticket_id))
    assert len(api.effects()) == 1


def test_a_truncated_answer_promises_more_than_it_sends(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="truncate", times=1))
    received, error = raw(client)
    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 201")
    assert (error, len(body)) == (None, promised // 2)
    assert len(api.effects()) == 1


def test_a_dripping_answer_is_whole_in_the_end(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="drip", seconds=0.01, chunk=20, times=1))
    with client.stream("POST", "tickets", json=CREATE) as response:
        pieces = list(response.iter_raw())
    assert len(pieces) > 3
    assert b'"subject":"Disk full"' in b"".join(pieces)


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_a_status_can_be_asked_for_in_the_shape_of_the_api(
    client: httpx.Client, api: LocalTicketsApi, status: int
) -> None:
    api.faults.add(FaultRule(action="status", status=status, retry_after=7, times=1))
    response = client.post("tickets", json=CREATE)
    assert (response.status_code, response.headers["retry-after"], response.json()["retry_after"]) == (status, "7", 7)
    assert api.effects() == []
    assert client.post("tickets", json=CREATE).status_code == 201


def test_retry_after_may_be_a_date(client: httpx.Client, api: LocalTicketsApi) -> None:
    date = "Fri, 20 Feb 2026 12:00:30 GMT"
    api.faults.add(FaultRule(action="status", status=503, retry_after=date))
    response = client.get("tickets")
    assert response.headers["retry-after"] == date
    assert "retry_after" not in response.json()


def test_a_502_is_a_proxys_page(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="status", status=502, times=1))
    response = client.get("tickets")
    assert (response.status_code, response.headers["content-type"]) == (502, "text/html")
    assert response.text.startswith("<html>")


def test_a_status_after_the_commit_hides_an_effect_that_is_done(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="status", status=500, when="after", times=1))
    headers = {"Idempotency-Key": "k1"}
    assert client.post("tickets", json=CREATE, headers=headers).status_code == 500
    assert client.post("tickets", json=CREATE, headers=headers).status_code == 201
    assert len(api.effects()) == 1


def test_a_late_request_takes_effect_though_its_client_has_gone(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="latency", seconds=0.3, times=1))
    with pytest.raises(httpx.ReadTimeout):
        client.post("tickets", json=CREATE | {"subject": "late"}, timeout=0.1)
    assert client.post("tickets", json=CREATE | {"subject": "early"}).status_code == 201
    deadline = time.monotonic() + 10
    while len(api.effects()) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ['"late"' in effect.body for effect in api.effects()] == [False, True]


def test_a_late_answer_has_its_effect_before_it(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="latency", when="after", seconds=0.8, times=1))
    with pytest.raises(httpx.ReadTimeout):
        client.post("tickets", json=CREATE, timeout=0.3)
    assert len(api.effects()) == 1


def test_latencies_add_up_and_do_not_hold_up_other_requests(client: httpx.Client, api: LocalTicketsApi) -> None:
    for _ in range(2):
        api.faults.add(FaultRule(action="latency", method="POST", seconds=0.2))
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        slow = thread.submit(client.post, "tickets", json=CREATE)
        assert client.get("tickets").json()["total"] == 0
        assert slow.result().status_code == 201
    assert time.monotonic() - start >= 0.4


def test_a_rule_meets_only_the_requests_that_it_names(client: httpx.Client, api: LocalTicketsApi) -> None:
    rule = FaultRule(action="status", method="POST", path=r"/tickets/\d+/notes$", body="boom")
    api.faults.add(rule)
    created = client.post("tickets", json=CREATE | {"description": "boom"})
    number = created.json()["id"]
    notes = [client.post(f"tickets/{number}/notes", json={"body": body}).status_code for body in ("boom", "calm")]
    assert (created.status_code, notes) == (201, [500, 201])


def test_a_rule_applies_as_often_as_it_says_or_until_it_is_removed(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="status", times=2))
    assert [client.get("tickets").status_code for _ in range(3)] == [500, 500, 200]
    number = api.faults.add(FaultRule(action="status"))
    assert [client.get("tickets").status_code for _ in range(3)] == [500, 500, 500]
    assert [api.faults.remove(number), api.faults.remove(number)] == [True, False]
    assert client.get("tickets").status_code == 200


def test_the_first_rule_that_decides_the_answer_leaves_the_others_unspent(
    client: httpx.Client, api: LocalTicketsApi
) -> None:
    for status in (500, 503):
        api.faults.add(FaultRule(action="status", status=status, times=1))
    assert [client.get("tickets").status_code for _ in range(3)] == [500, 503, 200]


def test_the_same_seed_meets_the_same_requests(client: httpx.Client, api: LocalTicketsApi) -> None:
    runs = []
    for _ in range(2):
        api.faults.add(FaultRule(action="status", probability=0.5, seed=7))
        runs.append([client.get("tickets").status_code for _ in range(40)])
        api.faults.clear()
    assert runs[0] == runs[1]
    assert 5 < runs[0].count(500) < 35


def test_a_search_that_lags_sees_a_ticket_later(client: httpx.Client, api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="search_lag", seconds=60))
    client.post("tickets", json=CREATE)
    found = []
    for seconds in (0, 59, 1):
        api.clock.advance(seconds)
        found.append(client.get("tickets", params={"search": "disk"}).json()["total"])
    assert found == [0, 0, 1]
    client.post("tickets", json=CREATE)
    assert client.get("tickets").json()["total"] == 2


def test_connections_are_cut_in_a_mounted_application_too(api: LocalTicketsApi, serve: Any) -> None:
    api.app = Starlette(routes=[Mount("", api.app)])
    api.faults.add(FaultRule(action="reset"))
    assert raw(serve(api)) == (b"", ConnectionResetError)


def test_without_our_protocol_a_cut_is_an_answer_that_ends_too_soon(api: LocalTicketsApi) -> None:
    api.faults.add(FaultRule(action="reset", when="after"))
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"subject": "s", "description": "d"}'}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/tickets",
        "query_string": b"",
        "headers": [(b"x-api-key", b"ak_test_local"), (b"content-type", b"application/json")],
    }

    async def call() -> None:
        await api.app(scope, receive, send)

    asyncio.run(call())
    assert sent == ["http.response.start"]
    assert len(api.effects()) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"probability": 1.5},
        {"times": 0},
        {"status": 200},
        {"seconds": -1},
        {"chunk": 0},
        {"path": "("},
        {"action": "latency", "seconds": 61},
    ],
)
def test_a_rule_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        FaultRule(**{"action": "status"} | fields)
