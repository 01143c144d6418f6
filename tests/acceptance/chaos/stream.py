"""The events of the sources in a run, their order, and the expected effects, all made from a seed.

A case is an alert or a thread in chat, and has a story: a list of steps, each one event. A step is sent when the step
before it has been acknowledged, so that the order of a case's effects is fixed. In addition:

    duplicates         a quarter of all deliveries is sent twice or three times at once, on several connections; some
                       once more much later, after newer steps of their cases. Duplicates have no effect.
    end first          an alert's end arrives before its beginning. No ticket and no close may follow.
    answer first       replies in chat are acknowledged before the mention that begins their thread. They wait, and
                       become notes after the create, in the order of their times.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connectors.toolbox.text import priority_of
from tests.acceptance.deployments import alert, body
from tests.connectors.slack.builders import ADA, BOB, BOT, envelope, mention, reply

Source = Literal["alertmanager", "slack"]

OPEN_AT_ONCE = 80  # cases with interleaved stories
MOST_ALERTS = 6  # per delivery
CHANCE_OF_CHAT = 0.25
COPIES = ((0.75, 1), (0.95, 2), (1.0, 3))
CHANCE_OF_LATE_COPY = 0.05
LATE = 60  # number of deliveries in between


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a case, as sent by its source, and the names of the expected effects, in order."""

    case: str
    content: dict[str, Any]
    effects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: several alerts, or one event of chat."""

    number: int
    source: Source
    body: bytes
    steps: tuple[Step, ...]
    after: tuple[int, ...]
    """The deliveries with the preceding steps."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A whole run."""

    deliveries: tuple[Delivery, ...]
    sendings: tuple[int, ...]
    """Numbers of the deliveries in sending order: duplicates follow each other, or come late."""

    @property
    def events(self) -> int:
        return sum(len(each.steps) for each in self.deliveries)

    @property
    def expected(self) -> dict[str, tuple[str, ...]]:
        """Names of the expected effects of each case, in order."""
        found: dict[str, tuple[str, ...]] = {}
        for delivery in self.deliveries:
            for step in delivery.steps:
                found[step.case] = found.get(step.case, ()) + step.effects
        return found


def make(events: int, seed: int) -> Stream:
    """Return a stream of that many events."""
    chance = random.Random(seed)  # noqa: S311 — a seeded run can be repeated
    numbers = itertools.count()
    open_cases: list[list[Step]] = []
    last: dict[str, int] = {}  # the delivery with the latest step of each case
    deliveries: list[Delivery] = []
    left = events
    while left:
        while len(open_cases) < OPEN_AT_ONCE:
            open_cases.append(_new_case(chance, next(numbers)))
        chosen = _chosen(open_cases, chance, left)
        steps = tuple(each.pop(0) for each in chosen)
        open_cases = [each for each in open_cases if each]
        number, left = len(deliveries), left - len(steps)
        after = tuple(sorted({last[step.case] for step in steps if step.case in last}))
        last |= {step.case: number for step in steps}
        deliveries.append(_delivery(number, steps, after))
    return Stream(tuple(deliveries), tuple(_sendings(len(deliveries), chance)))


def _chosen(open_cases: list[list[Step]], chance: random.Random, most: int) -> list[list[Step]]:
    """Choose a thread in chat, which has one event per delivery, or a few alerts."""
    first = chance.choice(open_cases)
    if _is_chat(first[0]):
        return [first]
    alerts = [each for each in open_cases if not _is_chat(each[0]) and each is not first]
    return [first, *chance.sample(alerts, min(len(alerts), most - 1, chance.randint(0, MOST_ALERTS - 1)))]


def _is_chat(step: Step) -> bool:
    return "channel" in step.content


def _delivery(number: int, steps: tuple[Step, ...], after: tuple[int, ...]) -> Delivery:
    if _is_chat(steps[0]):
        event = envelope(steps[0].content, event_id=f"Ev{number:08}")
        return Delivery(number, "slack", json.dumps(event).encode(), steps, after)
    return Delivery(number, "alertmanager", body(step.content for step in steps), steps, after)


def _sendings(deliveries: int, chance: random.Random) -> list[int]:
    sendings: list[int] = []
    late: dict[int, list[int]] = {}
    for number in range(deliveries):
        dice = chance.random()
        sendings += [number] * next(copies for most, copies in COPIES if dice <= most)
        if chance.random() < CHANCE_OF_LATE_COPY:
            late.setdefault(number + chance.randint(1, LATE), []).append(number)
        sendings += late.pop(number, [])
    return sendings + [each for rest in late.values() for each in rest]


# Stories


