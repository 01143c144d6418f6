"""Breadth-first search for a broken promise over all interleavings, so that a trace found is a shortest one.

Two kinds of promise: no step may break one (`Step.violation`); and from every state the case must still be able to end,
with every operation done, or dead and visible, and the ticket in the planned state.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass

from tests.model.delivery import worker_steps
from tests.model.nature import other_steps
from tests.model.scenarios import Setting, first_state
from tests.model.state import State
from tests.model.steps import Step


@dataclass(frozen=True, slots=True)
class Found:
    """Result of an exploration."""

    states: int
    violation: str | None = None
    trace: tuple[str, ...] = ()
    """The steps to the violation, in words."""
    moves: frozenset[str] = frozenset()
    """All kinds of steps that occurred, in words."""


def explore(setting: Setting) -> Found:
    """Visit every reachable state, up to the first broken promise."""
    gc.disable()  # there are no cycles, and the search for them takes a third of the time
    try:
        return _explore(setting)
    finally:
        gc.enable()


def _explore(setting: Setting) -> Found:
    start = first_state(setting.scenario)
    numbers = {start: 0}
    states = [start]
    came_from = [(0, "")]
    before: list[list[int]] = [[]]
    ended = []
    moves = set()
    here = 0
    while here < len(states):
        state = states[here]
        if is_over(state):
            ended.append(here)
            if (wrong := _wrong_end(setting, state)) is not None:
                return Found(len(states), wrong, _trace(came_from, here))
        for step in steps(setting, state):
            if step.violation is not None:
                return Found(len(states), step.violation, (*_trace(came_from, here), step.what))
            moves.add(step.what)
            number = numbers.setdefault(step.state, len(states))
            if number == len(states):
                states.append(step.state)
                came_from.append((here, step.what))
                before.append([])
            before[number].append(here)
        here += 1
    lost = _cannot_end(before, ended)
    if lost:
        # A state without next steps is the plainest example; without one, the case loops forever.
        stuck = next((each for each in lost if not steps(setting, states[each])), lost[0])
        return Found(len(states), "lost: the case can never end", _trace(came_from, stuck))
    return Found(len(states), moves=frozenset(moves))


def steps(setting: Setting, state: State) -> list[Step]:
    """Return all possible next steps."""
    return [*worker_steps(setting, state), *other_steps(setting, state)]


def is_over(state: State) -> bool:
    """True if no operation is open or a person must decide, no worker has a claim, and no request is in flight."""
    ledger = state.ledger
    still_open = [each for each in ledger.operations if each.state == "open"]
    waits_for_person = ledger.state == "blocked" and not any(each.kind == "create_ticket" for each in still_open)
    quiet = not state.network and all(worker.phase == "idle" for worker in state.workers)
    return quiet and (not still_open or waits_for_person)


def _wrong_end(setting: Setting, state: State) -> str | None:
    service, planned = state.service, setting.scenario.ends
    if service.person or service.ticket == planned:
        return None
    return f"lost: all is over, and the ticket is {service.ticket} instead of {planned}"


def _trace(came_from: list[tuple[int, str]], state: int) -> tuple[str, ...]:
    words = []
    while state:
        state, what = came_from[state]
        words.append(what)
    return tuple(reversed(words))


def _cannot_end(before: list[list[int]], ended: list[int]) -> list[int]:
    """Return the states from which no end can be reached, in the order of discovery."""
    can = bytearray(len(before))
    todo = list(ended)
    for state in todo:
        can[state] = 1
    while todo:
        for state in before[todo.pop()]:
            if not can[state]:
                can[state] = 1
                todo.append(state)
    return [state for state, ends in enumerate(can) if not ends]
