"""Fair shares of scarce tokens: the best rank first, and within a rank the source that had the fewest tokens.

Age lifts a queue by one rank for each `AGE_STEP` that its oldest case has waited, but never to the rank of urgent
creates. So no case waits for ever, and no old case delays an urgent create.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.ledger.queue.budget import URGENT, Allowance, Spent

AGE_STEP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Queue:
    """The ready cases of one source and rank."""

    source: str
    rank: int
    length: int
    oldest: datetime
    """Since when the case that has waited longest has been due."""


def waiting(queues: Sequence[Queue]) -> int:
    """Count the due calls that are not urgent."""
    return sum(each.length for each in queues if each.rank != URGENT)


def aged(queue: Queue, now: datetime) -> int:
    """Return the rank by which a queue is served: its own, or a better one because of its age."""
    if queue.rank == URGENT:
        return URGENT
    return max(URGENT + 1, queue.rank - max(0, (now - queue.oldest) // AGE_STEP))


def fair_shares(
    queues: Sequence[Queue], spent: Sequence[Spent], allowed: Allowance, limit: int, now: datetime
) -> Counter[Queue]:
    """Return how many calls each queue gets now, the best first; `limit` is how many can be made in all."""
    had = Counter[str]()
    for each in spent:
        had[each.source] += each.tokens
    given = Counter[Queue]()
    for number in range(min(allowed.urgent, limit)):
        open_to = [
            each for each in queues if given[each] < each.length and (number < allowed.others or each.rank == URGENT)
        ]
        if not open_to:
            break
        best = min(open_to, key=lambda each: (aged(each, now), had[each.source], each.oldest, each.source))
        given[best] += 1
        had[best.source] += 1
    return given
