"""Hypothesis state machine: it chooses the steps, searches for a broken promise, and shortens the steps found.

The machine has one rule, and a table of how often each step is chosen. With a rule for each step, Hypothesis leaves
many steps out of most examples, and operations are rarely delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.engine.homes import Home
from tests.engine.messages import NEWS, News
from tests.engine.network import FATES, Fate
from tests.engine.rules import Rules
from tests.engine.simulation import WORKERS, Decision, Simulation

HOUR = 3600.0
UNTIL_DUE = 0.0
# Within a call, past its time-out, past the fence, past a lease, past a ghost wait, past the search's lag, past the
# window of reopening, around the end of the key window, past the service's memory.
PAUSES = (UNTIL_DUE, 1.0, 21.0, 36.0, 61.0, 125.0, 400.0, 3700.0, 22.9 * HOUR, 23 * HOUR, 25 * HOUR)
# Too small to matter, within a ghost wait, past it, past the reach of a key's window, and both ways.
CLOCK_STEPS = (0.5, 5.0, 90.0, 2 * HOUR, 30 * HOUR, -0.5, -5.0, -90.0, -600.0, -2 * HOUR, -30 * HOUR)
DECISIONS: tuple[Decision, ...] = ("retry", "skip", "edit", "bind")

Step = tuple[Any, ...]
_case = st.sampled_from(("disk", "disk", "cpu"))
_worker = st.sampled_from(WORKERS)
_which = st.integers(0, 7)
_fate = st.sampled_from(("answered", "answered", *FATES))

WEIGHTS: Mapping[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = {
    "tell": (6, (_case, st.sampled_from(NEWS))),
    "tell again": (1, (_which,)),
    "deliver": (8, (_worker, _which, _fate)),
    "begin": (4, (_worker, _which, st.booleans())),
    "go on": (5, (_which, _fate, st.booleans())),
    "arrive": (3, (_which,)),
    "kill": (1, (_which,)),
    "freeze or wake": (1, (_which,)),
    "wait": (6, (st.sampled_from(PAUSES), st.sampled_from((True, True, False)))),
    "decide": (2, (_which, st.sampled_from(DECISIONS))),
    "set pending": (1, (_which,)),
    "set clock": (1, (st.sampled_from(CLOCK_STEPS),)),
    "back up": (1, ()),
    "restore": (1, (st.booleans(),)),
}
"""Step -> how often it is chosen, and its arguments."""

_names = st.sampled_from([name for name, (weight, _) in WEIGHTS.items() for _ in range(weight)])
steps: st.SearchStrategy[Step] = _names.flatmap(lambda name: st.tuples(st.just(name), *WEIGHTS[name][1]))


class EngineMachine(RuleBasedStateMachine):
    """Two workers, two cases, and everything that can go wrong with them."""

    home: ClassVar[Home]
    rules_on: ClassVar[Rules] = Rules()

    def __init__(self) -> None:
        super().__init__()
        self.world = Simulation(self.home, self.rules_on)
        self._is_broken = False

    @rule(step=steps)
    def step(self, step: Step) -> None:
        self._is_broken = True
        take(self.world, step)
        self._is_broken = False

    def teardown(self) -> None:
        """Finish without faults: all started work must come to a correct end."""
        try:
            if not self._is_broken:
                self.world.finish()
        finally:
            self.world.close()


def take(world: Simulation, step: Step) -> None:
    """Take one step; an impossible step does nothing. Raises Violation."""
    name, *arguments = step
    _TAKE[name](world, *arguments)


def _tell(world: Simulation, case: str, what: News) -> None:
    world.tell(world.say.about(case, what, world.time.now))


def _tell_again(world: Simulation, which: int) -> None:
    if world.sent:
        world.tell(world.sent[-1 - which % len(world.sent)])


def _claim(world: Simulation, name: str, which: int) -> bool:
    due = sorted(world.ledger.due_kinds())
    return bool(due) and world.workers[name].stage == "idle" and world.claim(name, due[which % len(due)])


def _deliver(world: Simulation, name: str, which: int, fate: Fate) -> None:
    """A worker claims, sends and settles without a pause."""
    if _claim(world, name, which):
        world.send(name)
        if (flight := world.flight_of(name)) is not None:
            world.decide(flight, fate)
        if world.workers[name].stage == "answered":
            world.settle(name)


def _begin(world: Simulation, name: str, which: int, sends: bool) -> None:
    """A worker claims, and its request may leave."""
    if _claim(world, name, which) and sends:
        world.send(name)


def _go_on(world: Simulation, which: int, fate: Fate, twice: bool) -> None:
    """Do the next step of a worker with a claim: send, let the request meet its fate, or settle."""
    if not (busy := world.busy()):
        return
    name = busy[which % len(busy)]
    stage = world.workers[name].stage
    if stage == "claimed":
        world.send(name)
    elif stage == "answered":
        world.settle(name, twice=twice)
    elif (flight := world.flight_of(name)) is not None:
        world.decide(flight, fate)


def _arrive(world: Simulation, which: int) -> None:
    """A request, possibly abandoned long ago, reaches the service."""
    if alive := world.alive():
        world.arrive(alive[which % len(alive)])


def _kill(world: Simulation, which: int) -> None:
    if held := world.held():
        world.kill(held[which % len(held)])


def _freeze_or_wake(world: Simulation, which: int) -> None:
    if held := world.held():
        name = held[which % len(held)]
        (world.wake if world.workers[name].is_frozen else world.freeze)(name)


def _wait(world: Simulation, seconds: float, dispatches: bool) -> None:
    """Let time pass; dispatch takes back expired leases, as it does every second, or does not run."""
    if seconds == UNTIL_DUE:
        world.wait_for_what_is_next()
    else:
        world.advance(seconds)
    if dispatches:
        world.take_back()


def _decide(world: Simulation, which: int, decision: Decision) -> None:
    if dead_letters := world.dead_letters():
        dead_letter = dead_letters[which % len(dead_letters)]
        is_create = world.row(dead_letter).kind == "create_ticket"
        world.decide_on(dead_letter, decision if is_create or decision != "bind" else "retry")


def _set_pending(world: Simulation, which: int) -> None:
    if tickets := sorted(each.ticket_id for each in world.seen.tickets.values()):
        world.set_pending(tickets[which % len(tickets)])


def _set_clock(world: Simulation, seconds: float) -> None:
    world.step_clock(seconds)


def _back_up(world: Simulation) -> None:
    if world.home.can_be_backed_up:
        world.back_up()


def _restore(world: Simulation, sources_send_again: bool) -> None:
    if world.backed_up is not None:
        world.restore(sources_send_again=sources_send_again)


_TAKE: Mapping[str, Callable[..., None]] = {
    "tell": _tell,
    "tell again": _tell_again,
    "deliver": _deliver,
    "begin": _begin,
    "go on": _go_on,
    "arrive": _arrive,
    "kill": _kill,
    "freeze or wake": _freeze_or_wake,
    "wait": _wait,
    "decide": _decide,
    "set pending": _set_pending,
    "set clock": _set_clock,
    "back up": _back_up,
    "restore": _restore,
}


def search(home: Home, rules: Rules, *, examples: int, length: int, number: int = 0, shrink: bool = True) -> None:
    """Search for a broken promise in that many orders of events. Raises Violation with the shortest one found."""

    class Machine(EngineMachine):
        pass

    Machine.home, Machine.rules_on = home, rules
    factory: type[RuleBasedStateMachine] = seed(number)(Machine)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=length,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(factory, settings=chosen)
