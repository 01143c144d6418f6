"""Selects the ready cases that a claim leases: the best ones, as far as gate and budget allow.

the gate is probed   one case: the best one, but for the breaker another one than last time; if it is of the kind
no limit             the best of the claimed kind
a limit              fair shares of the tokens (`fairness`); no case of the claimed kind where the tokens belong to
                     another kind
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Text, bindparam, select, text

from worker.ledger.queue import gates
from worker.ledger.queue.budget import Limits, allowance
from worker.ledger.queue.fairness import Queue, fair_shares, waiting
from worker.ledger.queue.gates import Passage
from worker.ledger.schema.columns import Instant
from worker.ledger.schema.tables import cases
from worker.planning.keys import RANKS
from worker.planning.model import Kind

Rows = Sequence[Row[Any]]
Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The selected cases, and when there may be tokens for the others."""

    rows: Rows
    wait: timedelta | None = None
    only_urgent: bool = False
    scarce: bool = False
    """True if the budget is short: more cases wait than it allows now, or no token is free."""


def choose(
    connection: Connection,
    kind: Kind | None,
    ready: Conditions,
    limit: int,
    passage: Passage,
    limits: Limits,
    now: datetime,
) -> Chosen:
    """Select at most `limit` of the cases that are `ready`; their rows are locked."""
    granted = limits.part(passage.share)
    if passage.probes:
        if not limits.are_none and not _is_free(connection, passage, granted, now):
            return Chosen([])
        return Chosen(_probe(connection, kind, ready, passage))
    if limits.are_none:
        return Chosen(_best(connection, kind, ready, limit))
    return _fair(connection, kind, ready, limit, granted, passage.late, now)


def _is_free(connection: Connection, passage: Passage, limits: Limits, now: datetime) -> bool:
    """Return True if there is a token for a probe."""
    return allowance(gates.spent(connection, now), limits, now, waiting=0, late=passage.late).urgent > 0


def _best(connection: Connection, kind: Kind | None, ready: Conditions, limit: int) -> Rows:
    """Select the best cases of a kind. Used only without a limit, where kinds do not compete for tokens."""
    of_kind = ready if kind is None else (*ready, cases.c.kind == kind)
    order = (cases.c.rank, cases.c.run_at, cases.c.id)
    statement = select(cases).where(*of_kind).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    return connection.execute(statement).all()


def _probe(connection: Connection, kind: Kind | None, ready: Conditions, passage: Passage) -> Rows:
    """Select the one case that is let through a closed gate, if it is of this kind."""
    order: list[Any] = [cases.c.rank, cases.c.run_at, cases.c.id]
    if passage.probes == "breaker":  # a case that makes the service fail must not keep the gate closed for all
        order.insert(0, cases.c.id == passage.probed_case)
    statement = select(cases).where(*ready).order_by(*order).limit(1).with_for_update(skip_locked=True)
    return [row for row in connection.execute(statement) if kind is None or row.kind == kind]


def _fair(
    connection: Connection,
    kind: Kind | None,
    ready: Conditions,
    limit: int,
    limits: Limits,
    late: timedelta,
    now: datetime,
) -> Chosen:
    """Select the cases that get a fair share of the tokens, if they are of this kind."""
    queues = waiting_queues(connection, now, 1 + max(limit, limits.per_minute or 0, limits.per_second or 0))
    if not queues:
        return Chosen([])
    spent = gates.spent(connection, now)
    allowed = allowance(spent, limits, now, waiting=waiting(queues), late=late)
    given = fair_shares(queues, spent, allowed, limit, now)
    selected: list[Row[Any]] = []
    for queue, number in given.items():
        first = select(cases).where(*ready, cases.c.source == queue.source, cases.c.rank == queue.rank)
        selected += connection.execute(
            first.order_by(cases.c.run_at, cases.c.id).limit(number).with_for_update(skip_locked=True)
        )
    rows = [row for row in selected if kind is None or row.kind == kind]
    if len(rows) < len(selected):
        return Chosen(rows, timedelta(0), scarce=allowed.scarce)  # a claim of another kind gets a token at once
    lacks = given.total() < min(limit, sum(each.length for each in queues))
    return Chosen(
        rows,
        max(allowed.next_at - now, timedelta(0)) if lacks else None,
        only_urgent=given.total() < allowed.urgent,
        scarce=allowed.scarce,
    )


# This statement steps from source to source by the index, and counts at most `most` cases of each rank. So the cost of
# a claim does not grow with the number of waiting cases. (min() would read all of them; the first row in an order is
# found at once.)
_QUEUES = text("""
WITH RECURSIVE
sources (source) AS (
    SELECT * FROM (SELECT source FROM cases WHERE state = 'ready' ORDER BY source LIMIT 1) AS first
    UNION ALL
    SELECT (SELECT source FROM cases WHERE state = 'ready' AND cases.source > sources.source
            ORDER BY cases.source LIMIT 1)
    FROM sources WHERE sources.source IS NOT NULL),
ranks (rank) AS (SELECT 0 UNION ALL SELECT rank + 1 FROM ranks WHERE rank < :last)
SELECT sources.source, ranks.rank,
       (SELECT count(*) FROM (
            SELECT 1 FROM cases WHERE state = 'ready' AND cases.source = sources.source AND cases.rank = ranks.rank
            AND run_at <= :now ORDER BY run_at LIMIT :most) AS few) AS length,
       (SELECT run_at FROM cases WHERE state = 'ready' AND cases.source = sources.source AND cases.rank = ranks.rank
        ORDER BY run_at LIMIT 1) AS oldest
FROM sources CROSS JOIN ranks
WHERE sources.source IS NOT NULL AND sources.source NOT IN (SELECT scope FROM pauses)
AND NOT EXISTS (SELECT 1 FROM pauses WHERE scope = :everything)
""").bindparams(bindparam("now", type_=Instant), everything=gates.EVERYTHING, last=max(RANKS))
_COLUMNS = {"source": Text, "rank": Integer, "length": Integer, "oldest": Instant}


def waiting_queues(connection: Connection, now: datetime, most: int) -> list[Queue]:
    """Return the due cases by source and rank; at most `most` of each queue are counted."""
    found = connection.execute(_QUEUES.columns(**_COLUMNS), {"now": now, "most": most})
    return [Queue(row.source, row.rank, row.length, row.oldest) for row in found if row.length]
