"""How many calls may be made now, and when the next one? The API's limit, as a pure function of the calls made before.

A call is counted when it is claimed, and reaches the service a moment later: at the most `LATE` later, since what would
be sent later than that takes a fresh token. So no window of ours, which is longer by that, holds more calls than the
service allows in its own, wherever its windows begin.

While more waits than fits, what is not urgent is paced: one call every so often, such that the tokens last until those
that were taken before come back. Then an urgent create finds a token within moments, and no token is left unused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)
LATE = timedelta(seconds=0.4)
URGENT = 0
"""The rank that is never paced."""
TICK = timedelta(seconds=0.25)
"""Of a large budget, what is due in this time is given in one go."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of our API key; None: no limit."""

    per_minute: int | None
    per_second: int | None

    @property
    def are_none(self) -> bool:
        return self.per_minute is None and self.per_second is None

    def part(self, share: float) -> Limits:
        """A share of both, at least one call."""
        scaled = (None if each is None else max(1, int(each * share)) for each in (self.per_minute, self.per_second))
        return Limits(*scaled)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that were taken together."""

    at: datetime
    tokens: int
    rank: int
    source: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls may be made now."""

    urgent: int
    others: int
    """Of the same tokens: never more than `urgent`."""
    next_at: datetime
    """When there may be more, for what found no token now."""


def allowance(spent: Sequence[Spent], limits: Limits, now: datetime, *, waiting: int) -> Allowance:
    """What may be sent now. `spent` is in the order of time; `waiting`: how many calls that are not urgent are due."""
    windows = [(MINUTE, limits.per_minute), (SECOND, limits.per_second)]
    free, back_at = min(
        (_free(spent, number, length + LATE, now) for length, number in windows if number is not None),
        key=lambda found: (found[0], -found[1].timestamp()),
    )
    if free <= 0:
        return Allowance(0, 0, back_at)
    if limits.per_minute is None:
        return Allowance(free, free, back_at)
    left, _ = _free(spent, limits.per_minute, MINUTE + LATE, now)
    if waiting <= min(left // 2, limits.per_second or left):
        return Allowance(free, free, back_at)
    pause = _pause(spent, limits.per_minute, left, now)
    last = max((each.at for each in spent if each.rank != URGENT), default=None)
    most = max(1, TICK // pause)
    fits = most if last is None else min(most, (now - last) // pause)
    others = min(free, fits)
    return Allowance(free, others, back_at if others == free else (last or now) + pause)


def _free(spent: Sequence[Spent], number: int, window: timedelta, now: datetime) -> tuple[int, datetime]:
    """How many tokens of this window are free, and when the next one will be."""
    held = [each for each in spent if each.at > now - window]
    free = number - sum(each.tokens for each in held)
    return free, (held[0].at + window if held else now + window)


def _pause(spent: Sequence[Spent], number: int, free: int, now: datetime) -> timedelta:
    """The shortest even pause with which the free tokens, and those that come back, are never used up."""
    window = MINUTE + LATE
    pause = window / number / 2  # shorter than even: what is late by a little is made up for
    come_back = 0
    for each in spent:
        if each.at > now - window:
            pause = max(pause, (each.at + window - now) / (free + come_back + 1))
            come_back += each.tokens
    return pause
