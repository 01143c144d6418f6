"""The ledger's clock is set, both ways, while calls are under way: no promise breaks, and work goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.engine.homes import Home
from tests.engine.machine import CLOCK_STEPS, HOUR, UNTIL_DUE, Step
from tests.engine.network import Fate
from tests.engine.rules import UNLIMITED, Rules
from tests.engine.simulation import Simulation
from tests.engine.test_slow_commits import Storm, most_in
from tests.engine.walks import play
from worker.ledger import ClockWatch
from worker.ledger.schema.tables import budget
from worker.planning.model import Kind

CREATE: Kind = "create_ticket"
BOTH = ["on_sqlite", pytest.param("on_postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[Simulation]:
    made = Simulation(request.getfixturevalue(request.param))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def storm(request: pytest.FixtureRequest) -> Iterator[Storm]:
    made = Storm(request.getfixturevalue(request.param))
    yield made
    made.world.close()


def tell(world: Simulation, *cases: str) -> None:
    for each in cases:
        world.tell(world.say.about(each, "opening", world.time.now))


def deliver(world: Simulation, kind: Kind, fate: Fate = "answered") -> None:
    """Let A make the next call of this kind."""
    assert world.claim("A", kind)
    world.send("A")
    end(world, fate)


def end(world: Simulation, fate: Fate) -> None:
    """Let the call of A that is under way end, and settle it."""
    flight = world.flight_of("A")
    assert flight is not None
    world.decide(flight, fate)
    assert world.settle("A")


def jump_of(world: Simulation) -> tuple[float | None, float | None]:
    """Return by how much the gate says that the clock jumped, and how many seconds it stays closed."""
    with world.ledger.database.read() as connection:
        row = connection.exec_driver_sql("SELECT jumped_by, jump_until FROM gate WHERE id = 1").one()
    left = None if row[1] is None else row[1] / 1e6 - world.time.now.timestamp()
    return row[0], left


def begin_anew(world: Simulation) -> None:
    """End every process, and start it again."""
    for name in ("A", "B"):
        if world.workers[name].stage == "idle":
            world.workers[name].watch = ClockWatch(world.time.seconds)
        else:
            world.kill(name)


def is_closed(world: Simulation) -> bool:
    return not world.ledger.due_kinds()


OPEN_AND_CLOSED: tuple[Step, ...] = (
    ("tell", "disk", "opening"), ("deliver", "A", 0, "answered"), ("tell", "disk", "end"),
    ("deliver", "A", 0, "answered"), ("wait", 1.0, True),
)  # fmt: skip


@pytest.mark.parametrize("seconds", CLOCK_STEPS)
def test_a_late_request_does_not_land_after_its_successors_though_the_clock_is_set(
    on_sqlite: Home, seconds: float
) -> None:
    steps: tuple[Step, ...] = (
        *OPEN_AND_CLOSED, ("tell", "disk", "opening"), ("begin", "A", 0, True), ("set clock", seconds),
        ("wait", 1.0, True), ("tell", "disk", "comment"), ("tell", "disk", "end"),
        *(("deliver", "B", 0, "answered"),) * 3, ("wait", UNTIL_DUE, True), *(("deliver", "B", 0, "answered"),) * 3,
        ("arrive", 0),
    )  # fmt: skip
    found = play(on_sqlite, Rules(), steps)
    assert found is None, found


def test_a_step_forward_ends_no_lease_of_a_call_under_way(world: Simulation) -> None:
    tell(world, "disk")
    world.claim("A", CREATE)
    world.send("A")
    world.step_clock(HOUR)
    assert world.take_back() == 0
    world.advance(59)
    assert world.take_back() == 0
    world.advance(1)
    assert world.take_back() == 1
    (case,) = world.seen.cases.values()
    assert case.run_at == world.time.now + timedelta(seconds=60)


@pytest.mark.parametrize("seconds", [90.0, -90.0, 2 * HOUR, -2 * HOUR])
def test_a_step_closes_the_gate_for_all_processes_once_and_until_every_wait_has_really_passed(
    world: Simulation, seconds: float
) -> None:
    tell(world, "disk")
    world.step_clock(seconds)
    assert not world.claim("A", CREATE)
    by, left = jump_of(world)
    assert by == pytest.approx(seconds)
    assert left == pytest.approx(60)
    world.take_back()
    world.advance(30)
    assert not world.claim("B", CREATE)
    assert jump_of(world)[1] == pytest.approx(30)
    world.advance(30)
    assert world.claim("B", CREATE)


@pytest.mark.parametrize("seconds", [0.9, -0.9])
def test_what_reading_and_drift_explain_is_no_step(world: Simulation, seconds: float) -> None:
    tell(world, "disk")
    world.step_clock(seconds)
    world.advance(1)
    assert world.claim("A", CREATE)
    assert jump_of(world) == (None, None)


def test_the_gate_stays_closed_until_the_times_are_mended(world: Simulation) -> None:
    tell(world, "disk")
    world.step_clock(-HOUR)
    assert not world.claim("A", CREATE)
    world.advance(3 * HOUR)
    assert is_closed(world)
    world.take_back()
    world.advance(60)
    assert world.claim("A", CREATE)


def test_after_a_step_back_a_case_waits_as_long_as_it_was_meant_to(world: Simulation) -> None:
    tell(world, "disk", "cpu")
    deliver(world, CREATE, "500 before")  # due after the ghost wait
    world.step_clock(-2 * HOUR)
    world.take_back()
    meant = timedelta(seconds=60)
    assert all(each.run_at <= world.time.now + meant for each in world.seen.cases.values() if each.state == "ready")
    world.advance(61)
    world.take_back()
    assert world.claim("B", CREATE)


def test_after_a_step_back_a_case_without_work_does_not_delay_what_is_told_about_it_next(world: Simulation) -> None:
    tell(world, "disk")
    deliver(world, CREATE)
    tell(world, "cpu")
    world.claim("B", CREATE)
    assert sorted(each.state for each in world.seen.cases.values()) == ["idle", "leased"]
    world.step_clock(-2 * HOUR)
    world.take_back()
    assert all(each.run_at <= world.time.now for each in world.seen.cases.values())
    world.advance(61)
    world.tell(world.say.about("disk", "comment", world.time.now))
    assert world.claim("A", "add_note")


def test_a_step_back_of_more_than_half_an_hour_makes_no_key_prove_anything(world: Simulation) -> None:
    tell(world, "disk")
    deliver(world, CREATE, "answer lost")
    world.step_clock(-HOUR)
    world.take_back()
    (operation,) = world.seen.operations.values()
    assert (operation.ambiguous, operation.unproven) == (True, True)
    world.advance(120)
    world.take_back()
    world.claim("A", CREATE)
    assert world.workers["A"].held.mode == "look_up"


def test_a_call_that_was_under_way_when_the_clock_was_set_far_back_is_looked_up(world: Simulation) -> None:
    tell(world, "disk")
    world.claim("A", CREATE)
    world.send("A")
    world.step_clock(-HOUR)
    world.take_back()
    end(world, "answer lost")
    world.advance(120)
    world.take_back()
    world.claim("B", CREATE)
    assert world.workers["B"].held.mode == "look_up"


def test_a_create_in_doubt_that_was_sent_by_a_clock_ahead_is_looked_up_in_its_time(world: Simulation) -> None:
    tell(world, "disk")
    world.step_clock(HOUR)
    world.take_back()
    world.advance(61)
    world.claim("A", CREATE)
    world.send("A")
    world.step_clock(-HOUR)
    world.take_back()
    end(world, "lost")
    began = world.time.seconds()
    world.finish()
    assert world.time.seconds() - began < 15 * 60
    assert [each.effect.kind for each in world.log.caused] == ["create_ticket"]


def test_a_small_step_back_leaves_the_keys_their_proof(world: Simulation) -> None:
    tell(world, "disk")
    deliver(world, CREATE, "answer lost")
    world.step_clock(-90)
    world.take_back()
    world.advance(240)
    world.claim("A", CREATE)
    assert world.workers["A"].held.mode == "send"


def test_a_start_at_a_time_before_the_newest_claim_is_a_jump_and_a_start_alone_is_none(world: Simulation) -> None:
    tell(world, "disk", "cpu")
    world.claim("A", CREATE)
    begin_anew(world)
    assert world.claim("B", CREATE)
    world.time.step(-HOUR)  # while no process ran
    begin_anew(world)
    tell(world, "new")
    assert not world.claim("A", CREATE)
    by, _ = jump_of(world)
    assert by == pytest.approx(-HOUR)
    world.take_back()
    world.advance(61)
    world.workers["B"].watch = ClockWatch(
        world.time.seconds
    )  # a start; the newest claim is still ahead, and the gate has this jump
    assert world.claim("B", CREATE)


@pytest.mark.parametrize("seconds", [2 * HOUR, 90.0, 10.0, -10.0, -90.0, -2 * HOUR])
def test_no_window_of_the_service_holds_more_than_its_limit_though_the_clock_is_set(
    storm: Storm, seconds: float
) -> None:
    storm.tell(40)
    storm.run(lambda: len(storm.left) == 10, seconds=60)
    storm.world.step_clock(seconds)
    storm.run(lambda: len(storm.left) == 20, seconds=20)
    storm.world.step_clock(seconds / 2)
    storm.run(lambda: False, seconds=60)
    storm.world.take_back()
    storm.run(lambda: len(storm.left) == 40, seconds=900)
    assert len(storm.left) == 40
    assert most_in(storm.left, 60) <= 10
    with storm.world.ledger.database.read() as connection:
        assert all(each.at <= storm.world.time.now for each in connection.execute(budget.select()))


def test_every_step_both_ways_in_one_walk_breaks_no_promise(on_sqlite: Home) -> None:
    one = [("tell", "disk", "opening"), ("deliver", "A", 0, "answer lost"), ("tell", "disk", "end")]
    steps: list[Step] = []
    for each in CLOCK_STEPS:
        steps += [*one, ("begin", "B", 0, True), ("set clock", each), ("wait", 61.0, True), ("arrive", 0)]
    found = play(on_sqlite, Rules(), steps)
    assert found is None, found


def test_without_a_limit_the_gate_is_closed_for_the_ghost_wait_alone(world: Simulation) -> None:
    assert world.terms.limits == UNLIMITED
    world.step_clock(HOUR)
    world.take_back()
    assert jump_of(world)[1] == pytest.approx(60)
