"""Baseline for delivery: one event loop that posts with our client, without a ledger.

    python -m benchmarks.parts.bare BASE_URL

Each line of the standard input is a number of tickets to create. The request's bytes are made beforehand, as in the
ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from itertools import count, islice

from tickets.client import TicketsClient
from tickets.models import CreateTicket, encode

FAN_OUT = 40  # as many calls as a worker has in flight by default
REQUEST = encode(CreateTicket(subject="Disk full on db1", description="sda1 is at 98%", priority="high"))


async def post(client: TicketsClient, remaining: Iterator[int]) -> None:
    """Create a ticket for each number that is left in the shared iterator."""
    for number in remaining:
        await client.create_ticket(REQUEST, idempotency_key=f"bare-{number}")


async def serve(base_url: str) -> None:
    """Create the tickets of each line, until the standard input ends (also when the parent process ends)."""
    loop = asyncio.get_running_loop()
    numbers = count(1)
    async with TicketsClient(base_url, "ak_test_benchmark") as client:
        print("ready", flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            remaining = islice(numbers, int(line))
            await asyncio.gather(*(post(client, remaining) for _ in range(FAN_OUT)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("base_url")
    asyncio.run(serve(parser.parse_args().base_url))


if __name__ == "__main__":
    main()
