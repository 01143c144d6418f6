"""Deployments under test: one process with everything in it, or a fleet with its own servers.

Each has a table of the faults that its processes can meet. A fault returns when the affected process runs again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.acceptance.deployments import API_KEY, QUICK, Embedded, Fleet, Site
from tests.acceptance.processes import answers, wait_until
from tests.connectors.slack.builders import CHANNEL
from tests.killable import Server
from tests.own_servers import outlives_a_kill, own_postgresql, own_rabbitmq, own_redis
from tests.servers import Broker

Kind = Literal["embedded", "redis", "rabbitmq"]
QUEUE = "ticketrelay"

TIMINGS = {
    **QUICK,
    # An abandoned request lives 0.3 s more here (1.3 s of latency, less the time-out); the rest allows for a busy
    # machine on which the Tickets API handles the request late.
    "TICKETRELAY_TIMING__REQUEST_LIFE": "1.5",
    "TICKETRELAY_TIMING__GHOST_WAIT": "1.5",
    "TICKETRELAY_TIMING__BACKOFF_CAP": "2.0",
}
LEASE_S = float(TIMINGS["TICKETRELAY_TIMING__LEASE"])
FREEZE_S = LEASE_S + 1.0  # past the lease, and past the dispatch that takes it back
OUTAGE_S = 1.5

SECRET = "0123456789abcdef" * 2  # in the form of a Signing Secret of Slack's
ENVIRONMENT = {
    **TIMINGS,
    "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": SECRET,
    "TICKETRELAY_SOURCES__SLACK__SECRET": SECRET,
    "TICKETRELAY_SOURCES__SLACK__CHANNELS": json.dumps(
        {CHANNEL: {"private": False}}
    ),  # the text is in the tickets: it has the marks
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running deployment and its faults."""

    site: Site
    faults: Mapping[str, Callable[[], None]]
    forgetful: frozenset[str]
    """Faults that end the Tickets API, and thereby its rules."""

    def open_and_dead(self) -> tuple[int, int]:
        """Return the number of operations that wait or are in flight, and of dead letters."""
        text = self.site.http.get(f"{self.site.intake}/metrics").raise_for_status().text
        sums = {"ticketrelay_operations_open": 0.0, "ticketrelay_dead_letters": 0.0}
        for line in text.splitlines():
            for name in sums:
                if line.startswith(name):
                    sums[name] += float(line.rpartition(" ")[2])
        waiting, dead = sums.values()
        return int(waiting), int(dead)


@contextmanager
def deployed(kind: Kind, folder: Path, limit: str | None = None) -> Iterator[Deployment]:
    """Run a deployment within the block. `limit` (`MINUTE/SECOND`) is the Tickets API's limit, and our budget."""
    with _embedded(folder, limit) if kind == "embedded" else _fleet(kind, folder, limit) as deployment:
        yield deployment


@contextmanager
def _embedded(folder: Path, limit: str | None) -> Iterator[Deployment]:
    run = Embedded(folder / "var", ENVIRONMENT | {"TICKETRELAY_API__KEY": API_KEY}, limit=limit or "none")

    def killed() -> None:
        run.kill()
        run.start()

    def ended() -> None:
        run.end()
        run.start()

    def frozen() -> None:
        run.freeze()
        time.sleep(FREEZE_S)
        run.thaw()

    faults = {"kill -9 run": killed, "SIGSTOP run": frozen, "TERM run": ended}
    try:
        run.start()
        yield Deployment(run.site, faults, frozenset({"kill -9 run", "TERM run"}))
    finally:
        run.kill()
        run.site.close()


@contextmanager
def _fleet(kind: Literal["redis", "rabbitmq"], folder: Path, limit: str | None) -> Iterator[Deployment]:
    minute, _, second = (limit or "/").partition("/")
    budget = {"TICKETRELAY_API__PER_MINUTE": minute, "TICKETRELAY_API__PER_SECOND": second}
    with ExitStack() as stack:
        database = stack.enter_context(own_postgresql(folder))
        server = stack.enter_context(own_redis(folder) if kind == "redis" else own_rabbitmq(folder))
        broker = Broker(server.url, QUEUE)
        fleet = Fleet(
            folder, database.url, broker.environment | ENVIRONMENT | budget, mail=False, limit=limit or "none"
        )
        stack.callback(fleet.kill_all)
        fleet.start()
        yield Deployment(fleet.site, _fleet_faults(fleet, database, server, broker), frozenset({"kill -9 tickets-api"}))


def _fleet_faults(fleet: Fleet, database: Server, server: Server, broker: Broker) -> dict[str, Callable[[], None]]:
    def killed(name: str) -> Callable[[], None]:
        def fault() -> None:
            fleet.kill(name)
            fleet.start_one(name)
            if name == "tickets-api":
                wait_until(lambda: answers(f"{fleet.site.api}/health"), "a Tickets API that answers")
            else:
                fleet.wait_until_ready(name)

        return fault

    def frozen(name: str) -> Callable[[], None]:
        def fault() -> None:
            fleet.freeze(name)
            time.sleep(FREEZE_S)
            fleet.thaw(name)

        return fault

    def crashed(which: Server) -> Callable[[], None]:
        def fault() -> None:
            if which.url.startswith("amqp"):
                # RabbitMQ loses a queue forever if the node is killed a moment after the declaration.
                wait_until(lambda: outlives_a_kill(which, QUEUE), "a queue that outlives a kill")
            which.kill()
            time.sleep(OUTAGE_S)
            which.start()

        return fault

    first, second = fleet.workers
    return {
        f"kill -9 {first}": killed(first),
        f"kill -9 {second}": killed(second),
        "kill -9 serve": killed("serve"),
        "kill -9 tickets-api": killed("tickets-api"),
        f"SIGSTOP {first}": frozen(first),
        f"SIGSTOP {second}": frozen(second),
        f"TERM {first}": lambda: fleet.restart(first),
        "TERM serve": lambda: fleet.restart("serve"),
        "wipe broker": broker.wipe,
        "kill -9 broker": crashed(server),
        "kill -9 database": crashed(database),
    }
