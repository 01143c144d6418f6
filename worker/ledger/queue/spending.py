"""A report on the budget: its use, the share that the service grants, and the cases that wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from worker.ledger.queue import gates
from worker.ledger.queue.budget import LEAST_LATE, MINUTE, MOST_LATE, late_bound
from worker.ledger.queue.gates import ALL
from worker.ledger.queue.undelivered import Waits
from worker.ledger.schema.tables import budget, cases
from worker.ledger.schema.words import ClosedBy, DeliveryState


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that one source took for one rank within the last minute."""

    rank: int
    source: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Line:
    """The due cases of one rank."""

    rank: int
    cases: int
    oldest: datetime
    """Since when the first of them has been due."""


@dataclass(frozen=True, slots=True)
class Spending:
    """The budget at a moment; times in UTC."""

    at: datetime
    spent: tuple[Tokens, ...]
    """Within the last 60 s, by rank and source. Tokens are not counted where there is no limit."""
    share: float
    """The share of the limits that is used: 1; after a 429 less, and then growing until it is 1 again."""
    closed_until: datetime | None
    """The time before which no call is sent, because the service answered 429."""
    waiting: tuple[Line, ...]
    """The due cases: they wait for nothing but the budget."""
    undelivered: tuple[Waits, ...]
    """The operations that are not delivered yet, by the reason why they wait."""
    late: timedelta = LEAST_LATE
    """The late bound: within this time after its token was taken, a call must leave."""
    probed_because: str | None = None
    """The reason why only one call at a time is tried: breaker, credentials or scope; None if calls are sent."""


def spending(connection: Connection, now: datetime, undelivered: tuple[Waits, ...]) -> Spending:
    """Return the use of the budget, and the cases that wait for it."""
    by = (budget.c.rank, budget.c.source)
    taken = select(*by, func.sum(budget.c.tokens)).where(budget.c.at > now - MINUTE).group_by(*by).order_by(*by)
    due = (cases.c.state == DeliveryState.READY, cases.c.run_at <= now, gates.not_paused())
    lines = select(cases.c.rank, func.count(), func.min(cases.c.run_at)).where(*due).group_by(cases.c.rank)
    state = gates.states(connection)[ALL]
    closed = state.reason == ClosedBy.BUDGET and state.closed_until > now
    return Spending(
        at=now,
        spent=tuple(Tokens(rank, source, int(tokens)) for rank, source, tokens in connection.execute(taken)),
        share=gates.share_of(state.learnt, state.learnt_at, now),
        closed_until=state.closed_until if closed else None,
        waiting=tuple(Line(*row) for row in connection.execute(lines.order_by(cases.c.rank))),
        late=late_bound(state.late_bound, state.late_at, now, MOST_LATE),
        probed_because=state.reason if state.reason in gates.PROBED else None,
        undelivered=undelivered,
    )
