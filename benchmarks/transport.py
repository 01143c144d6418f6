"""Compares the CPU cost of a call on our transport with httpx's own pool, and with aiohttp if it is installed.

    python -m benchmarks.transport [--requests N] [--rounds N]

A fast local service in another process answers at once. Measured is this process's CPU time per call of
`TicketsClient.create_ticket`. Each round measures every transport directly after the other, and the first one changes
from round to round; a ratio is the median over the rounds. Ratios hold on any machine, milliseconds only on this one.
The last line is JSON.

aiohttp takes part through `httpx-aiohttp`, which is not a dependency of the project.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from benchmarks.parts.figures import ratio
from tickets.client import TicketsClient
from tickets.models import CreateTicket, encode
from tickets.transport import HttpConnections

FAN_OUTS = (1, 8, 32, 64)
BODY = b'{"id":1,"subject":"s","status":"open","priority":"high","created_at":"2026-02-20T14:30:00Z"}'
ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
REQUEST = encode(CreateTicket(subject="Disk full on db1", description="sda1 is at 98%", priority="high"))

Make = Callable[[], httpx.AsyncBaseTransport]


def pool() -> httpx.AsyncBaseTransport:
    """Return httpx's pool with room for every connection: its default keeps only 20, and opens the others anew."""
    limits = httpx.Limits(max_connections=max(FAN_OUTS), max_keepalive_connections=max(FAN_OUTS))
    return httpx.AsyncHTTPTransport(trust_env=False, limits=limits)


def aiohttp() -> httpx.AsyncBaseTransport:
    """aiohttp behind httpx's interface."""
    made: httpx.AsyncBaseTransport = importlib.import_module("httpx_aiohttp").AiohttpTransport()
    return made


def contenders() -> dict[str, Make]:
    """Return the available transports, ours first."""
    found: dict[str, Make] = {"connections": HttpConnections, "pool": pool}
    return found | {"aiohttp": aiohttp} if importlib.util.find_spec("httpx_aiohttp") else found


class Service(asyncio.Protocol):
    """Answers as soon as a whole request has arrived."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        _, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= len(REQUEST):
            self._received = b""
            self._transport.write(ANSWER)


async def serve() -> None:
    """Print the port, then serve until the standard input ends (also when the parent process ends)."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Service, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


@contextmanager
def service() -> Iterator[str]:
    """Start a service in another process, which ends with the block; yields its base URL."""
    command = [sys.executable, "-m", "benchmarks.transport", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/v1"
        finally:
            process.stdin.close()
            process.wait()


async def cpu(base_url: str, make: Make, fan_out: int, requests: int) -> float:
    """CPU milliseconds of this process per call, once every connection is open."""
    async with TicketsClient(base_url, "ak_test_benchmark", transport=make(), total_timeout=60) as client:
        remaining = iter(range(requests + fan_out))

        async def work() -> None:
            for _ in remaining:
                await client.create_ticket(REQUEST, idempotency_key="k")

        warm = [client.create_ticket(REQUEST, idempotency_key="k") for _ in range(fan_out)]
        await asyncio.gather(*warm)
        began = time.process_time()
        await asyncio.gather(*(work() for _ in range(fan_out)))
        return (time.process_time() - began) * 1000 / (requests + fan_out)


def compare(base_url: str, fan_out: int, requests: int, rounds: int) -> dict[str, float]:
    """Medians over the rounds: CPU milliseconds of each transport, and ratios of ours to each other one."""
    transports = list(contenders().items())
    spent: dict[str, list[float]] = {name: [] for name, _ in transports}
    for number in range(rounds):
        for name, make in transports if number % 2 else reversed(transports):
            spent[name].append(asyncio.run(cpu(base_url, make, fan_out, requests)))
    ours, *others = spent
    medians = {f"{name}_ms": statistics.median(each) for name, each in spent.items()}
    return medians | {f"{ours}/{other}": ratio(spent[ours], spent[other]) for other in others}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=100, help="calls per measurement")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of measurements per fan-out")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    print(f"CPU per call, {options.requests} calls, median of {options.rounds} rounds, {os.cpu_count()} cores")
    found: dict[str, dict[str, float]] = {}
    with service() as base_url:
        for make in contenders().values():
            asyncio.run(cpu(base_url, make, 8, options.requests))  # warm-up of imports and compilation
        for fan_out in FAN_OUTS:
            each = found[str(fan_out)] = compare(base_url, fan_out, options.requests, options.rounds)
            if fan_out == FAN_OUTS[0]:
                print(f"{'fan-out':>8}" + "".join(f" {name:>14}" for name in each))
            print(f"{fan_out:>8}" + "".join(f" {value:>14.3f}" for value in each.values()), flush=True)
    rounded = {key: {name: round(value, 4) for name, value in each.items()} for key, each in found.items()}
    print(json.dumps({"benchmark": "transport", "fan_out": rounded}))


if __name__ == "__main__":
    main()
