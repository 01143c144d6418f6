"""Measures the throughput and latency of an endpoint over keep-alive connections with one request at a time each.

    python -m benchmarks.parts.load PORT [--requests N] [--connections N] [--rate N]

Each request is a delivery with one alert, made before the first is sent. Without a rate, a connection sends its next
request after its answer. With a rate, every request has a scheduled time, and latency counts from that time: a request
that waited for a free connection was late for its sender too. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import islice

from benchmarks.parts.alerts import AUTHORIZATION, alerts, body
from benchmarks.parts.processes import BenchmarkError, module, run

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """Result: requests answered with 200 and otherwise, total seconds, milliseconds of latency."""

    accepted: int
    refused: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Accepted requests per second."""
        return self.accepted / self.seconds


def load(port: int, requests: int, rate: float = 0.0) -> Load:
    """Send `requests` requests from a separate process. Raises BenchmarkError unless all are accepted."""
    command = module("benchmarks.parts.load", str(port), "--requests", str(requests), "--rate", str(rate))
    found = Load(**json.loads(run(command)))
    if found.accepted != requests:
        raise BenchmarkError(f"of {requests} requests {found.accepted} were accepted")
    return found


@dataclass
class Schedule:
    """The remaining requests with their times, and the latencies of the answered ones."""

    waiting: deque[bytes]
    rate: float
    begun: float = 0.0
    sent: int = 0
    statuses: list[bytes] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def next_time(self, now: float) -> float:
        """Return the time of the next request; now, if there is no rate."""
        self.sent += 1
        return self.begun + (self.sent - 1) / self.rate if self.rate else now


async def send(port: int, schedule: Schedule) -> None:
    """Send request after request over one connection, until none is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while schedule.waiting:
        request = schedule.waiting.popleft()
        due = schedule.next_time(time.perf_counter())
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        schedule.latencies.append(time.perf_counter() - due)
        schedule.statuses.append(head.split(b" ", 2)[1])
    writer.close()
    await writer.wait_closed()


def requests_of(number: int, port: int) -> deque[bytes]:
    """Return `number` requests, each with a different alert."""
    fields = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", **AUTHORIZATION}
    head = "POST /in/alertmanager HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    bodies = (body([alert]) for alert in islice(alerts(), number))
    return deque(f"{head}Content-Length: {len(each)}\r\n\r\n".encode() + each for each in bodies)


async def measure(port: int, requests: int, connections: int, rate: float) -> Load:
    schedule = Schedule(requests_of(requests, port), rate, time.perf_counter())
    await asyncio.gather(*(send(port, schedule) for _ in range(connections)))
    seconds = time.perf_counter() - schedule.begun
    accepted = schedule.statuses.count(b"200")
    points = statistics.quantiles(schedule.latencies, n=100, method="inclusive")
    p50, p99 = (round(points[each - 1] * 1000, 3) for each in (50, 99))
    return Load(accepted, len(schedule.statuses) - accepted, seconds, p50, p99)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: as fast as they are answered")
    options = parser.parse_args()
    print(json.dumps(asdict(asyncio.run(measure(options.port, options.requests, options.connections, options.rate)))))


if __name__ == "__main__":
    main()
