"""Moves of the ledger after an attempt: settle, take back, and the effect on following operations."""

from __future__ import annotations

from collections.abc import Iterator

from tests.model.scenarios import Setting
from tests.model.state import STALE, Ledger, Operation, State, Worker, head, with_operation, with_worker
from tests.model.steps import Step, lease_case, never_without_doubt

MAX_CONFLICTS = 2
STATES = ("close_ticket", "reopen_ticket")


def settle(setting: Setting, state: State, number: int, worker: Worker) -> Iterator[Step]:
    """A worker submits its outcome; the ledger accepts it only from the holder of the current lease."""
    request = worker.request[0]
    name = f"{request.kind} ({request.operation + 1})"
    after = with_worker(state, number, Worker())
    if setting.rules.epoch and (worker.epoch != 0 or state.ledger.state != "leased"):
        yield Step(f"settle of {name} is refused", after)
        return
    ledger, violation = _record(setting, state, request.operation, worker)
    yield Step(f"settle of {name}: {worker.outcome}", after._replace(ledger=ledger), violation)


def _record(setting: Setting, state: State, at: int, worker: Worker) -> tuple[Ledger, str | None]:
    rules, times = setting.rules, setting.times
    ledger = state.ledger._replace(state="ready", lease=0, wait=0)
    operation = ledger.operations[at]
    outcome = worker.outcome
    if outcome == "closed already":
        outcome = "done" if rules.closed_is_done else "rejected"
    if outcome == "missing":
        outcome = "done" if rules.closed_is_done and operation.kind == "close_ticket" else "rejected"
    match outcome:
        case "done":
            return _done(state, ledger, at)
        case "not executed":
            return with_operation(ledger, at, never_without_doubt(operation)), None
        case "too early":
            return ledger._replace(wait=ledger.doubtful), None
        case "absent":
            looked_up = operation.kind in STATES and rules.look_up_keeps_doubt
            first = operation._replace(doubt=False, unproven=False, sent="never", conflicts=0, looked_up=looked_up)
            return with_operation(ledger, at, first), None
        case "rejected":
            return _dead(setting, state, ledger, at)
        case "conflict" if operation.conflicts >= MAX_CONFLICTS:
            return _dead(setting, state, ledger, at)
    wait = times.ghost_wait if rules.ghost_wait_after_failure else 0
    conflicts = operation.conflicts + (outcome == "conflict")
    doubtful = operation._replace(doubt=True, conflicts=conflicts)
    return with_operation(_doubt(setting, state, ledger, operation, 0)._replace(wait=wait), at, doubtful), None


def _doubt(setting: Setting, state: State, ledger: Ledger, operation: Operation, ago: int) -> Ledger:
    """Set the time until the absence of a create proves anything: its last send must be long enough ago."""
    asked = operation.unproven or operation.sent == "old" or setting.scenario.person == "edits"
    counts = operation.kind == "create_ticket" and asked
    since = setting.times.life + setting.times.search - ago
    return ledger._replace(doubtful=max(0, since) if counts else ledger.doubtful)


def _done(state: State, ledger: Ledger, at: int) -> tuple[Ledger, str | None]:
    operation = ledger.operations[at]
    done = Operation(operation.kind, "done", marked=operation.marked)
    ledger = with_operation(ledger, at, done)._replace(doubtful=0)
    if operation.kind == "create_ticket":
        ledger = ledger._replace(ticket=True)
    took_effect = state.service.effects[at] or state.service.repeats[at]
    # The ticket's state is due to a person, or to ourselves before the restore.
    by_state = operation.kind in STATES and (operation.unproven or state.service.person)
    return (
        ledger,
        None if took_effect or by_state else f"lost: {operation.kind} is recorded as done and was never executed",
    )


def _dead(setting: Setting, state: State, ledger: Ledger, at: int) -> tuple[Ledger, str | None]:
    """Mark an operation as dead, which a person must decide about; the kind decides about its followers."""
    rules = setting.rules
    operation = ledger.operations[at]
    ledger = with_operation(ledger, at, Operation(operation.kind, "dead"))._replace(doubtful=0)
    violation = None
    if state.service.effects[at] or state.service.repeats[at]:
        violation = f"given up: {operation.kind} is dead, though it took effect"
    elif operation.kind == "close_ticket" and state.service.ticket == "closed":
        violation = "given up: close_ticket is dead, though the ticket is closed"
    elif operation.conflicts >= MAX_CONFLICTS:
        violation = f"given up: {operation.kind} is dead, though nobody rejected it"
    later = [n for n, each in enumerate(ledger.operations) if n > at and each.kind == "create_ticket"]
    if operation.kind == "create_ticket" and rules.dead_create_blocks:
        if not (later and rules.new_episode_goes_on):
            return ledger._replace(state="blocked"), violation
        for number in range(at + 1, later[0]):
            ledger = with_operation(ledger, number, Operation(ledger.operations[number].kind, "skipped"))
    if operation.kind == "close_ticket" and later and rules.replan_after_dead_close:
        ledger = with_operation(ledger, later[0], Operation("add_note"))
    return ledger, violation


def take_back(setting: Setting, state: State) -> Iterator[Step]:
    """A lease ran out; its request may have been sent, up to the lease's end."""
    ledger, at = state.ledger, head(state.ledger)
    if ledger.state != "leased" or ledger.lease > 0:
        return
    ago = -ledger.lease
    wait = max(0, setting.times.ghost_wait - ago) if setting.rules.ghost_wait_after_lease else 0
    ledger = ledger._replace(state="ready", lease=0, wait=wait)
    if at is not None:
        operation = ledger.operations[at]
        ledger = _doubt(setting, state, ledger, operation, ago)
        ledger = with_operation(ledger, at, operation._replace(doubt=True))
    workers = tuple(each._replace(epoch=STALE) if each.epoch == 0 else each for each in state.workers)
    yield Step("the expired lease is taken back", state._replace(ledger=ledger, workers=workers))


def commit_late(setting: Setting, state: State, number: int, worker: Worker) -> Iterator[Step]:
    """Commit the claim of a worker that sent before the commit, if rule 2 is off."""
    at, ledger = worker.request[0].operation, state.ledger
    if ledger.state != "ready" or ledger.wait or head(ledger) != at:
        return
    operation = ledger.operations[at]
    sent = operation._replace(sent="young" if operation.sent == "never" else operation.sent)
    leased = lease_case(setting, state, number, at, sent)
    yield Step("the worker commits its claim", with_worker(leased, number, worker._replace(epoch=0, committed=True)))
