"""May this key send now, and if not, when? Windows of a minute and of a second, counted per key in this process.

A request that is refused takes nothing, so a single client that waits exactly the seconds it is told is admitted.
"""

from __future__ import annotations

import bisect
from collections import deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from tickets.server.clock import SECOND

MINUTE = 60 * SECOND

_NAMED = MappingProxyType({"production": (100, 20), "sandbox": (50, 10), "none": (None, None)})


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests of one key per minute and per second; None is without a limit."""

    per_minute: int | None
    per_second: int | None
    window: Literal["fixed", "sliding"] = "sliding"
    """`sliding`: never more in *any* 60 s (1 s). `fixed`: in every clock minute (second), as simpler services count."""

    def __post_init__(self) -> None:
        if any(number is not None and number < 1 for number in (self.per_minute, self.per_second)):
            raise ValueError("a limit is at least 1, or None for no limit")
        if self.window not in ("fixed", "sliding"):
            raise ValueError(f"a window is fixed or sliding, not {self.window!r}")

    @classmethod
    def named(cls, name: str, window: Literal["fixed", "sliding"] = "sliding") -> Limit:
        """`production` (100/min, 20/s), `sandbox` (50/min, 10/s) or `none`. Raises ValueError for another name."""
        if name not in _NAMED:
            raise ValueError(f"no limit is called {name!r}; there are {', '.join(_NAMED)}")
        return cls(*_NAMED[name], window)

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """(number, period in microseconds) of each window that is limited, the longest first."""
        pairs = ((self.per_minute, MINUTE), (self.per_second, SECOND))
        return tuple((number, period) for number, period in pairs if number is not None)


def wait(times: deque[int], now: int, limit: Limit) -> int:
    """Microseconds until one more request fits behind those admitted at `times` (ascending); 0: now."""
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


def retry_after(microseconds: int) -> int:
    """Whole seconds, rounded up: what the header can say without promising too early."""
    return -(-microseconds // SECOND)


@dataclass(slots=True)
class Limiter:
    """The admitted times of every key; used from the event loop alone, `set` from anywhere."""

    limit: Limit
    _admitted: dict[str, deque[int]] = field(default_factory=dict)

    def set(self, limit: Limit) -> None:
        """Switch to another limit; what was admitted so far counts under the new one."""
        self.limit = limit

    def clear(self) -> None:
        self._admitted = {}

    def take(self, key: str, now: int) -> int:
        """Admit a request and return 0, or return the seconds (at least 1) after which one fits."""
        limit = self.limit
        windows = limit.windows
        if not windows:
            return 0
        times = self._admitted.get(key)
        if times is None:
            times = self._admitted[key] = deque()
        while times and times[0] <= now - MINUTE:
            times.popleft()
        if microseconds := wait(times, now, limit):
            return retry_after(microseconds)
        times.append(now)
        return 0
