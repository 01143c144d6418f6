"""The API's rate limit, as a pure function of earlier calls: how many calls may be made now, and when more may be.

A call is counted when it is claimed, and leaves at most the *late bound* afterwards. A call that cannot leave in that
time is given up, and claimed again with a fresh token. So each token is good until a moment of its own, and counts
until that moment plus the window: the windows of the service never hold more calls than it allows, wherever they begin.

The late bound is the same for all processes, and stored with the gate. It begins at `LEAST_LATE`. Each call that came
too late raises it, since a fresh token would be late again where commits are slow. Then it falls slowly.

While more calls wait than a small burst, calls that are not urgent are paced. The *even pause* is the window of a
minute (with `LATE`) divided by its limit. The goal: a caller that makes one call in each even pause finds the tokens
used up for at most `slack`. Two rules decide about a paced call:

    hold    It waits while a call in each even pause, from now on, would find the tokens used up for longer than that.
    spread  It is made nevertheless if the free tokens, spread evenly until the taken ones come back, make pauses of at
            most `SPREAD` even pauses, and the last paced call is one such pause ago.

So an urgent create finds a token within about two even pauses, and no token is left unused for long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)
LEAST_LATE, MOST_LATE = timedelta(seconds=0.4), timedelta(seconds=5)
"""The limits of the late bound. The lease may set a lower one: see `Terms.most_late`."""
LATE_FALLS = timedelta(seconds=0.1)
"""By how much the late bound falls in a minute."""
LATE_ROOM = 1.5
"""The late bound is raised to this many times what the call took."""
URGENT = 0
"""The rank that is never paced."""
TICK = timedelta(seconds=0.25)
"""With a large budget, the calls due within this time are allowed in one batch."""
BURST, SPREAD = 1.25, 3.0
"""The longest pause, in even pauses: after a burst that is not paced, and when the free tokens are spread."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The budget of the API key; None means no limit."""

    per_minute: int | None
    per_second: int | None

    @property
    def are_none(self) -> bool:
        return self.per_minute is None and self.per_second is None

    def part(self, share: float) -> Limits:
        """Return a share of both limits, at least one call each."""
        scaled = (None if each is None else max(1, int(each * share)) for each in (self.per_minute, self.per_second))
        return Limits(*scaled)


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens that were taken together."""

    at: datetime
    tokens: int
    rank: int
    source: str
    late: timedelta = LEAST_LATE
    """The late bound when they were taken."""

    @property
    def good_until(self) -> datetime:
        """The moment after which no call may leave on them."""
        return self.at + self.late


def late_bound(stored: float | None, at: datetime | None, now: datetime, most: timedelta) -> timedelta:
    """Return the late bound: the one of `stored` seconds that was learnt at `at`, less what it has fallen since."""
    if stored is None or at is None:
        return min(LEAST_LATE, most)
    fallen = max(now - at, timedelta(0)) / MINUTE * LATE_FALLS
    return min(max(timedelta(seconds=stored) - fallen, LEAST_LATE), most)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The number of calls that may be made now."""

    urgent: int
    """The number of calls if all of them are urgent."""
    others: int
    """The number of calls that are not urgent. They share the tokens of `urgent`, so this is never more."""
    next_at: datetime
    """When there may be more tokens for calls that got none now."""
    scarce: bool
    """True if calls are paced, no token is free, or more calls wait than tokens are free."""


def allowance(
    spent: Sequence[Spent], limits: Limits, now: datetime, *, waiting: int, late: timedelta = LEAST_LATE
) -> Allowance:
    """Return what may be sent now with tokens that are good for `late`. `waiting` counts due calls, without urgent."""
    spent = sorted(spent, key=lambda each: each.good_until)
    windows = [(MINUTE, limits.per_minute), (SECOND, limits.per_second)]
    free, back_at = min(
        (_free(spent, number, length, now, late) for length, number in windows if number is not None),
        key=lambda found: (found[0], -found[1].timestamp()),
    )
    if free <= 0:
        return Allowance(0, 0, back_at, scarce=True)
    if limits.per_minute is None:
        return Allowance(free, free, back_at, scarce=waiting > free)
    pace = _Pace.of(spent, limits.per_minute, now, late)
    if waiting <= pace.free and pace.after(waiting).pause() <= BURST * pace.even:
        return Allowance(free, free, back_at, scarce=False)
    others, next_at = _paced(pace, free)
    return Allowance(free, others, back_at if others == free else max(next_at, now + pace.tick), scarce=True)


def _free(
    spent: Sequence[Spent], number: int, window: timedelta, now: datetime, late: timedelta
) -> tuple[int, datetime]:
    """Return how many tokens of this window are free, and when the next one will be."""
    held = [each for each in spent if each.good_until > now - window]
    free = number - sum(each.tokens for each in held)
    return free, (held[0].good_until + window if held else now + late + window)


@dataclass(frozen=True, slots=True)
class _Pace:
    """The tokens of a minute: the free ones, and those that come back."""

    now: datetime
    even: timedelta
    """The pause between calls that use up the budget evenly."""
    free: int
    backs: tuple[tuple[datetime, int], ...]
    """When tokens come back, and how many."""
    last: datetime | None
    """When the latest call that is not urgent took its token."""
    late: timedelta
    """The late bound of the tokens that are taken now."""

    @classmethod
    def of(cls, spent: Sequence[Spent], number: int, now: datetime, late: timedelta) -> _Pace:
        """Return the state now; `spent` is in the order in which the tokens come back."""
        backs = tuple((each.good_until + MINUTE, each.tokens) for each in spent if each.good_until > now - MINUTE)
        last = max((each.at for each in spent if each.rank != URGENT), default=None)
        return cls(now, (MINUTE + late) / number, number - sum(tokens for _, tokens in backs), backs, last, late)

    @property
    def tick(self) -> timedelta:
        """The time for which due calls are gathered before they are allowed in one batch."""
        return TICK if self.even < TICK else timedelta(0)

    @property
    def slack(self) -> timedelta:
        """For how long an urgent call may find no token."""
        return max(self.even, 2 * TICK)

    def after(self, number: int) -> _Pace:
        """Return the state after this number of calls was made now."""
        backs = (*self.backs, (self.now + self.late + MINUTE, number))
        return replace(self, free=self.free - number, backs=backs, last=self.now) if number else self

    def hold_until(self) -> datetime:
        """Return the time from which one call in each even pause finds the tokens used up for at most the slack."""
        return max((at - self.slack - self.even * had for at, had in self._had()), default=self.now - self.slack)

    def pause(self) -> timedelta:
        """Return the shortest equal pause with which the free tokens last until the taken ones come back."""
        return max(((at - self.slack - self.now) / (had + 1) for at, had in self._had()), default=timedelta(0))

    def _had(self) -> Iterator[tuple[datetime, int]]:
        """Yield each time when tokens come back, with the number of tokens that become free before it."""
        had = self.free
        for at, tokens in self.backs:
            yield at, had
            had += tokens


def _paced(pace: _Pace, free: int) -> tuple[int, datetime]:
    """Return how many calls that are not urgent may be made now, and when the next one may be made."""
    now, even, spread = pace.now, pace.even, pace.pause()
    hold = max(pace.hold_until(), now - pace.slack)
    # Each call moves `hold` by an even pause. It is never more than the slack ago, so
    # the number of calls at once is limited.
    number = min(free, (now - hold) // even + 1) if hold <= now else 0
    if number or spread > SPREAD * even:
        return number, hold + number * even
    spread_at = now if pace.last is None else pace.last + spread
    return (1, min(hold + even, now + spread)) if spread_at <= now else (0, min(hold, spread_at))
