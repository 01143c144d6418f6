"""What became of every delivery, and of every mail of a mailbox? One word each: `custody.Became` has them.

    ticket        it opened a ticket
    note          it did something to one that is there
    duplicate     another delivery brought the same message before
    suppressed    understood, and nothing was to be done: the delivery's reason says why
    quarantined   a person must decide

It is told from what the ledger holds now: what has left quarantine counts as what it became.
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
    """The deliveries of a source since then, by what they became; each of unreadable bytes that came again counts."""
    became = _became().label("became")
    counted = select(became, inbound.c.deliveries).where(inbound.c.source == source)
    if since is not None:
        first = first_since(connection, inbound.c.received_at, since)
        counted = counted.where(inbound.c.id >= first, inbound.c.received_at >= since)
    each = counted.subquery()
    rows = connection.execute(select(each.c.became, func.sum(each.c.deliveries)).group_by(each.c.became))
    return _all(rows.all())


def of_folder(connection: Connection, mailbox: Mailbox, folder: str, uidvalidity: int) -> Outcomes:
    """The UIDs of a folder, by what they became."""
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
    """Every word has a number."""
    found = {row[0]: int(row[1]) for row in rows}
    return {word: found.get(word, 0) for word in get_args(Became)}
