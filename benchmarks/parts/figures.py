"""Ratios within a round and their median over the rounds.

Ratios hold on any machine, and on a busy one; milliseconds hold only for one machine at one time.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from benchmarks.parts.processes import TICKS_PER_S


def ratio(one: Iterable[float], other: Iterable[float]) -> float:
    """Return the median over the rounds of `one` divided by `other`."""
    return round(statistics.median(a / b for a, b in zip(one, other, strict=True)), 3)


def spent(cpu: dict[str, float]) -> float:
    """CPU seconds of all parts; at least the smallest unit that the system counts."""
    return max(sum(cpu.values()), 1 / TICKS_PER_S)


def per_operation(cpu: dict[str, float], operations: int) -> str:
    """CPU milliseconds of each part for each operation, as a column of a table."""
    return "  ".join(f"{name} {seconds * 1000 / operations:.2f}" for name, seconds in cpu.items())
