"""Whose turn is it? Of the ready cases, those that a claim leases: the best, as far as gate and budget let them.

the gate is probed   one case, the best
no limit             the best of the kind that rings
a limit              shares of the tokens (worker.ledger.shares); nothing of the kind that rings where the tokens
                     are another kind's
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from worker.ledger import gates
from worker.ledger.budget import Limits, allowance
from worker.ledger.gates import Passage
from worker.ledger.shares import Queue, shares, waiting
from worker.ledger.tables import cases
from worker.lifecycle import Kind

Rows = Sequence[Row[Any]]
Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cases whose turn it is; and when there may be tokens for the others."""

    rows: Rows
    wait: timedelta | None = None
    only_urgent: bool = False
    scarce: bool = False
    """More waits than the budget allows."""


def choose(
    connection: Connection,
    kind: Kind | None,
    ready: Conditions,
    limit: int,
    passage: Passage,
    limits: Limits,
    now: datetime,
) -> Chosen:
    """At most `limit` of the cases that are `ready`; their rows are locked."""
    granted = limits.part(passage.share)
    if passage.probes:
        if not limits.are_none and allowance(gates.spent(connection, now), granted, now, waiting=0).urgent == 0:
            return Chosen([])
        return Chosen(_probe(connection, kind, ready, passage))
    if limits.are_none:
        return Chosen(_best(connection, kind, ready, limit))
    return _fair(connection, kind, ready, limit, granted, now)


def _best(connection: Connection, kind: Kind | None, ready: Conditions, limit: int) -> Rows:
    """The best of a kind, where there is no limit that others of them would need."""
    of_kind = ready if kind is None else (*ready, cases.c.kind == kind)
    order = (cases.c.rank, cases.c.run_at, cases.c.id)
    statement = select(cases).where(*of_kind).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    return connection.execute(statement).all()


def _probe(connection: Connection, kind: Kind | None, ready: Conditions, passage: Passage) -> Rows:
    """The one that is let through a closed gate, if it is of this kind."""
    order: list[Any] = [cases.c.rank, cases.c.run_at, cases.c.id]
    if passage.probes == "breaker":  # one that makes the service fail must not keep the gate closed for all
        order.insert(0, cases.c.id == passage.probed_case)
    statement = select(cases).where(*ready).order_by(*order).limit(1).with_for_update(skip_locked=True)
    return [row for row in connection.execute(statement) if kind is None or row.kind == kind]


def _fair(
    connection: Connection, kind: Kind | None, ready: Conditions, limit: int, limits: Limits, now: datetime
) -> Chosen:
    """Those whose turn it is, if they are of this kind."""
    queues = waiting_queues(connection, ready)
    if not queues:
        return Chosen([])
    spent = gates.spent(connection, now)
    allowed = allowance(spent, limits, now, waiting=waiting(queues))
    given = shares(queues, spent, allowed, limit, now)
    turn: list[Row[Any]] = []
    for queue, number in given.items():
        first = select(cases).where(*ready, cases.c.source == queue.source, cases.c.rank == queue.rank)
        turn += connection.execute(
            first.order_by(cases.c.run_at, cases.c.id).limit(number).with_for_update(skip_locked=True)
        )
    rows = [row for row in turn if kind is None or row.kind == kind]
    if len(rows) < len(turn):
        return Chosen(rows, timedelta(0), scarce=allowed.scarce)  # there is a token now, for another kind
    lacks = given.total() < min(limit, sum(each.length for each in queues))
    return Chosen(
        rows,
        max(allowed.next_at - now, timedelta(0)) if lacks else None,
        only_urgent=given.total() < allowed.urgent,
        scarce=allowed.scarce,
    )


def waiting_queues(connection: Connection, ready: Conditions) -> list[Queue]:
    """What is due, by source and rank."""
    grouped = select(
        cases.c.source, cases.c.rank, func.count().label("length"), func.min(cases.c.run_at).label("oldest")
    )
    found = connection.execute(grouped.where(*ready).group_by(cases.c.source, cases.c.rank))
    return [Queue(row.source, row.rank, row.length, row.oldest) for row in found]
