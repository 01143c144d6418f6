"""Moves while a worker waits for its answer: an answer, its loss, a refusal, or none."""

from __future__ import annotations

from collections.abc import Iterator

from tests.model.scenarios import Setting
from tests.model.service import serve
from tests.model.state import State, Worker, with_worker
from tests.model.steps import Step, end, orphan


def answers(setting: Setting, state: State, number: int, worker: Worker) -> Iterator[Step]:
    """The service works on the request, or the worker stops waiting; time-out, reset and 500 look the same to it."""
    request = worker.request[0]
    if not request.life:
        yield Step("no answer comes", with_worker(state, number, end(worker, "unknown")))
        return
    name = f"{request.kind} ({request.operation + 1})"
    for served in serve(setting, state, request):
        what = f"the service {served.what} {name}"
        after = state._replace(service=served.service)
        if served.request:
            yield Step(what, with_worker(after, number, worker._replace(request=served.request)), served.violation)
            continue
        yield Step(f"{what}; answered", with_worker(after, number, end(worker, served.answer)), served.violation)
        if state.faults:
            fewer = after._replace(faults=state.faults - 1)
            yield Step(f"{what}; the answer is lost", with_worker(fewer, number, end(worker, "unknown")))
            if not setting.world.refusal_is_true:
                yield Step(f"{what}; answered 503", with_worker(fewer, number, end(worker, "not executed")))
    if state.faults:
        fewer = state._replace(faults=state.faults - 1)
        if not request.checked:
            yield Step(f"503 for {name}", with_worker(fewer, number, end(worker, "not executed")))
        left = orphan(setting, with_worker(fewer, number, end(worker, "unknown")), worker)
        if left is not None:
            yield Step(f"time-out or 500 of {name}: the request may live on", left)


def orphan_steps(setting: Setting, state: State) -> Iterator[Step]:
    """A request without a waiting worker reaches the service late."""
    for place, request in enumerate(state.network):
        others = (*state.network[:place], *state.network[place + 1 :])
        for served in serve(setting, state, request):
            left = tuple(sorted((*others, *served.request)))
            yield Step(
                f"late, the service {served.what} {request.kind} ({request.operation + 1})",
                state._replace(service=served.service, network=left),
                served.violation,
            )
