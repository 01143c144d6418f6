"""A Tickets API that is dead for an hour: the alarm is up while it lasts, and every promise is kept afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.homes import Home
from tests.engine.network import Fate
from tests.engine.simulation import Simulation
from worker.ledger import alarms

HOUR = timedelta(hours=1)
ROUND_S = 30.0
DEAD: tuple[Fate, ...] = ("refused connection", "500 before", "500 after", "503", "lost", "late")
DELIVERY_FAILING = "delivery_failing"


def names(world: Simulation) -> set[str]:
    return {each.name for each in alarms(world.ledger.overview(), world.timing)}


def deliver(world: Simulation, fate: Fate) -> None:
    """Claim everything that is due, and let each call meet this fate."""
    world.take_back()
    for kind in sorted(world.ledger.due_kinds()):
        while world.claim("A", kind):
            world.send("A")
            if (flight := world.flight_of("A")) is not None:
                world.decide(flight, fate)
            world.settle("A")


def up_during(world: Simulation, fate: Fate) -> list[bool]:
    """Let the service meet every call of an hour with this fate; returns whether the alarm was up after each round."""
    until = world.time.now + HOUR
    found = []
    while world.time.now < until:
        deliver(world, fate)
        world.advance(ROUND_S)
        found.append(DELIVERY_FAILING in names(world))
    return found


def outlives(world: Simulation, fate: Fate, cases: int) -> None:
    """Check the alarm through an hour without an answer, and after it."""
    try:
        for number in range(cases):
            world.tell(world.say.about(f"disk-{number}", "opening", world.time.now))
        rounds = up_during(world, fate)
        begun = rounds.index(True)
        assert 120 <= (begun + 1) * ROUND_S <= 300, "after two minutes, and with the next failed call"
        assert all(rounds[begun:]), "it stays up until a call is answered"
        world.finish()
        assert names(world) == set()
        assert [each.effect.kind for each in world.log.caused] == ["create_ticket"] * cases
    finally:
        world.close()


@pytest.mark.parametrize("fate", DEAD)
def test_the_alarm_is_up_through_a_dead_hour_and_over_with_the_first_answer(on_sqlite: Home, fate: Fate) -> None:
    outlives(Simulation(on_sqlite), fate, 3)


@pytest.mark.parametrize("fate", ["refused connection", "500 before"])
def test_one_ticket_is_enough_for_the_alarm(on_sqlite: Home, fate: Fate) -> None:
    outlives(Simulation(on_sqlite), fate, 1)


@pytest.mark.postgresql
def test_the_alarm_is_up_through_a_dead_hour_on_postgresql(on_postgresql: Home) -> None:
    outlives(Simulation(on_postgresql), "500 after", 3)


@pytest.mark.parametrize("fate", ["422", "401", "429"])
def test_an_hour_of_refusals_is_no_dead_hour(on_sqlite: Home, fate: Fate) -> None:
    world = Simulation(on_sqlite)
    try:
        for number in range(3):
            world.tell(world.say.about(f"disk-{number}", "opening", world.time.now))
        assert not any(up_during(world, fate))
    finally:
        world.close()
