"""Asks platforms in rounds for messages that they did not deliver, and takes in the missing ones.

A round goes on where an earlier run stopped: at the platform's limit, at ours, or because the process ended. A message
that is found goes the way of every delivery, under the same keys. So a late delivery and a second request are both
recognised as repeats. The rounds cover every gap: an outage here, an outage there, and deliveries that the platform
held back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from connectors.contract.backfill import Backfilling, Missed, Occasion, Progress
from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall, Memory
from connectors.contract.events import Event
from connectors.contract.messages import Inbound
from worker.jobs.job import Job, Ran, State, Surroundings, read_found
from worker.jobs.steps import asked, waiting
from worker.ledger import OURS
from worker.planning.correlation import may_wait
from worker.settings import Source

log = structlog.get_logger()

MADE_BY = OURS + "backfill"
"""Header of a message that was asked for, with the job's name: the sender did not send it."""

AT_ONCE = 8  # requests in one run: other jobs wait meanwhile
AT_ONCE_S = 15.0  # seconds in which the requests of a run may begin
PAUSE = timedelta(seconds=10)  # so there are no more than 48 requests in a minute
LEEWAY = timedelta(minutes=5)  # how long a delivery may take
OPENED_A_ROUND = 100  # cases requested in full, the latest first
CASES_A_ROUND = 20  # cases requested without a sign that they grew


@dataclass(frozen=True, slots=True)
class Held:
    """The memory of the job."""

    memory: Memory
    after: str = ""
    """Key of the last open case that was requested. All open cases are requested, one round after another."""
    turn: str | None = None
    """When the present turn through the open cases began."""
    last_turn: str | None = None
    begun: str | None = None
    """When this round began."""
    troubles: tuple[str, ...] = ()
    """Those of this round."""
    last_troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backfill:
    """A source's workspace, and how often it is asked."""

    source: Source
    how: Backfilling[Any]
    workspace: str
    every: timedelta

    @property
    def name(self) -> str:
        return ":".join(filter(None, ("backfill", self.source.id, self.workspace)))


def jobs_of(source: Source) -> list[Job]:
    """Return one job for each workspace of a source; none when the source is not to be asked."""
    how = source.connector.backfilling
    every = how.every(source.settings) if how is not None else None
    if how is None or every is None:
        return []
    found = [Backfill(source, how, each, timedelta(seconds=every)) for each in how.workspaces(source.settings)]
    return [Job(each.name, each.every, partial(_run, each)) for each in found]


def _run(what: Backfill, state: State, around: Surroundings) -> Ran:
    held = _read(state)
    if _next(what, held) is None:
        held = _begun(what, held, around)
    until = time.monotonic() + AT_ONCE_S
    for _ in range(AT_ONCE):
        call = _next(what, held)
        if call is None or time.monotonic() > until:
            break
        progress = asked(what.source, call, partial(_read_answer, what, held.memory))
        if isinstance(progress, CallLater):
            pause = waiting(progress, PAUSE)
            log.info("backfill.waits", job=what.name, reason=progress.reason, seconds=pause.total_seconds())
            return Ran(_written(held), pause, _problem(what, held))
        if isinstance(progress, str):
            log.warning("job.failed", job=what.name, reason=progress)
            return Ran(_written(held), problem=progress)
        _take_in(what, progress.missed, around)
        held = _troubled(what, replace(held, memory=progress.memory), progress.trouble)
    return Ran(_written(held), what.every if _next(what, held) is None else PAUSE, _problem(what, held))


def _next(what: Backfill, held: Held) -> HttpCall | None:
    """Return the next request of the round; None when the round is over."""
    return what.how.ask(held.memory, what.workspace, what.source.settings)


def _read_answer(
    what: Backfill, memory: Memory, answer: HttpAnswer
) -> Progress | CallLater | CallUnknown | CallRejected:
    return what.how.read(memory, answer, what.source.settings)


def _begun(what: Backfill, held: Held, around: Surroundings) -> Held:
    """Begin a new round, with the next open cases."""
    found = around.job_store.open_subjects(what.source.id, after=held.after, limit=CASES_A_ROUND)
    last, turn = held.last_turn, held.turn
    if not held.after or turn is None:
        last, turn = turn, around.now.isoformat()
    since = datetime.fromisoformat(last) if last is not None else None
    opened: list[str] = []
    if held.begun is not None:
        # A case is as old as the event that opened it, and that event may have waited.
        since_then = datetime.fromisoformat(held.begun) - LEEWAY
        opened = around.job_store.opened_subjects(what.source.id, since=since_then, limit=OPENED_A_ROUND)
    occasion = Occasion(around.now, tuple(each.key for each in found), since, tuple(opened))
    memory = what.how.begin(held.memory, occasion)
    after = found[-1].key if len(found) == CASES_A_ROUND else ""
    return Held(memory, after, turn, last, around.now.isoformat(), (), held.troubles)


def _take_in(what: Backfill, missed: tuple[Missed, ...], around: Surroundings) -> None:
    """Take in unknown messages one after the other, so that each finds the case that an earlier one opened."""
    found = [Inbound(what.source.id, around.now, each.body, ((MADE_BY, what.name),)) for each in missed]
    arrived = [around.named(what.source, each) for each in found]
    said = [read_found(what.source, each).parsed.events for each in arrived]
    ids = [
        {event.source_message_id for event in events}.union(each.also)
        for events, each in zip(said, missed, strict=True)
    ]
    known = around.job_store.known(what.source.id, set().union(*ids))
    names = around.job_store.aliases_of_cases(what.source.id, {name for events in said for name in _names(events)})
    taken = 0
    for delivery, events, its_ids in zip(arrived, said, ids, strict=True):
        if not events or not known.isdisjoint(its_ids) or not _has_place(events, names):
            continue
        around.take_in(what.source, delivery)
        names |= frozenset(_names(events))
        taken += 1
    if taken:
        log.info("backfill.found", job=what.name, messages=taken)


def _names(events: tuple[Event, ...]) -> Iterator[str]:
    for event in events:
        yield from (*event.aliases, *(each.alias for each in event.references))


def _has_place(events: tuple[Event, ...], names: frozenset[str]) -> bool:
    """Return False for a message that would wait for its case.

    Every message that could open the case was requested before.
    """
    return any(not may_wait(each) or not names.isdisjoint(_names((each,))) for each in events)


def _troubled(what: Backfill, held: Held, trouble: str | None) -> Held:
    if trouble is None:
        return held
    if trouble not in held.last_troubles + held.troubles:
        log.warning("backfill.cannot_ask", job=what.name, reason=trouble)
    return replace(held, troubles=(*held.troubles, trouble))


def _problem(what: Backfill, held: Held) -> str | None:
    """Return the problems of the round. Until the round is over, the problems of the previous round count too."""
    troubles = held.troubles if held.troubles or _next(what, held) is None else held.last_troubles
    return "; ".join(troubles) or None


def _read(state: State) -> Held:
    lists = {name: tuple(state.get(name, ())) for name in ("troubles", "last_troubles")}
    held: State = {"memory": {}, **state, **lists}
    return Held(**held)


def _written(held: Held) -> State:
    return asdict(held)
