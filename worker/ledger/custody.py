"""How does a delivery get into the ledger? As it arrived, with its events planned, a batch in one transaction."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, update

from connectors.base import Inbound, Parsed
from connectors.events import digest
from connectors.mapping import clean, cut
from worker.ledger.database import Database
from worker.ledger.planning import Arrival, Effect, Rules, plan_arrivals
from worker.ledger.tables import inbound
from worker.lifecycle import Kind

ACCEPTED, QUARANTINED, SKIPPED = "accepted", "quarantined", "skipped"

REMARKS_KEPT = 20  # of one delivery
MAX_REASON = 2000  # characters

# They prove who sent it; nobody needs them afterwards, and they would be secrets in a database.
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One inbound with what it says; `unreadable` is the reason why that is not known."""

    inbound: Inbound
    parsed: Parsed = field(default_factory=Parsed)
    unreadable: str | None = None
    inbound_id: int | None = None
    """Set when it is in custody already and is read again."""

    @property
    def problem(self) -> str | None:
        """Why it belongs in quarantine, whole or in part; None when it does not."""
        if self.unreadable is not None:
            return storable(self.unreadable)
        remarks = [f"{each.item}: {each.reason}" for each in self.parsed.unreadable]
        more = len(remarks) - REMARKS_KEPT
        return storable("; ".join(remarks[:REMARKS_KEPT] + ([f"and {more} more"] if more > 0 else []))) or None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one delivery."""

    inbound_id: int
    outcome: str
    reason: str | None
    effects: tuple[Effect, ...]


def record(
    db: Database,
    connection: Connection,
    deliveries: Sequence[Delivery],
    rules: Rules,
    also_lock: frozenset[int] = frozenset(),
) -> tuple[list[Recorded], frozenset[Kind]]:
    """Take the deliveries into custody and plan their events.

    Gives what became of each, in order, and the kinds of operation that became due. Raises BeginAgain.
    """
    inbound_ids = _take(connection, deliveries)
    arrivals = [
        Arrival(delivery.inbound.source, event, inbound_id)
        for delivery, inbound_id in zip(deliveries, inbound_ids, strict=True)
        for event in delivery.parsed.events
    ]
    effects, due = plan_arrivals(db, connection, arrivals, rules, also_lock)
    remaining = iter(effects)
    recorded = []
    for delivery, inbound_id in zip(deliveries, inbound_ids, strict=True):
        own = tuple(islice(remaining, len(delivery.parsed.events)))
        problem = delivery.problem or "; ".join(each.reason or "" for each in own if each.quarantine)
        outcome = QUARANTINED if problem else ACCEPTED
        recorded.append(Recorded(inbound_id, outcome, problem or summary(delivery, own), own))
    _note_outcomes(connection, deliveries, recorded)
    return recorded, due


def storable(reason: str) -> str:
    """A reason as every database and answer takes it: it may quote what a sender wrote."""
    return cut(clean(reason), MAX_REASON)


def _take(connection: Connection, deliveries: Sequence[Delivery]) -> list[int]:
    """Insert the deliveries; unreadable bytes that are in quarantine already are counted there instead."""
    ids = {position: each.inbound_id for position, each in enumerate(deliveries) if each.inbound_id is not None}
    first = {position: position for position in range(len(deliveries))}
    times = dict.fromkeys(first, 1)
    # Counting locks a row, so it is done in one order everywhere.
    for (source, body), positions in sorted(_unreadable(deliveries).items()):
        if (known := _count_in_quarantine(connection, source, body, len(positions))) is not None:
            ids.update(dict.fromkeys(positions, known))
        else:
            first.update(dict.fromkeys(positions, positions[0]))
            times[positions[0]] = len(positions)
    fresh = [position for position in first if first[position] == position and position not in ids]
    if fresh:
        rows = [_inbound_row(deliveries[position], times[position]) for position in fresh]
        statement = insert(inbound).returning(inbound.c.id, sort_by_parameter_order=True)
        new_ids = connection.execute(statement, rows).scalars().all()
        ids.update(zip(fresh, new_ids, strict=True))
    return [ids[first[position]] for position in first]


def _unreadable(deliveries: Sequence[Delivery]) -> dict[tuple[str, str], list[int]]:
    """The positions of new deliveries that belong in quarantine, by source and digest of their bytes."""
    found: dict[tuple[str, str], list[int]] = {}
    for position, each in enumerate(deliveries):
        if each.inbound_id is None and each.problem:
            found.setdefault((each.inbound.source, _body_digest(each.inbound)), []).append(position)
    return found


def _count_in_quarantine(connection: Connection, source: str, body_digest: str, times: int) -> int | None:
    statement = (
        update(inbound)
        .where(
            inbound.c.source == source,
            inbound.c.body_digest == body_digest,
            inbound.c.outcome == QUARANTINED,
        )
        .values(deliveries=inbound.c.deliveries + times)
        .returning(inbound.c.id)
    )
    return connection.execute(statement).scalars().first()


def _inbound_row(delivery: Delivery, times: int) -> dict[str, Any]:
    arrived = delivery.inbound
    kept = [[name, value] for name, value in arrived.headers if name not in CREDENTIALS]
    return {
        "source": arrived.source,
        "received_at": arrived.received_at,
        "outcome": QUARANTINED if delivery.problem else ACCEPTED,
        "headers": json.dumps(kept),
        "query": arrived.query,
        "body": zlib.compress(arrived.body),
        "body_digest": _body_digest(arrived),
        "deliveries": times,
    }


def _body_digest(arrived: Inbound) -> str:
    return digest(arrived.query, arrived.body.decode("latin-1"))


def restore(row: Row[Any]) -> Inbound:
    """The delivery of a row of `inbound`, as it arrived (without its credentials)."""
    return Inbound(
        source=row.source,
        received_at=row.received_at,
        body=zlib.decompress(row.body),
        headers=tuple((name, value) for name, value in json.loads(row.headers)),
        query=row.query,
    )


def _note_outcomes(connection: Connection, deliveries: Sequence[Delivery], recorded: list[Recorded]) -> None:
    """Write the reasons, which only planning knows; a fresh row without one is right as it was inserted."""
    rows = [
        {"the_id": each.inbound_id, "its_outcome": each.outcome, "its_reason": each.reason}
        for delivery, each in zip(deliveries, recorded, strict=True)
        if each.reason is not None or delivery.inbound_id is not None
    ]
    if rows:
        statement = (
            update(inbound)
            .where(inbound.c.id == bindparam("the_id"))
            .values(outcome=bindparam("its_outcome"), reason=bindparam("its_reason"))
        )
        connection.execute(statement, rows)


def summary(delivery: Delivery, effects: tuple[Effect, ...]) -> str | None:
    """Why parts of an accepted delivery had no effect, for `events find`."""
    nothing = [f"{effect.event.source_message_id}: {effect.reason}" for effect in effects if effect.reason]
    remarks = [f"{each.item}: {each.reason}" for each in delivery.parsed.ignored]
    return storable("; ".join(remarks + nothing)) or None
