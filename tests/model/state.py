"""What does the model remember? Hashable tuples: the ledger's case, two workers, the network, the service.

Times are ticks that are left, never dates, and an epoch is only "current" or not, so that the states are finitely many.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")

Kind = Literal["create_ticket", "add_note", "close_ticket", "reopen_ticket"]
OperationState = Literal["open", "done", "dead", "skipped"]
Sent = Literal["never", "young", "old"]
"""When first: `old` is before the jump of a day."""
CaseState = Literal["ready", "leased", "blocked"]
Phase = Literal["idle", "look", "ask", "clear", "fenced", "sent", "ended"]
"""Of a worker: must search, or ask for the state, first; may send; looked at its clock; waits; has to settle."""
Outcome = Literal[
    "", "done", "rejected", "conflict", "closed already", "missing", "not executed", "too early", "absent", "unknown"
]
TicketState = Literal["none", "open", "pending", "closed"]

STALE = 9
"""As `Worker.epoch`: it is never current again."""


class Operation(NamedTuple):
    """As the ledger records it."""

    kind: Kind
    state: OperationState = "open"
    sent: Sent = "never"
    doubt: bool = False
    """An attempt may have been executed."""
    unproven: bool = False
    """It is in the mode of rule 5 whatever its age: restored from a backup, or edited after an attempt in doubt."""
    looked: bool = False
    """An attempt was in doubt, and a look found that the ticket is not as it should be."""
    key: int = 0
    body: int = 0
    """Which bytes; always 0 where they are frozen."""
    marked: bool = False
    """The note says that it may be a repeat."""
    conflicts: int = 0


class Ledger(NamedTuple):
    """The case's row and its operations."""

    operations: tuple[Operation, ...]
    state: CaseState = "ready"
    wait: int = 0
    """Until it may be claimed."""
    lease: int = 0
    """Until the lease ends; below zero: since when it has ended."""
    doubtful: int = 0
    """Until absence in a search proves something."""
    ticket: bool = False
    """The ticket's id is recorded."""
    told: bool = False
    """The service's webhook said that a person reopened the ticket."""
    claims: int = 0
    """Since the backup."""


class Request(NamedTuple):
    """On its way to the service, or there, without effect so far."""

    operation: int
    kind: Kind
    key: int
    body: int
    marked: bool
    life: int = 0
    checked: bool = False
    """The service found its key unknown, and will execute it."""
    knew: bool = False
    """When it was decided to send it, a person's change could have been known."""


class Worker(NamedTuple):
    """A process: what it claimed, and its request while it waits for the answer."""

    phase: Phase = "idle"
    epoch: int = STALE
    """Of its claim, less the case's: 0 is current."""
    lease: int = 0
    """What is left of it by its own clock."""
    outcome: Outcome = ""
    request: tuple[Request, ...] = ()
    committed: bool = True


class Service(NamedTuple):
    """The Tickets API, and what it did."""

    effects: tuple[int, ...]
    repeats: tuple[int, ...]
    """Effects of notes that say that they may be a repeat."""
    ticket: TicketState = "none"
    maker: int = -1
    """Which operation created the ticket."""
    lag: int = 0
    """Until search surely sees it."""
    keys: tuple[tuple[int, int, int, bool], ...] = ()
    """Operation, key, bytes, and whether it is from before the jump."""
    person: bool = False
    """A person changed the ticket."""


class State(NamedTuple):
    """Everything."""

    ledger: Ledger
    service: Service
    workers: tuple[Worker, ...] = (Worker(), Worker())
    network: tuple[Request, ...] = ()
    """Requests that nobody waits for any more."""
    day: int = -1
    """Ticks since shortly before the key window of all earlier sends ended; -1: long before."""
    faults: int = 0
    jumps: int = 0
    backups: int = 0
    backup: tuple[Ledger, ...] = ()
    restored: bool = False
    person: bool = False
    """There is a person who may still do something."""


def with_worker(state: State, number: int, worker: Worker) -> State:
    """Workers are alike: their order is not remembered."""
    other = state.workers[1 - number]
    return state._replace(workers=(worker, other) if worker <= other else (other, worker))


def with_operation(ledger: Ledger, number: int, operation: Operation) -> Ledger:
    return ledger._replace(operations=replaced(ledger.operations, number, operation))


def replaced(values: tuple[T, ...], number: int, value: T) -> tuple[T, ...]:
    return (*values[:number], value, *values[number + 1 :])


def head(ledger: Ledger) -> int | None:
    """The next operation of the case."""
    for number, operation in enumerate(ledger.operations):
        if operation.state == "open":
            return number
    return None
