"""How does a delivery get into the ledger? As it arrived, with its events planned, a batch in one transaction."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update

from connectors.base import Inbound, Parsed
from connectors.events import digest
from connectors.mapping import clean, cut
from worker.ledger import bulk
from worker.ledger.database import Database
from worker.ledger.planning import Arrival, Effect, Rules, plan_arrivals, seen_digest
from worker.ledger.tables import inbound, mailbox_uids, seen
from worker.lifecycle import Kind, Sighting, Treatment

OURS = ":"
"""With it begin the names of headers that only we set."""
OWN = OURS + "job"
"""The header of a delivery that a job of ours made, with the job's name; no sender can send one of such a name."""
INTERNAL = OURS + "internal"
"""The source of deliveries of ours that belong to no configured source; settings refuse an id of such a name."""

ACCEPTED, QUARANTINED, SKIPPED = "accepted", "quarantined", "skipped"

Became = Literal["ticket", "note", "duplicate", "suppressed", "quarantined"]
"""How every delivery and every mail of a mailbox ends: as a ticket, as a change of one that is there, as what is known
already, without effect for a reason, or with a person."""

REMARKS_KEPT = 20  # of one delivery
MAX_REASON = 2000  # characters

# They prove who sent it; nobody needs them afterwards, and they would be secrets in a database.
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class UidPlace:
    """Where a mail lies on its IMAP server (RFC 3501, section 2.3.1.1)."""

    mailbox: str
    """As the source names it."""
    folder: str
    uidvalidity: int
    uid: int
    owed: bool = False
    """It is to be flagged or moved afterwards."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One inbound with what it says; `unreadable` is the reason why that is not known."""

    inbound: Inbound
    parsed: Parsed = field(default_factory=Parsed)
    unreadable: str | None = None
    inbound_id: int | None = None
    """Set when it is in custody already and is read again."""
    treatments: tuple[Treatment, ...] = ()
    """What was decided about each of the events; none where all are dealt with as is usual."""
    dropped: tuple[str, ...] = ()
    """The routes that dropped events, which are among the ignored: a name for each event."""
    misfits: tuple[str, ...] = ()
    """The routes whose templates could not be used: a name for each."""
    place: UidPlace | None = None
    """Where it was read, and is recorded as accounted for."""

    def arrivals(self, inbound_id: int, occasion: str | None) -> list[Arrival]:
        """Its events, to be planned."""
        source = self.inbound.source
        treatments = self.treatments or (None,) * len(self.parsed.events)
        return [
            Arrival(source, event, inbound_id, treatment, occasion)
            for event, treatment in zip(self.parsed.events, treatments, strict=True)
        ]

    @property
    def occasion(self) -> str | None:
        """Tells this telling of its messages from others; None when it was told before, or comes again as it is."""
        is_again = self.inbound_id is not None or self.problem is not None
        return None if is_again else self.inbound.received_at.astimezone(UTC).isoformat()

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
    duplicate_of: int | None = None
    """The delivery that brought the same messages first."""

    @property
    def became(self) -> Became:
        """What came of it, in one word."""
        kinds = {kind for effect in self.effects for kind in effect.operations}
        if self.outcome == QUARANTINED:
            return "quarantined"
        if kinds:
            return "ticket" if "create_ticket" in kinds else "note"
        return "duplicate" if self.duplicate_of is not None else "suppressed"


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
        arrival
        for delivery, inbound_id in zip(deliveries, inbound_ids, strict=True)
        for arrival in delivery.arrivals(inbound_id, delivery.occasion)
    ]
    effects, due = plan_arrivals(db, connection, arrivals, rules, also_lock)
    remaining = iter(effects)
    own = [tuple(islice(remaining, len(each.parsed.events))) for each in deliveries]
    first = _first_told(connection, [(each.inbound.source, its) for each, its in zip(deliveries, own, strict=True)])
    recorded = [
        _recorded(delivery, inbound_id, its, first)
        for delivery, inbound_id, its in zip(deliveries, inbound_ids, own, strict=True)
    ]
    _note_outcomes(connection, deliveries, recorded)
    _note_places(db, connection, deliveries, recorded)
    return recorded, due


def _recorded(delivery: Delivery, inbound_id: int, effects: tuple[Effect, ...], first: Mapping[bytes, int]) -> Recorded:
    problem = delivery.problem or "; ".join(each.reason or "" for each in effects if each.quarantine)
    known = None
    if _is_repeat(effects):
        known = first.get(seen_digest(delivery.inbound.source, effects[0].event.source_message_id))
    return Recorded(
        inbound_id,
        QUARANTINED if problem else ACCEPTED,
        problem or summary(delivery, effects),
        effects,
        known if known != inbound_id else None,
    )


def _first_told(connection: Connection, recorded: Sequence[tuple[str, tuple[Effect, ...]]]) -> dict[bytes, int]:
    """The deliveries that brought what is told again by itself and has no effect now, by digest; a mail is so."""
    wanted = {
        (source, seen_digest(source, effects[0].event.source_message_id))
        for source, effects in recorded
        if _is_repeat(effects)
    }
    if not wanted:
        return {}
    told = select(seen.c.digest, seen.c.inbound_id).where(tuple_(seen.c.source, seen.c.digest).in_(sorted(wanted)))
    return {bytes(row.digest): row.inbound_id for row in connection.execute(told)}


def _is_repeat(effects: tuple[Effect, ...]) -> bool:
    return len(effects) == 1 and effects[0].sighting is Sighting.REPEAT and not effects[0].operations


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
    rows = [_inbound_row(deliveries[position], times[position]) for position in fresh]
    ids.update(zip(fresh, bulk.insert_numbered(connection, inbound, rows), strict=True))
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
        {
            "the_id": each.inbound_id,
            "its_outcome": each.outcome,
            "its_reason": each.reason,
            "its_first": each.duplicate_of,
        }
        for delivery, each in zip(deliveries, recorded, strict=True)
        if each.reason is not None or delivery.inbound_id is not None
    ]
    if rows:
        statement = (
            update(inbound)
            .where(inbound.c.id == bindparam("the_id"))
            .values(
                outcome=bindparam("its_outcome"),
                reason=bindparam("its_reason"),
                duplicate_of=bindparam("its_first"),
            )
        )
        connection.execute(statement, rows)


def _note_places(
    db: Database, connection: Connection, deliveries: Sequence[Delivery], recorded: Sequence[Recorded]
) -> None:
    """Write down which mails of which mailboxes are accounted for with these; once is enough."""
    rows = [
        {
            "source": delivery.inbound.source,
            "mailbox": place.mailbox,
            "folder": place.folder,
            "uidvalidity": place.uidvalidity,
            "uid": place.uid,
            "inbound_id": each.inbound_id,
            "outcome": each.became,
            "owed": place.owed,
        }
        for delivery, each in zip(deliveries, recorded, strict=True)
        if (place := delivery.place) is not None
    ]
    if rows:
        key = ("source", "mailbox", "folder", "uidvalidity", "uid")
        connection.execute(db.insert_or_ignore(mailbox_uids, *key), rows)


def summary(delivery: Delivery, effects: tuple[Effect, ...]) -> str | None:
    """Why parts of an accepted delivery had no effect, for `events find`."""
    nothing = [f"{effect.event.source_message_id}: {effect.reason}" for effect in effects if effect.reason]
    remarks = [f"{each.item}: {each.reason}" for each in delivery.parsed.ignored]
    return storable("; ".join(remarks + nothing)) or None
