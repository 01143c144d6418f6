"""Conditions that hold for a while, for every kind of deployment: see `Fault`."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.acceptance.brokers import Proxy
from tests.acceptance.chaos.faults import Fault
from tests.acceptance.chaos.hooks import Switches
from tests.acceptance.deployments import Site, alert, body

SLOW_S = 6.0
NEAR, FAR = timedelta(seconds=90), timedelta(minutes=45)
"""Steps of the clock. After one of more than half an hour back, idempotency keys are not trusted."""
HALF_OPEN_S = 3.0
SILENT_CLIENTS = 40

API_ANSWERS_500: tuple[Mapping[str, Any], ...] = ({"action": "status", "when": "before", "status": 500},)
API_RESETS: tuple[Mapping[str, Any], ...] = ({"action": "reset", "when": "before"},)
API_IS_SILENT: tuple[Mapping[str, Any], ...] = (
    {"action": "latency", "when": "before", "seconds": 1.3, "probability": 0.5},  # takes effect after it was given up
    {"action": "latency", "when": "after", "seconds": 3.0},
)


def slow_commits(switches: Switches) -> Fault:
    def switch(slow: bool) -> Callable[[], None]:
        return lambda: setattr(switches, "commits_are_slow", slow)

    return Fault(switch(True), switch(False), SLOW_S)


def clock_steps(set_off: Callable[[timedelta], None]) -> dict[str, Fault]:
    """Return the steps of the clock. `set_off` sets by how much it is off; that never adds up to more than a step each.

    A near step goes forward the first time, and back the next time; a far step goes back first.
    """
    off = {"near": timedelta(0), "far": timedelta(0)}

    def steps(name: str, places: Sequence[timedelta]) -> Fault:
        places_in_turn = itertools.cycle(places)

        def step() -> None:
            off[name] = next(places_in_turn)
            set_off(sum(off.values(), timedelta(0)))

        return Fault(step, alarm="clock_jumped")

    zero = timedelta(0)
    return {
        f"clock set by {NEAR.seconds} s": steps("near", [NEAR, zero]),
        f"clock set by {FAR.seconds // 60} min": steps("far", [-FAR, zero]),
    }


def dead_api(site: Site, rules: Sequence[Mapping[str, Any]]) -> Fault:
    """Return a Tickets API that treats all requests by these rules alone."""

    def begin() -> None:
        site.clear_faults()
        for rule in rules:
            site.add_fault(**rule)

    return Fault(begin, site.clear_faults, alarm="delivery_failing", forgets=True)


def half_open(proxy: Proxy, alarm: str | None = None) -> Fault:
    """Return connections that stay open and carry nothing, and are reset in the end; requests under way are lost."""

    def end() -> None:
        proxy.cut()
        proxy.mend()

    return Fault(proxy.freeze, end, HALF_OPEN_S, alarm)


def silent_clients(intake: str, secret: str) -> Fault:
    """Return senders that connect, and send nothing, or half of a delivery, which must have no effect."""
    address = urlsplit(intake)
    connections: list[socket.socket] = []

    def begin() -> None:
        for number in range(SILENT_CLIENTS):
            made = socket.create_connection((address.hostname, address.port), 10)
            connections.append(made)
            if number % 2:
                made.sendall(_half_of_a_delivery(secret))

    def end() -> None:
        while connections:
            connections.pop().close()

    return Fault(begin, end, HALF_OPEN_S)


def _half_of_a_delivery(secret: str) -> bytes:
    whole = body([alert()])
    head = (
        "POST /in/alertmanager HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Length: {len(whole)}\r\n\r\n"
    )
    return head.encode() + whole[: len(whole) // 2]
