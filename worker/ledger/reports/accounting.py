"""Counts deliveries and mails of a mailbox by their result, one word each: `Became` in `worker/ledger/schema/words.py`.

    ticket        it opened a ticket
    note          it changed an existing ticket
    duplicate     another delivery brought the same message before
    suppressed    understood, but without effect: the delivery's reason explains why
    quarantined   a person must decide

The result follows from the current content of the ledger: a delivery that left quarantine counts with its new result.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Connection, and_, case, exists, func, select

from worker.ledger.engine.paging import first_since
from worker.ledger.schema.tables import inbound, mailbox_uids, operations
from worker.ledger.schema.words import Became, InboundOutcome, OperationKind
from worker.ledger.sources.mailboxes import Mailbox

Outcomes = dict[Became, int]


def _became() -> Any:
    planned = exists().where(operations.c.inbound_id == inbound.c.id).correlate(inbound)
    created = planned.where(operations.c.kind == OperationKind.CREATE_TICKET)
    return case(
        (inbound.c.outcome == InboundOutcome.QUARANTINED, "quarantined"),
        (created, "ticket"),
        (planned, "note"),
        (inbound.c.duplicate_of.is_not(None), "duplicate"),
        else_="suppressed",
    )


def of_source(connection: Connection, source: str, since: datetime | None) -> Outcomes:
    """Count the deliveries of a source since then by result; each arrival of repeated unreadable bytes counts."""
    became = _became().label("became")
    counted = select(became, inbound.c.deliveries).where(inbound.c.source == source)
    if since is not None:
        first = first_since(connection, inbound.c.received_at, since)
        counted = counted.where(inbound.c.id >= first, inbound.c.received_at >= since)
    each = counted.subquery()
    rows = connection.execute(select(each.c.became, func.sum(each.c.deliveries)).group_by(each.c.became))
    return _all(rows.all())


def of_folder(connection: Connection, mailbox: Mailbox, folder: str, uidvalidity: int) -> Outcomes:
    """Count the UIDs of a folder by result."""
    became = case((mailbox_uids.c.inbound_id.is_(None), mailbox_uids.c.outcome), else_=_became()).label("became")
    each = (
        select(became)
        .select_from(mailbox_uids.outerjoin(inbound, inbound.c.id == mailbox_uids.c.inbound_id))
        .where(
            and_(
                mailbox_uids.c.source == mailbox.source,
                mailbox_uids.c.mailbox == mailbox.name,
                mailbox_uids.c.folder == folder,
                mailbox_uids.c.uidvalidity == uidvalidity,
            )
        )
        .subquery()
    )
    rows = connection.execute(select(each.c.became, func.count()).group_by(each.c.became))
    return _all(rows.all())


def _all(rows: Collection[Any]) -> Outcomes:
    """Return the counts with 0 for each missing word."""
    found = {row[0]: int(row[1]) for row in rows}
    return {word: found.get(word, 0) for word in get_args(Became)}
