"""Deployments under test: one process with everything in it, or a fleet with its own servers.

Each has a table of the faults that its processes and servers can meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg

from tests.acceptance.brokers import Proxy
from tests.acceptance.chaos.conditions import (
    API_ANSWERS_500,
    API_IS_SILENT,
    API_RESETS,
    clock_steps,
    dead_api,
    half_open,
    silent_clients,
    slow_commits,
)
from tests.acceptance.chaos.faults import Fault, Faults
from tests.acceptance.chaos.hooks import VARIABLE, Switches, install
from tests.acceptance.deployments import API_KEY, QUICK, Embedded, Fleet, Site
from tests.acceptance.processes import answers, wait_until
from tests.connectors.slack.builders import CHANNEL
from tests.killable import Server
from tests.own_servers import outlives_a_kill, own_postgresql, own_rabbitmq, own_redis
from tests.servers import Broker

Kind = Literal["embedded", "redis", "rabbitmq"]
QUEUE = "ticketrelay"
API = "tickets-api"

TIMINGS = {
    **QUICK,
    # An abandoned request lives 0.3 s more here (1.3 s of latency, less the time-out); the rest allows for a busy
    # machine on which the Tickets API handles the request late.
    "TICKETRELAY_TIMING__REQUEST_LIFE": "1.5",
    "TICKETRELAY_TIMING__GHOST_WAIT": "1.5",
    "TICKETRELAY_TIMING__BACKOFF_CAP": "2.0",
    "TICKETRELAY_TIMING__SEARCH_SETTLES": "7.5",
    "TICKETRELAY_TIMING__PROBE_INTERVAL": "1.5",
    "TICKETRELAY_TIMING__BREAKER_WINDOW": "1.5",
    "TICKETRELAY_TIMING__BREAKER_AFTER": "0.5",
    "TICKETRELAY_TIMING__FAILING_ALARM": "3.0",
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
    intake: str
    """Where senders reach the intake: through a proxy."""
    now: Callable[[], datetime]
    """The wall clock of its machine."""
    kills: Faults
    conditions: Faults

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
    switches = Switches(folder / "switches")
    environment = ENVIRONMENT | {"TICKETRELAY_API__KEY": API_KEY, VARIABLE: str(switches.path)}
    run = Embedded(folder / "var", environment, limit=limit or "none", before=install)

    def killed() -> None:
        run.kill()
        run.start()

    def ended() -> None:
        run.end()
        run.start()

    def set_off(by: timedelta) -> None:
        switches.clock_is_off_by = by

    kills = {
        "kill -9 run": Fault(killed, forgets=True),
        "SIGSTOP run": Fault(run.freeze, run.thaw, FREEZE_S),
        "TERM run": Fault(ended, forgets=True),
    }
    with ExitStack() as stack:
        stack.callback(run.site.close)
        stack.callback(run.kill)
        run.start()
        proxy = _proxy_to(run.site.intake, stack)
        conditions = {
            "slow commits": slow_commits(switches),
            **clock_steps(set_off),
            "API resets": dead_api(run.site, API_RESETS),
            "API answers 500": dead_api(run.site, API_ANSWERS_500),
            "API silent": dead_api(run.site, API_IS_SILENT),
            "half-open senders": half_open(proxy),
            "silent clients": silent_clients(run.site.intake, SECRET),
        }
        yield Deployment(run.site, f"http://127.0.0.1:{proxy.port}", switches.now, kills, conditions)


def _proxy_to(url: str, stack: ExitStack) -> Proxy:
    address = urlsplit(url)
    proxy = Proxy(address.hostname or "", address.port or 0)
    stack.callback(proxy.close)
    return proxy


@contextmanager
def _fleet(kind: Literal["redis", "rabbitmq"], folder: Path, limit: str | None) -> Iterator[Deployment]:
    minute, _, second = (limit or "/").partition("/")
    budget = {"TICKETRELAY_API__PER_MINUTE": minute, "TICKETRELAY_API__PER_SECOND": second}
    switches = Switches(folder / "switches")
    with ExitStack() as stack:
        database = stack.enter_context(own_postgresql(folder))
        _make_clock(database)
        server = stack.enter_context(own_redis(folder) if kind == "redis" else own_rabbitmq(folder))
        broker = Broker(server.url, QUEUE)
        environment = broker.environment | ENVIRONMENT | budget | {VARIABLE: str(switches.path)}
        fleet = Fleet(folder, database.url, environment, mail=False, limit=limit or "none", before=install)
        stack.callback(fleet.kill_all)
        to_intake, to_api = (_proxy_to(each, stack) for each in (fleet.site.intake, fleet.site.api))
        fleet.environment["TICKETRELAY_API__URL"] = f"http://127.0.0.1:{to_api.port}{urlsplit(fleet.site.api).path}"
        fleet.start()
        conditions = {
            "slow commits": slow_commits(switches),
            **clock_steps(lambda by: _set_clock(database, by)),
            **_api_conditions(fleet, to_api),
            "half-open senders": half_open(to_intake),
            "silent clients": silent_clients(fleet.site.intake, SECRET),
        }
        kills = _fleet_kills(fleet, database, server, broker)
        intake = f"http://127.0.0.1:{to_intake.port}"
        yield Deployment(fleet.site, intake, lambda: datetime.now(UTC), kills, conditions)


def _fleet_kills(fleet: Fleet, database: Server, server: Server, broker: Broker) -> dict[str, Fault]:
    def killed(name: str) -> Fault:
        def fault() -> None:
            fleet.kill(name)
            fleet.start_one(name)
            if name == API:
                _wait_for_api(fleet)
            else:
                fleet.wait_until_ready(name)

        return Fault(fault, forgets=name == API)

    def frozen(name: str) -> Fault:
        return Fault(lambda: fleet.freeze(name), lambda: fleet.thaw(name), FREEZE_S)

    def crashed(which: Server) -> Fault:
        def begin() -> None:
            if which.url.startswith("amqp"):
                # RabbitMQ loses a queue forever if the node is killed a moment after the declaration.
                wait_until(lambda: outlives_a_kill(which, QUEUE), "a queue that outlives a kill")
            which.kill()

        return Fault(begin, which.start, OUTAGE_S)

    first, second = fleet.workers
    return {
        f"kill -9 {first}": killed(first),
        f"kill -9 {second}": killed(second),
        "kill -9 serve": killed("serve"),
        f"kill -9 {API}": killed(API),
        f"SIGSTOP {first}": frozen(first),
        f"SIGSTOP {second}": frozen(second),
        f"TERM {first}": Fault(lambda: fleet.restart(first)),
        "TERM serve": Fault(lambda: fleet.restart("serve")),
        "wipe broker": Fault(broker.wipe),
        "kill -9 broker": crashed(server),
        "kill -9 database": crashed(database),
    }


def _api_conditions(fleet: Fleet, proxy: Proxy) -> dict[str, Fault]:
    """Return the conditions of the Tickets API, which the workers reach through the proxy."""

    def refuse() -> None:
        proxy.cut()
        fleet.kill(API)

    def serve_again() -> None:
        fleet.start_one(API)
        _wait_for_api(fleet)
        proxy.mend()

    failing = "delivery_failing"
    return {
        "API refuses connections": Fault(refuse, serve_again, alarm=failing, forgets=True),
        "API frozen": Fault(lambda: fleet.freeze(API), lambda: fleet.thaw(API), alarm=failing),
        "API answers 500": dead_api(fleet.site, API_ANSWERS_500),
        "half-open connections to the API": half_open(proxy, failing),
    }


def _wait_for_api(fleet: Fleet) -> None:
    wait_until(lambda: answers(f"{fleet.site.api}/health"), "a Tickets API that answers")


# The clock of PostgreSQL

CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.off (by interval NOT NULL);
INSERT INTO clock.off VALUES ('0');
CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$ SELECT pg_catalog.clock_timestamp() + by FROM clock.off $$;
ALTER DATABASE postgres SET search_path = clock, pg_catalog, public;
"""
"""The clock that every session finds before PostgreSQL's own. The ledger's tables are made in its schema too."""


def _make_clock(database: Server) -> None:
    with psycopg.connect(_address(database), autocommit=True) as connection:
        connection.execute(CLOCK)


def _set_clock(database: Server, by: timedelta) -> None:
    with psycopg.connect(_address(database), autocommit=True) as connection:
        connection.execute("UPDATE clock.off SET by = %s", [by])


def _address(database: Server) -> str:
    return database.url.replace("postgresql+psycopg:", "postgresql:")