def _new_case(chance: random.Random, number: int) -> list[Step]:
    if chance.random() < CHANCE_OF_CHAT:
        return _thread(chance, number)
    told = chance.choices([story for story, _ in STORIES], [weight for _, weight in STORIES])[0]
    return told(_Alert(f"{chance.getrandbits(64):016x}"))


class _Alert:
    """Makes the steps of an alert, from its latest state."""

    def __init__(self, case: str) -> None:
        self._case = case
        self._steps = 0
        self._created = ""
        self._now: dict[str, Any] = alert(fingerprint=case)

    def _step(self, effects: Sequence[str], **changes: Any) -> Step:
        """Make a step; in an effect, `{}` is this step's mark and `{ticket}` the mark of the ticket's creation."""
        self._steps += 1
        mark = f"s{self._steps}"
        if any(each.startswith("create") for each in effects):
            self._created = mark
        annotations = {"summary": f"DiskFull {self._case}", "step": mark}
        self._now = self._now | {"annotations": annotations} | changes
        return Step(self._case, self._now, tuple(each.format(mark, ticket=self._created) for each in effects))

    def fires(self, hour: int = 10, *effects: str) -> Step:
        start = f"2026-03-01T{hour}:00:00.123456789Z"
        ends = "0001-01-01T00:00:00Z"
        return self._step(effects or ("create_ticket {}",), status="firing", startsAt=start, endsAt=ends)

    def changes(self, severity: str) -> Step:
        labels = self._now["labels"] | {"severity": severity}
        update = f"update_ticket {priority_of(severity)[0]} on {{ticket}}"
        return self._step((update, "add_note {} on {ticket}"), labels=labels)

    def ends(self, hour: int = 11) -> Step:
        ended = f"2026-03-01T{hour}:00:00Z"
        return self._step(("close_ticket {} on {ticket}",), status="resolved", endsAt=ended)

    def fires_again(self) -> Step:
        """Fire again within the hour, which reopens the ticket."""
        start = "2026-03-01T11:30:00Z"
        effects = ("reopen_ticket on {ticket}", "add_note {} on {ticket}")
        return self._step(effects, status="firing", startsAt=start, endsAt="0001-01-01T00:00:00Z")

    def ends_before_it_fired(self) -> list[Step]:
        start = "2026-03-01T10:00:00.123456789Z"
        return [
            self._step((), status="resolved", startsAt=start, endsAt="2026-03-01T11:00:00Z"),
            self._step((), status="firing", startsAt=start, endsAt="0001-01-01T00:00:00Z"),
        ]


STORIES: tuple[tuple[Callable[[_Alert], list[Step]], int], ...] = (
    (lambda it: [it.fires(), it.ends()], 8),
    (lambda it: [it.fires()], 2),
    (lambda it: [it.fires(), it.changes("critical"), it.ends()], 5),
    (lambda it: [it.fires(), it.changes("critical"), it.changes("info"), it.changes("high"), it.ends()], 4),
    (lambda it: [it.fires(), it.ends(), it.fires_again(), it.changes("critical"), it.ends(13)], 4),
    (lambda it: [it.fires(), it.ends(), it.fires(15), it.ends(16)], 3),
    (lambda it: it.ends_before_it_fired(), 2),
)
"""Stories of alerts, and how often they occur."""


def _thread(chance: random.Random, number: int) -> list[Step]:
    """Return a mention, replies and the closing command; in one of three threads, replies precede the mention."""
    case = f"thread-{number}"
    replies = chance.randint(1, 4)
    early = chance.randint(1, replies) if chance.random() < 0.33 else 0
    root = _time(number, 0)
    said = [f"step: s{place}" for place in range(replies + 2)]
    notes = [
        Step(
            case,
            reply(said[place], _time(number, place), thread_ts=root, user=BOB),
            () if place <= early else (f"add_note s{place} on s0",),
        )
        for place in range(1, replies + 1)
    ]
    begun = ("create_ticket s0", *(f"add_note s{place} on s0" for place in range(1, early + 1)))
    opening = Step(case, mention(f"<@{BOT}> {said[0]} of {case}", root, user=ADA), begun)
    word = reply(f"close, {said[-1]}", _time(number, replies + 1), thread_ts=root, user=ADA)
    end = Step(case, word, (f"close_ticket s{replies + 1} on s0",))
    return [*notes[:early], opening, *notes[early:], *([end] if chance.random() < 0.7 else [])]


def _time(case: int, place: int) -> str:
    """Return a message time that no other message has."""
    return f"{1_770_000_000 + case * 60 + place}.{case % 1_000_000:06}"
