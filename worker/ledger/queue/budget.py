"""How many calls may be made now, and when the next one? The API's limit, as a pure function of the calls made before.

A call is counted when it is claimed, and reaches the service a moment later: at the most `LATE` later, since what would
be sent later than that takes a fresh token. So no window of ours, which is longer by that, holds more calls than the
service allows in its own, wherever its windows begin.

While more waits than a small burst, what is not urgent is paced, such that a call every even pause (a minute divided by
its limit) never finds the tokens used up for longer than `slack`:

    hold    nothing goes while such calls would use up what is free before the tokens taken earlier come back
    spread  unless what is free, spread over the time until then, still makes short pauses

So an urgent create finds a token within about two even pauses, and no token is left unused for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)
LATE = timedelta(seconds=0.4)
URGENT = 0
"""The rank that is never paced."""
TICK = timedelta(seconds=0.25)
"""Of a large budget, what is due in this time is given in one go."""
BURST, SPREAD = 1.25, 3.0
"""How many even pauses one pause may become: by a burst that is not paced, and when what is left is spread."""


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
    scarce: bool
    """What waits is more than what may be sent at once: the budget is what it waits for."""


def allowance(spent: Sequence[Spent], limits: Limits, now: datetime, *, waiting: int) -> Allowance:
    """What may be sent now. `spent` is in the order of time; `waiting`: how many calls that are not urgent are due."""
    windows = [(MINUTE, limits.per_minute), (SECOND, limits.per_second)]
    free, back_at = min(
        (_free(spent, number, length + LATE, now) for length, number in windows if number is not None),
        key=lambda found: (found[0], -found[1].timestamp()),
    )
    if free <= 0:
        return Allowance(0, 0, back_at, scarce=True)
    if limits.per_minute is None:
        return Allowance(free, free, back_at, scarce=waiting > free)
    pace = _Pace.of(spent, limits.per_minute, now)
    if waiting <= pace.free and pace.after(waiting).pause() <= BURST * pace.even:
        return Allowance(free, free, back_at, scarce=False)
    others, next_at = _paced(pace, free)
    return Allowance(free, others, back_at if others == free else max(next_at, now + pace.tick), scarce=True)


def _free(spent: Sequence[Spent], number: int, window: timedelta, now: datetime) -> tuple[int, datetime]:
    """How many tokens of this window are free, and when the next one will be."""
    held = [each for each in spent if each.at > now - window]
    free = number - sum(each.tokens for each in held)
    return free, (held[0].at + window if held else now + window)


@dataclass(frozen=True, slots=True)
class _Pace:
    """The tokens of a minute: those that are free, and those that come back."""

    now: datetime
    even: timedelta
    """The pause between calls that use up the budget evenly."""
    free: int
    backs: tuple[tuple[datetime, int], ...]
    """When tokens come back, and how many."""
    last: datetime | None
    """When the latest call that is not urgent took its token."""

    @classmethod
    def of(cls, spent: Sequence[Spent], number: int, now: datetime) -> _Pace:
        window = MINUTE + LATE
        backs = tuple((each.at + window, each.tokens) for each in spent if each.at > now - window)
        last = max((each.at for each in spent if each.rank != URGENT), default=None)
        return cls(now, window / number, number - sum(tokens for _, tokens in backs), backs, last)

    @property
    def tick(self) -> timedelta:
        """How long what is due is gathered before it is given in one go."""
        return TICK if self.even < TICK else timedelta(0)

    @property
    def slack(self) -> timedelta:
        """For how long the tokens may be used up."""
        return max(self.even, 2 * TICK)

    def after(self, number: int) -> _Pace:
        """When this number of calls was made now."""
        backs = (*self.backs, (self.now + MINUTE + LATE, number))
        return replace(self, free=self.free - number, backs=backs, last=self.now) if number else self

    def hold_until(self) -> datetime:
        """When a call every even pause can begin, and find the tokens used up for no longer than the slack."""
        return max((at - self.slack - self.even * had for at, had in self._had()), default=self.now - self.slack)

    def pause(self) -> timedelta:
        """The even pause with which what is free lasts until the tokens come back."""
        return max(((at - self.slack - self.now) / (had + 1) for at, had in self._had()), default=timedelta(0))

    def _had(self) -> Iterator[tuple[datetime, int]]:
        """The moments when tokens come back, and how many there are before, with those that are free now."""
        had = self.free
        for at, tokens in self.backs:
            yield at, had
            had += tokens


def _paced(pace: _Pace, free: int) -> tuple[int, datetime]:
    """How many calls that are not urgent may be made now, and when the next one."""
    now, even, spread = pace.now, pace.even, pace.pause()
    hold = max(pace.hold_until(), now - pace.slack)
    # Each call moves that by an even pause; and its own token comes back when no more than the slack was lent.
    number = min(free, (now - hold) // even + 1) if hold <= now else 0
    if number or spread > SPREAD * even:
        return number, hold + number * even
    spread_at = now if pace.last is None else pace.last + spread
    return (1, min(hold + even, now + spread)) if spread_at <= now else (0, min(hold, spread_at))
