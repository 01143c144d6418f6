"""A listener of ours with an application of the test's own, and senders on raw sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from tickets.http_listener import Limits, StrictProtocol
from tickets.listening import listen
from worker.intake.listener import HttpThread

HEAD = b"POST /in HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n"
PROBE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = 0.1  # seconds of a deadline that a test waits for
LONG = 600.0
PATIENT = Limits(head_s=LONG, body_s=LONG, keep_alive_s=LONG, connections=100, probes=frozenset({"/livez"}))


class Answer(NamedTuple):
    """An answer as it was read from a socket."""

    status: int
    headers: dict[str, str]
    body: bytes


class Sender:
    """A sender with a connection of its own."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=60)
        self._file = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> Sender:
        for each in parts:
            self.socket.sendall(each)
        return self

    def answer(self) -> Answer:
        """Return the next answer, which has a length."""
        status = int(self._file.readline().split(b" ")[1])
        headers = {}
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return Answer(status, headers, self._file.read(int(headers.get("content-length", "0"))))

    def rest(self) -> bytes:
        """Return what else comes until the listener ends the connection."""
        found = bytearray()
        with suppress(ConnectionError):
            while part := self._file.read1(65536):
                found += part
        return bytes(found)

    def close(self) -> None:
        self._file.close()
        self.socket.close()


class App:
    """Answers by path, and stores the requests that it read to their end."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.cut_off = 0
        """Requests whose sender left, or was made to leave."""
        self.goes_on = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        request = Request(scope, receive)
        body, path = b"answered", scope["path"]
        if path == "/held":
            await self.goes_on.wait()
        if path not in ("/livez", "/early"):
            try:
                self.bodies.append(await request.body())
                self.headers.append(scope["headers"])
            except ClientDisconnect:
                self.cut_off += 1
        if path == "/long":
            body = b"x" * 64 * 1024 * 1024
        size = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
        await send({"type": "http.response.body", "body": body})

    def go_on(self) -> None:
        """Answer the requests at `/held`."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.goes_on.set)


class Listening:
    """A listener that is served, and its senders."""

    def __init__(self, address: tuple[str, int], app: App, thread: HttpThread) -> None:
        self.address, self.app, self.thread = address, app, thread
        self.senders: list[Sender] = []

    def connect(self, *parts: bytes) -> Sender:
        """Return a new sender, which has sent these bytes."""
        self.senders.append(Sender(self.address))
        return self.senders[-1].send(*parts)

    def end(self) -> None:
        """Begin to stop the listener; return when it takes no more connections."""
        for server, _ in self.thread._servers:
            server.should_exit = True
        with suppress(ConnectionError):
            while True:
                Sender(self.address).close()

    def disconnect(self) -> None:
        """Close the connections of all senders."""
        while self.senders:
            self.senders.pop().close()


@contextmanager
def listening(limits: Limits = PATIENT, protocol: type[StrictProtocol] = StrictProtocol) -> Iterator[Listening]:
    """Serve an `App` until the end of the block."""
    app, listener = App(), listen("127.0.0.1", 0)
    thread = HttpThread([(listener, app)], limits, protocol=protocol)
    thread.start()
    made = Listening(listener.getsockname(), app, thread)
    try:
        yield made
    finally:
        made.disconnect()
        thread.stop()
