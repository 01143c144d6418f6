"""Measures answer times of chat messages against each platform's deadline, with slow commits and an absent Tickets API.

    python -m benchmarks.deadlines [--messages N] [--rate N] [--commit-delay S]

A fleet on PostgreSQL and Redis: `serve` and a worker, with a source of each platform. Every transaction that writes
waits half a second by default in the database before its commit (a deferred trigger that sleeps); this includes the
worker's. Messages arrive at scheduled times, whatever happened to earlier ones, with each platform's share evenly
spread and correctly signed. Latency is measured as the platform sees it. The Tickets API's address is unreachable until
all messages are answered; then a local Tickets API starts, and every message must be delivered. The deadlines are those
that the platforms document. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from benchmarks.parts.chats import PLATFORMS, Platform, deliveries, environment
from benchmarks.parts.contenders import open_operations
from benchmarks.parts.processes import (
    BenchmarkError,
    Noise,
    end_cleanly,
    free_port,
    module,
    run,
    running,
    serves,
    wait_until,
)
from benchmarks.parts.servers import emptied, new_database, postgresql_server, redis_server

API_KEY = "ak_test_local"
PATIENCE_S = 600.0
PERCENTILES = (50, 90, 99)

SLOW_COMMITS = """
CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('bench.waited', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM set_config('bench.waited', txid_current()::text, false);
        PERFORM pg_sleep({seconds});
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT OR UPDATE OR DELETE ON %I '
                       'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit()', each.tablename);
    END LOOP;
END $$;
"""


@dataclass
class ResponseTimes:
    """Answers to the messages of one platform."""

    platform: Platform
    seconds: list[float] = field(default_factory=list)
    """Latencies of the messages answered with success."""
    refused: int = 0
    """Messages answered with an error, or not at all."""

    def percentile(self, number: int) -> float:
        points = statistics.quantiles(self.seconds, n=100, method="inclusive")
        return round(points[number - 1], 3)

    @property
    def late(self) -> int:
        return sum(each > self.platform.deadline_s for each in self.seconds)


async def say(platform: Platform, intake: str, messages: int, every: float) -> ResponseTimes:
    """Send `messages` messages of a platform, one every `every` seconds."""
    found, began = ResponseTimes(platform), time.perf_counter()
    signed = deliveries(platform)

    async def one(client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(max(0.0, began + number * every - time.perf_counter()))
        body, headers = next(signed)
        sent = time.perf_counter()
        try:
            answer = await client.post(f"{intake}/in/{platform.kind}", content=body, headers=dict(headers))
        except httpx.HTTPError:
            found.refused += 1
            return
        if answer.status_code == 200:
            found.seconds.append(time.perf_counter() - sent)
        else:
            found.refused += 1

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(timeout=90, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(one(client, number) for number in range(messages)))
    return found


async def say_all(intake: str, messages: int, rate: float) -> list[ResponseTimes]:
    every = len(PLATFORMS) / rate
    return list(await asyncio.gather(*(say(each, intake, messages, every) for each in PLATFORMS)))


def tickets_at(api: str) -> int:
    """Return the number of tickets, by the API's own list."""
    answer = httpx.get(f"{api}/tickets", params={"limit": 1}, headers={"X-API-Key": API_KEY}, trust_env=False)
    return int(answer.raise_for_status().json()["total"])


def table(found: list[ResponseTimes]) -> None:
    print(f"{'':<12}{'deadline s':>11}{'messages':>10}{'p50 s':>8}{'p90 s':>8}{'p99 s':>8}{'max s':>8}{'late':>6}")
    for each in found:
        points = "".join(f"{each.percentile(number):>8.3f}" for number in PERCENTILES)
        number = len(each.seconds) + each.refused
        print(f"{each.platform.kind:<12}{each.platform.deadline_s:>11g}{number:>10}{points}"
              f"{max(each.seconds):>8.3f}{each.late + each.refused:>6}", flush=True)  # fmt: skip


