"""Moves of a worker as the engine makes them: claim, search, ask, send, settle.

docs/explanation/exactly-once.md has a table of the moves and the engine's functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.model.scenarios import Setting
from tests.model.settling import commit_late, settle
from tests.model.state import (
    STALE,
    Ledger,
    Operation,
    Outcome,
    Phase,
    Request,
    State,
    Worker,
    head,
    with_operation,
    with_worker,
)
from tests.model.steps import Step, end, lease_case, orphan
from tests.model.waiting import answers


def worker_steps(setting: Setting, state: State) -> Iterator[Step]:
    """Yield all next steps of either worker, and all fates of its awaited request."""
    idle = [number for number, worker in enumerate(state.workers) if worker.phase == "idle"]
    if idle:
        yield from _claim(setting, state, idle[0])
    for number, worker in enumerate(state.workers):
        match worker.phase:
            case "idle":
                continue
            case "look_up":
                yield from _look_up(setting, state, number, worker)
            case "ask":
                yield _ask(state, number, worker)
            case "clear" | "fenced":
                yield _send(setting, state, number, worker)
            case "sent":
                yield from answers(setting, state, number, worker)
            case "ended":
                yield from settle(setting, state, number, worker)
        if not worker.committed and worker.phase in ("sent", "ended"):
            yield from commit_late(setting, state, number, worker)
        if state.faults:
            killed = orphan(setting, with_worker(state, number, Worker()), worker)
            if killed is not None:
                yield Step("kill -9 of a worker", killed._replace(faults=state.faults - 1))


# -- claim


def _claim(setting: Setting, state: State, number: int) -> Iterator[Step]:
    ledger, rules = state.ledger, setting.rules
    at = head(ledger)
    if ledger.state != "ready" or ledger.wait or at is None:
        return
    operation = ledger.operations[at]
    name = f"{operation.kind} ({at + 1})"
    if rules.restore_joins and operation.unproven and _is_superseded(ledger, at):
        skipped = with_operation(ledger, at, operation._replace(state="skipped", unproven=False))
        yield Step(f"{name} is skipped: a later one decides", state._replace(ledger=skipped))
        return
    phase, outcome, operation = _decide(setting, state, operation)
    request = Request(at, operation.kind, operation.key, operation.body, operation.marked)
    if operation.kind == "close_ticket":
        request = request._replace(knew=ledger.reported)
    worker = Worker(phase, 0, setting.times.lease, outcome, (request,))
    if not rules.intent_first:
        yield Step(f"a worker takes {name}", with_worker(state, number, worker._replace(epoch=STALE, committed=False)))
        return
    leased = lease_case(setting, state, number, at, operation)
    yield Step(f"a worker claims {name}", with_worker(leased, number, worker))


def _is_superseded(ledger: Ledger, at: int) -> bool:
    states = ("close_ticket", "reopen_ticket")
    later = ledger.operations[at + 1 :]
    return ledger.operations[at].kind in states and any(x.kind in states and x.state == "open" for x in later)


def _decide(setting: Setting, state: State, operation: Operation) -> tuple[Phase, Outcome, Operation]:
    """Return the worker's first phase, and the operation as the claim commits it."""
    rules = setting.rules
    beyond = operation.unproven or (operation.sent == "old" and state.day >= 1)
    if operation.doubt and not rules.same_key:
        operation = operation._replace(key=min(3, operation.key + 1))
    if operation.doubt and not rules.frozen_bytes:
        operation = operation._replace(body=1 - operation.body)
    phase: Phase = "clear"
    outcome: Outcome = ""
    match operation.kind:
        case "create_ticket" if beyond and rules.look_up_before_create:
            phase = "look_up"
        case "add_note" if beyond and rules.marked_repeat:
            operation = operation._replace(
                key=operation.key + 1, marked=True, sent="never", doubt=False, unproven=False
            )
        case "close_ticket" if _is_a_persons(state, operation) and rules.person_wins:
            phase, outcome = "ended", "done"
        case "close_ticket" | "reopen_ticket" if rules.ask_state and (operation.doubt or operation.unproven):
            phase = "ask"
    return phase, outcome, operation._replace(sent="young" if operation.sent == "never" else operation.sent)


def _is_a_persons(state: State, close: Operation) -> bool:
    """True if a person is recorded to have reopened a ticket that an earlier attempt closed."""
    return state.ledger.reported and (close.doubt or close.looked_up)


# -- before sending


def _look_up(setting: Setting, state: State, number: int, worker: Worker) -> Iterator[Step]:
    request, service = worker.request[0], state.service
    there = service.ticket != "none" and service.maker == request.operation
    if there:
        yield Step(
            "search finds the ticket: adopted",
            with_worker(state, number, end(worker, "done")),
        )
    if not there or service.lag:
        # A worker that lost its lease may find enough time passed by its own clock: the fence must hold it.
        proven = worker.epoch != 0 or not state.ledger.doubtful or not setting.rules.absence_settles
        after = end(worker, "absent" if proven else "too early")
        yield Step(
            f"search does not find the ticket: {'absent' if proven else 'too early'}", with_worker(state, number, after)
        )


def _ask(state: State, number: int, worker: Worker) -> Step:
    request, ticket = worker.request[0], state.service.ticket
    needed = ticket != "closed" if request.kind == "close_ticket" else ticket == "closed"
    if not needed:
        return Step(
            f"the ticket is {ticket}: nothing to send",
            with_worker(state, number, end(worker, "done")),
        )
    return Step(f"the ticket is {ticket}: it must be sent", with_worker(state, number, end(worker, "absent")))


def _send(setting: Setting, state: State, number: int, worker: Worker) -> Step:
    request, times = worker.request[0], setting.times
    if worker.phase == "clear":
        if setting.rules.self_fence and worker.lease < times.deadline:
            late = end(worker, "not executed")
            return Step("the worker sees that it is too late to send", with_worker(state, number, late))
        if not setting.world.fence_is_atomic:
            return Step("the worker sees that it may send", with_worker(state, number, worker._replace(phase="fenced")))
    if request.kind == "reopen_ticket" and not setting.rules.ask_state:
        request = request._replace(knew=state.service.person)
    # The request may leave at any time until the deadline, and lives from then on.
    sent = worker._replace(phase="sent", lease=0, request=(request._replace(life=times.deadline + times.life),))
    return Step(f"the worker sends {request.kind} ({request.operation + 1})", with_worker(state, number, sent))
