"""Common parts of the moves: a step with its words, the end of a call, an orphaned request, a lease."""

from __future__ import annotations

from typing import NamedTuple

from tests.model.scenarios import Setting
from tests.model.state import STALE, Operation, Outcome, Request, State, Worker, with_operation

ORPHANS = 3
"""Most requests without a waiting worker; steps that lead to more are not explored."""


class Step(NamedTuple):
    """One move, and the promise that it broke."""

    what: str
    state: State
    violation: str | None = None


def end(worker: Worker, outcome: Outcome) -> Worker:
    """End a worker's call; only the operation of the request is kept."""
    request = worker.request[0]
    bare = Request(request.operation, request.kind, 0, 0, marked=False)
    return worker._replace(phase="ended", outcome=outcome, request=(bare,), lease=0)


def orphan(setting: Setting, state: State, worker: Worker) -> State | None:
    """Return the state in which no worker waits for this request any more; None if there are too many of them."""
    alive = tuple(each for each in worker.request if worker.phase == "sent" and each.life)
    if len(state.network) + len(alive) > ORPHANS:
        return None
    # The request left at the latest when its worker gave it up, and lives from then on.
    left = tuple(each._replace(life=min(each.life, setting.times.life)) for each in alive)
    return state._replace(network=tuple(sorted((*state.network, *left))))


def lease_case(setting: Setting, state: State, number: int, at: int, operation: Operation) -> State:
    """Set lease and epoch in one commit; all other claims have an earlier epoch from now on."""
    ledger = with_operation(state.ledger, at, operation)
    counts = bool(state.backup) and not setting.rules.epochs_jump
    claims = min(4, ledger.claims + 1) if counts else 0
    ledger = ledger._replace(state="leased", lease=setting.times.lease, wait=0, claims=claims)
    other = state.workers[1 - number]
    if other.epoch != STALE:
        other = other._replace(epoch=other.epoch + 1 if other.epoch < 0 else STALE)
    pair = (state.workers[number], other) if number == 0 else (other, state.workers[number])
    return state._replace(ledger=ledger, workers=pair)


def never_without_doubt(operation: Operation) -> Operation:
    """Return the operation without a first send if it was provably not executed: its key's life has not begun."""
    return operation if operation.doubt else operation._replace(sent="never")
