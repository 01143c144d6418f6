"""The calls of a grouped storm of alerts, and the wait of an urgent case; simulated clock, real claim."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from benchmarks.parts.simulation import SimulatedClock, Simulation
from benchmarks.parts.storms import Arrival
from connectors.contract.events import Event, Opened, Priority, Resolved, digest
from connectors.contract.messages import Inbound, Parsed
from tickets.server.limits import Limit
from worker.ledger import Delivery, Limits, Terms
from worker.ledger.schema.tables import cases, members, operations
from worker.planning.grouping import PREFIX
from worker.planning.model import Group, Policy, Treatment

from .builders import LEASE, PROBE, WINDOW, rows
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

ALERTS, GROUPS = 10_000, 40
TOGETHER = 50  # alerts in one delivery
LASTS_S, ENDS_S = 60.0, 900.0


def said(clock: SimulatedClock, kind: type[Event], name: str, at: float, priority: Priority = "medium") -> Event:
    began, now = clock() + timedelta(seconds=-clock.seconds), clock() + timedelta(seconds=at - clock.seconds)
    return kind(
        case_key=name,
        source_message_id=f"{name}:{kind.__name__}",
        occurred_at=now,
        started_at=began,
        subject=f"Host {name} is down",
        text=f"Host {name} does not answer. Severity: {priority}.",
        content_digest=digest(name),
        priority=priority,
    )


def arrival(clock: SimulatedClock, kind: type[Event], names: list[str], at: float) -> Arrival:
    """Build a delivery about some alerts of one group."""
    group = names[0].partition("-")[0]
    treatments = (Treatment(Policy(), group=Group(f"{PREFIX}{group}", f"rack={group}")),) * len(names)
    events = tuple(said(clock, kind, name, at) for name in names)
    arrived = Inbound("prom", clock(), f"{kind.__name__} {names[0]}".encode())
    return Arrival(at, (Delivery(arrived, Parsed(events), treatments=treatments),))


def test_a_storm_in_forty_groups_costs_few_calls_names_everybody_and_holds_up_nothing_urgent(
    make_ledger: MakeLedger,
) -> None:
    clock = SimulatedClock()
    ledger = make_ledger(may_group=True, clock=clock)
    ledger.upgrade()
    by_group = [[f"r{number}-{each}" for each in range(ALERTS // GROUPS)] for number in range(GROUPS)]
    parts = [names[first : first + TOGETHER] for names in by_group for first in range(0, len(names), TOGETHER)]
    chance = random.Random(1)  # noqa: S311 — the same each time
    chance.shuffle(parts)
    plays = [arrival(clock, Opened, part, LASTS_S * n / len(parts)) for n, part in enumerate(parts)]
    plays += [arrival(clock, Resolved, part, ENDS_S + LASTS_S * n / len(parts)) for n, part in enumerate(parts)]
    urgent = said(clock, Opened, "payments", LASTS_S / 2, "urgent")
    plays.append(Arrival(LASTS_S / 2, (Delivery(Inbound("prom", clock(), b"urgent"), Parsed((urgent,))),)))

    terms = Terms(LEASE, WINDOW, PROBE, Limits(100, 20))
    simulation = Simulation(ledger, clock, Limit.named("production"), terms, chance)
    simulation.play(sorted(plays, key=lambda each: each.at))

    made = rows(ledger, operations)
    assert {each["state"] for each in made} == {"done", "folded"}
    sent = [each for each in made if each["state"] == "done"]
    text = "\n".join(each["request"].decode() for each in sent)
    assert all(f"Host {name} is down" in text for names in by_group for name in names)
    by_key = {each["key"]: each for each in rows(ledger, cases)}
    assert {each["phase"] for each in rows(ledger, members)} == {"closed"}
    assert {by_key[f"{PREFIX}r{number}"]["phase"] for number in range(GROUPS)} == {"closed"}
    assert simulation.refused == 0
    assert len(sent) / ALERTS <= 0.05
    (number,) = [each["seq"] for each in made if each["case_id"] == by_key["payments"]["id"]]
    assert simulation.reached[by_key["payments"]["id"], number] - LASTS_S / 2 <= 3
