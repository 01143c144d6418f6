"""Moves outside the workers: time, the end of leases, late requests, a person, a restore from a backup.

A worker may stop anywhere and go on at any time: time passes while the worker does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.model.scenarios import Setting
from tests.model.settling import take_back
from tests.model.state import STALE, Ledger, Operation, Service, State, Worker, with_operation
from tests.model.steps import Step
from tests.model.waiting import orphan_steps


def other_steps(setting: Setting, state: State) -> Iterator[Step]:
    """Yield all next steps that are not a worker's."""
    yield from orphan_steps(setting, state)
    yield from take_back(setting, state)
    yield from _person(setting, state)
    yield from _backup(setting, state)
    ticked = _tick(setting, state)
    if ticked != state:
        yield Step("30 s pass", ticked)
    if state.jumps:
        far = setting.scenario.jump == "far"
        yield Step("25 h pass" if far else "time passes to shortly before the window's end", _jump(setting, state, far))


def _tick(setting: Setting, state: State) -> State:
    ledger, service, times = state.ledger, state.service, setting.times
    if ledger.wait or ledger.doubtful or ledger.state == "leased":
        ledger = ledger._replace(
            wait=max(0, ledger.wait - 1),
            doubtful=max(0, ledger.doubtful - 1),
            lease=max(-times.ghost_wait, ledger.lease - 1) if ledger.state == "leased" else 0,
        )
    if service.lag:
        service = service._replace(lag=service.lag - 1)
    day = state.day if state.day < 0 else min(state.day + 1, 1 + times.key_margin)
    workers = tuple(sorted(_older(setting, each) for each in state.workers))
    lives = setting.world.requests_die
    network = tuple(each._replace(life=each.life - 1) if lives else each for each in state.network)
    alive = tuple(each for each in network if each.life)
    if service.keys and day == 1 + times.key_margin:
        service = _without_old_keys(service)
    return state._replace(ledger=ledger, service=service, workers=workers, network=alive, day=day)


def _older(setting: Setting, worker: Worker) -> Worker:
    if worker.phase == "sent":
        lives = 0 if setting.world.requests_die else 1
        aged = tuple(each._replace(life=max(lives, each.life - 1)) for each in worker.request)
        return worker._replace(request=aged)
    return worker._replace(lease=worker.lease - 1) if worker.lease else worker


def _jump(setting: Setting, state: State, far: bool) -> State:
    """Jump beyond the longest lease, wait and request; every earlier send counts as old now."""
    ledger, times = state.ledger, setting.times
    operations = tuple(_older_operation(each) for each in ledger.operations)
    ended = -times.ghost_wait if ledger.state == "leased" else 0
    workers = tuple(
        each._replace(lease=0, request=tuple(request._replace(life=0) for request in each.request))
        for each in state.workers
    )
    service = state.service._replace(lag=0, keys=tuple((*each[:3], True) for each in state.service.keys))
    return state._replace(
        ledger=ledger._replace(operations=operations, wait=0, doubtful=0, lease=ended),
        service=_without_old_keys(service) if far else service,
        workers=tuple(sorted(workers)),
        network=(),
        day=1 + times.key_margin if far else 0,
        jumps=0,
    )


def _without_old_keys(service: Service) -> Service:
    """Remove the keys that the service has forgotten."""
    return service._replace(keys=tuple(each for each in service.keys if not each[3]))


def _older_operation(operation: Operation) -> Operation:
    return operation._replace(sent="old") if operation.sent == "young" else operation


def _person(setting: Setting, state: State) -> Iterator[Step]:
    """A person acts once; the service's webhook about it comes later, or never."""
    service, ledger = state.service, state.ledger
    if state.person and setting.scenario.person == "reopens" and service.ticket == "closed":
        changed = service._replace(ticket="open", person=True)
        yield Step("a person reopens the ticket", state._replace(service=changed, person=False))
    if state.person and setting.scenario.person == "pends" and service.ticket == "open" and service.effects[-1]:
        changed = service._replace(ticket="pending", person=True)
        yield Step("a person makes the ticket pending", state._replace(service=changed, person=False))
    if state.person and setting.scenario.person == "closes" and service.ticket == "open":
        changed = service._replace(ticket="closed", person=True)
        yield Step("a person closes the ticket", state._replace(service=changed, person=False))
    first = ledger.operations[0]
    if state.person and setting.scenario.person == "edits" and ledger.state == "ready" and first.doubt:
        edited = first._replace(key=first.key + 1, unproven=setting.rules.edit_needs_proof, doubt=False, sent="never")
        changed_ledger = with_operation(ledger, 0, edited)
        yield Step("a person edits the create: it gets a new key", state._replace(ledger=changed_ledger, person=False))
    if setting.scenario.echo and not setting.rules.webhook_is_dated and service.effects[2] and not ledger.reported:
        yield Step("the webhook of our own reopening arrives", state._replace(ledger=ledger._replace(reported=True)))
    if service.person and setting.scenario.person == "reopens" and not ledger.reported:
        yield Step("the webhook tells so", state._replace(ledger=ledger._replace(reported=True)))


def _backup(setting: Setting, state: State) -> Iterator[Step]:
    if state.backups:
        ledger = state.ledger
        kept = ledger._replace(state="blocked" if ledger.state == "blocked" else "ready", wait=0, lease=0, doubtful=0)
        fresh = ledger._replace(claims=0)
        yield Step("a backup is made", state._replace(ledger=fresh, backup=(kept,), backups=0))
    if state.backup:
        yield Step("the backup is restored", _restore(setting, state, state.backup[0]))
        later = _jump(setting, state, far=True)
        old = state.backup[0]._replace(operations=tuple(_older_operation(x) for x in state.backup[0].operations))
        yield Step("25 h later the backup is restored", _restore(setting, later, old))


def _restore(setting: Setting, state: State, ledger: Ledger) -> State:
    """Forget everything recorded since the backup; workers may still run, and the service keeps its state."""
    rules, times = setting.rules, setting.times
    if rules.restored_in_doubt:
        ledger = ledger._replace(
            operations=tuple(each._replace(unproven=each.state == "open") for each in ledger.operations)
        )
    waits = times.lease + times.ghost_wait if rules.restore_waits else 0
    until_absent = times.life + times.search + (times.lease if rules.restore_waits else 0)
    has_create = any(each.kind == "create_ticket" and each.unproven for each in ledger.operations)
    workers = tuple(
        each._replace(
            epoch=-state.ledger.claims if state.ledger.claims and each.epoch == 0 and not rules.epochs_jump else STALE
        )
        for each in state.workers
    )
    return state._replace(
        ledger=ledger._replace(wait=waits, doubtful=until_absent if has_create else 0, claims=0),
        workers=tuple(sorted(workers)),
        backup=(),
        restored=True,
    )
