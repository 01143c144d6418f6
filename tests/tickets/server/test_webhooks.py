"""Receivers get signed webhooks about changes of a ticket, with retries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tickets.assumptions import WEBHOOK_BACKOFF_S
from tickets.server import LocalTicketsApi
from tickets.server.clock import SECOND
from tickets.server.webhooks import next_attempt

CREATE = {"subject": "Disk full", "description": "/var on db-1"}
SECRET = "whsec-1"


@dataclass
class Receiver:
    """Received deliveries, and the answers to the next ones."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)
    refuse: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, number: int) -> list[Any]:
        """Wait for this number of deliveries, and return them."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.bodies) >= number, 10), self.bodies
            return [json.loads(body) for body in self.bodies]

    def take(self, body: bytes, signature: str | None) -> int:
        """Record a delivery; returns the status of the answer."""
        with self.changed:
            self.bodies.append(body)
            self.signatures.append(signature)
            self.changed.notify_all()
            self.refuse -= 1
            return 500 if self.refuse >= 0 else 204


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(body, self.headers["X-Aurion-Signature"]))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class says so)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as each:
        yield each


ALL = ["ticket.created", "ticket.updated", "ticket.closed", "ticket.reopened", "ticket.note_added"]


def register(client: httpx.Client, url: str, events: list[str] | None = None) -> str:
    response = client.post("webhooks", json={"url": url, "events": events or ALL, "secret": SECRET})
    assert response.status_code == 201, response.text
    number: str = response.json()["id"]
    return number


def test_every_change_of_a_ticket_is_told_and_signed(client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url)
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "tickets", CREATE),
        ("PUT", "tickets/1001", {"priority": "low"}),
        ("POST", "tickets/1001/notes", {"body": "x"}),
        ("POST", "tickets/1001/close", {}),
        ("PUT", "tickets/1001", {"status": "open"}),
    ]
    for number, (method, path, body) in enumerate(calls, 1):
        assert client.request(method, path, json=body).is_success
        receiver.wait_for(number)
    told = receiver.wait_for(5)
    assert [event["type"] for event in told] == [
        "ticket.created",
        "ticket.updated",
        "ticket.note_added",
        "ticket.closed",
        "ticket.reopened",
    ]
    assert told[-1]["data"]["ticket"] == client.get("tickets/1001").json()
    assert (told[0]["timestamp"], len({event["id"] for event in told})) == ("2026-02-20T12:00:00Z", 5)
    assert all(event["id"].startswith("evt_") for event in told)
    for sent, signature in zip(receiver.bodies, receiver.signatures, strict=True):
        assert signature == "sha256=" + hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()


def test_a_webhook_hears_only_the_events_it_asked_for(client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url, ["ticket.closed"])
    client.post("tickets", json=CREATE)
    client.post("tickets/1001/close")
    assert [event["type"] for event in receiver.wait_for(1)] == ["ticket.closed"]


def test_a_delivery_that_fails_is_repeated_on_its_schedule(
    client: httpx.Client, receiver: Receiver, api: LocalTicketsApi
) -> None:
    register(client, receiver.url)
    receiver.refuse = 2
    client.post("tickets", json=CREATE)
    for number, pause in enumerate(WEBHOOK_BACKOFF_S[:2], 1):
        receiver.wait_for(number)
        while not waits(api):
            threading.Event().wait(0.01)
        api.clock.advance(pause)
    told = receiver.wait_for(3)
    assert told[0] == told[1] == told[2]


def waits(api: LocalTicketsApi) -> bool:
    """True if the outbox entry was settled as failed: due within the schedule, not at the end of a lease."""
    with api._store.reading() as connection:
        row = connection.exec_driver_sql("SELECT attempts, due_at FROM outbox").one()
    return bool(row.attempts) and row.due_at <= api.clock.us() + WEBHOOK_BACKOFF_S[row.attempts - 1] * SECOND


def test_a_delivery_is_given_up_after_the_last_attempt() -> None:
    last = len(WEBHOOK_BACKOFF_S)
    assert [next_attempt(number, 0) for number in range(1, last + 2)] == [
        *(seconds * SECOND for seconds in WEBHOOK_BACKOFF_S),
        None,
    ]


def test_what_was_not_delivered_survives_a_restart(make_api: Any, serve: Any, receiver: Receiver) -> None:
    first = make_api()

    async def call() -> None:
        transport = httpx.ASGITransport(first.app)
        headers = {"X-API-Key": "ak_test_local"}
        async with httpx.AsyncClient(transport=transport, base_url="http://x/api/v1", headers=headers) as client:
            hook = {"url": receiver.url, "events": ALL, "secret": SECRET}
            assert (await client.post("webhooks", json=hook)).status_code == 201
            assert (await client.post("tickets", json=CREATE)).status_code == 201

    asyncio.run(call())
    first.close()
    serve(make_api())
    assert [event["type"] for event in receiver.wait_for(1)] == ["ticket.created"]


def test_a_receiver_that_is_away_holds_up_no_request(client: httpx.Client, api: LocalTicketsApi) -> None:
    with receiving() as gone:
        url = gone.url
    register(client, url)
    register(client, "http://127.0.0.1:99999/")
    assert {client.post("tickets", json=CREATE).status_code for _ in range(5)} == {201}


def test_a_rejected_request_is_told_to_nobody(client: httpx.Client, receiver: Receiver) -> None:
    register(client, receiver.url)
    client.post("tickets/1/notes", json={"body": "x"})
    client.post("tickets", json=CREATE)
    assert [event["type"] for event in receiver.wait_for(1)] == ["ticket.created"]


def test_webhooks_are_listed_without_their_secrets_and_removed(client: httpx.Client) -> None:
    number = register(client, "http://127.0.0.1:9/x", ["ticket.closed", "ticket.closed"])
    listed = client.get("webhooks")
    assert [(each["id"], each["events"]) for each in listed.json()["data"]] == [(number, ["ticket.closed"])]
    assert SECRET not in listed.text
    assert [client.delete(f"webhooks/{number}").status_code for _ in range(2)] == [204, 404]
    assert client.get("webhooks").json() == {"data": []}


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://example.com/"},
        {"url": "http://127.0.0.1.example.com/"},
        {"url": "http://127.0.0.1@example.com/"},
        {"url": "ftp://127.0.0.1/"},
        {"url": "http://127.0.0.1/\n"},
        {"events": []},
        {"events": ["ticket.deleted"]},
        {"secret": ""},
    ],
)
def test_a_webhook_that_cannot_be_is_rejected(client: httpx.Client, change: dict[str, Any]) -> None:
    hook = {"url": "http://127.0.0.1:9/", "events": ["ticket.closed"], "secret": SECRET} | change
    response = client.post("webhooks", json=hook)
    assert (response.status_code, response.json()["details"][0]["field"].split(".")[0]) == (422, next(iter(change)))


def test_hosts_beyond_loopback_are_an_option(make_api: Any, serve: Any) -> None:
    client = serve(make_api(webhook_hosts=frozenset({"worker"})))
    answers = [
        client.post("webhooks", json={"url": f"http://{host}/", "events": ALL, "secret": SECRET}).status_code
        for host in ("worker:8000", "127.0.0.1")
    ]
    assert answers == [201, 422]


@pytest.mark.postgresql
def test_webhooks_are_sent_from_postgresql_too(
    make_api: Any, serve: Any, postgresql_url: str, receiver: Receiver
) -> None:
    clients = [serve(make_api(database_url=postgresql_url)) for _ in range(2)]
    register(clients[0], receiver.url)
    for number in range(10):
        clients[number % 2].post("tickets", json=CREATE)
    told = receiver.wait_for(10)
    assert sorted(event["data"]["ticket"]["id"] for event in told) == list(range(1001, 1011))
