"""Random walks: steps are chosen independently, by weight; a walk that breaks a promise is shortened.

Hypothesis prefers small and similar examples. A walk of independent steps costs the same, and reaches orders of events
that Hypothesis rarely reaches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.engine.homes import Home
from tests.engine.machine import CLOCK_STEPS, DECISIONS, PAUSES, Step, take
from tests.engine.messages import NEWS
from tests.engine.network import FATES
from tests.engine.promises import Violation
from tests.engine.rules import Rules
from tests.engine.simulation import WORKERS, Simulation


@dataclass(frozen=True, slots=True)
class Found:
    """A broken promise, and the steps that break it."""

    violation: str
    steps: tuple[Step, ...]


def play(home: Home, rules: Rules, steps: Sequence[Step]) -> Found | None:
    """Take the steps, then let all work end; returns the first broken promise, with the steps up to there."""
    world = Simulation(home, rules)
    taken: list[Step] = []
    try:
        for each in steps:
            taken.append(each)
            take(world, each)
        world.finish()
    except Violation as violation:
        return Found(str(violation), tuple(taken))
    finally:
        world.close()
    return None


def walk(number: int, length: int) -> list[Step]:
    """Return the walk of that number, which is always the same."""
    dice = random.Random(number)  # noqa: S311 (repeatable, not secret)
    names = dice.choices([*_WEIGHTS], [*_WEIGHTS.values()], k=length)
    return [_step(dice, name) for name in names]


_WEIGHTS = {
    "tell": 14, "tell again": 2, "deliver": 20, "begin": 8, "go on": 14, "arrive": 6, "kill": 3, "freeze or wake": 3,
    "wait": 16, "decide": 3, "set pending": 1, "set clock": 1, "back up": 1, "restore": 1,
}  # fmt: skip


def _step(dice: random.Random, name: str) -> Step:
    which, worker = dice.randrange(8), dice.choice(WORKERS)
    fate = dice.choice(("answered",) * 10 + FATES)
    arguments: dict[str, tuple[object, ...]] = {
        "tell": (dice.choice(("disk", "disk", "cpu")), dice.choice(NEWS)),
        "deliver": (worker, which, fate),
        "begin": (worker, which, dice.random() < 0.7),
        "go on": (which, fate, dice.random() < 0.2),
        "wait": (dice.choice(PAUSES), dice.random() < 0.8),
        "decide": (which, dice.choice(DECISIONS)),
        "set clock": (dice.choice(CLOCK_STEPS),),
        "back up": (),
        "restore": (dice.random() < 0.5,),
    }
    return (name, *arguments.get(name, (which,)))


def search(home: Home, rules: Rules, *, numbers: Iterator[int] | range, length: int) -> tuple[int, Found | None]:
    """Walk until a promise breaks, or the numbers end; returns the number of walks, and the shortened finding."""
    walked = 0
    for number in numbers:
        walked += 1
        if (found := play(home, rules, walk(number, length))) is not None:
            return walked, shortened(home, rules, found)
    return walked, None


def shortened(home: Home, rules: Rules, found: Found) -> Found:
    """Return the same broken promise with fewer steps, none of which can be left out alone."""
    size = max(1, len(found.steps) // 2)
    while True:
        shorter = _without(home, rules, found, size)
        if shorter is not None:
            found = shorter
        elif size == 1:
            return found
        else:
            size = max(1, size // 2)


def _without(home: Home, rules: Rules, found: Found, size: int) -> Found | None:
    promise = found.violation.split(":")[0]
    for start in range(0, len(found.steps), size):
        steps = found.steps[:start] + found.steps[start + size :]
        again = play(home, rules, steps)
        if again is not None and again.violation.split(":")[0] == promise:
            return again
    return None
