"""Records deliveries: each as it arrived, with its events planned, a batch in one transaction."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, select, tuple_, update

from connectors.contract.events import digest
from connectors.contract.messages import Inbound, Parsed
from connectors.toolbox.text import clean, cut
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.recording.planning import plan_arrivals
from worker.ledger.schema.tables import inbound, mailbox_uids, seen
from worker.ledger.schema.words import ACCEPTED, QUARANTINED, Became
from worker.planning.arrival import Arrival, Effect, Rules
from worker.planning.keys import seen_digest
from worker.planning.model import Kind, Recurrence, Treatment
from worker.planning.titles import Title, title_of

REMARKS_KEPT = 20  # of one delivery
MAX_REASON = 2000  # characters

# These prove the sender. They are not needed afterwards, and would be secrets in the database.
CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class UidPlace:
    """The position of a mail on its IMAP server (RFC 3501, section 2.3.1.1)."""

    mailbox: str
    """The source's name for the mailbox."""
    folder: str
    uidvalidity: int
    uid: int
    owed: bool = False
    """The mail must be flagged or moved afterwards."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One inbound with its events; `unreadable` is the reason if it could not be parsed."""

    inbound: Inbound
    parsed: Parsed = field(default_factory=Parsed)
    unreadable: str | None = None
    inbound_id: int | None = None
    """Set when the delivery is stored already and is read again."""
    treatments: tuple[Treatment, ...] = ()
    """One decision of the routes for each event; empty if all events get the default treatment."""
    dropped: tuple[str, ...] = ()
    """The routes that dropped events, one name for each event; the events are among the ignored ones."""
    misfits: tuple[str, ...] = ()
    """The routes with unusable templates, one name for each."""
    place: UidPlace | None = None
    """The position of the mail, which is then recorded as accounted for."""

    def arrivals(self, inbound_id: int, observation: str | None) -> list[Arrival]:
        """Return the delivery's events, to be planned."""
        source = self.inbound.source
        treatments = self.treatments or (None,) * len(self.parsed.events)
        return [
            Arrival(source, event, inbound_id, treatment, observation)
            for event, treatment in zip(self.parsed.events, treatments, strict=True)
        ]

    @property
    def observation(self) -> str | None:
        """Return a name for this observation of the messages; None if the delivery is read again or has a problem."""
        is_again = self.inbound_id is not None or self.problem is not None
        return None if is_again else self.inbound.received_at.astimezone(UTC).isoformat()

    def title(self, effects: Sequence[Effect] = ()) -> Title:
        """Return the subject and the sender under which lists show the delivery; `effects` are those of its events."""
        is_changed = bool(effects) and effects[0].recurrence is Recurrence.CHANGED
        return title_of(self.inbound.source, self.parsed.events, is_changed=is_changed)

    @property
    def problem(self) -> str | None:
        """Return why the delivery belongs in quarantine, whole or in part; None if it does not."""
        if self.unreadable is not None:
            return storable(self.unreadable)
        remarks = [str(each) for each in self.parsed.unreadable]
        more = len(remarks) - REMARKS_KEPT
        return storable("; ".join(remarks[:REMARKS_KEPT] + ([f"and {more} more"] if more > 0 else []))) or None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of one delivery."""

    inbound_id: int
    outcome: str
    reason: str | None
    effects: tuple[Effect, ...]
    duplicate_of: int | None = None
    """The delivery that first brought the same messages."""

    @property
    def became(self) -> Became:
        """The result in one word."""
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
    """Store the deliveries and plan their events.

    Returns the result of each delivery, in order, and the kinds of operation that became due. Raises BeginAgain.
    """
    inbound_ids = _take(connection, deliveries)
    arrivals = [
        arrival
        for delivery, inbound_id in zip(deliveries, inbound_ids, strict=True)
        for arrival in delivery.arrivals(inbound_id, delivery.observation)
    ]
    effects, due = plan_arrivals(db, connection, arrivals, rules, also_lock)
    remaining = iter(effects)
    own = [tuple(islice(remaining, len(each.parsed.events))) for each in deliveries]
    first = _first_observed(connection, [(each.inbound.source, its) for each, its in zip(deliveries, own, strict=True)])
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


def _first_observed(connection: Connection, recorded: Sequence[tuple[str, tuple[Effect, ...]]]) -> dict[bytes, int]:
    """Return the first deliveries of repeated messages, by digest; for deliveries of one repeat, such as a mail."""
    wanted = {
        (source, seen_digest(source, effects[0].event.source_message_id))
        for source, effects in recorded
        if _is_repeat(effects)
    }
    if not wanted:
        return {}
    observed = select(seen.c.digest, seen.c.inbound_id).where(tuple_(seen.c.source, seen.c.digest).in_(sorted(wanted)))
    return {bytes(row.digest): row.inbound_id for row in connection.execute(observed)}


def _is_repeat(effects: tuple[Effect, ...]) -> bool:
    return len(effects) == 1 and effects[0].recurrence is Recurrence.REPEAT and not effects[0].operations


def storable(reason: str) -> str:
    """Return a reason that every database and answer accepts; it may quote text of the sender."""
    return cut(clean(reason), MAX_REASON)


def _take(connection: Connection, deliveries: Sequence[Delivery]) -> list[int]:
    """Insert the deliveries; unreadable bytes that are quarantined already are counted there instead."""
    ids = {position: each.inbound_id for position, each in enumerate(deliveries) if each.inbound_id is not None}
    first = {position: position for position in range(len(deliveries))}
    times = dict.fromkeys(first, 1)
    # Counting locks a row, so all processes do it in the same order.
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
    """Return the positions of new deliveries that belong in quarantine, by source and digest of their bytes."""
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
    title = delivery.title()
    return {
        "source": arrived.source,
        "received_at": arrived.received_at,
        "outcome": QUARANTINED if delivery.problem else ACCEPTED,
        "headers": json.dumps(kept),
        "query": arrived.query,
        "body": zlib.compress(arrived.body),
        "body_digest": _body_digest(arrived),
        "deliveries": times,
        "subject": title.subject,
        "sender": title.sender,
    }


def _body_digest(arrived: Inbound) -> str:
    return digest(arrived.query, arrived.body.decode("latin-1"))


def _note_outcomes(connection: Connection, deliveries: Sequence[Delivery], recorded: list[Recorded]) -> None:
    """Store outcomes, reasons and titles after planning; a new row that planning changed nothing of is left alone."""
    rows = []
    for delivery, each in zip(deliveries, recorded, strict=True):
        title = delivery.title(each.effects)
        if each.reason is None and delivery.inbound_id is None and title == delivery.title():
            continue
        rows.append(
            {
                "the_id": each.inbound_id,
                "its_outcome": each.outcome,
                "its_reason": each.reason,
                "its_first": each.duplicate_of,
                "its_subject": title.subject,
                "its_sender": title.sender,
            }
        )
    if rows:
        statement = (
            update(inbound)
            .where(inbound.c.id == bindparam("the_id"))
            .values(
                outcome=bindparam("its_outcome"),
                reason=bindparam("its_reason"),
                duplicate_of=bindparam("its_first"),
                subject=bindparam("its_subject"),
                sender=bindparam("its_sender"),
            )
        )
        connection.execute(statement, rows)


def _note_places(
    db: Database, connection: Connection, deliveries: Sequence[Delivery], recorded: Sequence[Recorded]
) -> None:
    """Record the mails of mailboxes that these deliveries account for; an existing record stays."""
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
    """Return why parts of an accepted delivery had no effect, for `events find`."""
    nothing = [f"{effect.event.source_message_id}: {effect.reason}" for effect in effects if effect.reason]
    remarks = [str(each) for each in delivery.parsed.ignored]
    return storable("; ".join(remarks + nothing)) or None
