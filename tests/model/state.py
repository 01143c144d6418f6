"""State of the model, as hashable tuples: the ledger's case, two workers, the network, the service.

Times are remaining ticks, never dates, and an epoch is only "current" or not, so that the number of states is finite.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")

Kind = Literal["create_ticket", "add_note", "close_ticket", "reopen_ticket"]
OperationState = Literal["open", "done", "dead", "skipped"]
Sent = Literal["never", "young", "old"]
"""Time of the first send: `old` is before the jump of a day."""
CaseState = Literal["ready", "leased", "blocked"]
Phase = Literal["idle", "look_up", "ask", "clear", "fenced", "sent", "ended"]
"""Phase of a worker: must first search, or ask for the state; may send; has checked its clock; waits; must settle."""
Outcome = Literal[
    "", "done", "rejected", "conflict", "closed already", "missing", "not executed", "too early", "absent", "unknown"
]
TicketState = Literal["none", "open", "pending", "closed"]

STALE = 9
"""Value of `Worker.epoch` that is never current again."""


class Operation(NamedTuple):
    """An operation as the ledger records it."""

    kind: Kind
    state: OperationState = "open"
    sent: Sent = "never"
    doubt: bool = False
    """An attempt may have been executed."""
    unproven: bool = False
    """In the mode of rule 5 whatever its age: restored from a backup, or edited after an attempt in doubt."""
    looked_up: bool = False
    """An attempt was in doubt, and a look-up found the ticket in another state than planned."""
    key: int = 0
    body: int = 0
    """Number of the request's bytes; always 0 if they are frozen."""
    marked: bool = False
    """The note is marked as a possible repeat."""
    conflicts: int = 0


class Ledger(NamedTuple):
    """The case's row and its operations."""

    operations: tuple[Operation, ...]
    state: CaseState = "ready"
    wait: int = 0
    """Ticks until the case may be claimed."""
    lease: int = 0
    """Ticks until the lease ends; negative: ticks since its end."""
    doubtful: int = 0
    """Ticks until absence in a search proves anything."""
    ticket: bool = False
    """The ticket's id is recorded."""
    reported: bool = False
    """The service's webhook has reported that a person reopened the ticket."""
    claims: int = 0
    """Claims since the backup."""


class Request(NamedTuple):
    """A request on its way to the service, or at the service, without effect so far."""

    operation: int
    kind: Kind
    key: int
    body: int
    marked: bool
    life: int = 0
    checked: bool = False
    """The service found the key unknown, and will execute the request."""
    knew: bool = False
    """A person's change could have been detected when the send was decided."""


class Worker(NamedTuple):
    """A process: its claim, and its request while it waits for the answer."""

    phase: Phase = "idle"
    epoch: int = STALE
    """Epoch of its claim, less the case's: 0 is current."""
    lease: int = 0
    """The lease's remaining ticks by its own clock."""
    outcome: Outcome = ""
    request: tuple[Request, ...] = ()
    committed: bool = True


class Service(NamedTuple):
    """The Tickets API, and its effects."""

    effects: tuple[int, ...]
    repeats: tuple[int, ...]
    """Effects of notes that are marked as possible repeats."""
    ticket: TicketState = "none"
    maker: int = -1
    """The operation that created the ticket."""
    lag: int = 0
    """Ticks until search certainly finds the ticket."""
    keys: tuple[tuple[int, int, int, bool], ...] = ()
    """Operation, key, bytes, and whether the key is from before the jump."""
    person: bool = False
    """A person changed the ticket."""


class State(NamedTuple):
    """The whole state."""

    ledger: Ledger
    service: Service
    workers: tuple[Worker, ...] = (Worker(), Worker())
    network: tuple[Request, ...] = ()
    """Requests that no worker waits for any more."""
    day: int = -1
    """Ticks since shortly before the end of the key window of all earlier sends; -1: long before."""
    faults: int = 0
    jumps: int = 0
    backups: int = 0
    backup: tuple[Ledger, ...] = ()
    restored: bool = False
    person: bool = False
    """A person may still act."""


def with_worker(state: State, number: int, worker: Worker) -> State:
    """Replace a worker; workers are interchangeable, so they are sorted."""
    other = state.workers[1 - number]
    return state._replace(workers=(worker, other) if worker <= other else (other, worker))


def with_operation(ledger: Ledger, number: int, operation: Operation) -> Ledger:
    return ledger._replace(operations=replaced(ledger.operations, number, operation))


def replaced(values: tuple[T, ...], number: int, value: T) -> tuple[T, ...]:
    return (*values[:number], value, *values[number + 1 :])


def head(ledger: Ledger) -> int | None:
    """Return the next operation of the case."""
    for number, operation in enumerate(ledger.operations):
        if operation.state == "open":
            return number
    return None
