"""Words for numbers and durations in texts that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

Needs = Literal["nothing to do", "look", "act"]
"""The words for what an alarm, a log event or a stored state asks of a person, the same everywhere."""
NEEDS: Mapping[Needs, str] = {
    "nothing to do": "It is over, or goes on by itself. Nothing is lost or late meanwhile.",
    "look": "It may clear up by itself. Find out why it came, and whether it goes away.",
    "act": "It stays until somebody acts, or tickets are late until then.",
}
"""Each of these words, explained. The pages of alarms and the glossary have this table, too."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the singular for 1: "1 delivery", "2 deliveries", "0 operations".

    The last word of `noun` gets the plural's ending, so an adjective may stand before it.
    """
    return f"{number} {noun if number == 1 else plural(noun)}"


def age(long: timedelta) -> str:
    """Return a duration in its largest unit, rounded down: "12 s", "5 min", "3 h", "2 d"; a negative one is "0 s"."""
    seconds = max(int(long.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def plural(noun: str) -> str:
    """Return the regular English plural of a noun: delivery, deliveries; branch, branches; case, cases."""
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|ch|sh)$", noun) else f"{noun}s"
