"""Runs the `tests` section of a configuration. Pure: messages and the time are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.contract.events import Event
from connectors.contract.messages import ConnectorError, Inbound, Unverified
from tickets.models import CreateTicket
from worker.intake.reading import parse
from worker.planning.arrival import Arrival, Effect
from worker.rehearsal.memory import Memory
from worker.routing import Routed, route
from worker.settings import Settings, Source
from worker.settings.expectations import Expected, Test

Value = str | bool | int | list[str] | None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A result of a message that differs from the expected one."""

    step: int
    """The number of the step, from 1."""
    what: str
    """`events`, `routes`, `operations`, `priority`, `category`, `subject`, `private`, `dropped` or `message`."""
    expected: Value
    got: Value


@dataclass(frozen=True, slots=True)
class Sample:
    """A message to send; its sender need not be proven."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""


def try_out(settings: Settings, test: Test, messages: Sequence[Sample], now: datetime) -> list[Mismatch]:
    """Return the mismatches of a test whose steps send these messages; the test begins `now`."""
    source = settings.sources[test.source]
    memory = Memory()
    found: list[Mismatch] = []
    at = now
    for number, (step, message) in enumerate(zip(test.steps, messages, strict=True), 1):
        at += timedelta(seconds=step.after)
        own = {name.lower(): value for name, value in step.headers.items()}
        headers = (*(each for each in message.headers if each[0] not in own), *own.items())
        try:
            got = _led_to(source, Inbound(source.id, at, message.body, headers, message.query), memory, number)
        except ConnectorError as error:
            found.append(Mismatch(number, "message", "a readable message", str(error)))
            continue
        found += [
            Mismatch(number, what, _plain(wanted), value)
            for what in type(step.expect).model_fields
            if (wanted := getattr(step.expect, what)) is not None
            and (value := got.of(step.expect, what)) != _plain(wanted)
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Came:
    """The results of one message."""

    events: Sequence[Event]
    routed: Sequence[Routed]
    outcomes: Sequence[Effect]

    def of(self, expected: Expected, what: str) -> Value:
        """Return the result of that name; if several events or tickets differ in it, the first unexpected value."""
        match what:
            case "events":
                return len(self.events)
            case "operations":
                return [intent.kind for outcome in self.outcomes for intent in outcome.intents]
            case "routes":
                return _odd_one([list(each.resolution.matched) for each in self.routed], expected.routes)
            case "dropped":
                drops = [each.resolution.settings.get("drop") for each in self.routed]
                return _odd_one([None if each is None else each.value for each in drops], expected.dropped)
        return _odd_one(self._of_tickets(what), getattr(expected, what))

    def _of_tickets(self, what: str) -> list[Value]:
        created = [
            (outcome.arrival.event, intent.request)
            for outcome in self.outcomes
            for intent in outcome.intents
            if isinstance(intent.request, CreateTicket)
        ]
        if what == "private":
            return [event.private for event, _ in created]
        return [getattr(request, what) for _, request in created]


def _led_to(source: Source, arrived: Inbound, memory: Memory, number: int) -> _Came:
    parsed = parse(source, Unverified(arrived))
    routed = [route(source, event) for event in parsed.events]
    arrivals = [
        Arrival(source.id, each.event, number, each.treatment, arrived.received_at.isoformat())
        for each in routed
        if each.why_dropped is None
    ]
    return _Came(parsed.events, routed, memory.take(arrivals, arrived.received_at))


def _odd_one(values: Sequence[Value], expected: object) -> Value:
    """Return the first unexpected value; the first value if all are as expected; None without values."""
    wanted = _plain(expected)
    return next((each for each in values if each != wanted), values[0] if values else None)


def _plain(value: object) -> Value:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return value if isinstance(value, str | bool | int) else None
