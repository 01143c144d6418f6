"""Faults of a run: permanent ones at the Tickets API, by probability, and single ones, one after the other.

A single fault is a kill (of a process or a server), or a condition that holds for a while: commits are slow, the clock
was set, the Tickets API is dead, connections are half open.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONDITIONS_WITHIN = 12
"""A run with so many faults has each condition at least once."""
MANY = 1_000_000  # a rule with a countdown shows how often it applied

API_FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "reset", "when": "before", "probability": 0.02},
    {"action": "reset", "when": "after", "probability": 0.02},
    {"action": "status", "when": "before", "status": 500, "probability": 0.01},
    {"action": "status", "when": "after", "status": 500, "probability": 0.02},
    {"action": "status", "when": "after", "status": 502, "probability": 0.01},
    {"action": "status", "when": "before", "status": 502, "probability": 0.01},
    {"action": "status", "when": "before", "status": 503, "retry_after": 1, "probability": 0.01},
    {"action": "status", "when": "before", "status": 429, "retry_after": 1, "probability": 0.002},
    {"action": "truncate", "probability": 0.01},
    {"action": "drip", "chunk": 16, "seconds": 0.01, "probability": 0.02},  # slow, but complete in time
    {"action": "drip", "chunk": 16, "seconds": 0.5, "probability": 0.005},  # never complete in time
    {"action": "latency", "when": "before", "seconds": 0.3, "probability": 0.02},
    {"action": "latency", "when": "before", "seconds": 1.3, "probability": 0.01},  # given up, and takes effect later
    {"action": "latency", "when": "after", "seconds": 1.3, "probability": 0.005},  # took effect, and was given up
    {"action": "search_lag", "seconds": 1.0, "probability": 1.0},
)
"""About one call in seven meets a fault. An answer must not deny an effect: 503 and 429 come only before the effect."""


def rules(seed: int) -> list[dict[str, Any]]:
    """Rules for one start of the Tickets API, which keeps them in memory."""
    return [
        {**each, "path": "/tickets", "seed": seed * 100 + number, "times": MANY}
        for number, each in enumerate(API_FAULTS)
    ]


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Fault:
    """A single fault. When it is over, everything that it affected runs again."""

    begin: Callable[[], None]
    end: Callable[[], None] = _nothing
    lasts_s: float = 0.0
    """The time between the two. With an alarm, it lasts until the alarm is up."""
    alarm: str | None = None
    """The alarm that must come up between the two."""
    forgets: bool = False
    """True if the Tickets API has lost its rules afterwards."""


Faults = Mapping[str, Fault]


def order_of(kills: Sequence[str], conditions: Sequence[str], faults: int, seed: int) -> list[str]:
    """Return this number of faults: every kind once before any is repeated, the conditions among the first dozen."""
    chance = random.Random(seed)  # noqa: S311 — a seeded run can be repeated
    order: list[str] = []
    while len(order) < faults:
        shuffled = chance.sample(kills, len(kills))
        with_conditions = max(0, CONDITIONS_WITHIN - len(conditions))
        first = [*conditions, *shuffled[:with_conditions]]
        order += chance.sample(first, len(first)) + shuffled[with_conditions:]
    return order[:faults]
