"""Storms: alerts of three sources, far over the budget, with a few urgent ones.

A storm is a list of deliveries with their moments, the same for the same seed. The same storm can therefore be played
on a simulated clock and in real time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract.events import Commented, Event, Opened, Priority, Resolved, digest
from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)
SOURCES = ("prometheus", "mail", "chat")
OTHERS: tuple[Priority, ...] = ("high", "medium", "low")
AT_ONCE = 200  # deliveries recorded together
AT_THE_START = 0.6  # share of the operations that are not urgent
COMMENTS = (0, 0, 1, 1, 3)
CLOSED = 0.4  # share of the cases
OVER_THE_BUDGET = 4  # arrival rate of the rest, as a multiple of the budget


@dataclass(frozen=True, slots=True)
class Arrival:
    """Deliveries recorded together, `at` seconds after the storm began."""

    at: float
    deliveries: tuple[Delivery, ...]
    is_urgent: bool = False


def storm(operations: int, urgent: int, per_minute: int, seed: int = 1) -> list[Arrival]:
    """Return a storm of `operations` operations in the order of time, `urgent` of them creates of urgent tickets.

    The urgent ones come at random moments of the time in which the others can be sent.
    """
    chance = random.Random(seed)  # noqa: S311 — no secret
    lives = list(_lives(operations - urgent, chance))
    begun = round(len(lives) * AT_THE_START)
    arrivals = [_arrival(0.0, lives[start : start + AT_ONCE]) for start in range(0, begun, AT_ONCE)]
    pause = 60 / per_minute / OVER_THE_BUDGET
    at = 0.0
    for start in range(begun, len(lives), 10):
        some = lives[start : start + 10]
        at += pause * sum(len(events) for _, events in some)
        arrivals.append(_arrival(at, some))
    lasts = sum(_calls(events) for _, events in lives) * 60 / per_minute
    for number in range(urgent):
        one = (SOURCES[number % 3], [_opened(f"urgent-{number}", "urgent")])
        arrivals.append(_arrival(chance.uniform(0, lasts), [one], is_urgent=True))
    return sorted(arrivals, key=lambda each: each.at)


def _lives(operations: int, chance: random.Random) -> Iterator[tuple[str, list[Event]]]:
    """Yield cases, each with its source and its events: one operation for each event."""
    left, number = operations, 0
    while left:
        number += 1
        name = f"case-{number}"
        events: list[Event] = [_opened(name, chance.choice(OTHERS))]
        events += [_commented(name, each) for each in range(chance.choice(COMMENTS))]
        if chance.random() < CLOSED:
            events.append(_resolved(name))
        del events[left:]
        left -= len(events)
        # One source makes most of the noise.
        yield chance.choice((*SOURCES, SOURCES[0], SOURCES[0])), events


def _calls(events: list[Event]) -> int:
    """Return the number of calls for these events, with consecutive notes joined."""
    kinds = Counter(type(each) for each in events)
    return kinds.total() - max(0, kinds[Commented] - 1)


def _arrival(at: float, lives: list[tuple[str, list[Event]]], *, is_urgent: bool = False) -> Arrival:
    deliveries = (Delivery(Inbound(source, BEGAN, b"{}"), Parsed(tuple(events))) for source, events in lives)
    return Arrival(at, tuple(deliveries), is_urgent)


def _said(name: str, message: str, seconds: int = 0) -> dict[str, Any]:
    return {
        "case_key": name,
        "source_message_id": message,
        "occurred_at": BEGAN + timedelta(seconds=seconds),
        "started_at": BEGAN,
        "subject": f"{name} has a problem",
        "text": f"This is the {message}.",
        "content_digest": digest(message),
    }


def _opened(name: str, priority: Priority) -> Event:
    return Opened(**_said(name, f"opening of {name}"), priority=priority)


def _commented(name: str, number: int) -> Event:
    return Commented(**_said(name, f"comment {number} on {name}"), unknown="wait")


def _resolved(name: str) -> Event:
    return Resolved(**_said(name, f"end of {name}", 1))
