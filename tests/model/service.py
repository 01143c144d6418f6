"""Moves of the service with a request that has reached it.

The check of an idempotency key and the effect are two steps. The contract promises the first answer to a key that is
received *again*; it promises nothing about two simultaneous requests (409, or both pass).
"""

from __future__ import annotations

from typing import NamedTuple

from tests.model.scenarios import Setting
from tests.model.state import Outcome, Request, Service, State, replaced


class Served(NamedTuple):
    """One possible next step of the service with a request."""

    what: str
    service: Service
    answer: Outcome = ""
    """Empty: not answered yet."""
    request: tuple[Request, ...] = ()
    """The remaining request, if it was not answered."""
    violation: str | None = None


def serve(setting: Setting, state: State, request: Request) -> list[Served]:
    """Return all possible next steps of the service with this request."""
    service = state.service
    if request.kind in ("close_ticket", "reopen_ticket"):
        return [_change_state(setting, state, request)]
    if request.checked:
        return [_execute(setting, state, request, _remember(service, request))]
    known = _recall(setting, state, request)
    if known is not None:
        same = known == request.body
        return [Served("knows the key" if same else "refuses other bytes", service, "done" if same else "conflict")]
    if request.operation in setting.scenario.rejected:
        return [Served("rejects", service, "rejected")]
    if request.kind == "add_note" and service.ticket == "none":
        return [Served("finds no ticket for", service, "missing")]
    found = [Served("finds the key unknown of", service, request=(request._replace(checked=True),))]
    if any(_same(request, other) for other in _being_executed(state)):
        found.append(Served("sees another attempt of", service, "conflict"))
    return found


def _being_executed(state: State) -> list[Request]:
    alive = [*state.network, *(each for worker in state.workers for each in worker.request)]
    return [each for each in alive if each.checked and each.life]


def _same(one: Request, other: Request) -> bool:
    return one.operation == other.operation and one.key == other.key


def _recall(setting: Setting, state: State, request: Request) -> int | None:
    """Return the bytes that came with this key, while the key is remembered."""
    margin = setting.times.key_margin if setting.rules.window_ends_early else 0
    forgotten = state.day >= 1 + margin
    for operation, key, body, old in state.service.keys:
        if operation == request.operation and key == request.key and not (old and forgotten):
            return body
    return None


def _remember(service: Service, request: Request) -> Service:
    others = [each for each in service.keys if each[:2] != (request.operation, request.key)]
    return service._replace(keys=tuple(sorted([*others, (request.operation, request.key, request.body, False)])))


def _change_state(setting: Setting, state: State, request: Request) -> Served:
    service = state.service
    closing = request.kind == "close_ticket"
    if service.ticket == "none":
        return Served("finds no ticket for", service, "missing")
    if request.operation in setting.scenario.rejected:
        return Served("rejects", service, "rejected")
    if closing and service.ticket == "closed":
        return Served("says that it is closed already to", service, "closed already")
    if not closing and service.ticket == "open":
        return Served("finds it open, and changes nothing for", service, "done")
    if service.person and service.effects[request.operation] and not request.knew:
        # A person's change came in between, undetectably: the documented limit of rule 6.
        return Served("executes, after a person,", service._replace(ticket="closed" if closing else "open"), "done")
    return _execute(setting, state, request, service._replace(ticket="closed" if closing else "open"))


def _execute(setting: Setting, state: State, request: Request, service: Service) -> Served:
    """Make one effect, and check it against the promise."""
    number = request.operation
    violation = _broken(state, request)
    if request.marked:
        service = service._replace(repeats=replaced(service.repeats, number, service.repeats[number] + 1))
    else:
        service = service._replace(effects=replaced(service.effects, number, service.effects[number] + 1))
    if request.kind == "create_ticket":
        lags = (
            state.day >= 0 or setting.scenario.restore or setting.scenario.person == "edits"
        )  # only then is there a search
        service = service._replace(ticket="open", maker=number, lag=setting.times.search if lags else 0)
    return Served("executes", service, "done", violation=violation)


def _broken(state: State, request: Request) -> str | None:
    service, number = state.service, request.operation
    later = any(service.effects[number + 1 :]) or any(service.repeats[number + 1 :])
    excused = request.marked and (service.effects[number] > 0 or state.restored)
    if later and not excused and not service.effects[number]:
        return f"misordered: {request.kind} took effect after its successor"
    if service.repeats[number] if request.marked else service.effects[number]:
        if service.person:
            return f"a person's change undone: {request.kind} took effect again, though it could be known"
        return f"doubled: {request.kind} took effect twice"
    if request.kind == "create_ticket" and service.ticket in ("open", "pending"):
        return "doubled: a second ticket, while the first one is open"
    return None
