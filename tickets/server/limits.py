"""Rate limiter per API key, within this process, with three kinds of window that services use.

    sliding        never more than the number in *any* 60 s, and 1 s
    fixed          never more than the number in every minute, and second, of the clock
    token-bucket   the bucket holds the number of a second (without that limit, the number of a minute), and fills
                   evenly with the number of a minute

A refused request takes nothing from the limit. A single client that waits exactly the seconds given is then admitted.
"""

from __future__ import annotations

import bisect
from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tickets.server.clock import SECOND

MINUTE = 60 * SECOND

Window = Literal["fixed", "sliding", "token-bucket"]
WINDOWS: tuple[Window, ...] = ("fixed", "sliding", "token-bucket")

_NAMED = MappingProxyType({"production": (100, 20), "sandbox": (50, 10), "none": (None, None)})


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests of one key per minute and per second; None means no limit."""

    per_minute: int | None
    per_second: int | None
    window: Window = "sliding"

    def __post_init__(self) -> None:
        if any(number is not None and number < 1 for number in (self.per_minute, self.per_second)):
            raise ValueError("a limit must be at least 1, or None for no limit")
        if self.window not in WINDOWS:
            raise ValueError(f"a window must be one of {', '.join(WINDOWS)}, not {self.window!r}")
        if self.window == "token-bucket" and self.per_minute is None and self.per_second is not None:
            raise ValueError("a token-bucket needs per_minute, by which it is filled")

    @classmethod
    def named(cls, name: str, window: Window = "sliding") -> Limit:
        """Return `production` (100/min, 20/s), `sandbox` (50/min, 10/s) or `none`. Raises ValueError otherwise."""
        if name not in _NAMED:
            raise ValueError(f"a limit must be one of {', '.join(_NAMED)}, not {name!r}")
        return cls(*_NAMED[name], window)

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """(number, period in microseconds) of each limited window, the longest first."""
        pairs = ((self.per_minute, MINUTE), (self.per_second, SECOND))
        return tuple((number, period) for number, period in pairs if number is not None)

    @property
    def capacity(self) -> int:
        """Capacity of the token bucket: requests that may come at once."""
        return self.per_second or self.per_minute or 0


def wait(times: deque[int], now: int, limit: Limit) -> int:
    """Microseconds until one more request fits behind those admitted at `times` (ascending); 0 means now."""
    longest = 0
    for number, period in limit.windows:
        if limit.window == "sliding":
            if len(times) >= number:
                longest = max(longest, times[-number] + period - now)
        else:
            start = now - now % period
            if len(times) - bisect.bisect_left(times, start) >= number:
                longest = max(longest, start + period - now)
    return longest


def fill(level: int, microseconds: int, limit: Limit) -> int:
    """Level of a token bucket after this time. A whole token is `MINUTE`, so that sums are exact."""
    return min(limit.capacity * MINUTE, level + microseconds * (limit.per_minute or 0))


def retry_after(microseconds: int) -> int:
    """Whole seconds for the header, rounded up, so that a client never comes too early."""
    return -(-microseconds // SECOND)


@dataclass(slots=True)
class Limiter:
    """Admitted requests of every key; used from the event loop only, except `set`, which any thread may call."""

    limit: Limit
    _admitted: dict[str, deque[int]] = field(default_factory=dict)
    _buckets: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Key → level and the time of the level."""

    def set(self, limit: Limit) -> None:
        """Switch to another limit. Requests admitted so far count under the new limit; a bucket begins full."""
        self._buckets = {}
        self.limit = limit

    def clear(self) -> None:
        self._admitted = {}
        self._buckets = {}

    def take(self, key: str, now: int) -> int:
        """Admit a request and return 0, or return the seconds (at least 1) until one fits."""
        limit = self.limit
        windows = limit.windows
        if not windows:
            return 0
        times = self._admitted.get(key)
        if times is None:
            times = self._admitted[key] = deque()
        while times and times[0] <= now - MINUTE:
            times.popleft()
        microseconds = self._draw(key, now, limit) if limit.window == "token-bucket" else wait(times, now, limit)
        if not microseconds:
            times.append(now)
        return retry_after(microseconds)

    def _draw(self, key: str, now: int, limit: Limit) -> int:
        """Take a token and return 0, or return the microseconds until there is a whole token."""
        level, at = self._buckets.get(key, (limit.capacity * MINUTE, now))
        level = fill(level, now - at, limit)
        taken = level >= MINUTE
        self._buckets[key] = (level - MINUTE if taken else level, now)
        return 0 if taken else -(-(MINUTE - level) // (limit.per_minute or 1))
