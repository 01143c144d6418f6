"""Stand-in of the Tickets API for measurements of callers: the cheapest server available here.

    python -m benchmarks.parts.standin [--latency MS]

The stand-in answers every POST with 201 and a ticket, after the latency, and `GET /tally` with the arrivals since the
last `GET /reset`. It keeps connections open and remembers idempotency keys, and checks nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.parts.processes import module, running

TICKET = b'{"id":%d,"subject":"s","status":"open","priority":"high","created_at":"2026-02-20T14:30:00Z"}'
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
KEY = re.compile(rb"\r\nidempotency-key: *([^\r]+)", re.IGNORECASE)


@dataclass
class Arrivals:
    """Arrivals: number of requests, their keys, and the times of the first and the last one (seconds)."""

    requests: int = 0
    keys: set[bytes] = field(default_factory=set)
    first: float = 0.0
    last: float = 0.0

    def count(self, head: bytes) -> None:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.requests += 1
        if key := KEY.search(head):
            self.keys.add(key[1])


class Service(asyncio.Protocol):
    """One connection; a request is answered once it is whole."""

    arrivals = Arrivals()
    tickets = 0
    latency = 0.0  # seconds

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        self._received = b""
        if head.startswith(b"GET"):
            self._write(b"200 OK", self._control(head))
            return
        Service.arrivals.count(head)
        Service.tickets += 1
        answer = TICKET % Service.tickets
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._write, b"201 Created", answer)
        else:
            self._write(b"201 Created", answer)

    def _control(self, head: bytes) -> bytes:
        if head.startswith(b"GET /reset"):
            Service.arrivals = Arrivals()
        tally = Service.arrivals
        fields = {"requests": tally.requests, "keys": len(tally.keys), "seconds": tally.last - tally.first}
        return json.dumps(fields).encode()

    def _write(self, status: bytes, body: bytes) -> None:
        self._transport.write(HEAD % (status, len(body)) + body)


async def serve(latency: float) -> None:
    """Print the port, then serve until the standard input ends (also when the parent process ends)."""
    Service.latency = latency
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@dataclass(frozen=True, slots=True)
class Tally:
    """Arrivals: requests, distinct idempotency keys, seconds from the first request to the last."""

    requests: int
    keys: int
    seconds: float


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in that runs in its own process."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def tally(self) -> Tally:
        return self._get("/tally")

    def reset(self) -> None:
        self._get("/reset")

    def _get(self, path: str) -> Tally:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return Tally(**json.loads(connection.getresponse().read()))
        finally:
            connection.close()


@contextmanager
def stand_in(folder: Path, latency_ms: float) -> Iterator[StandIn]:
    """Start a stand-in that answers after this many milliseconds."""
    output = folder / f"stand-in-{latency_ms:g}.txt"
    command = module("benchmarks.parts.standin", "--latency", str(latency_ms))
    with running(command, output, is_ready=lambda said: said.endswith("\n")):
        yield StandIn(int(output.read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds before each answer")
    asyncio.run(serve(parser.parse_args().latency / 1000))


if __name__ == "__main__":
    main()