@contextmanager
def fleet(folder: Path, api: str, commit_delay_s: float) -> Iterator[str]:
    """Start `serve` and a worker with slow commits; yields the address of `serve`."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server(folder))
        emptied(redis).close()
        database = new_database(stack.enter_context(postgresql_server()))
        address = f"127.0.0.1:{free_port()}"
        settings = environment() | {
            "TICKETRELAY_LEDGER__URL": database,
            "TICKETRELAY_BROKER__URL": redis.url,
            "TICKETRELAY_API__URL": api,
            "TICKETRELAY_API__KEY": API_KEY,
            "TICKETRELAY_API__PER_MINUTE": "",
            "TICKETRELAY_API__PER_SECOND": "",
            "TICKETRELAY_SERVER__METRICS": "true",
            "TICKETRELAY_SERVER__GAUGES_EVERY": "0",
        }
        run(module("worker.cli", "db", "upgrade"), settings)
        with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(SLOW_COMMITS.format(seconds=commit_delay_s).encode())
        serve = module("worker.cli", "serve", "--listen", address)
        stack.enter_context(running(serve, folder / "serve.txt", environment=settings, is_ready=serves))
        worker = module("worker.cli", "worker", "--listen", "127.0.0.1:0")
        stack.enter_context(
            running(worker, folder / "worker.txt", environment=settings, is_ready=lambda said: "Delivering to" in said)
        )
        yield address


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the whole measurement; returns the line of JSON. Raises BenchmarkError if a message is lost or duplicated."""
    noise, port = Noise(), free_port()
    api = f"http://127.0.0.1:{port}/api/v1"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ticketrelay-bench-")))
        address = stack.enter_context(fleet(folder, api, options.commit_delay))
        found = asyncio.run(say_all(f"http://{address}", options.messages, options.rate))
        if unheard := [each.platform.kind for each in found if len(each.seconds) < 2]:
            raise BenchmarkError(f"not two messages were taken of {', '.join(unheard)}")
        table(found)
        answered, back = sum(len(each.seconds) for each in found), time.monotonic()
        local = module("worker.cli", "tickets-api", "--listen", f"127.0.0.1:{port}", "--limit", "none")
        local += ["--database", f"sqlite:///{folder / 'tickets.db'}"]
        stack.enter_context(running(local, folder / "tickets-api.txt"))
        wait_until(lambda: open_operations(address) == 0, "all delivered", PATIENCE_S)
        delivered_s, tickets = time.monotonic() - back, tickets_at(api)
    print(f"the Tickets API is back: {tickets} tickets for {answered} answered messages after {delivered_s:.0f} s")
    if tickets != answered:
        raise BenchmarkError(f"{answered} messages were answered, and there are {tickets} tickets")
    return {
        "benchmark": "deadlines",
        "commit_delay_s": options.commit_delay,
        "rate": options.rate,
        "messages": answered,
        "late": sum(each.late for each in found),
        "refused": sum(each.refused for each in found),
        "platforms": {each.platform.kind: figures(each) for each in found},
        "tickets": tickets,
        "delivered_after_s": round(delivered_s, 1),
        "cores": os.cpu_count(),
        "cpu_share_of_others": noise.share(),
    }


def figures(answers: ResponseTimes) -> dict[str, float]:
    """Return the latencies of one platform, in seconds."""
    points = {f"p{number}_s": answers.percentile(number) for number in PERCENTILES}
    return {"deadline_s": answers.platform.deadline_s, **points, "max_s": round(max(answers.seconds), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=300, help="messages of each platform")
    parser.add_argument("--rate", type=float, default=40.0, help="messages a second, of all platforms together")
    parser.add_argument("--commit-delay", type=float, default=0.5, help="seconds that each commit takes longer")
    options = parser.parse_args()
    end_cleanly()
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    main()
