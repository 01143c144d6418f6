"""Histories of floods: storms of incidents, and messages that answer each other in a loop."""

from __future__ import annotations

from typing import Any

from connectors.contract.events import Event, Exchange
from worker.planning.grouping import PREFIX

from ..builders import opened, resolved
from ..conversations import EVE, mail
from .rules import NONE, Rule, once


def looping(number: int, **more: Any) -> Event:
    """Build one of many automatic mails with the same sender and subject."""
    return mail(f"loop{number}", exchange=Exchange("ada: away", 2, 600), at=number, **more)


STORM_KEY = f"{PREFIX}storm:"
STORMS = (
    Rule(
        "Above the rate, new incidents share a ticket; each ends there",
        [
            once(0, opened("a"), opened("b"), opened("c"), opened("d"), storm=2),
            once(0.5, resolved("c", end=0.5), resolved("d", end=0.5), resolved("a", end=0.5), storm=2),
        ],
        {
            "a": ["create_ticket medium a is full", "close_ticket all well"],
            "b": ["create_ticket medium b is full"],
            STORM_KEY: [
                "create_ticket medium storm of prom: c is full",
                "add_note d is full joined the group. Open now: 2.",
                "add_note c is full left the group: it is resolved, says prom. Still open: 1.",
                "close_ticket No member of the group is open any more; the last one was d is full.",
            ],
        },
    ),
    Rule(
        "Repeats and urgent incidents are not counted",
        [
            once(0, opened("a"), opened("a"), opened("a"), opened("b", priority="urgent"), storm=1),
            once(0.1, opened("c"), storm=1),
        ],
        {
            "a": ["create_ticket medium a is full"],
            "b": ["create_ticket urgent b is full"],
            STORM_KEY: ["create_ticket medium storm of prom: c is full"],
        },
    ),
    Rule(
        "A change and an end are not counted",
        [
            once(0, opened("a"), storm=2),
            once(0.1, opened("a", text="1% free"), storm=2),
            once(0.2, resolved("a", end=0.2), storm=2),
            once(0.3, opened("b"), storm=2),
        ],
        {
            "a": ["create_ticket medium a is full", "add_note Changed at prom.", "close_ticket all well"],
            "b": ["create_ticket medium b is full"],
        },
    ),
    Rule(
        "A storm is over with the first minute that holds no more than the rate",
        [
            once(0, opened("a"), opened("b"), storm=1),
            once(1.5, opened("c"), storm=1),
            once(4, opened("d"), storm=1),
        ],
        {
            "a": ["create_ticket medium a is full"],
            STORM_KEY: [
                "create_ticket medium storm of prom: b is full",
                "add_note c is full joined the group. Open now: 2.",
            ],
            "d": ["create_ticket medium d is full"],
        },
    ),
)

BREAKER = "the loop breaker: more than 2 messages of one sender and one subject in 10 minutes"
LOOPS = (
    Rule(
        "Of one exchange so many messages pass; the next is one private note, and those behind it nothing",
        [once(number, looping(number)) for number in range(1, 6)],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full"],
            "mail:loop2": [
                "create_ticket medium mail:loop2 is full",
                "add_note private More than 2 messages with this sender and subject came in 10 minutes, "
                "as when two automatic answers face each other. This message and those that follow are only recorded.",
            ],
        },
        [NONE, NONE, BREAKER, BREAKER, BREAKER],
    ),
    Rule(
        "A message that was stopped is known afterwards, and lets nobody in",
        [
            once(1, looping(1)),
            once(2, looping(2)),
            once(3, looping(3, cc=[EVE])),
            once(30, looping(3, cc=[EVE])),
            once(31, mail("y", to=["loop2"], author=EVE)),
        ],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full"],
            "mail:loop2": [
                "create_ticket medium mail:loop2 is full",
                "add_note private More than 2 messages with this sender and subject came in 10 minutes, "
                "as when two automatic answers face each other. This message and those that follow are only recorded.",
            ],
            "mail:y": ["create_ticket medium mail:y is full"],
        },
    ),
    Rule(
        "A known message with other content does not count in a loop",
        [once(1, looping(1)), once(2, looping(1, text="other words")), once(3, looping(2))],
        {
            "mail:loop1": ["create_ticket medium mail:loop1 is full", "add_note Changed at prom."],
            "mail:loop2": ["create_ticket medium mail:loop2 is full"],
        },
    ),
    Rule(
        "After the window messages of the exchange pass again",
        [once(1, looping(1)), once(2, looping(2)), once(30, looping(3))],
        {f"mail:loop{number}": [f"create_ticket medium mail:loop{number} is full"] for number in (1, 2, 3)},
    ),
)
