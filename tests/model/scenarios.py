"""Scenarios of operations and faults: small cases that together test every rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.model.rules import RULES, TIMES, WORLD, Rules, Times, World
from tests.model.state import Kind, Ledger, Operation, Service, State, TicketState

Jump = Literal["brink", "far"]
"""A jump of time: to shortly before the end of the key window, or 25 h."""
Person = Literal["nobody", "reopens", "closes", "pends", "edits"]
"""A person's one action: reopen or close the ticket, set our reopened ticket to pending, or edit a create in doubt."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case and its possible events."""

    name: str
    kinds: tuple[Kind, ...]
    ends: TicketState
    """The ticket's state after all operations."""
    faults: int
    """Total number of lost answers, refused requests (503) and killed workers."""
    jump: Jump | None = None
    restore: bool = False
    person: Person = "nobody"
    echo: bool = False
    """The service announces our own reopening, the third operation, by webhook."""
    rejected: frozenset[int] = frozenset()
    """Operations that the service always answers with 422."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The constants of one exploration."""

    scenario: Scenario
    rules: Rules = RULES
    world: World = WORLD
    times: Times = field(default=TIMES)


def first_state(scenario: Scenario) -> State:
    """Return the state with all operations planned and none sent."""
    nothing = (0,) * len(scenario.kinds)
    return State(
        Ledger(tuple(Operation(kind) for kind in scenario.kinds)),
        Service(nothing, nothing),
        faults=scenario.faults,
        jumps=int(scenario.jump is not None),
        backups=int(scenario.restore),
        person=scenario.person != "nobody",
    )


CREATE: Kind = "create_ticket"
NOTE: Kind = "add_note"
CLOSE: Kind = "close_ticket"
REOPEN: Kind = "reopen_ticket"

SCENARIOS = (
    Scenario("create, note, close", (CREATE, NOTE, CLOSE), "closed", faults=3),
    Scenario("create, close, reopen", (CREATE, CLOSE, REOPEN), "open", faults=3),
    Scenario("create, note, close; a day passes", (CREATE, NOTE, CLOSE), "closed", faults=1, jump="far"),
    Scenario("create, close, reopen; a day passes", (CREATE, CLOSE, REOPEN), "open", faults=1, jump="far"),
    Scenario("create, note; the window ends", (CREATE, NOTE), "open", faults=1, jump="brink"),
    Scenario("create, close; a person reopens", (CREATE, CLOSE), "closed", faults=2, person="reopens"),
    Scenario("create, close; a person closes", (CREATE, CLOSE), "closed", faults=2, person="closes"),
    Scenario("create, note; a person edits", (CREATE, NOTE), "open", faults=1, person="edits"),
    Scenario("create, close, reopen; a person works on it", (CREATE, CLOSE, REOPEN), "open", faults=2, person="pends"),
    Scenario("create, close, reopen, close; announced", (CREATE, CLOSE, REOPEN, CLOSE), "closed", faults=1, echo=True),
    Scenario("create rejected, note, close", (CREATE, NOTE, CLOSE), "none", faults=1, rejected=frozenset({0})),
    Scenario("create rejected, close, create", (CREATE, CLOSE, CREATE), "open", faults=1, rejected=frozenset({0})),
    Scenario("create, close rejected, create", (CREATE, CLOSE, CREATE), "open", faults=1, rejected=frozenset({1})),
    Scenario("create, note; a restore", (CREATE, NOTE), "open", faults=1, restore=True),
    Scenario("create, note, close; a restore", (CREATE, NOTE, CLOSE), "closed", faults=0, restore=True),
    Scenario("create, close, reopen; a restore", (CREATE, CLOSE, REOPEN), "open", faults=0, restore=True),
)
